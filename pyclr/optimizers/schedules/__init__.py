"""Learning rate schedules: the learning rate as a function of the step."""

from ... import _lookup
from ...saving import serialization
from .cyclical import CyclicalLearningRate as CyclicalLearningRate
from .cyclical import ExponentialCyclicalLearningRate as ExponentialCyclicalLearningRate
from .cyclical import Triangular2CyclicalLearningRate as Triangular2CyclicalLearningRate
from .cyclical import TriangularCyclicalLearningRate as TriangularCyclicalLearningRate
from .learning_rate_schedule import LearningRateSchedule as LearningRateSchedule


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
