"""Means and sums of values over batches."""

from __future__ import annotations

from .. import losses, ops
from ..losses.loss import to_tensors
from .metric import Metric
from .weighting import apply_mask, by_sample


class Mean(Metric):
    """The weighted mean of the values given: `sum(values * weights) / sum(weights)`.

    Values of more than one axis are averaged over all but the first. Without weights each entry of
    the first axis counts 1. Before the first update the result is 0.

    Args:
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.Mean()
    >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> float(metric.result())
    2.0
    ```
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values, sample_weight=None):
        """Adds values.

        Args:
            values: Tensor `(batch, ...)`, or a number.
            sample_weight: Number, or a tensor with the first axes of `values`.
        """
        values, weight = by_sample(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        if weight is None:
            self.count.assign_add(float(values.shape[0] if values.ndim else 1))
        else:
            self.count.assign_add(ops.sum(weight))

    def result(self):
        return ops.divide_no_nan(self.total, self.count)


class Sum(Metric):
    """The weighted sum of the values given.

    Args:
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.Sum()
    >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> float(metric.result())
    4.0
    ```
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(name="total")

    def update_state(self, values, sample_weight=None):
        """Adds values.

        Args:
            values: Tensor `(batch, ...)`, or a number.
            sample_weight: Number, or a tensor with the first axes of `values`.
        """
        values, _ = by_sample(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self):
        return ops.copy(self.total)


class MeanMetricWrapper(Mean):
    """The mean over samples of a function of labels and predictions.

    Args:
        fn: Function `fn(y_true, y_pred, **kwargs)` of tensors that returns a value for each sample
            `(batch, ...)`, or one for the batch.
        name: String. Defaults to `"mean_metric_wrapper"`.
        dtype: String.
        **kwargs: Keyword arguments for the function.

    Example:

    ```python
    def largest_error(y_true, y_pred):
        return pyclr.ops.max(pyclr.ops.abs(y_true - y_pred), axis=-1)

    metric = pyclr.metrics.MeanMetricWrapper(largest_error, name="largest_error")
    ```
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if (getattr(fn, "__module__", None) or "").startswith(losses.__name__):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels: tensor, array or list, or a nested structure.
            y_pred: Predictions. Where their `_keras_mask` is false, the weight is 0.
            sample_weight: Optional weights, one a sample or of the shape of the function's values.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        values = self._fn(to_tensors(y_true), to_tensors(y_pred), **self._fn_kwargs)
        values = ops.convert_to_tensor(values)
        super().update_state(values, apply_mask(sample_weight, mask, self.dtype))

    def get_config(self):
        from ..saving.serialization import serialize_keras_object

        config = {**super().get_config(), **serialize_keras_object(self._fn_kwargs)}
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize_keras_object(self._fn)
        return config

    @classmethod
    def from_config(cls, config):
        from ..saving.serialization import deserialize_keras_object

        if "fn" in config:
            config = deserialize_keras_object(config)
        return cls(**config)
