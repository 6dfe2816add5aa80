"""Order along an axis: sorting, quantiles, cumulative sums and products, differences."""

from __future__ import annotations

import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..core.slices import take_slice
from ..operands import FLOATS, axes_of, axis_of, floating, integer, meet_floating, summable
from .elementwise import isnan, where
from .reduction import mean
from .shaping import expand_dims, ravel

__all__ = [
    "argpartition", "argsort", "corrcoef", "correlate", "cumprod", "cumsum", "diff", "median",
    "nancumprod", "nancumsum", "nanmedian", "nanpercentile", "nanquantile", "percentile",
    "quantile", "sort", "trapezoid",
]  # fmt: skip

_ops = _core.ops


def sort(x, axis=-1):
    """Returns `x` in rising order along `axis` (`None`: flattened); NaN comes last."""
    x = convert_to_tensor(x)
    return _ops.sort(ravel(x), axis=0)[0] if axis is None else _ops.sort(x, axis=axis)[0]


def argsort(x, axis=-1):
    """Returns the int32 indices that put `x` in rising order along `axis` (`None`: flattened).
    Equal elements keep their order."""
    x = convert_to_tensor(x)
    return _ops.sort(ravel(x), axis=0)[1] if axis is None else _ops.sort(x, axis=axis)[1]


def argpartition(x, kth, axis=-1):
    """Returns int32 indices along `axis` that put element `kth` where sorting would, smaller ones
    before it and larger ones after it."""
    x = convert_to_tensor(x)
    axis_of(kth, x.size if axis is None else x.shape[axis_of(axis, x.ndim)], "kth")
    return argsort(x, axis)


# --- Quantiles -----------------------------------------------------------------------------------

# Which of the two neighbours counts how much, from the fraction between them.
_METHODS = {
    "linear": lambda fraction: fraction,
    "lower": lambda fraction: _ops.multiply(fraction, 0.0),
    "higher": _ops.ceil,
    "midpoint": lambda fraction: _ops.multiply(_ops.ceil(fraction), 0.5),
}


