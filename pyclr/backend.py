"""Keras' names for dtypes, settings and scopes: what `keras.backend` has, and more.

There is one backend, pyclr's own, with one device, the CPU.
"""

from __future__ import annotations

import contextlib

import numpy as np

from .config import backend as backend
from .config import epsilon as epsilon
from .config import floatx as floatx
from .config import image_data_format as image_data_format
from .config import set_epsilon as set_epsilon
from .config import set_floatx as set_floatx
from .config import set_image_data_format as set_image_data_format
from .keras_tensor import KerasTensor
from .naming import get_uid as get_uid
from .naming import reset_names
from .ops.operands import DTYPES, promote

_PYTHON_TYPES = {bool: "bool", int: "int32", float: "float32"}


def clear_session(free_memory=True):
    """Forgets the names given to layers so far, so that numbering starts again.

    Args:
        free_memory: Accepted for Keras' sake: memory is freed when nothing refers to it.
    """
    reset_names()


def is_keras_tensor(x):
    """Returns whether `x` is a `KerasTensor`, the symbolic input or output of a layer."""
    return isinstance(x, KerasTensor)


def standardize_dtype(dtype):
    """Returns a dtype as a string.

    Args:
        dtype: A string, a NumPy dtype, one of Python's `bool`, `int` (which means int32) and
            `float` (float32), a PyTorch dtype, or `None` for `floatx()`.

    Raises:
        ValueError: for a dtype that tensors do not have.
    """
    if dtype is None:
        return floatx()
    name = _PYTHON_TYPES.get(dtype) or getattr(dtype, "name", None)
    name = name or getattr(dtype, "__name__", None) or str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise ValueError(
            f"A tensor's dtype must be one of {', '.join(DTYPES)}. Received: dtype={dtype!r}"
        )
    return str(name)


def is_float_dtype(dtype):
    """Returns whether a dtype is one of floating point numbers."""
    return np.dtype(standardize_dtype(dtype)).kind == "f"


def is_int_dtype(dtype):
    """Returns whether a dtype is one of integers."""
    return np.dtype(standardize_dtype(dtype)).kind in "iu"


def result_type(*dtypes):
    """Returns the dtype of the result of an operation on tensors of these dtypes.

    Args:
        *dtypes: Dtypes as for `standardize_dtype`. Python's `int` and `float` stand for numbers,
            which follow the tensors: `result_type("uint8", int)` is `"uint8"`.
    """
    # By identity: NumPy's dtypes are equal to Python's types.
    strong = [standardize_dtype(d) for d in dtypes if d is not int and d is not float]
    dtype = promote("bool", *strong)
    if not dtypes or (any(d is float for d in dtypes) and not is_float_dtype(dtype)):
        return floatx()
    return "int32" if any(d is int for d in dtypes) and dtype == "bool" else dtype


def device(device_name):
    """Returns a context in which tensors are on a device. Has no effect: there is one, the CPU."""
    return contextlib.nullcontext(device_name)


def name_scope(name, **options):
    """Returns a context for names. Has no effect: variables are named by the layers they are in."""
    return contextlib.nullcontext(name)
