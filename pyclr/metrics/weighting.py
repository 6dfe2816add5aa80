"""How values, sample weights and masks of different shapes are brought together."""

from __future__ import annotations

import math

from .. import ops


def check_same_shape(name, y_true, y_pred):
    """Raises a ValueError where labels would silently be broadcast against predictions."""
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"The metric '{name}' needs labels of the shape of the predictions. Received: "
            f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )


def expand_to_rank(x, rank):
    """Adds axes of size 1 at the end until `x` has `rank` axes."""
    return x if x.ndim >= rank else ops.reshape(x, x.shape + (1,) * (rank - x.ndim))


def broadcast_weight(sample_weight, shape):
    """Returns weights - a number, one a sample, or more - as a tensor of `shape`.

    Raises:
        ValueError: if the weights do not fit the shape.
    """
    weight = sample_weight
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, -1)
    weight = expand_to_rank(weight, len(shape))
    if weight.ndim > len(shape) or any(w not in (1, n) for w, n in zip(weight.shape, shape)):
        raise ValueError(
            "Argument `sample_weight` must have one weight for each sample or each value of it. "
            f"Received: sample_weight.shape={sample_weight.shape} for values of shape {shape}"
        )
    return weight if weight.shape == shape else ops.broadcast_to(weight, shape)


def apply_mask(sample_weight, mask, dtype):
    """Returns the weights with 0 where the mask is false; either may be `None`."""
    if mask is None:
        return sample_weight
    mask = ops.cast(mask, dtype)
    if sample_weight is None:
        return mask
    weight = ops.cast(sample_weight, dtype)
    rank = max(weight.ndim, mask.ndim)
    return expand_to_rank(weight, rank) * expand_to_rank(mask, rank)


def by_sample(values, sample_weight, reduce, dtype):
    """Reduces values to one a sample, weighted.

    Args:
        values: Tensor `(batch, ...)`; those masked out by its `_keras_mask` lose their weight.
        sample_weight: Weights of as many leading axes as they have, or `None`.
        reduce: Function `reduce(x, axis)` for the other axes: `ops.mean` or `ops.sum`.
        dtype: String.

    Returns:
        The weighted values `(batch,)`, and the weights in the same way, or `None`.
    """
    mask = getattr(values, "_keras_mask", None)
    values, weight = ops.cast(values, dtype), None
    if sample_weight is not None:
        weight = ops.convert_to_tensor(sample_weight, dtype)
        weight = apply_mask(weight, mask, dtype)
        values = _reduced(values, weight.ndim, reduce)
        weight = broadcast_weight(weight, values.shape)
        values = values * weight
        weight = _reduced(weight, 1, reduce)
    return _reduced(values, 1, reduce), weight


def _reduced(values, kept, reduce):
    """Reduces all axes but the first `kept`."""
    if values.ndim <= kept:
        return values
    if math.prod(values.shape[kept:]) == 1:
        return ops.reshape(values, values.shape[:kept])
    return reduce(values, axis=list(range(kept, values.ndim)))
