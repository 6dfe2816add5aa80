"""Elements of a dataset: nested structures of arrays, what describes them, and their tensors."""

from __future__ import annotations

import numpy as np

from .. import _core, config, tree
from .._feed import TENSOR_DTYPES
from .._tensor import Tensor
from ..keras_tensor import KerasTensor
from ..variables import Variable

_TENSOR_TYPES = {"float32", "float64", "int32", "int64", "uint8", "bool"}


class TensorSpec:
    """Shape and dtype of a tensor.

    Args:
        shape: Tuple, `None` for a size that is not known; or `None` when nothing is known.
        dtype: String. Defaults to `"float32"`.
        name: String.
    """

    def __init__(self, shape, dtype="float32", name=None):
        self.shape = None if shape is None else tuple(None if d is None else int(d) for d in shape)
        self.dtype = str(dtype) if isinstance(dtype, str) else np.dtype(dtype).name
        self.name = name

    def __repr__(self):
        name = "" if self.name is None else f", name={self.name!r}"
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}{name})"

    def __eq__(self, other):
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (
            other.shape,
            other.dtype,
        )

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def fits(self, shape):
        """Returns whether an array's shape agrees."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            wanted in (None, size) for wanted, size in zip(self.shape, shape)
        )


def component(value):
    """Returns a structure of arrays for data as `from_tensor_slices` takes it: tuples and
    dictionaries are structure, lists are arrays."""
    if isinstance(value, dict):
        return {key: component(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [component(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return as_leaf(value)


def as_leaf(value):
    """Returns an array for a number, text, list, array or tensor. Python floats become `floatx()`,
    Python integers int32 where they fit, as in TensorFlow."""
    if isinstance(value, (Tensor, Variable)):
        return np.asarray(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if isinstance(value, KerasTensor) or value is None:
        raise TypeError(f"A dataset holds arrays, numbers and text. Received: {value!r}")
    if hasattr(value, "to_numpy"):
        return value.to_numpy()
    if hasattr(value, "detach"):  # PyTorch
        return value.detach().cpu().numpy()
    if isinstance(value, (list, tuple)) and any(isinstance(v, (Tensor, Variable)) for v in value):
        return np.stack([np.asarray(v) for v in value])
    array = np.asarray(value)
    if hasattr(value, "__array__"):
        return array
    if array.dtype == "float64":
        return array.astype(config.floatx())
    if array.dtype == "int64" and (not array.size or abs(array).max() < 2**31):
        return array.astype("int32")
    return array


def to_tensors(element):
    """Returns an element as its user sees it: arrays of numbers are tensors, text stays."""
    return tree.map_structure(_to_tensor, element)


def _to_tensor(leaf):
    if not isinstance(leaf, np.ndarray):
        return leaf  # a dataset of a window
    name = leaf.dtype.name
    if name not in _TENSOR_TYPES:
        if name not in TENSOR_DTYPES:
            return leaf[()] if leaf.ndim == 0 else leaf
        name = TENSOR_DTYPES[name]
    return _core.alias(np.asarray(leaf, name, order="C"))


def call(function, element):
    """Calls a user's function with an element: a tuple is its arguments."""
    element = to_tensors(element)
    return function(*element) if type(element) is tuple else function(element)


def stack(elements):
    """Returns elements of one structure as one element with an axis more."""
    first = elements[0]
    if len(elements) == 1 and not isinstance(first, (dict, tuple)):
        return first[None]
    columns = zip(*(tree.flatten(element) for element in elements))
    leaves = []
    for column in columns:
        shapes = {leaf.shape for leaf in column}
        if len(shapes) > 1:
            raise ValueError(
                "Elements of a batch must have the same shape (`padded_batch` pads them). "
                f"Received: elements of the shapes {sorted(shapes)}"
            )
        leaves.append(np.stack(column))
    return tree.pack_like(first, leaves)


def spec_of(element):
    """Returns the structure of `TensorSpec` of an element."""
    return tree.map_structure(
        lambda leaf: TensorSpec(leaf.shape, leaf.dtype) if isinstance(leaf, np.ndarray) else leaf,
        element,
    )
