"""The base class of losses, and how values are weighted and reduced."""

from __future__ import annotations

import math

from .. import ops
from ..utils import tree

REDUCTIONS = ("sum_over_batch_size", "mean_with_sample_weight", "mean", "sum", "none", None)


class Loss:
    """Base class of losses. A subclass implements `call(y_true, y_pred)`.

    Args:
        name: String.
        reduction: How the values that `call` returns become one number:
            `"sum_over_batch_size"` (or `"mean"`; the default) divides the weighted sum by the
            number of values that are not masked, `"mean_with_sample_weight"` by the sum of the
            weights, `"sum"` does not divide, and `"none"` (or `None`) returns the values.
        dtype: String, the dtype computations run in. Defaults to that of the predictions.

    Example:

    ```python
    class Quartic(pyclr.losses.Loss):
        def call(self, y_true, y_pred):
            return pyclr.ops.mean((y_true - y_pred) ** 4, axis=-1)
    ```
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Argument `reduction` must be one of {REDUCTIONS}. "
                f"Received: reduction={reduction!r}"
            )
        self.name = name or type(self).__name__
        self.reduction = reduction
        self.dtype = dtype

    def call(self, y_true, y_pred):
        """Returns the loss of every sample, before reduction."""
        raise NotImplementedError(f"Loss '{type(self).__name__}' must implement `call`.")

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_pred = tree.map_structure(lambda x: self._convert(x), y_pred)
        y_true = tree.map_structure(lambda x: ops.convert_to_tensor(x), y_true)
        return reduce_weighted(self.call(y_true, y_pred), sample_weight, self.reduction)

    def _convert(self, x):
        tensor = ops.convert_to_tensor(x)
        dtype = self.dtype or (tensor.dtype if "float" in tensor.dtype else "float32")
        return tensor if tensor.dtype == dtype else ops.cast(tensor, dtype)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        """Returns a loss made from a `get_config()` dictionary."""
        return cls(**config)


class FunctionLoss(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)` that returns a value per sample."""

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self._kwargs = kwargs

    def call(self, y_true, y_pred):
        y_true, y_pred = align(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._kwargs)

    def get_config(self):
        from ..saving.serialization import serialize_keras_object

        config = {**super().get_config(), **self._kwargs}
        if type(self) is FunctionLoss:
            config["fn"] = serialize_keras_object(self.fn)
        return config

    @classmethod
    def from_config(cls, config):
        from ..saving.serialization import deserialize_keras_object

        config = dict(config)
        if "fn" in config:
            config["fn"] = deserialize_keras_object(config["fn"])
        return cls(**config)


def align(y_true, y_pred):
    """Drops or adds a last dimension of 1, so that labels and predictions have equal rank."""
    if not hasattr(y_true, "shape") or not hasattr(y_pred, "shape"):
        return y_true, y_pred
    if len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
        if len(y_pred.shape) == 1:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    if len(y_pred.shape) == len(y_true.shape) + 1 and y_pred.shape[-1] == 1:
        return ops.expand_dims(y_true, -1), y_pred
    return y_true, y_pred


def check_same_shape(name, y_true, y_pred):
    """Raises a ValueError where labels would silently be broadcast against predictions."""
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            f"The loss '{name}' needs labels of the shape of the predictions. Received: "
            f"y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )


def reduce_weighted(values, sample_weight, reduction):
    """Weights the values and reduces them to one number; see `Loss`."""
    values = ops.convert_to_tensor(values)
    mask = getattr(values, "_keras_mask", None)
    weight = None
    if sample_weight is not None:
        weight = ops.convert_to_tensor(sample_weight, values.dtype)
        values, weight = _broadcast_weight(values, weight)
        values = values * weight
    if reduction in ("none", None):
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        divisor = ops.sum(weight * ops.ones_like(values))
        return ops.where(divisor == 0, 0.0, total / ops.where(divisor == 0, 1.0, divisor))
    if mask is not None:  # values masked out do not count
        return total / ops.maximum(ops.sum(ops.cast(mask, values.dtype)), 1.0)
    count = math.prod(values.shape)
    return total / count if count else total


def _broadcast_weight(values, weight):
    while weight.ndim > values.ndim and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, -1)
    while 0 < weight.ndim < values.ndim:
        weight = ops.expand_dims(weight, -1)
    compatible = weight.ndim <= values.ndim and all(
        w in (1, v) for w, v in zip(weight.shape[::-1], values.shape[::-1])
    )
    if not compatible:
        raise ValueError(
            "Argument `sample_weight` must have one weight for each sample (and, optionally, for "
            f"each loss value of it). Received: sample_weight.shape={weight.shape} for losses of "
            f"shape {values.shape}"
        )
    return values, weight
