"""Metrics: what training and evaluation report."""

from __future__ import annotations

from .. import _lookup
from ..losses.functions import MAE as MAE
from ..losses.functions import MSE as MSE
from ..losses.functions import binary_crossentropy as binary_crossentropy
from ..losses.functions import categorical_crossentropy as categorical_crossentropy
from ..losses.functions import mae as mae
from ..losses.functions import mean_absolute_error as mean_absolute_error
from ..losses.functions import mean_squared_error as mean_squared_error
from ..losses.functions import mse as mse
from ..losses.functions import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from ..saving import serialization
from .accuracy import Accuracy as Accuracy
from .accuracy import BinaryAccuracy as BinaryAccuracy
from .accuracy import CategoricalAccuracy as CategoricalAccuracy
from .accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from .accuracy import binary_accuracy as binary_accuracy
from .accuracy import categorical_accuracy as categorical_accuracy
from .accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from .from_losses import BinaryCrossentropy as BinaryCrossentropy
from .from_losses import CategoricalCrossentropy as CategoricalCrossentropy
from .from_losses import MeanAbsoluteError as MeanAbsoluteError
from .from_losses import MeanSquaredError as MeanSquaredError
from .from_losses import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .metric import Mean as Mean
from .metric import MeanMetricWrapper as MeanMetricWrapper
from .metric import Metric as Metric
from .metric import Sum as Sum


def get(identifier):
    """Returns the metric that an identifier means: a `Metric`, a function, or `None`.

    Args:
        identifier: `None`, a name (`"mse"`, `"MeanSquaredError"`), a config dictionary, a metric or
            its class, or a function of `(y_true, y_pred)`.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    return _lookup.get(identifier, __name__, "metric", Metric, functions=True)


def serialize(metric):
    """Returns the config of a metric as a dictionary."""
    return serialization.serialize_keras_object(metric)


def deserialize(config, custom_objects=None):
    """Returns the metric that a config or name describes."""
    return _lookup.get(
        config, __name__, "metric", Metric, functions=True, custom_objects=custom_objects
    )
