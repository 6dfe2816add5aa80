"""Metrics: what training and evaluation report. Each is a class and a name; many are a function."""

from __future__ import annotations

from .. import _lookup
from ..losses import BCE as BCE
from ..losses import KLD as KLD
from ..losses import MAE as MAE
from ..losses import MAPE as MAPE
from ..losses import MSE as MSE
from ..losses import MSLE as MSLE
from ..losses import bce as bce
from ..losses import binary_crossentropy as binary_crossentropy
from ..losses import binary_focal_crossentropy as binary_focal_crossentropy
from ..losses import categorical_crossentropy as categorical_crossentropy
from ..losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from ..losses import categorical_hinge as categorical_hinge
from ..losses import hinge as hinge
from ..losses import huber as huber
from ..losses import kl_divergence as kl_divergence
from ..losses import kld as kld
from ..losses import kullback_leibler_divergence as kullback_leibler_divergence
from ..losses import log_cosh as log_cosh
from ..losses import logcosh as logcosh
from ..losses import mae as mae
from ..losses import mape as mape
from ..losses import mean_absolute_error as mean_absolute_error
from ..losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from ..losses import mean_squared_error as mean_squared_error
from ..losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from ..losses import mse as mse
from ..losses import msle as msle
from ..losses import poisson as poisson
from ..losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from ..losses import squared_hinge as squared_hinge
from ..saving import object_registration, serialization
from .accuracy import Accuracy as Accuracy
from .accuracy import BinaryAccuracy as BinaryAccuracy
from .accuracy import CategoricalAccuracy as CategoricalAccuracy
from .accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from .accuracy import SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy
from .accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from .accuracy import binary_accuracy as binary_accuracy
from .accuracy import categorical_accuracy as categorical_accuracy
from .accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from .accuracy import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from .accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from .auc import AUC as AUC
from .confusion import FalseNegatives as FalseNegatives
from .confusion import FalsePositives as FalsePositives
from .confusion import Precision as Precision
from .confusion import Recall as Recall
from .confusion import TrueNegatives as TrueNegatives
from .confusion import TruePositives as TruePositives
from .correlation import ConcordanceCorrelation as ConcordanceCorrelation
from .correlation import PearsonCorrelation as PearsonCorrelation
from .correlation import concordance_correlation as concordance_correlation
from .correlation import pearson_correlation as pearson_correlation
from .f_score import F1Score as F1Score
from .f_score import FBetaScore as FBetaScore
from .hinges import CategoricalHinge as CategoricalHinge
from .hinges import Hinge as Hinge
from .hinges import SquaredHinge as SquaredHinge
from .iou import BinaryIoU as BinaryIoU
from .iou import IoU as IoU
from .iou import MeanIoU as MeanIoU
from .iou import OneHotIoU as OneHotIoU
from .iou import OneHotMeanIoU as OneHotMeanIoU
from .metric import Metric as Metric
from .operating_point import PrecisionAtRecall as PrecisionAtRecall
from .operating_point import RecallAtPrecision as RecallAtPrecision
from .operating_point import SensitivityAtSpecificity as SensitivityAtSpecificity
from .operating_point import SpecificityAtSensitivity as SpecificityAtSensitivity
from .probabilistic import BinaryCrossentropy as BinaryCrossentropy
from .probabilistic import CategoricalCrossentropy as CategoricalCrossentropy
from .probabilistic import KLDivergence as KLDivergence
from .probabilistic import Poisson as Poisson
from .probabilistic import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .reduction import Mean as Mean
from .reduction import MeanMetricWrapper as MeanMetricWrapper
from .reduction import Sum as Sum
from .regression import CosineSimilarity as CosineSimilarity
from .regression import LogCoshError as LogCoshError
from .regression import MeanAbsoluteError as MeanAbsoluteError
from .regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from .regression import MeanSquaredError as MeanSquaredError
from .regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from .regression import R2Score as R2Score
from .regression import RootMeanSquaredError as RootMeanSquaredError


def get(identifier):
    """Returns the metric that an identifier means: a `Metric`, a function, or `None`.

    Args:
        identifier: `None`, a name (`"mse"`, `"MeanSquaredError"`, `"mean_squared_error"`), a config
            dictionary, a metric or its class, or a function of `(y_true, y_pred)`. Where a class
            and a function have the name, the class is meant.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    if isinstance(identifier, str):
        if object_registration.get_registered_object(identifier) is None:
            identifier = _lookup.find(identifier, __name__, Metric) or identifier
    return _lookup.get(identifier, __name__, "metric", Metric, functions=True)


def serialize(metric):
    """Returns the config of a metric as a dictionary."""
    return serialization.serialize_keras_object(metric)


def deserialize(config, custom_objects=None):
    """Returns the metric that a config or name describes."""
    return _lookup.get(
        config, __name__, "metric", Metric, functions=True, custom_objects=custom_objects
    )
