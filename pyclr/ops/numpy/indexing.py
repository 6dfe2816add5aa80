"""Elements picked by index: taking, diagonals, triangles, and what depends on values."""

from __future__ import annotations

import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_numpy, convert_to_tensor
from ..host import host_op
from ..operands import axis_of, dense_only, integer, integers, meet
from .shaping import moveaxis, ravel

__all__ = [
    "bincount", "diag", "diagflat", "diagonal", "digitize", "get_item", "histogram", "isin",
    "nonzero", "searchsorted", "take", "take_along_axis", "trace", "tril", "triu", "unique",
    "unravel_index",
]  # fmt: skip

_ops = _core.ops


def take(x, indices, axis=None):
    """Returns the elements of `x` at `indices` along `axis` (`None`: of the flattened tensor).
    Negative indices count from the end."""
    x = convert_to_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return _ops.gather(x, indices, axis=axis)


def take_along_axis(x, indices, axis=None):
    """Returns, for each line of `x` along `axis`, its elements at that line's `indices`.

    Args:
        x: Tensor.
        indices: Integer tensor of as many axes; the other axes broadcast.
        axis: Integer; `None` for the flattened tensors.
    """
    x, indices = convert_to_tensor(x), convert_to_tensor(indices)
    if axis is None:
        x, indices, axis = ravel(x), ravel(indices), 0
    axis = axis_of(axis, x.ndim)
    shape = [
        max(a, b) if i != axis and 0 not in (a, b) else min(a, b)
        for i, (a, b) in enumerate(zip(x.shape, indices.shape))
    ]
    own, picks = list(shape), list(shape)
    own[axis], picks[axis] = x.shape[axis], indices.shape[axis]
    return _ops.take_along_axis(_wide(x, own), _wide(indices, picks), axis=axis)


def _wide(x, shape):
    return x if list(x.shape) == shape else _ops.broadcast_to(x, shape=shape)


def get_item(x, key):
    """Returns x[key]."""
    return convert_to_tensor(x)[key]


def unravel_index(indices, shape):
    """Returns the index of each axis of a tensor of `shape` from places in its flattened form."""
    indices = convert_to_tensor(indices)
    shape = integers("shape", shape)
    indices = _ops.where(indices < 0, _ops.add(indices, math.prod(shape)), indices)
    parts = []
    for dim in reversed(shape):
        parts.append(_ops.mod(indices, dim))
        indices = _ops.floor_divide(indices, dim)
    return tuple(reversed(parts))


# --- Diagonals and triangles ---------------------------------------------------------------------


def _diagonal_places(rows, columns, k):
    count = max(0, min(rows + min(k, 0), columns - max(k, 0)))
    return (np.arange(count) * (columns + 1) + max(-k, 0) * columns + max(k, 0)).astype("int32")


def diagonal(x, offset=0, axis1=0, axis2=1):
    """Returns the diagonals of the matrices in two axes of `x`, as a new last axis.

    Args:
        x: Tensor of at least two axes.
        offset: Integer: above (positive) or below the main diagonal.
        axis1: Integer, the rows.
        axis2: Integer, the columns.
    """
    x = convert_to_tensor(x)
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    flat = _ops.reshape(x, shape=[*x.shape[:-2], rows * columns])
    return _ops.gather(flat, _diagonal_places(rows, columns, offset), axis=-1)


def diag(x, k=0):
    """Returns the matrix with a vector on its diagonal k, or the diagonal k of a matrix."""
    x = convert_to_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"A vector or a matrix is needed. Received: x.shape={x.shape}")
    n = x.size + abs(k)
    places = _diagonal_places(n, n, k)
    flat = _ops.scatter_add(x, places, axis=0, shape=[n * n])
    return _ops.reshape(flat, shape=[n, n])


def diagflat(x, k=0):
    """Returns the matrix with the flattened `x` on its diagonal k."""
    return diag(ravel(x), k)


def trace(x, offset=0, axis1=0, axis2=1):
    """Returns the sums of the diagonals of the matrices in two axes of `x`."""
    x = convert_to_tensor(x)
    x = _ops.cast(x, dtype="int32") if x.dtype in ("bool", "uint8") else x
    return _ops.sum(diagonal(x, offset, axis1, axis2), axes=[-1])


def _triangle(x, mask):
    x = convert_to_tensor(x)
    return _ops.where(mask(*x.shape[-2:]), x, _ops.full(shape=[], dtype=x.dtype))


def tril(x, k=0):
    """Returns the matrices in the last two axes with zeros above diagonal k."""
    return _triangle(x, lambda rows, columns: np.tri(rows, columns, k, dtype=bool))


def triu(x, k=0):
    """Returns the matrices in the last two axes with zeros below diagonal k."""
    return _triangle(x, lambda rows, columns: ~np.tri(rows, columns, k - 1, dtype=bool))


# --- Results that depend on values ---------------------------------------------------------------


def _read(name, x):
    """The values of `x`, for a result whose shape depends on them."""
    _core.forbid_replay(f"{name}: the shape of its result depends on values")
    return convert_to_numpy(convert_to_tensor(x))


