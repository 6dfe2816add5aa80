"""Shapes: axes moved, added and dropped; tensors joined, split, repeated and padded."""

from __future__ import annotations

import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor, shape
from ..core.slices import take_slice
from ..operands import axes_of, axis_of, integer, integers, meet

__all__ = [
    "append", "array_split", "broadcast_to", "concatenate", "copy", "dsplit", "dstack",
    "expand_dims", "flip", "fliplr", "flipud", "hsplit", "hstack", "moveaxis", "ndim", "pad",
    "ravel", "repeat", "reshape", "roll", "rot90", "size", "split", "squeeze", "stack", "swapaxes",
    "tile", "transpose", "vsplit", "vstack",
]  # fmt: skip

_ops = _core.ops


def size(x):
    """Returns the number of elements of `x`."""
    return math.prod(shape(x))


def ndim(x):
    """Returns the number of axes of `x`."""
    return len(shape(x))


def copy(x):
    """Returns a copy of `x`."""
    return _ops.cast(convert_to_tensor(x), dtype=convert_to_tensor(x).dtype)


def reshape(x, newshape):
    """Returns `x` in another shape; one dimension may be -1."""
    return _ops.reshape(convert_to_tensor(x), shape=integers("newshape", newshape))


def ravel(x):
    """Returns `x` flattened to one dimension."""
    return reshape(x, (-1,))


def transpose(x, axes=None):
    """Returns `x` with its axes permuted; reversed when `axes` is `None`."""
    x = convert_to_tensor(x)
    axes = range(x.ndim)[::-1] if axes is None else axes
    return _ops.transpose(x, permutation=integers("axes", axes))


def moveaxis(x, source, destination):
    """Returns `x` with the axes `source` moved to the places `destination`; the others keep their
    order."""
    x = convert_to_tensor(x)
    sources = axes_of(source, x.ndim, "source")
    places = axes_of(destination, x.ndim, "destination")
    if len(sources) != len(places):
        raise ValueError(
            "Arguments `source` and `destination` must name as many axes. "
            f"Received: source={source}, destination={destination}"
        )
    order = [axis for axis in range(x.ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return _ops.transpose(x, permutation=order)


def swapaxes(x, axis1, axis2):
    """Returns `x` with two axes exchanged."""
    x = convert_to_tensor(x)
    first, second = axis_of(axis1, x.ndim, "axis1"), axis_of(axis2, x.ndim, "axis2")
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return _ops.transpose(x, permutation=order)


def expand_dims(x, axis):
    """Returns `x` with an axis of size 1 inserted at each place in `axis`."""
    x = convert_to_tensor(x)
    rank = x.ndim + len(integers("axis", axis))
    places = axes_of(axis, rank)
    dims = iter(x.shape)
    return _ops.reshape(x, shape=[1 if i in places else next(dims) for i in range(rank)])


def squeeze(x, axis=None):
    """Returns `x` without its axes of size 1, or without those named.

    Raises:
        ValueError: if an axis that is named is not of size 1.
    """
    x = convert_to_tensor(x)
    named = () if axis is None else axes_of(axis, x.ndim)
    for a in named:
        if x.shape[a] != 1:
            raise ValueError(
                f"Only an axis of size 1 can be squeezed. Received: axis={axis} "
                f"for a tensor of shape {x.shape}"
            )
    drop = [i for i, dim in enumerate(x.shape) if (dim == 1 if axis is None else i in named)]
    return _ops.reshape(x, shape=[dim for i, dim in enumerate(x.shape) if i not in drop])


def broadcast_to(x, shape):
    """Returns `x` repeated to `shape` along its axes of size 1."""
    return _ops.broadcast_to(convert_to_tensor(x), shape=integers("shape", shape))


# --- Joining and splitting -----------------------------------------------------------------------


def concatenate(xs, axis=0):
    """Returns the tensors joined along an axis."""
    return _ops.concat(*meet(*xs), axis=integer("axis", axis))


def stack(x, axis=0):
    """Returns the tensors of one shape joined along a new axis."""
    return concatenate([expand_dims(tensor, axis) for tensor in x], axis)


def _at_least(x, rank):
    x = convert_to_tensor(x)
    if x.ndim >= rank:
        return x
    return reshape(x, {0: (1, 1, 1), 1: (1, -1, 1), 2: (*x.shape, 1)}[x.ndim][:rank])


def hstack(xs):
    """Returns the tensors joined along axis 1; vectors along axis 0."""
    xs = [reshape(x, (1,)) if ndim(x) == 0 else x for x in xs]
    return concatenate(xs, 0 if ndim(xs[0]) == 1 else 1)


def vstack(xs):
    """Returns the tensors joined along axis 0; vectors are rows."""
    return concatenate([reshape(x, (1, -1)) if ndim(x) < 2 else x for x in xs], 0)


def dstack(xs):
    """Returns the tensors joined along axis 2; vectors and matrices get the axes they lack."""
    return concatenate([_at_least(x, 3) for x in xs], 2)


def append(x1, x2, axis=None):
    """Returns `x2` joined to the end of `x1`; both flattened when `axis` is `None`."""
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)], 0)
    return concatenate([x1, x2], axis)


