"""Reductions over one axis, several (a tuple), or all (`axis=None`)."""

from __future__ import annotations

import math

from ... import _core
from ..core import cast, convert_to_tensor
from ..operands import FLOATS, axes_of, floating, integer, meet_floating, summable
from .elementwise import isnan, where

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "max", "mean",
    "min", "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar", "prod", "ptp", "std", "sum", "var",
]  # fmt: skip

_ops = _core.ops


def _reduce(op, x, axis, keepdims):
    axes = axes_of(axis, x.ndim)
    if axis is not None and not axes:
        return x
    return op(x, axes=axes, keepdims=bool(keepdims))


def sum(x, axis=None, keepdims=False):
    """Returns the sum of `x` over `axis`. Booleans and uint8 are summed as int32."""
    return _reduce(_ops.sum, summable(x), axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Returns the mean of `x` over `axis`. Integers become float32."""
    return _reduce(_ops.mean, floating(x), axis, keepdims)


def prod(x, axis=None, keepdims=False, dtype=None):
    """Returns the product of `x` over `axis`, in `dtype` if given."""
    x = summable(x if dtype is None else cast(x, dtype))
    return _reduce(_ops.prod, x, axis, keepdims)


def max(x, axis=None, keepdims=False, initial=None):
    """Returns the largest value of `x` over `axis`, and at least `initial`; NaN wins."""
    return _extremum(_ops.max, _ops.maximum, x, axis, keepdims, initial)


def min(x, axis=None, keepdims=False, initial=None):
    """Returns the smallest value of `x` over `axis`, and at most `initial`; NaN wins."""
    return _extremum(_ops.min, _ops.minimum, x, axis, keepdims, initial)


def _extremum(op, pair_op, x, axis, keepdims, initial):
    x = convert_to_tensor(x)
    if initial is not None and 0 in x.shape:
        # Nothing to compare along an empty axis: `initial` itself.
        axes = axes_of(axis, x.ndim)
        kept = [1 if i in axes else dim for i, dim in enumerate(x.shape)]
        shape = kept if keepdims else [d for i, d in enumerate(kept) if i not in axes]
        return _ops.full(shape=shape, dtype=x.dtype, value=float(initial))
    result = cast(_reduce(op, summable(x), axis, keepdims), x.dtype)
    return result if initial is None else pair_op(result, initial)


def amax(x, axis=None, keepdims=False):
    """Returns the largest value of `x` over `axis`; NaN wins."""
    return max(x, axis, keepdims)


def amin(x, axis=None, keepdims=False):
    """Returns the smallest value of `x` over `axis`; NaN wins."""
    return min(x, axis, keepdims)


def ptp(x, axis=None, keepdims=False):
    """Returns the largest less the smallest value of `x` over `axis`."""
    return _ops.subtract(max(x, axis, keepdims), min(x, axis, keepdims))


def var(x, axis=None, keepdims=False):
    """Returns the (biased) variance of `x` over `axis`."""
    x = floating(x)
    return mean(_ops.square(_ops.subtract(x, mean(x, axis, keepdims=True))), axis, keepdims)


def std(x, axis=None, keepdims=False):
    """Returns the (biased) standard deviation of `x` over `axis`."""
    return _ops.sqrt(var(x, axis, keepdims))


def average(x, axis=None, weights=None):
    """Returns the mean of `x` over `axis`, weighted if `weights` are given.

    Args:
        x: Tensor.
        axis: Integer, tuple of integers, or `None` for all axes.
        weights: Optional tensor of the shape of `x`, or a vector along the one `axis`.
    """
    if weights is None:
        return mean(x, axis)
    x, weights = meet_floating(x, weights)
    if weights.shape != x.shape:
        (along,) = axes_of(axis, x.ndim) if axis is not None else (None,)
        if along is None or weights.shape != (x.shape[along],):
            raise ValueError(
                "Argument `weights` must have the shape of `x`, or be a vector along the one axis "
                f"`axis`. Received: weights.shape={weights.shape}, x.shape={x.shape}, axis={axis}"
            )
        weights = _ops.reshape(weights, shape=[-1 if i == along else 1 for i in range(x.ndim)])
        total = _ops.sum(weights)
    else:
        total = sum(weights, axis)
    return _ops.divide(sum(_ops.multiply(x, weights), axis), total)


def any(x, axis=None, keepdims=False):
    """Returns whether any element along `axis` is true."""
    return _ops.not_equal(max(cast(cast(x, "bool"), "int32"), axis, keepdims, initial=0), 0)


def all(x, axis=None, keepdims=False):
    """Returns whether all elements along `axis` are true."""
    return _ops.not_equal(min(cast(cast(x, "bool"), "int32"), axis, keepdims, initial=1), 0)


def count_nonzero(x, axis=None):
    """Returns how many elements along `axis` are not zero, int32."""
    return sum(cast(_ops.not_equal(convert_to_tensor(x), 0), "int32"), axis)


def argmax(x, axis=None, keepdims=False):
    """Returns the int32 index of the first largest value along `axis` (`None`: of all)."""
    return _argument(_ops.argmax, x, axis, keepdims)


def argmin(x, axis=None, keepdims=False):
    """Returns the int32 index of the first smallest value along `axis` (`None`: of all)."""
    return _argument(_ops.argmin, x, axis, keepdims)


def _argument(op, x, axis, keepdims):
    x = convert_to_tensor(x)
    if axis is not None:
        return op(x, axis=integer("axis", axis), keepdims=bool(keepdims))
    index = op(_ops.reshape(x, shape=[-1]), axis=0)
    return _ops.reshape(index, shape=[1] * x.ndim) if keepdims else index


# --- NaN left out --------------------------------------------------------------------------------


def _without_nan(x, value):
    x = convert_to_tensor(x)
    return where(isnan(x), cast(value, x.dtype), x) if x.dtype in FLOATS else x


def _count(x, axis, keepdims):
    """How many elements are not NaN, in the dtype of `x`."""
    return sum(cast(_ops.equal(x, x), x.dtype), axis, keepdims)


def nansum(x, axis=None, keepdims=False):
    """Returns the sum of `x` over `axis` without its NaN."""
    return sum(_without_nan(x, 0), axis, keepdims)


def nanprod(x, axis=None, keepdims=False):
    """Returns the product of `x` over `axis` without its NaN."""
    return prod(_without_nan(x, 1), axis, keepdims)


def nanmean(x, axis=None, keepdims=False):
    """Returns the mean of `x` over `axis` without its NaN; NaN where there is nothing else."""
    x = floating(x)
    return _ops.divide(nansum(x, axis, keepdims), _count(x, axis, keepdims))


def nanvar(x, axis=None, keepdims=False):
    """Returns the (biased) variance of `x` over `axis` without its NaN."""
    x = floating(x)
    return nanmean(_ops.square(_ops.subtract(x, nanmean(x, axis, keepdims=True))), axis, keepdims)


def nanstd(x, axis=None, keepdims=False):
    """Returns the (biased) standard deviation of `x` over `axis` without its NaN."""
    return _ops.sqrt(nanvar(x, axis, keepdims))


def nanmax(x, axis=None, keepdims=False):
    """Returns the largest value of `x` over `axis` without its NaN; NaN if there are only such."""
    return _nan_extremum(max, -math.inf, x, axis, keepdims)


def nanmin(x, axis=None, keepdims=False):
    """Returns the smallest value of `x` over `axis` without its NaN; NaN if there are only such."""
    return _nan_extremum(min, math.inf, x, axis, keepdims)


def _nan_extremum(function, worst, x, axis, keepdims):
    x = convert_to_tensor(x)
    result = function(_without_nan(x, worst) if x.dtype in FLOATS else x, axis, keepdims)
    if x.dtype not in FLOATS:
        return result
    return where(_count(x, axis, keepdims) == 0, cast(math.nan, x.dtype), result)


def nanargmax(x, axis=None, keepdims=False):
    """Returns the int32 index of the first largest value along `axis` without NaN; -1 where there
    is nothing else."""
    return _nan_argument(argmax, -math.inf, x, axis, keepdims)


def nanargmin(x, axis=None, keepdims=False):
    """Returns the int32 index of the first smallest value along `axis` without NaN; -1 where there
    is nothing else."""
    return _nan_argument(argmin, math.inf, x, axis, keepdims)


def _nan_argument(function, worst, x, axis, keepdims):
    x = convert_to_tensor(x)
    if x.dtype not in FLOATS:
        return function(x, axis, keepdims)
    index = function(_without_nan(x, worst), axis, keepdims)
    return where(_count(x, axis, keepdims) == 0, -1, index)
