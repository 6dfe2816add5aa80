"""Tensors from values, and back."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._tensor import Tensor


def is_tensor(x):
    """Returns True when `x` is a pyclr tensor."""
    return isinstance(x, Tensor)


def convert_to_tensor(x, dtype=None):
    """Returns `x` - a tensor, variable, array, number or nested list - as a tensor.

    Args:
        x: The value. Arrays and lists are copied.
        dtype: Optional string. Defaults to the array's dtype; Python floats become float32 and
            integers int32.
    """
    x = getattr(x, "value", x) if not isinstance(x, (Tensor, np.ndarray)) else x
    if isinstance(x, Tensor):
        return x if dtype is None or dtype == x.dtype else _core.ops.cast(x, dtype=dtype)
    return _core.tensor(x, dtype=dtype)


def convert_to_numpy(x):
    """Returns `x` as a NumPy array."""
    return np.asarray(x)


def shape(x):
    """Returns the shape of `x`, a tuple of integers."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def cast(x, dtype):
    """Returns `x` with the elements converted to `dtype`. Floats are truncated to integers."""
    return convert_to_tensor(convert_to_tensor(x), dtype)


def stop_gradient(x):
    """Returns the values of `x` as a tensor through which no gradient flows."""
    saved = _core.suspend_tapes()
    try:
        return _core.ops.add(x, 0)
    finally:
        _core.resume_tapes(saved)