def _pieces(x, bounds, axis):
    begin, count = [0] * x.ndim, list(x.shape)
    pieces = []
    for first, last in zip(bounds, bounds[1:]):
        begin[axis], count[axis] = first, max(last - first, 0)
        pieces.append(take_slice(x, begin, count))
    return pieces


def split(x, indices_or_sections, axis=0):
    """Returns the parts of `x` along `axis` as a list.

    Args:
        x: Tensor.
        indices_or_sections: Integer, the number of equal parts, or the places at which `x` is cut.
        axis: Integer. Defaults to `0`.

    Raises:
        ValueError: if `x` can not be cut into so many equal parts.
    """
    x = convert_to_tensor(x)
    n = x.shape[axis_of(axis, x.ndim)]
    if hasattr(indices_or_sections, "__index__") and n % integer("", indices_or_sections):
        raise ValueError(
            "Argument `indices_or_sections` must divide the size of the axis. "
            f"Received: indices_or_sections={indices_or_sections}, axis={axis}, x.shape={x.shape}"
        )
    return array_split(x, indices_or_sections, axis)


def array_split(x, indices_or_sections, axis=0):
    """Returns the parts of `x` along `axis` as a list; of unequal parts, the first are larger."""
    x = convert_to_tensor(x)
    axis = axis_of(axis, x.ndim)
    n = x.shape[axis]
    if hasattr(indices_or_sections, "__index__"):
        parts = integer("indices_or_sections", indices_or_sections)
        if parts < 1:
            raise ValueError(f"At least one part is needed. Received: {parts}")
        each, larger = divmod(n, parts)
        bounds = [i * each + min(i, larger) for i in range(parts + 1)]
    else:
        places = integers("indices_or_sections", indices_or_sections)
        bounds = [0, *(min(p if p >= 0 else max(p + n, 0), n) for p in places), n]
    return _pieces(x, bounds, axis)


def hsplit(x, indices_or_sections):
    """Returns the parts of `x` along axis 1, of a vector along axis 0, as a list."""
    return split(x, indices_or_sections, 0 if ndim(x) == 1 else 1)


def vsplit(x, indices_or_sections):
    """Returns the parts of `x` along axis 0 as a list."""
    return split(x, indices_or_sections, 0)


def dsplit(x, indices_or_sections):
    """Returns the parts of `x` along axis 2 as a list."""
    return split(x, indices_or_sections, 2)


# --- Repeating, turning, padding -----------------------------------------------------------------


def tile(x, repeats):
    """Returns `x` repeated as a whole, `repeats[i]` times along axis i."""
    x = convert_to_tensor(x)
    repeats = integers("repeats", repeats)
    rank = max(x.ndim, len(repeats))
    repeats = (1,) * (rank - len(repeats)) + repeats
    dims = (1,) * (rank - x.ndim) + tuple(x.shape)
    x = _ops.reshape(x, shape=dims)
    for axis, count in enumerate(repeats):
        if count != 1:
            x = _tile_axis(x, axis, count)
    return x


def _tile_axis(x, axis, count):
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    flat = _ops.reshape(x, shape=[math.prod(before), 1, math.prod(x.shape[axis:])])
    flat = _ops.broadcast_to(flat, shape=[flat.shape[0], count, flat.shape[2]])
    return _ops.reshape(flat, shape=[*before, count * x.shape[axis], *after])


