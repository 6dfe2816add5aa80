"""Losses of regression: how far predictions are from numbers."""

from __future__ import annotations

import math

from .. import _core, config, ops
from ..symbolic import is_symbolic
from .inputs import same_shape
from .loss import LossFunctionWrapper


def mean_squared_error(y_true, y_pred):
    """Returns `mean((y_true - y_pred)**2, axis=-1)`.

    Args:
        y_true: Labels, `(batch, ..., d)`.
        y_pred: Predictions of the same shape.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("mean_squared_error", y_true, y_pred)
    if is_symbolic(y_pred):
        return ops.mean(ops.square(y_pred - y_true), axis=-1)
    return _core.ops.squared_error(y_pred, y_true)


mse = MSE = mean_squared_error


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared differences: `mean((y_true - y_pred)**2)`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.

    Example:

    ```python
    loss = pyclr.losses.MeanSquaredError()
    assert float(loss([[0.0, 1.0]], [[1.0, 3.0]])) == 2.5
    ```
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


def mean_absolute_error(y_true, y_pred):
    """Returns `mean(|y_true - y_pred|, axis=-1)`.

    Args, returns and raises: As `mean_squared_error`.
    """
    y_true, y_pred = same_shape("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


mae = MAE = mean_absolute_error


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute differences: `mean(|y_true - y_pred|)`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


def mean_absolute_percentage_error(y_true, y_pred):
    """Returns `100 * mean(|y_true - y_pred| / max(|y_true|, epsilon()), axis=-1)`.

    Args, returns and raises: As `mean_squared_error`.
    """
    y_true, y_pred = same_shape("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / size), axis=-1)


mape = MAPE = mean_absolute_percentage_error


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute differences in percent of the label:
    `100 * mean(|y_true - y_pred| / |y_true|)`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="mean_absolute_percentage_error",
        dtype=None,
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


def mean_squared_logarithmic_error(y_true, y_pred):
    """Returns `mean((log(y_true + 1) - log(y_pred + 1))**2, axis=-1)`; values below `epsilon()`
    count as `epsilon()`.

    Args, returns and raises: As `mean_squared_error`.
    """
    y_true, y_pred = same_shape("mean_squared_logarithmic_error", y_true, y_pred)
    epsilon = config.epsilon()
    difference = ops.log(ops.maximum(y_pred, epsilon) + 1.0) - ops.log(
        ops.maximum(y_true, epsilon) + 1.0
    )
    return ops.mean(ops.square(difference), axis=-1)


msle = MSLE = mean_squared_logarithmic_error


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of logarithms:
    `mean((log(y_true + 1) - log(y_pred + 1))**2)`, for labels that are not negative.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="mean_squared_logarithmic_error",
        dtype=None,
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


def cosine_similarity(y_true, y_pred, axis=-1):
    """Returns minus the cosine of the angle between labels and predictions:
    `-sum(y_true * y_pred / (|y_true| |y_pred|), axis)`.

    Args:
        y_true: Labels, `(batch, ..., d)`.
        y_pred: Predictions of the same shape.
        axis: Integer, the axis of the vectors.

    Returns:
        Numbers in [-1, 1], -1 for equal directions; 0 where a vector is zero.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("cosine_similarity", y_true, y_pred)
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x, axis):
    """Vectors of length 1. One shorter than epsilon() is divided by that: no division by zero."""
    squared = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(squared, config.epsilon() ** 2))


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions: -1 for equal directions.

    Args:
        axis: Integer, the axis of the vectors.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        axis=-1,
        reduction="sum_over_batch_size",
        name="cosine_similarity",
        dtype=None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


def huber(y_true, y_pred, delta=1.0):
    """Returns the mean over the last axis of `0.5 * error**2` where `|error| <= delta`, and of
    `delta * |error| - 0.5 * delta**2` elsewhere (Huber, 1964).

    Args:
        y_true: Labels, `(batch, ..., d)`.
        y_pred: Predictions of the same shape.
        delta: Number, where the parabola goes over into lines.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("huber", y_true, y_pred)
    error = y_pred - y_true
    size = ops.abs(error)
    line = delta * size - 0.5 * delta**2
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), line), axis=-1)


class Huber(LossFunctionWrapper):
    """Squared differences up to `delta`, absolute ones beyond (Huber, 1964); see `huber`.

    Args:
        delta: Number, where the parabola goes over into lines.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)


def log_cosh(y_true, y_pred):
    """Returns `mean(log(cosh(y_pred - y_true)), axis=-1)`, without overflow.

    Args, returns and raises: As `mean_squared_error`.
    """
    y_true, y_pred = same_shape("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


logcosh = log_cosh


class LogCosh(LossFunctionWrapper):
    """Mean logarithm of the hyperbolic cosine of the difference: about `error**2 / 2` where it is
    small, `|error| - log(2)` where it is large.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)
