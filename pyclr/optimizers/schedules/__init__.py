"""Learning rate schedules: the learning rate as a function of the step."""

from ... import _lookup
from ...saving import serialization
from .composite import ConstantWarmup as ConstantWarmup
from .composite import InverseSquareRoot as InverseSquareRoot
from .composite import Join as Join
from .composite import LinearWarmup as LinearWarmup
from .composite import Product as Product
from .cyclical import CyclicalLearningRate as CyclicalLearningRate
from .cyclical import ExponentialCyclicalLearningRate as ExponentialCyclicalLearningRate
from .cyclical import Triangular2CyclicalLearningRate as Triangular2CyclicalLearningRate
from .cyclical import TriangularCyclicalLearningRate as TriangularCyclicalLearningRate
from .decay import CosineDecay as CosineDecay
from .decay import CosineDecayRestarts as CosineDecayRestarts
from .decay import ExponentialDecay as ExponentialDecay
from .decay import InverseTimeDecay as InverseTimeDecay
from .decay import PiecewiseConstantDecay as PiecewiseConstantDecay
from .decay import PolynomialDecay as PolynomialDecay
from .learning_rate_schedule import LearningRateSchedule as LearningRateSchedule
from .one_cycle import OneCycle as OneCycle
from .one_cycle import OneCycleMomentum as OneCycleMomentum


def serialize(learning_rate_schedule):
    """Returns the config of a schedule as a dictionary."""
    return serialization.serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """Returns the schedule that a config describes."""
    return _lookup.get(
        config,
        __name__,
        "learning rate schedule",
        LearningRateSchedule,
        custom_objects=custom_objects,
    )
