"""Tensors made from shapes and numbers. Their values are constants of a recorded step."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..operands import dtype_name, floating, integer, integers

__all__ = [
    "arange", "array", "bartlett", "blackman", "empty", "empty_like", "eye", "full", "full_like",
    "geomspace", "hamming", "hanning", "identity", "kaiser", "linspace", "logspace", "meshgrid",
    "ones", "ones_like", "tri", "vander", "zeros", "zeros_like",
]  # fmt: skip

_ops = _core.ops


def array(x, dtype=None):
    """Returns `x` as a tensor."""
    return convert_to_tensor(x, dtype)


def full(shape, fill_value, dtype=None):
    """Returns a tensor of `shape` filled with a number, or with a tensor that is broadcast."""
    shape = integers("shape", shape)
    if isinstance(fill_value, (int, float)):
        return _ops.full(shape=shape, dtype=dtype_name(dtype), value=float(fill_value))
    return _ops.broadcast_to(cast(fill_value, dtype_name(dtype)), shape=shape)


def zeros(shape, dtype=None):
    """Returns a tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape, dtype=None):
    """Returns a tensor of ones."""
    return full(shape, 1, dtype)


def empty(shape, dtype=None):
    """Returns a tensor of zeros: no memory is shown that was not written."""
    return full(shape, 0, dtype)


def full_like(x, fill_value, dtype=None):
    """Returns a tensor of the shape of `x` filled with a number."""
    x = convert_to_tensor(x)
    return full(x.shape, fill_value, dtype or x.dtype)


def zeros_like(x, dtype=None):
    """Returns zeros of the shape and dtype of `x`."""
    return full_like(x, 0, dtype)


def ones_like(x, dtype=None):
    """Returns ones of the shape and dtype of `x`."""
    return full_like(x, 1, dtype)


def empty_like(x, dtype=None):
    """Returns zeros of the shape and dtype of `x`."""
    return full_like(x, 0, dtype)


def _constant(values, dtype):
    """An array as a tensor; without a dtype, floats become `floatx()` and integers int32."""
    if dtype is None:
        dtype = None if values.dtype.kind == "f" else "int32"
    return _core.tensor(np.asarray(values), dtype_name(dtype))


def arange(start, stop=None, step=None, dtype=None):
    """Returns evenly spaced numbers from `start` up to, without, `stop`.

    Args:
        start: Number; the end, from 0, if it stands alone.
        stop: Optional number.
        step: Number. Defaults to `1`.
        dtype: String. Defaults to int32 for integers, else to `floatx()`.
    """
    step = 1 if step is None else step
    values = np.arange(0, start, step) if stop is None else np.arange(start, stop, step)
    return _constant(values, dtype)


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """Returns `num` evenly spaced numbers from `start` to `stop`.

    Args:
        start: Number or tensor.
        stop: Number or tensor.
        num: Integer. Defaults to `50`.
        endpoint: Boolean, whether `stop` is the last of them.
        retstep: Boolean, whether the distance is returned as well.
        dtype: String. Defaults to floating point.
        axis: Integer, where the new axis goes when `start` and `stop` have axes.
    """
    start, stop = floating(start), floating(stop)
    num = integer("num", num)
    gaps = num - 1 if endpoint else num
    delta = _ops.subtract(stop, start)
    step = _ops.divide(delta, max(gaps, 1) if gaps else np.nan)
    places = np.arange(num) / max(gaps, 1)
    rank = step.ndim
    where = axis % (rank + 1)
    weights = places.reshape([-1 if i == where else 1 for i in range(rank + 1)])
    shape = [*step.shape[:where], 1, *step.shape[where:]]
    # Weighing both ends makes each end exact.
    start, stop = (
        _ops.reshape(_ops.broadcast_to(x, shape=step.shape), shape=shape) for x in (start, stop)
    )
    values = _ops.add(_ops.multiply(start, 1 - weights), _ops.multiply(stop, weights))
    values = values if dtype is None else cast(values, dtype)
    return (values, step) if retstep else values


def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Returns `num` numbers from base**start to base**stop, evenly spaced in their logarithms."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    values = _ops.power(cast(base, exponents.dtype), exponents)
    return values if dtype is None else cast(values, dtype)


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Returns `num` numbers from `start` to `stop`, each the same multiple of the one before."""
    start, stop = floating(start), floating(stop)
    sign = _ops.sign(start)
    logs = linspace(
        _ops.log(_ops.multiply(start, sign)), _ops.log(_ops.multiply(stop, sign)), num, endpoint,
        axis=axis,
    )  # fmt: skip
    if sign.ndim:
        where = axis % (sign.ndim + 1)
        sign = _ops.reshape(sign, shape=[*sign.shape[:where], 1, *sign.shape[where:]])
    values = _ops.multiply(_ops.exp(logs), sign)
    return values if dtype is None else cast(values, dtype)


def eye(N, M=None, k=0, dtype=None):
    """Returns a matrix `(N, M)` (M = N by default) with ones on diagonal k."""
    return _core.tensor(np.eye(N, M, k), dtype_name(dtype))


def identity(n, dtype=None):
    """Returns the identity matrix `(n, n)`."""
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=None):
    """Returns a matrix `(N, M)` with ones on and below diagonal k."""
    return _core.tensor(np.tri(N, M, k), dtype_name(dtype))


def meshgrid(*x, indexing="xy"):
    """Returns the coordinates of a grid from vectors of coordinates, as a list.

    Args:
        *x: Vectors.
        indexing: `"xy"` (the first two axes exchanged) or `"ij"`.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` must be 'xy' or 'ij'. Received: {indexing!r}")
    vectors = [_ops.reshape(convert_to_tensor(v), shape=[-1]) for v in x]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = 1, 0
    shape = [vectors[i].size for i in order]
    grids = []
    for i, vector in enumerate(vectors):
        along = order.index(i)
        own = [-1 if axis == along else 1 for axis in range(len(order))]
        grids.append(_ops.broadcast_to(_ops.reshape(vector, shape=own), shape=shape))
    return grids


def vander(x, N=None, increasing=False):
    """Returns the Vandermonde matrix `(len(x), N)`: powers from N - 1 to 0, or the reverse."""
    x = convert_to_tensor(x)
    count = x.shape[0] if N is None else integer("N", N)
    columns = [_ops.full(shape=x.shape, dtype=x.dtype, value=1.0)]
    for _ in range(1, count):
        columns.append(_ops.multiply(columns[-1], x))
    columns = [_ops.reshape(c, shape=[-1, 1]) for c in columns[:count]]
    if not columns:
        return _ops.full(shape=[x.shape[0], 0], dtype=x.dtype)
    return _ops.concat(*(columns if increasing else columns[::-1]), axis=1)


def _window(function, says):
    def window(x):
        return _constant(function(int(x)), "float32")

    window.__name__ = window.__qualname__ = function.__name__
    window.__doc__ = f"Returns {says} of `x` points, float32."
    return window


bartlett = _window(np.bartlett, "the Bartlett (triangular) window")
blackman = _window(np.blackman, "the Blackman window")
hamming = _window(np.hamming, "the Hamming window")
hanning = _window(np.hanning, "the Hann window")


def kaiser(x, beta):
    """Returns the Kaiser window of `x` points with the parameter `beta`, float32."""
    return _constant(np.kaiser(int(x), float(beta)), "float32")
