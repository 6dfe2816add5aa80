"""How arguments become tensors: conversions and the dtype in which several meet."""

from __future__ import annotations

from operator import index

import numpy as np

from .. import _core, config
from .core import cast, convert_to_tensor, is_tensor

FLOATS = ("float32", "float64")
# All there are; two meet in the later one.
DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")


def promote(*dtypes):
    """Returns the dtype in which tensors of these dtypes meet."""
    return max(dtypes, key=DTYPES.index)


def dtype_name(dtype):
    """Returns a dtype (a string, a NumPy dtype, or `None` for `floatx()`) as a string."""
    if dtype is None:
        return config.floatx()
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in DTYPES:
        raise ValueError(
            f"A tensor's dtype must be one of {', '.join(DTYPES[::-1])}. Received: dtype={dtype!r}"
        )
    return name


def floating(x):
    """Returns `x` as a tensor; other dtypes than floating point become float32."""
    x = convert_to_tensor(x)
    return x if x.dtype in FLOATS else _core.ops.cast(x, dtype="float32")


def summable(x):
    """Returns `x` as a tensor; booleans and uint8 become int32."""
    x = convert_to_tensor(x)
    return _core.ops.cast(x, dtype="int32") if x.dtype in ("bool", "uint8") else x


def meet(*xs):
    """Returns the arguments as tensors of one dtype: tensors by promotion, Python numbers and
    arrays by following them."""
    tensors = [convert_to_tensor(x) for x in xs]
    given = [t.dtype for x, t in zip(xs, tensors) if is_tensor(getattr(x, "value", x))]
    if not any(dtype in FLOATS for dtype in given):
        numbers = [isinstance(x, (int, float)) and not isinstance(x, bool) for x in xs]
        arrays = [t.dtype for t, number in zip(tensors, numbers) if not number]
        weak = [t.dtype for t, number in zip(tensors, numbers) if number]
        given = arrays or weak
        if any(dtype in FLOATS for dtype in weak) and promote(*given) not in FLOATS:
            given = ["float32"]
        elif weak and promote(*given) == "bool":
            given = weak
    dtype = promote(*given)
    return [cast(t, dtype) for t in tensors]


def meet_floating(*xs):
    """`meet`, in a floating point dtype."""
    tensors = meet(*xs)
    return tensors if tensors[0].dtype in FLOATS else [floating(t) for t in tensors]


def integer(name, value):
    """Returns an integer argument as a Python int, or raises a TypeError."""
    try:
        return index(value)
    except TypeError:
        raise TypeError(
            f"Argument `{name}` must be an integer. Received: {name}={value!r}"
        ) from None


def integers(name, value):
    """Returns an integer or a sequence of integers as a tuple."""
    if hasattr(value, "__index__") and not getattr(value, "shape", ()):
        return (index(value),)
    return tuple(integer(name, item) for item in value)


def axis_of(axis, rank, name="axis"):
    """Returns an axis counted from the start, or raises a ValueError."""
    number = integer(name, axis)
    if not -rank <= number < rank:
        raise ValueError(
            f"Argument `{name}` must be in [{-rank}, {rank}) for a tensor of {rank} axes. "
            f"Received: {name}={axis}"
        )
    return number % rank


def axes_of(axis, rank, name="axis"):
    """Returns several axes counted from the start; `None` means all."""
    if axis is None:
        return tuple(range(rank))
    return tuple(axis_of(item, rank, name) for item in integers(name, axis))


def joint_shape(first, second):
    """The shape to which two shapes broadcast."""
    rank = max(len(first), len(second))
    first, second = ((1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second))
    joint = []
    for a, b in zip(first, second):
        if a != b and 1 not in (a, b):
            raise ValueError(
                f"The shapes do not broadcast together. Received: {first} and {second}"
            )
        joint.append(b if a == 1 else a)
    return joint


def channels_last(data_format):
    """Raises a ValueError for another layout than channels last."""
    if (data_format or config.image_data_format()) != "channels_last":
        raise ValueError(
            "Argument `data_format` must be 'channels_last' (or None): channels come last. "
            f"Received: data_format={data_format!r}"
        )


def dense_only(name, value):
    """Raises a ValueError when a sparse or ragged tensor is asked for."""
    if value:
        raise ValueError(f"Argument `{name}` must be False: tensors are dense. Received: {value!r}")
