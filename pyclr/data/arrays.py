"""What `fit`, `evaluate` and `predict` accept as arrays."""

from __future__ import annotations

import numpy as np

from .. import tree
from .._feed import tensor_dtype
from .._tensor import Tensor
from ..variables import Variable


def as_arrays(name, value, partial=False):
    """Returns data as a nested structure of arrays, each with one entry a sample.

    Args:
        name: String, the argument's name for messages.
        value: Array, tensor, pandas DataFrame or Series, (nested) list of numbers, or a list, tuple
            or dictionary of arrays for several inputs.
        partial: Boolean, whether entries of a list, tuple or dictionary may be `None`.

    Raises:
        ValueError: if it holds objects, text, or no samples.
    """

    def entry(key, item):
        if item is None and partial:
            return None
        return as_arrays(f"{name}[{key!r}]", item, partial)

    if isinstance(value, dict):
        return {key: entry(key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(_is_array(item) for item in value):
        items = [entry(i, item) for i, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, (Tensor, Variable)):
        value = np.asarray(value)
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu().numpy()
    if hasattr(value, "to_numpy"):
        value = _from_pandas(name, value)
    array = value if isinstance(value, np.ndarray) else _array_of(name, value)
    if array.dtype.kind in "OSUV" or tensor_dtype(array) is None:
        raise ValueError(
            f"Argument `{name}` must hold numbers. Received: an array with dtype={array.dtype}"
            + (" (rows of different lengths, None or text?)" if array.dtype.kind == "O" else "")
        )
    if array.ndim == 0:
        raise ValueError(
            f"Argument `{name}` must have a first axis of samples. Received: {name}={array!r}"
        )
    return array


def _is_array(item):
    return hasattr(item, "__array__") and np.ndim(item) > 0 or hasattr(item, "to_numpy")


def _array_of(name, value):
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"Argument `{name}` must hold numbers, in rows of equal length. "
            f"Received: a {type(value).__name__} that NumPy can not make an array of ({error})"
        ) from None


def _from_pandas(name, value):
    if hasattr(value, "columns"):
        for column, dtype in zip(value.columns, value.dtypes):
            if getattr(dtype, "kind", "O") not in "biuf":
                raise ValueError(
                    f"Argument `{name}` must have numeric columns. "
                    f"Received: column {column!r} with dtype={dtype}"
                )
    return value.to_numpy()


def check_lengths(**arrays):
    """Raises a ValueError unless all have the same number of samples, at least one."""
    lengths = {
        name: sorted({len(a) for a in tree.flatten(value) if a is not None})
        for name, value in arrays.items()
        if value is not None
    }
    counts = {length for found in lengths.values() for length in found}
    text = ", ".join(f"{name}: {' and '.join(map(str, found))}" for name, found in lengths.items())
    if len(counts) > 1:
        raise ValueError(
            f"All data must have the same number of samples. Received numbers of samples: {text}"
        )
    if counts == {0} or not counts:
        raise ValueError(f"The data holds no samples. Received numbers of samples: {text}")


def check_batch_size(value):
    """Returns the batch size as a Python integer, 32 for `None`, or raises a ValueError."""
    if value is None:
        return 32
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(
            f"Argument `batch_size` must be a positive integer. Received: batch_size={value!r}"
        )
    return int(value)
