"""Losses: what training makes small. Each is a class, a function and a name."""

from __future__ import annotations

from .. import _lookup
from ..saving import serialization
from .crossentropy import BCE as BCE
from .crossentropy import BinaryCrossentropy as BinaryCrossentropy
from .crossentropy import CategoricalCrossentropy as CategoricalCrossentropy
from .crossentropy import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from .crossentropy import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .crossentropy import bce as bce
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from .crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .focal import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from .focal import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from .focal import binary_focal_crossentropy as binary_focal_crossentropy
from .focal import categorical_focal_crossentropy as categorical_focal_crossentropy
from .hinge import CategoricalHinge as CategoricalHinge
from .hinge import Hinge as Hinge
from .hinge import SquaredHinge as SquaredHinge
from .hinge import categorical_hinge as categorical_hinge
from .hinge import hinge as hinge
from .hinge import squared_hinge as squared_hinge
from .loss import Loss as Loss
from .loss import LossFunctionWrapper as LossFunctionWrapper
from .probabilistic import KLD as KLD
from .probabilistic import KLDivergence as KLDivergence
from .probabilistic import Poisson as Poisson
from .probabilistic import kl_divergence as kl_divergence
from .probabilistic import kld as kld
from .probabilistic import kullback_leibler_divergence as kullback_leibler_divergence
from .probabilistic import poisson as poisson
from .reduction import Reduction as Reduction
from .regression import MAE as MAE
from .regression import MAPE as MAPE
from .regression import MSE as MSE
from .regression import MSLE as MSLE
from .regression import CosineSimilarity as CosineSimilarity
from .regression import Huber as Huber
from .regression import LogCosh as LogCosh
from .regression import MeanAbsoluteError as MeanAbsoluteError
from .regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from .regression import MeanSquaredError as MeanSquaredError
from .regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from .regression import cosine_similarity as cosine_similarity
from .regression import huber as huber
from .regression import log_cosh as log_cosh
from .regression import logcosh as logcosh
from .regression import mae as mae
from .regression import mape as mape
from .regression import mean_absolute_error as mean_absolute_error
from .regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from .regression import mean_squared_error as mean_squared_error
from .regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from .regression import mse as mse
from .regression import msle as msle
from .segmentation import Dice as Dice
from .segmentation import Tversky as Tversky
from .segmentation import dice as dice
from .segmentation import tversky as tversky
from .sequence import CTC as CTC
from .sequence import ctc as ctc
from .similarity import Circle as Circle
from .similarity import circle as circle


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