def _quantile(x, q, axis, method, keepdims, skip_nan):
    if method not in (*_METHODS, "nearest"):
        raise ValueError(
            f"Argument `method` must be one of {[*_METHODS, 'nearest']}. Received: {method!r}"
        )
    x = floating(x)
    q = cast(q, "float64")
    axes = axes_of(axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = [x.shape[i] for i in rest]
    lines = _ops.reshape(_ops.transpose(x, permutation=[*rest, *axes]), shape=[*shape, -1])
    n = lines.shape[-1]
    lines = _ops.sort(lines)[0]
    if skip_nan:
        valid = cast(_ops.equal(lines, lines), "float64")
        last = _ops.subtract(_ops.sum(valid, axes=[-1], keepdims=True), 1.0)
        last = _ops.maximum(last, 0.0)
    else:
        last = _ops.full(shape=[*shape, 1], dtype="float64", value=n - 1.0)
    place = _ops.multiply(last, ravel(q))
    if method == "nearest":
        place = _ops.round(place)
    below = _ops.floor(place)
    share = _METHODS.get(method, _METHODS["lower"])(_ops.subtract(place, below))
    first = cast(below, "int32")
    second = cast(_ops.minimum(_ops.add(below, 1.0), last), "int32")
    low, high = (_ops.take_along_axis(lines, i, axis=-1) for i in (first, second))
    # An infinity that counts nothing must not become NaN.
    step = _ops.multiply(_ops.subtract(high, low), cast(share, x.dtype))
    result = where(share == 0, low, _ops.add(low, step))
    if not skip_nan:
        top = take_slice(lines, [0] * len(shape) + [n - 1], [*shape, 1])
        result = where(isnan(top), cast(math.nan, x.dtype), result)
    kept = [1 if i in axes else dim for i, dim in enumerate(x.shape)] if keepdims else shape
    front = _ops.transpose(result, permutation=[len(shape), *range(len(shape))])
    return _ops.reshape(front, shape=[*q.shape, *kept])


def quantile(x, q, axis=None, method="linear", keepdims=False):
    """Returns the quantiles of `x` over `axis`; NaN if there is a NaN.

    Args:
        x: Tensor. Integers become float32.
        q: Number or tensor in [0, 1]; its axes come first in the result.
        axis: Integer, tuple of integers, or `None` for all axes.
        method: What lies between two elements: `"linear"`, `"lower"`, `"higher"`, `"midpoint"` or
            `"nearest"`.
        keepdims: Boolean, whether the reduced axes are kept with size 1.
    """
    return _quantile(x, q, axis, method, keepdims, skip_nan=False)


def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """Returns the quantiles of `x` over `axis` without its NaN. Arguments as of `quantile`."""
    return _quantile(x, q, axis, method, keepdims, skip_nan=True)


def percentile(x, q, axis=None, method="linear", keepdims=False):
    """Returns the percentiles of `x` over `axis`: the quantiles of q / 100."""
    return quantile(x, _ops.divide(cast(q, "float64"), 100.0), axis, method, keepdims)


def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """Returns the percentiles of `x` over `axis` without its NaN."""
    return nanquantile(x, _ops.divide(cast(q, "float64"), 100.0), axis, method, keepdims)


def median(x, axis=None, keepdims=False):
    """Returns the median of `x` over `axis`; NaN if there is a NaN."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def nanmedian(x, axis=None, keepdims=False):
    """Returns the median of `x` over `axis` without its NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


# --- Cumulative sums and products, differences ---------------------------------------------------


def _flat_if_none(x, axis, dtype):
    x = summable(x if dtype is None else cast(x, dtype))
    return (ravel(x), 0) if axis is None else (x, axis_of(axis, x.ndim))


def cumsum(x, axis=None, dtype=None):
    """Returns the sums of the elements up to and with each one along `axis` (`None`: flattened)."""
    x, axis = _flat_if_none(x, axis, dtype)
    return _ops.cumsum(x, axis=axis)


def cumprod(x, axis=None, dtype=None):
    """Returns the products of the elements up to and with each one along `axis` (`None`:
    flattened)."""
    x, axis = _flat_if_none(x, axis, dtype)
    n, reach = x.shape[axis], 1
    # Each round multiplies by the product of as many elements before: log2(n) rounds, whose
    # gradient is right also where an element is zero.
    while reach < n:
        count, before = list(x.shape), [0] * x.ndim
        count[axis], before[axis] = n - reach, reach
        earlier = take_slice(x, [0] * x.ndim, count)
        x = _ops.multiply(x, _ops.pad(earlier, before=before, after=[0] * x.ndim, value=1.0))
        reach *= 2
    return x


def nancumsum(x, axis=None, dtype=None):
    """Returns `cumsum` with NaN counted as 0."""
    return cumsum(_replace_nan(x, 0), axis, dtype)


def nancumprod(x, axis=None, dtype=None):
    """Returns `cumprod` with NaN counted as 1."""
    return cumprod(_replace_nan(x, 1), axis, dtype)


def _replace_nan(x, value):
    x = convert_to_tensor(x)
    return where(isnan(x), cast(value, x.dtype), x) if x.dtype in FLOATS else x


def _neighbours(x, axis):
    """Each element along `axis` but the first, and the ones before them."""
    begin, count = [0] * x.ndim, list(x.shape)
    count[axis] = max(count[axis] - 1, 0)
    before = take_slice(x, begin, count)
    begin[axis] = 1
    return take_slice(x, begin, count), before


def diff(a, n=1, axis=-1):
    """Returns the differences of neighbours along `axis`, taken `n` times."""
    x = convert_to_tensor(a)
    axis = axis_of(axis, x.ndim)
    if integer("n", n) < 0:
        raise ValueError(f"Argument `n` must not be negative. Received: n={n}")
    op = _ops.not_equal if x.dtype == "bool" else _ops.subtract
    for _ in range(n):
        x = op(*_neighbours(x, axis))
    return x


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Returns the integral of `y` along `axis` by the trapezoidal rule.

    Args:
        y: Tensor, the values.
        x: Optional tensor, where they are: of the shape of `y`, or a vector along `axis`.
        dx: Number, the distance of the values when `x` is not given.
        axis: Integer. Defaults to the last.
    """
    y = floating(y)
    axis = axis_of(axis, y.ndim)
    if x is not None:
        y, x = meet_floating(y, x)
        if x.ndim == 1:
            dx = _ops.subtract(*_neighbours(x, 0))
            dx = _ops.reshape(dx, shape=[-1 if i == axis else 1 for i in range(y.ndim)])
        else:
            dx = _ops.subtract(*_neighbours(x, axis))
    later, earlier = _neighbours(y, axis)
    areas = _ops.multiply(_ops.multiply(_ops.add(later, earlier), dx), 0.5)
    return _ops.sum(areas, axes=[axis])


# --- Correlation ---------------------------------------------------------------------------------


def corrcoef(x):
    """Returns the correlation coefficients of the rows of `x` `(variables, observations)`."""
    x = floating(x)
    x = x if x.ndim == 2 else expand_dims(x, 0)
    centered = _ops.subtract(x, mean(x, 1, keepdims=True))
    covariance = _ops.matmul(centered, centered, transpose_b=True)
    scale = _ops.sqrt(_ops.sum(_ops.square(centered), axes=[1]))
    bottom = _ops.multiply(expand_dims(scale, 1), expand_dims(scale, 0))
    result = _ops.minimum(_ops.maximum(_ops.divide(covariance, bottom), -1.0), 1.0)
    return _ops.reshape(result, shape=[]) if result.size == 1 else result


def correlate(x1, x2, mode="valid"):
    """Returns the cross-correlation of two vectors: sums of x1[i + k] * x2[i].

    Args:
        x1: Vector.
        x2: Vector.
        mode: `"valid"`, where they overlap completely; `"same"`, as long as the longer one; or
            `"full"`.
    """
    x1, x2 = meet_floating(x1, x2)
    if mode not in ("valid", "same", "full"):
        raise ValueError(
            f"Argument `mode` must be 'valid', 'same' or 'full'. Received: mode={mode!r}"
        )
    swapped = x1.size < x2.size
    if swapped:
        x1, x2 = x2, x1
    m = x2.size
    before = {"valid": 0, "same": m // 2, "full": m - 1}[mode]
    after = {"valid": 0, "same": m - 1 - m // 2, "full": m - 1}[mode]
    if mode == "same" and swapped:
        before, after = after, before
    padded = _ops.pad(x1, before=[before], after=[after])
    places = np.arange(padded.size - m + 1)[:, None] + np.arange(m)
    result = _ops.matmul(_ops.gather(padded, places.astype("int32"), axis=0), expand_dims(x2, 1))
    result = _ops.reshape(result, shape=[-1])
    if not swapped:
        return result
    return _ops.slice(result, begin=[result.size - 1], size=[result.size], strides=[-1])
