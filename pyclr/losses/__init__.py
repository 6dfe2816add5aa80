"""Losses: what training makes small. Each is a class, a function and a name."""

from __future__ import annotations

from .. import _lookup
from ..saving import serialization
from .classes import BinaryCrossentropy as BinaryCrossentropy
from .classes import CategoricalCrossentropy as CategoricalCrossentropy
from .classes import MeanAbsoluteError as MeanAbsoluteError
from .classes import MeanSquaredError as MeanSquaredError
from .classes import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .functions import MAE as MAE
from .functions import MSE as MSE
from .functions import binary_crossentropy as binary_crossentropy
from .functions import categorical_crossentropy as categorical_crossentropy
from .functions import mae as mae
from .functions import mean_absolute_error as mean_absolute_error
from .functions import mean_squared_error as mean_squared_error
from .functions import mse as mse
from .functions import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .loss import Loss as Loss


def get(identifier):
    """Returns the loss that an identifier means: a `Loss`, a function, or `None`.

    Args:
        identifier: `None`, a name (`"mse"`, `"MeanSquaredError"`), a config dictionary, a loss or
            its class, or a function of `(y_true, y_pred)`.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    return _lookup.get(identifier, __name__, "loss", Loss, functions=True)


def serialize(loss):
    """Returns the config of a loss as a dictionary."""
    return serialization.serialize_keras_object(loss)


def deserialize(config, custom_objects=None):
    """Returns the loss that a config or name describes."""
    return _lookup.get(
        config, __name__, "loss", Loss, functions=True, custom_objects=custom_objects
    )