def repeat(x, repeats, axis=None):
    """Returns `x` with every element along `axis` repeated.

    Args:
        x: Tensor.
        repeats: Integer, or one integer for each element along the axis.
        axis: Integer; `None` (default) for the flattened tensor.
    """
    x = convert_to_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_of(axis, x.ndim)
    counts = integers("repeats", repeats)
    if len(counts) not in (1, x.shape[axis]):
        raise ValueError(
            "Argument `repeats` must be an integer or one integer for each element of the axis. "
            f"Received: repeats={repeats} for an axis of size {x.shape[axis]}"
        )
    if len(counts) == 1:
        counts = counts * x.shape[axis]
    picks = [i for i, count in enumerate(counts) for _ in range(count)]
    return _ops.gather(x, cast(picks, "int32"), axis=axis)


def flip(x, axis=None):
    """Returns `x` with the order reversed along `axis` (`None`: along all)."""
    x = convert_to_tensor(x)
    axes = axes_of(axis, x.ndim)
    if not axes:
        return x
    return _ops.slice(
        x,
        begin=[max(dim - 1, 0) if i in axes else 0 for i, dim in enumerate(x.shape)],
        size=x.shape,
        strides=[-1 if i in axes else 1 for i in range(x.ndim)],
    )


def fliplr(x):
    """Returns `x` with axis 1 reversed."""
    return flip(x, 1)


def flipud(x):
    """Returns `x` with axis 0 reversed."""
    return flip(x, 0)


def roll(x, shift, axis=None):
    """Returns `x` with its elements moved along `axis`; those that leave at the end come back at
    the start. `None`: the flattened tensor is rolled."""
    x = convert_to_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    shifts, axes = integers("shift", shift), axes_of(axis, x.ndim)
    count = max(len(shifts), len(axes))
    shifts = shifts * count if len(shifts) == 1 else shifts
    axes = axes * count if len(axes) == 1 else axes
    for by, along in zip(shifts, axes):
        n = x.shape[along]
        if n and by % n:
            head, tail = _pieces(x, [0, n - by % n, n], along)
            x = _ops.concat(tail, head, axis=along)
    return x


def rot90(array, k=1, axes=(0, 1)):
    """Returns `array` turned by k times 90 degrees in the plane of two axes, from the first to the
    second."""
    x = convert_to_tensor(array)
    first, second = axes_of(axes, x.ndim, "axes")
    if first == second:
        raise ValueError(f"Argument `axes` must name two different axes. Received: axes={axes}")
    turns = k % 4
    if turns == 2:
        return flip(x, (first, second))
    if turns == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second) if turns == 3 else x


def pad(x, pad_width, mode="constant", constant_values=None):
    """Returns `x` with elements added at both ends of each axis.

    Args:
        x: Tensor.
        pad_width: One `(before, after)` for each axis, or one for all, or an integer.
        mode: `"constant"`, or another mode of `np.pad`: `"reflect"`, `"symmetric"`, `"edge"`,
            `"wrap"`.
        constant_values: Number. Defaults to `0`.
    """
    x = convert_to_tensor(x)
    pairs = _pad_pairs(pad_width, x.ndim)
    if mode == "constant":
        before, after = zip(*pairs) if pairs else ((), ())
        return _ops.pad(x, before=before, after=after, value=float(constant_values or 0))
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise ValueError(
            "Argument `mode` must be 'constant', 'reflect', 'symmetric', 'edge' or 'wrap'. "
            f"Received: mode={mode!r}"
        )
    if constant_values is not None:
        raise ValueError(
            "Argument `constant_values` is for mode 'constant'. "
            f"Received: mode={mode!r}, constant_values={constant_values}"
        )
    for axis, pair in enumerate(pairs):
        if any(pair):
            picks = np.pad(np.arange(x.shape[axis], dtype="int32"), pair, mode=mode)
            x = _ops.gather(x, picks, axis=axis)
    return x


def _pad_pairs(pad_width, rank):
    if hasattr(pad_width, "__index__"):
        return [(integer("pad_width", pad_width),) * 2] * rank
    pairs = [integers("pad_width", item) for item in pad_width]
    if len(pairs) == 2 and all(len(pair) == 1 for pair in pairs):
        pairs = [pairs[0] + pairs[1]]
    pairs = [pair * 2 if len(pair) == 1 else pair for pair in pairs]
    pairs = pairs * rank if len(pairs) == 1 else pairs
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            f"Argument `pad_width` must have one (before, after) for each of {rank} axes. "
            f"Received: pad_width={pad_width}"
        )
    return pairs
