"""The base class of metrics, and means."""

from __future__ import annotations

import math

from .. import initializers, ops
from .._lookup import to_snake_case
from ..losses.loss import _broadcast_weight, align
from ..variables import Variable


class Metric:
    """Base class of metrics: numbers accumulated over batches.

    A subclass makes its state with `add_weight`, adds a batch to it in `update_state`, and computes
    the metric from it in `result`.

    Args:
        name: String. Defaults to the class name in snake case.
        dtype: String. Defaults to float32.

    Example:

    ```python
    class LargestError(pyclr.metrics.Metric):
        def __init__(self, name="largest_error"):
            super().__init__(name=name)
            self.largest = self.add_weight(name="largest", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = pyclr.ops.max(pyclr.ops.abs(y_true - y_pred))
            self.largest.assign(pyclr.ops.maximum(self.largest, error))

        def result(self):
            return self.largest.value
    ```
    """

    def __init__(self, dtype=None, name=None):
        self.name = name or to_snake_case(type(self).__name__)
        self.dtype = dtype or "float32"
        self._variables = []

    def add_weight(self, shape=(), initializer="zeros", dtype=None, name=None):
        """Makes a state variable.

        Args:
            shape: Tuple of integers.
            initializer: Initializer or its name; what `reset_state` brings back.
            dtype: String. Defaults to the metric's.
            name: String.
        """
        variable = Variable(
            initializers.get(initializer),
            shape=tuple(shape),
            dtype=dtype or self.dtype,
            trainable=False,
            name=name,
        )
        self._variables.append((variable, variable.numpy()))
        return variable

    add_variable = add_weight

    @property
    def variables(self):
        """The state, a list of `Variable`."""
        return [variable for variable, _ in self._variables]

    def update_state(self, *args, **kwargs):
        """Adds a batch to the state."""
        raise NotImplementedError(f"Metric '{type(self).__name__}' must implement `update_state`.")

    def result(self):
        """Returns the metric, a scalar tensor."""
        raise NotImplementedError(f"Metric '{type(self).__name__}' must implement `result`.")

    def reset_state(self):
        """Puts the state back to its initial values."""
        for variable, initial in self._variables:
            variable.assign(initial)

    def __call__(self, *args, **kwargs):
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Returns a metric made from a `get_config()` dictionary."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


class Mean(Metric):
    """The weighted mean of the values given: `sum(values * weights) / sum(weights)`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, values, sample_weight=None):
        """Adds values.

        Args:
            values: Tensor or number.
            sample_weight: Number, or tensor that broadcasts to `values` from the left.
        """
        values = ops.cast(values, self.dtype)
        if sample_weight is None:
            self.total.assign_add(ops.sum(values))
            self.count.assign_add(float(math.prod(values.shape)))
            return
        weight = ops.convert_to_tensor(sample_weight, self.dtype)
        if weight.ndim > 0 and values.ndim > 0:
            values, weight = _broadcast_weight(values, weight)
            weight = ops.broadcast_to(weight, values.shape)
            self.count.assign_add(ops.sum(weight))
        else:
            self.count.assign_add(weight * float(math.prod(values.shape)))
        self.total.assign_add(ops.sum(values * weight))

    def result(self):
        return ops.where(self.count > 0, self.total / ops.maximum(self.count, 1e-30), 0.0)


class MeanMetricWrapper(Mean):
    """The mean over samples of a function `fn(y_true, y_pred, **kwargs)` with one value a sample.

    Args:
        fn: The function.
        name: String. Defaults to the function's name.
        dtype: String.
        **kwargs: Keyword arguments for the function.
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name or getattr(fn, "__name__", None), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels.
            y_pred: Predictions.
            sample_weight: Optional weights of the samples.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        y_true, y_pred = align(y_true, y_pred)
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self):
        from ..saving.serialization import serialize_keras_object

        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize_keras_object(self._fn)
        return config

    @classmethod
    def from_config(cls, config):
        from ..saving.serialization import deserialize_keras_object

        config = dict(config)
        if "fn" in config:
            config["fn"] = deserialize_keras_object(config["fn"])
        return cls(**config)


class Sum(Metric):
    """The weighted sum of the values given.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_weight(name="total")

    def update_state(self, values, sample_weight=None):
        """Adds values, weighted."""
        values = ops.cast(values, self.dtype)
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight, self.dtype)
            if weight.ndim > 0 and values.ndim > 0:
                values, weight = _broadcast_weight(values, weight)
            values = values * weight
        self.total.assign_add(ops.sum(values))

    def result(self):
        return self.total.value
