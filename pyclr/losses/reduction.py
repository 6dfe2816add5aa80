"""How labels meet predictions, and how the values of a loss become one number."""

from __future__ import annotations

import math

from .. import ops

REDUCTIONS = ("sum_over_batch_size", "mean_with_sample_weight", "mean", "sum", "none", None)


class Reduction:
    """Names of reductions, as tf.keras has them; `AUTO` is the default."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    SUM = "sum"
    NONE = "none"


def standardize_reduction(reduction):
    """Returns `reduction`; raises a ValueError if it is none of `REDUCTIONS`."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Argument `reduction` must be one of {REDUCTIONS}. Received: reduction={reduction!r}"
        )
    return reduction


def align(x1, x2):
    """Returns two tensors in equal rank where a last axis of size 1 is what sets them apart.

    The axis of the larger one is dropped; against a vector, the vector gets it instead. Labels
    `(batch,)` thus meet predictions `(batch, 1)`.
    """
    x1, x2 = ops.convert_to_tensor(x1), ops.convert_to_tensor(x2)
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        return (x1, _reshaped(x2, (*x2.shape, 1))) if x2.ndim == 1 else (_squeezed(x1), x2)
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        return (_reshaped(x1, (*x1.shape, 1)), x2) if x1.ndim == 1 else (x1, _squeezed(x2))
    return x1, x2


def _squeezed(x):
    return _reshaped(x, x.shape[:-1])


def _reshaped(x, shape):
    result = ops.reshape(x, shape)
    logits = getattr(x, "_sigmoid_logits", None)
    if logits is not None:  # they stand element by element, and stay known
        result._sigmoid_logits = ops.reshape(logits, shape)
    return result


def broadcast_weight(values, weight, name="sample_weight"):
    """Returns values and their weights in shapes that multiply to that of the values.

    Args:
        values: Losses, `(batch, ...)`.
        weight: Weights: a number; one for each sample, `(batch,)`; or of the rank of the values,
            each size equal or 1. Missing axes are added at the end.
        name: String, what messages call the weights.

    Raises:
        ValueError: for any other shape.
    """
    if weight.ndim == 0:
        return values, weight
    if values.ndim == 0:
        raise ValueError(
            f"Argument `{name}` needs a loss with a value for each sample; this one returns a "
            f"single number for the batch. Received: {name}.shape={weight.shape}"
        )
    values, weight = align(values, weight)
    if weight.ndim < values.ndim:
        weight = ops.reshape(weight, weight.shape + (1,) * (values.ndim - weight.ndim))
    if weight.ndim > values.ndim or any(
        w not in (1, v) for w, v in zip(weight.shape, values.shape)
    ):
        raise ValueError(
            f"Argument `{name}` must have one weight for each sample (and, optionally, for each "
            f"loss value of it). Received: {name}.shape={weight.shape} for losses of shape "
            f"{values.shape}"
        )
    return values, weight


def reduce_weighted(
    values, sample_weight=None, reduction="sum_over_batch_size", mask=None, dtype=None
):
    """Weights the values of a loss and reduces them to one number.

    Args:
        values: Losses, `(batch, ...)`, or a scalar. A mask that the loss has put on them, as
            `_keras_mask`, counts as well.
        sample_weight: Weights as in `broadcast_weight`, or `None`.
        reduction: See `Loss`.
        mask: Booleans, in a shape as for weights: False where a value does not count. `None` for
            all. A scalar loss has no values to leave out.
        dtype: String, the dtype of the result. Defaults to that of the values.

    Returns:
        A scalar; the weighted values if the reduction is `"none"` or `None`.

    Raises:
        ValueError: if the weights do not fit the values.
    """
    standardize_reduction(reduction)
    mask = _both(mask, getattr(values, "_keras_mask", None))
    values = ops.convert_to_tensor(values, dtype)
    weight = None
    if sample_weight is not None:
        weight = ops.convert_to_tensor(sample_weight, values.dtype)
        values, weight = broadcast_weight(values, weight)
        values = values * weight
    if mask is not None and values.ndim > 0:
        values, mask = broadcast_weight(values, ops.cast(mask, "bool"), "mask")
        values = ops.where(mask, values, 0.0)  # not a product: what is masked may be NaN
    if reduction in ("none", None) or values.ndim == 0:
        return values
    total = ops.sum(values)
    if reduction == "sum" or values.size == 0:
        return total
    if mask is not None:
        counted = ops.cast(mask, values.dtype)
        if reduction == "mean_with_sample_weight":
            return _divide_no_nan(total, ops.sum(counted if weight is None else weight * counted))
        each = math.prod(v for v, m in zip(values.shape, mask.shape) if v != m)
        return _divide_no_nan(total, ops.sum(counted) * each)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return _divide_no_nan(total, ops.sum(weight))
    if values.size is None:  # of a symbolic tensor
        return ops.mean(values)
    return total / values.size


def _both(mask, other):
    """Returns where two masks hold; a mask of `None` holds everywhere."""
    if mask is None or other is None:
        return other if mask is None else mask
    return ops.logical_and(*broadcast_weight(mask, other, "mask"))


def _divide_no_nan(total, divisor):
    """Their quotient, 0 where the divisor is."""
    return ops.where(divisor == 0, 0.0, total / ops.where(divisor == 0, 1.0, divisor))
