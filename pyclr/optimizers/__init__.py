"""Optimizers: how gradients change the weights."""

from .. import _lookup
from ..saving import serialization
from . import schedules as schedules
from .adam import Adam as Adam
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
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
