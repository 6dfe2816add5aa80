"""`tf`: functions that pick, place and order elements, with TensorFlow's arguments."""

from __future__ import annotations

import numpy as np

from ... import ops

__all__ = [
    "argsort", "boolean_mask", "cumsum", "ensure_shape", "gather_nd", "map_fn", "range", "reverse",
    "scatter_nd", "sequence_mask", "sort", "split", "unique",
]  # fmt: skip


def range(start, limit=None, delta=1, dtype=None, name=None):
    start, limit = (0, start) if limit is None else (start, limit)
    return ops.arange(start, limit, delta, dtype)


def split(value, num_or_size_splits, axis=0, num=None, name=None):
    """A number of equal parts, or parts of the given sizes, of which one may be -1."""
    if np.ndim(num_or_size_splits) == 0:
        return ops.split(value, int(num_or_size_splits), axis)
    sizes = [int(size) for size in num_or_size_splits]
    rest = ops.shape(value)[axis] - sum(size for size in sizes if size >= 0)
    ends = np.cumsum([rest if size < 0 else size for size in sizes])
    return ops.split(value, ends[:-1].tolist(), axis)


def boolean_mask(tensor, mask, axis=0, name="boolean_mask"):
    """The elements where a mask of values known now is True."""
    mask, shape = np.asarray(mask, "bool"), ops.shape(tensor)
    merged = ops.reshape(tensor, (*shape[:axis], mask.size, *shape[axis + mask.ndim :]))
    return ops.take(merged, np.flatnonzero(mask), axis)


def gather_nd(params, indices, batch_dims=0, name=None):
    if batch_dims:
        raise NotImplementedError(
            f"Argument `batch_dims` of tf.gather_nd must be 0. Received: batch_dims={batch_dims}"
        )
    shape, depth = ops.shape(params), ops.shape(indices)[-1]
    strides = np.cumprod([1, *shape[:depth][::-1]])[:-1][::-1]
    places = ops.sum(ops.multiply(ops.cast(indices, "int64"), strides.astype("int64")), -1)
    return ops.take(ops.reshape(params, (-1, *shape[depth:])), places, 0)


def scatter_nd(indices, updates, shape, name=None):
    return ops.scatter(indices, updates, tuple(int(size) for size in shape))


def map_fn(fn, elems, **options):
    return ops.map(fn, elems)


def reverse(tensor, axis, name=None):
    return ops.flip(tensor, tuple(int(item) for item in np.atleast_1d(axis)))


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    x = ops.flip(x, axis) if reverse else ops.convert_to_tensor(x)
    total = ops.cumsum(x, axis)
    total = ops.subtract(total, x) if exclusive else total
    return ops.flip(total, axis) if reverse else total


def sort(values, axis=-1, direction="ASCENDING", name=None):
    ordered = ops.sort(values, axis)
    return ordered if direction == "ASCENDING" else ops.flip(ordered, axis)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis)


def unique(x, out_idx=None, name=None):
    """The values of a vector in the order in which they come, and the places of the elements."""
    _, first, inverse = np.unique(np.asarray(x), return_index=True, return_inverse=True)
    order = np.argsort(first)
    places = np.argsort(order)[inverse.reshape(-1)]
    return ops.take(x, first[order], 0), ops.cast(places, "int32")


def sequence_mask(lengths, maxlen=None, dtype="bool", name=None):
    lengths = ops.convert_to_tensor(lengths)
    maxlen = int(np.max(np.asarray(lengths))) if maxlen is None else int(maxlen)
    mask = ops.less(ops.arange(maxlen, dtype=lengths.dtype), ops.expand_dims(lengths, -1))
    return ops.cast(mask, str(dtype))


def ensure_shape(x, shape, name=None):
    """Returns `x`, whose shape must fit one with `None` for what is not known."""
    own = ops.shape(x)
    if len(own) != len(shape) or any(b is not None and a != b for a, b in zip(own, shape)):
        raise ValueError(f"A tensor must have the shape {tuple(shape)}. Received: {own}")
    return x