def nonzero(x):
    """Returns the indices of the elements that are not zero: one int32 tensor for each axis.

    The shape depends on the values: a training step with it is not replayed.
    """
    return tuple(_core.tensor(i, "int32") for i in np.nonzero(_read("nonzero", x)))


def unique(
    x,
    sorted=True,
    return_index=False,
    return_inverse=False,
    return_counts=False,
    axis=None,
    size=None,
    fill_value=None,
):
    """Returns the different values of `x` in order.

    The shape depends on the values: a training step with it is not replayed.

    Args:
        x: Tensor.
        sorted: Boolean; the values are in order in either case.
        return_index: Boolean, whether the place of the first of each is returned as well.
        return_inverse: Boolean, whether the places that rebuild `x` are returned as well.
        return_counts: Boolean, whether the number of each is returned as well.
        axis: Integer, the axis whose slices are compared; `None` for the elements.
        size: Optional integer, the number of values returned: the first ones, or `fill_value`
            after the last one.
        fill_value: Number. Defaults to the first value.
    """
    x = convert_to_tensor(x)
    found = np.unique(
        _read("unique", x), return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    values, first, inverse, counts = found
    along = 0 if axis is None else axis
    if size is not None:
        picks = np.arange(min(size, values.shape[along]))
        values, first, counts = values.take(picks, along), first[picks], counts[picks]
        missing = size - len(picks)
        if missing:
            more = list(values.shape)
            more[along] = missing
            fill = values.take([0], along) if fill_value is None else fill_value
            values = np.concatenate([values, np.broadcast_to(fill, more)], along)
            first = np.concatenate([first, np.full(missing, first[0])])
            counts = np.concatenate([counts, np.zeros(missing, counts.dtype)])
    result = [_core.tensor(values, x.dtype)]
    for wanted, part in ((return_index, first), (return_inverse, inverse), (return_counts, counts)):
        if wanted:
            result.append(_core.tensor(part, "int32"))
    return result[0] if len(result) == 1 else tuple(result)


def isin(x1, x2, assume_unique=False, invert=False):
    """Returns whether each element of `x1` is among those of `x2`, or is not if `invert`."""
    return _isin(*meet(x1, x2), invert=bool(invert))


def _np_isin(x1, x2, invert):
    return np.isin(x1, x2, invert=invert)


_isin = host_op(_np_isin)


def searchsorted(sorted_sequence, values, side="left"):
    """Returns where `values` would have to be inserted to keep a sorted vector sorted, int32.

    Args:
        sorted_sequence: Vector in rising order.
        values: Tensor.
        side: `"left"`, before equal elements, or `"right"`, after them.
    """
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be 'left' or 'right'. Received: side={side!r}")
    return cast(_searchsorted(*meet(sorted_sequence, values), side=side), "int32")


def _np_searchsorted(a, v, side):
    return np.searchsorted(a, v, side=side)


_searchsorted = host_op(_np_searchsorted)


def digitize(x, bins):
    """Returns the int32 index of the bin that each element is in: bins[i - 1] <= x < bins[i]."""
    bins, x = meet(bins, x)
    return cast(_searchsorted(bins, x, side="right"), "int32")


def bincount(x, weights=None, minlength=0, sparse=False):
    """Returns how often each integer from 0 on occurs, in a vector or in each row of a matrix.

    The size depends on the values: a training step with it is not replayed.

    Args:
        x: Tensor of non-negative integers, `(n,)` or `(rows, n)`.
        weights: Optional tensor of that shape: what each occurrence counts.
        minlength: Integer, the least size of the result.
        sparse: `False`.
    """
    dense_only("sparse", sparse)
    values = _read("bincount", x)
    size = max(int(values.max(initial=-1)) + 1, int(minlength))
    rows = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(1, -1)
    if weights is None:
        counts = [np.bincount(row, minlength=size) for row in rows]
        return _core.tensor(np.stack(counts).reshape(*values.shape[:-1], size), "int32")
    weights = convert_to_tensor(weights)
    offsets = np.arange(len(rows))[:, None] * size
    flat = _ops.scatter_add(
        ravel(weights), (rows + offsets).reshape(-1).astype("int32"), axis=0,
        shape=[len(rows) * size],
    )  # fmt: skip
    return _ops.reshape(flat, shape=[*values.shape[:-1], size])


def histogram(x, bins=10, range=None):
    """Returns how many elements are in each of the bins (int32), and the edges of the bins.

    Args:
        x: Tensor.
        bins: Integer, the number of bins of equal width.
        range: Optional pair of numbers, the outer edges. Defaults to the extrema of `x`.
    """
    range = None if range is None else tuple(range)
    counts, edges = _histogram(convert_to_tensor(x), bins=integer("bins", bins), range=range)
    return cast(counts, "int32"), edges


def _np_histogram(x, bins, range):
    return np.histogram(x, bins, range)


_histogram = host_op(_np_histogram)
