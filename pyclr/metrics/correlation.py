"""Correlations of labels and predictions."""

from __future__ import annotations

from .. import config, ops
from ..losses.reduction import align
from .reduction import MeanMetricWrapper
from .weighting import check_same_shape


def _centred(name, y_true, y_pred, axis):
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = align(ops.convert_to_tensor(y_true, y_pred.dtype), y_pred)
    check_same_shape(name, y_true, y_pred)
    means = [ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred)]
    return y_true, y_pred, *means


def pearson_correlation(y_true, y_pred, axis=-1):
    """Returns Pearson's correlation coefficient of labels and predictions: the mean product of the
    two, each less its mean and divided by its standard deviation.

    Args:
        y_true: Labels.
        y_pred: Predictions of the same shape.
        axis: Integer or tuple of integers, the axes along which they vary. Defaults to -1.
    """
    y_true, y_pred, mean_true, mean_pred = _centred("pearson_correlation", y_true, y_pred, axis)
    true, pred = y_true - mean_true, y_pred - mean_pred
    true = true / ops.std(true, axis=axis, keepdims=True)
    pred = pred / ops.std(pred, axis=axis, keepdims=True)
    return ops.mean(true * pred, axis=axis)


def concordance_correlation(y_true, y_pred, axis=-1):
    """Returns Lin's concordance correlation coefficient: `2 * covariance / (variance of the labels
    + variance of the predictions + squared difference of the means)`.

    Args:
        y_true: Labels.
        y_pred: Predictions of the same shape.
        axis: Integer or tuple of integers, the axes along which they vary. Defaults to -1.
    """
    y_true, y_pred, mean_true, mean_pred = _centred("concordance_correlation", y_true, y_pred, axis)
    variances = sum(
        ops.var(y - mean, axis=axis, keepdims=True)
        for y, mean in ((y_true, mean_true), (y_pred, mean_pred))
    )
    norm = variances + ops.square(mean_true - mean_pred)
    # Keras takes both from the mean of the predictions, which leaves the mean product as it is.
    covariance = (y_true - mean_pred) * (y_pred - mean_pred)
    return ops.mean(2.0 * covariance / (norm + config.epsilon()), axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of Pearson's correlation coefficients of the samples, from -1 to 1.

    Args:
        name: String.
        dtype: String.
        axis: Integer or tuple of integers, the axes along which labels and predictions vary.
            Defaults to -1.
    """

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of Lin's concordance correlation coefficients of the samples, from -1 to 1: how near
    predictions are to the labels, not only how linear in them.

    Args:
        name: String.
        dtype: String.
        axis: Integer or tuple of integers, the axes along which labels and predictions vary.
            Defaults to -1.
    """

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
