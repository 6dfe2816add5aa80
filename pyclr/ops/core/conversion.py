"""Tensors from values, and back."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..._tensor import Tensor

__all__ = [
    "cast", "convert_to_numpy", "convert_to_tensor", "dtype", "is_tensor", "saturate_cast", "shape",
    "stop_gradient",
]  # fmt: skip


def is_tensor(x):
    """Returns True when `x` is a pyclr tensor."""
    return isinstance(x, Tensor)


def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Returns `x` - a tensor, variable, array, number or nested list - as a tensor.

    Args:
        x: The value. Arrays and lists are copied; a list may hold tensors.
        dtype: Optional string. Defaults to the array's dtype; Python floats become float32 and
            integers int32.
        sparse: `None` or `False`.
        ragged: `None` or `False`.
    """
    if sparse or ragged:
        raise ValueError(f"Tensors are dense. Received: sparse={sparse}, ragged={ragged}")
    x = getattr(x, "value", x) if not isinstance(x, (Tensor, np.ndarray)) else x
    if isinstance(x, Tensor):
        return x if dtype is None or dtype == x.dtype else _core.ops.cast(x, dtype=dtype)
    if isinstance(x, (list, tuple)) and any(_holds_tensor(item) for item in x):
        return _stacked(x, dtype)
    return _core.tensor(x, dtype=dtype)


def _holds_tensor(x):
    if isinstance(x, (list, tuple)):
        return any(_holds_tensor(item) for item in x)
    return isinstance(getattr(x, "value", x), Tensor)


def _stacked(items, dtype):
    """A list with tensors in it, as a tensor through which gradients flow."""
    from ..numpy.shaping import stack
    from ..operands import meet

    return stack(meet(*(convert_to_tensor(item, dtype) for item in items)))


def convert_to_numpy(x):
    """Returns `x` as a NumPy array."""
    return np.asarray(x)


def shape(x):
    """Returns the shape of `x`, a tuple of integers."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def cast(x, dtype):
    """Returns `x` with the elements converted to `dtype`. Floats are truncated to integers."""
    return convert_to_tensor(convert_to_tensor(x), dtype)


def saturate_cast(x, dtype):
    """Returns `x` with the elements converted to `dtype`; what is out of its range becomes its
    nearest number."""
    x = convert_to_tensor(x)
    if dtype == "bool" or "float" in dtype:
        return cast(x, dtype)
    limits = np.iinfo(dtype)
    low, high = limits.min, limits.max
    if "float" in x.dtype:
        # The largest number of the float's that is within the range.
        high = np.asarray(high, x.dtype)
        high = np.nextafter(high, np.asarray(0, x.dtype)) if int(high) > limits.max else high
        low, high = float(low), float(high)
    elif x.dtype != "bool":
        own = np.iinfo(x.dtype)
        low, high = max(low, own.min), min(high, own.max)
    else:
        return cast(x, dtype)
    return cast(_core.ops.minimum(_core.ops.maximum(x, low), high), dtype)


def dtype(x):
    """Returns the dtype of `x`, a string."""
    return convert_to_tensor(x).dtype


def stop_gradient(variable):
    """Returns the values of a tensor or variable as a tensor through which no gradient flows."""
    x = convert_to_tensor(variable)
    saved = _core.suspend_tapes()
    try:
        return _core.ops.cast(x, dtype=x.dtype)
    finally:
        _core.resume_tapes(saved)
