"""Optimizers: how gradients change the weights."""

from .. import _lookup
from ..saving import serialization
from . import schedules as schedules
from .adadelta import Adadelta as Adadelta
from .adafactor import Adafactor as Adafactor
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .adamax import Adamax as Adamax
from .ftrl import Ftrl as Ftrl
from .lamb import Lamb as Lamb
from .lion import Lion as Lion
from .loss_scale_optimizer import LossScaleOptimizer as LossScaleOptimizer
from .muon import Muon as Muon
from .nadam import Nadam as Nadam
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .schedule_free_adamw import ScheduleFreeAdamW as ScheduleFreeAdamW
from .sgd import SGD as SGD


def get(identifier):
    """Returns the optimizer that an identifier means.

    Args:
        identifier: A name (`"sgd"`), a config dictionary, an optimizer or its class.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    return _lookup.get(identifier, __name__, "optimizer", Optimizer)


def serialize(optimizer):
    """Returns the config of an optimizer as a dictionary."""
    return serialization.serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """Returns the optimizer that a config describes."""
    return _lookup.get(config, __name__, "optimizer", Optimizer, custom_objects=custom_objects)
