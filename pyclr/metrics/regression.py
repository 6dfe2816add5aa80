"""Errors of predicted numbers, and how much of the labels' variance predictions explain."""

from __future__ import annotations

from .. import losses, ops
from ..losses.reduction import align
from .metric import Metric
from .reduction import Mean, MeanMetricWrapper
from .weighting import broadcast_weight, check_same_shape


class MeanSquaredError(MeanMetricWrapper):
    """The mean of squared differences.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of absolute differences.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name=name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of absolute differences in percent of the labels.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of squared differences of `log(1 + y)`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name=name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name=name, dtype=dtype)


def _cosine_similarity(y_true, y_pred, axis=-1):
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions, from -1 to 1.

    Args:
        name: String.
        dtype: String.
        axis: Integer, the axis of the vectors. Defaults to -1.
    """

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(_cosine_similarity, name=name, dtype=dtype, axis=axis)

    def get_config(self):
        config = super().get_config()
        if config["axis"] == -1:  # as Keras writes it
            del config["axis"]
        return config


class RootMeanSquaredError(Mean):
    """The root of the mean of squared differences.

    Args:
        name: String.
        dtype: String.
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, ...)`.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights with the first axes of the labels.
        """
        y_true, y_pred = _aligned(self, y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self):
        return ops.sqrt(super().result())


class R2Score(Metric):
    """The coefficient of determination:
    `1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2)`.

    It is 1 for perfect predictions, 0 for those as good as the mean of the labels, and negative for
    worse ones.

    Args:
        class_aggregation: What becomes of the scores of the columns: `"uniform_average"` (their
            mean; the default), `"variance_weighted_average"` or `None` (all are returned).
        num_regressors: Integer, the number of independent regressors, for the adjusted score
            `1 - (1 - R2) * (n - 1) / (n - p - 1)`, where the number of values allows it. Defaults
            to 0: not adjusted.
        name: String.
        dtype: String.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    ```python
    >>> metric = pyclr.metrics.R2Score()
    >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    >>> round(float(metric.result()), 4)
    0.5714
    ```
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation="uniform_average",
        num_regressors=0,
        name="r2_score",
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        allowed = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in allowed:
            raise ValueError(
                f"Argument `class_aggregation` must be one of {allowed}. "
                f"Received: class_aggregation={class_aggregation!r}"
            )
        if num_regressors < 0:
            raise ValueError(
                "Argument `num_regressors` must be an integer >= 0. "
                f"Received: num_regressors={num_regressors!r}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")
        self._built = False

    def _build(self, columns):
        self.squared_sum = self.add_variable((columns,), name="squared_sum")
        self.sum = self.add_variable((columns,), name="sum")
        self.total_mse = self.add_variable((columns,), name="residual")
        self.count = self.add_variable((columns,), name="count")
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, columns)`.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights, `(batch,)` or of the shape of the labels.

        Raises:
            ValueError: if a shape does not fit.
        """
        y_true, y_pred = _aligned(self, y_true, y_pred)
        if y_pred.ndim != 2:
            raise ValueError(
                "R2Score needs labels and predictions of shape (batch, columns). "
                f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
            )
        if not self._built:
            self._build(y_pred.shape[1])
        if sample_weight is None:
            weight = ops.ones(y_true.shape, self.dtype)
        else:
            weight = ops.convert_to_tensor(sample_weight, self.dtype)
            weight = broadcast_weight(weight, y_true.shape)
        weighted = y_true * weight
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weight, axis=0))
        self.count.assign_add(ops.sum(weight, axis=0))
        self.num_samples.assign_add(float(y_true.size))

    def result(self):
        if not self._built:
            return ops.zeros((), self.dtype)
        total = self.squared_sum - self.sum * (self.sum / self.count)
        scores = 1.0 - self.total_mse / total
        scores = ops.where(ops.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(total * scores) / ops.sum(total)
        if self.num_regressors == 0:
            return scores
        free = self.num_samples - (self.num_regressors + 1.0)
        divisor = ops.where(free > 0, free, 1.0)
        adjusted = 1.0 - (1.0 - scores) * (self.num_samples - 1.0) / divisor
        return ops.where(free > 0, adjusted, scores)

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


def _aligned(metric, y_true, y_pred):
    y_true = ops.convert_to_tensor(y_true, metric.dtype)
    y_pred = ops.convert_to_tensor(y_pred, metric.dtype)
    y_true, y_pred = align(y_true, y_pred)
    check_same_shape(metric.name, y_true, y_pred)
    return y_true, y_pred
