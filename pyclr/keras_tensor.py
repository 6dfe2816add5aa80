"""KerasTensor: the shape and dtype of a tensor that has no values yet."""

from __future__ import annotations

import math
from typing import NamedTuple


class KerasHistory(NamedTuple):
    """Where a symbolic tensor comes from: a layer, which of its calls, which of its outputs."""

    operation: object
    node_index: int
    tensor_index: int


class KerasTensor:
    """A symbolic tensor: shape and dtype without values.

    Args:
        shape: Tuple of integers and `None` (a size not known).
        dtype: String. Defaults to `"float32"`.
        name: String.

    Example:

    ```python
    x = pyclr.KerasTensor((None, 28, 28, 1))
    assert x.shape == (None, 28, 28, 1) and x.ndim == 4
    ```
    """

    def __init__(self, shape, dtype="float32", name=None):
        self._shape = tuple(shape)
        self._dtype = dtype
        self.name = name or "keras_tensor"

    @property
    def shape(self):
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    @property
    def ndim(self):
        return len(self._shape)

    @property
    def size(self):
        return None if None in self._shape else math.prod(self._shape)

    def __array_function__(self, function, types, args, kwargs):
        from ._tensor import _array_function

        return _array_function(self, function, types, args, kwargs)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        from ._tensor import _array_ufunc

        return _array_ufunc(self, ufunc, method, *inputs, **kwargs)

    def __len__(self):
        raise TypeError("A symbolic KerasTensor has no length: its first size may be unknown.")

    def __iter__(self):
        raise TypeError("A symbolic KerasTensor can not be iterated over; see `ops.unstack`.")

    def __array__(self, *args, **kwargs):
        raise ValueError(
            "A KerasTensor is symbolic: it has a shape and a dtype, but no values. "
            f"Received: {self!r}"
        )

    def __bool__(self):
        raise TypeError("A symbolic KerasTensor has no values and can not be used as a boolean.")

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"
