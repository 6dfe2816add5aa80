"""Parts of tensors by begin and size, and values put into places (Keras' `keras.ops.core`)."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..host import host_op
from ..operands import axis_of, integers
from .conversion import cast, convert_to_tensor, is_tensor

__all__ = [
    "scatter", "scatter_update", "slice", "slice_update", "unstack",
]  # fmt: skip

_ops = _core.ops


def take_slice(x, begin, count):
    """A slice without steps; the whole tensor is returned as it is."""
    if list(count) == list(x.shape):
        return x
    begin = [b if c else 0 for b, c in zip(begin, count)]
    return _ops.slice(x, begin=begin, size=count, strides=[1] * x.ndim)


def _begin_of(x, start_indices, count):
    """Where a slice begins; as in Keras it is moved so that it lies inside."""
    if is_tensor(start_indices):
        start_indices = start_indices.numpy().tolist()
    begin = integers("start_indices", start_indices)
    if len(begin) != x.ndim or len(count) != x.ndim:
        raise ValueError(
            f"One start and one size for each of {x.ndim} axes are needed. "
            f"Received: start_indices={begin}, shape={tuple(count)}"
        )
    return [max(0, min(b, dim - c)) for b, dim, c in zip(begin, x.shape, count)]


def slice(inputs, start_indices, shape):
    """Returns the part of `inputs` of the given shape that begins at `start_indices`.

    Args:
        inputs: Tensor.
        start_indices: Integers, one for each axis. A tensor is read, so that a training step with
            one is not replayed.
        shape: Integers, one for each axis; -1 for all that remains.
    """
    x = convert_to_tensor(inputs)
    count = list(integers("shape", shape))
    if -1 in count:
        starts = [int(start) for start in start_indices]
        count = [n - b if c == -1 else c for n, b, c in zip(x.shape, starts, count)]
    return take_slice(x, _begin_of(x, start_indices, count), count)


def slice_update(inputs, start_indices, updates):
    """Returns `inputs` with `updates` in the place that begins at `start_indices`.

    Args:
        inputs: Tensor.
        start_indices: Integers, one for each axis. A tensor is read, so that a training step with
            one is not replayed.
        updates: Tensor of as many axes as `inputs`.
    """
    x = convert_to_tensor(inputs)
    updates = cast(updates, x.dtype)
    begin = _begin_of(x, start_indices, updates.shape)
    place = {"shape": x.shape, "begin": begin, "size": updates.shape, "strides": [1] * x.ndim}
    updated = _ops.slice_gradient(_ops.full(shape=updates.shape, dtype="bool", value=1.0), **place)
    return _ops.where(updated, _ops.slice_gradient(updates, **place), x)


def unstack(x, num=None, axis=0):
    """Returns the parts of `x` along `axis`, which they lack, as a list.

    Raises:
        ValueError: if `num` is given and is not the size of the axis.
    """
    x = convert_to_tensor(x)
    axis = axis_of(axis, x.ndim)
    if num is not None and num != x.shape[axis]:
        raise ValueError(
            f"Argument `num` must be the size of the axis, {x.shape[axis]}. Received: num={num}"
        )
    begin, count = [0] * x.ndim, list(x.shape)
    count[axis] = 1
    parts = []
    for i in range(x.shape[axis]):
        begin[axis] = i
        part = take_slice(x, begin, count)
        parts.append(_ops.reshape(part, shape=x.shape[:axis] + x.shape[axis + 1 :]))
    return parts


# --- Scatter -------------------------------------------------------------------------------------


def _places(indices, shape):
    """Places in the flattened leading axes, from indices (..., k) of k axes; and their number."""
    indices = convert_to_tensor(indices)
    depth = indices.shape[-1]
    if depth > len(shape):
        raise ValueError(
            f"Argument `indices` must have at most {len(shape)} indices in its last axis for a "
            f"tensor of shape {tuple(shape)}. Received: indices.shape={indices.shape}"
        )
    place = None
    for axis, part in enumerate(unstack(indices, axis=-1)):
        part = _ops.where(part < 0, _ops.add(part, shape[axis]), part)
        place = part if place is None else _ops.add(_ops.multiply(place, shape[axis]), part)
    return _ops.reshape(place, shape=[-1]), depth


def scatter(indices, values, shape):
    """Returns zeros of `shape` to which `values` are added at `indices`.

    Args:
        indices: Integer tensor `(..., k)`: each vector names a place along the first k axes.
        values: Tensor `(..., *shape[k:])`.
        shape: Integers.
    """
    shape = integers("shape", shape)
    place, depth = _places(indices, shape)
    values = convert_to_tensor(values)
    rows = int(np.prod(shape[:depth], dtype="int64"))
    flat = _ops.reshape(values, shape=[place.size, *shape[depth:]])
    added = _ops.scatter_add(flat, place, axis=0, shape=[rows, *shape[depth:]])
    return _ops.reshape(added, shape=shape)


def scatter_update(inputs, indices, updates, reduction=None):
    """Returns `inputs` with `updates` put in at `indices`.

    Args:
        inputs: Tensor.
        indices: Integer tensor `(n, k)`: each row names a place along the first k axes.
        updates: Tensor `(n, *inputs.shape[k:])`.
        reduction: `None`: an update replaces the value (of several at one place, the last one
            does); or `"add"`, `"max"`, `"min"`, `"mul"`: it is joined with the value.
    """
    x = convert_to_tensor(inputs)
    updates = cast(updates, x.dtype)
    if reduction == "add":
        return _ops.add(x, scatter(indices, updates, x.shape))
    if reduction not in (None, "max", "min", "mul"):
        raise ValueError(
            "Argument `reduction` must be None, 'add', 'max', 'min' or 'mul'. "
            f"Received: reduction={reduction!r}"
        )
    place, depth = _places(indices, x.shape)
    rows = _ops.reshape(x, shape=[int(np.prod(x.shape[:depth], dtype="int64")), *x.shape[depth:]])
    updates = _ops.reshape(updates, shape=[place.size, *x.shape[depth:]])
    return _ops.reshape(_put(rows, place, updates, reduction=reduction), shape=x.shape)


_JOIN = {"max": np.maximum, "min": np.minimum, "mul": np.multiply}


def _put_rows(rows, place, updates, reduction):
    result = rows.copy()
    if reduction is None:
        result[place] = updates
    else:
        _JOIN[reduction].at(result, place, updates)
    return result


def _put_vjp(inputs, outputs, gradients, reduction):
    rows, place, updates = inputs
    if reduction == "mul":
        raise ValueError("scatter_update with reduction='mul' has no gradient.")
    result, dy = outputs[0], gradients[0]
    if reduction is None:
        # The last update at a place is the one that counts.
        order = _core.tensor(np.arange(1, place.size + 1, dtype="int32"))
        last = _put(_ops.full(shape=rows.shape[:1], dtype="int32"), place, order, reduction="max")
        kept = _wide(last == 0, rows)
        counts = _wide(_ops.equal(_ops.gather(last, place, axis=0), order), updates)
    else:  # values that tie all get the gradient, in equal shares
        won = cast(_ops.equal(updates, _ops.gather(result, place, axis=0)), dy.dtype)
        stayed = cast(_ops.equal(rows, result), dy.dtype)
        winners = _ops.add(stayed, _ops.scatter_add(won, place, axis=0, shape=rows.shape))
        share = _ops.divide(dy, winners)
        won_by_updates = _ops.multiply(won, _ops.gather(share, place, axis=0))
        return [_ops.multiply(stayed, share), None, won_by_updates]
    zero = _ops.full(shape=[], dtype=dy.dtype)
    return [
        _ops.where(kept, dy, zero), None, _ops.where(counts, _ops.gather(dy, place, axis=0), zero),
    ]  # fmt: skip


def _wide(mask, like):
    return _ops.reshape(mask, shape=[mask.size] + [1] * (like.ndim - 1))


_put = host_op(_put_rows, _put_vjp)
