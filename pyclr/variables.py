"""Variable: a tensor with a name whose value changes in place."""

from __future__ import annotations

import math
import weakref
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from . import _core, config
from ._tensor import Tensor

_room = ContextVar("room", default=None)  # [bytes that are left] while `at_most` is open


@contextmanager
def at_most(size):
    """While open, variables of more than so many bytes in sum are refused before they are made."""
    token = _room.set([size])
    try:
        yield
    finally:
        _room.reset(token)


def _take_room(shape, dtype, name):
    room = _room.get()
    if room is None:
        return
    room[0] -= math.prod(int(dim) for dim in shape) * np.dtype(dtype).itemsize
    if room[0] < 0:
        raise ValueError(
            f"with variable '{name}' of shape {tuple(shape)} its variables are far larger than the "
            "weights in the file. `safe_mode=False` loads it nevertheless."
        )


class Variable:
    """A named tensor that training changes in place: a weight, a counter, a metric's state.

    A variable can be used wherever a tensor can: in operators, `pyclr.ops` and NumPy functions.

    Args:
        initializer: The first value: an array, number or tensor, or a function
            `initializer(shape, dtype)` that makes it.
        shape: Tuple of integers; needed when `initializer` is a function.
        dtype: String. Defaults to the value's dtype, or `floatx()` for a function.
        trainable: Boolean, whether training changes it.
        name: String. Defaults to `"variable"`.
        regularizer: Optional function of the value whose result is added to the loss.
        constraint: Optional function that maps the value to an allowed one after each update.

    Attributes:
        path: String, the name preceded by those of the layers that own the variable.
        value: The tensor.
    """

    __slots__ = (
        "_tensor", "name", "path", "regularizer", "constraint", "__weakref__",
    )  # fmt: skip

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable=True,
        name=None,
        regularizer=None,
        constraint=None,
    ):
        if callable(initializer) and not isinstance(initializer, Tensor):
            if shape is None:
                raise ValueError(
                    "Argument `shape` is needed when `initializer` is a function. "
                    f"Received: initializer={initializer}, shape=None"
                )
            dtype = dtype or config.floatx()
            _take_room(shape, dtype, name)
            before = _core.set_mode("real")  # a variable may be made while shapes are inferred
            try:
                initial = np.asarray(initializer(tuple(shape), dtype=dtype))
            finally:
                _core.set_mode(before)
            if initial.shape != tuple(shape):
                raise ValueError(
                    f"The initializer of variable '{name}' must return an array of shape "
                    f"{tuple(shape)}. Received: an array of shape {initial.shape}"
                )
        else:
            initial = np.asarray(initializer)
            if dtype is None:
                dtype = config.floatx() if initial.dtype.kind == "f" else initial.dtype.name
        # Made from host data, but no constant of the step: it changes, and is known by identity.
        self._tensor = _core.alias(np.array(initial, dtype=dtype, order="C"))
        self._tensor._variable = weakref.ref(self)  # for GradientTape.watched_variables
        self.trainable = bool(trainable)
        self.name = name or "variable"
        self.path = self.name
        self.regularizer = regularizer
        self.constraint = constraint

    def __pyclr_tensor__(self):
        return self._tensor

    @property
    def value(self):
        return self._tensor

    @property
    def trainable(self):
        return self._tensor.trainable

    @trainable.setter
    def trainable(self, value):
        self._tensor.trainable = bool(value)

    @property
    def shape(self):
        return self._tensor.shape

    @property
    def dtype(self):
        return self._tensor.dtype

    @property
    def ndim(self):
        return self._tensor.ndim

    @property
    def size(self):
        return self._tensor.size

    def numpy(self):
        """Returns the value as a NumPy array (a copy)."""
        return self._tensor.numpy()

    def assign(self, value):
        """Replaces the value, in place. `value` must have the variable's shape.

        Raises:
            ValueError: if the shape differs.
        """
        tensor = self._coerced(value)
        _core.ops.assign(self._tensor, tensor)
        return self

    def assign_add(self, value):
        """Adds to the value, in place."""
        _core.ops.assign_add(self._tensor, self._coerced(value))
        return self

    def assign_sub(self, value):
        """Subtracts from the value, in place."""
        _core.ops.assign(self._tensor, _core.ops.subtract(self._tensor, self._coerced(value)))
        return self

    def _coerced(self, value):
        if isinstance(value, Variable):
            value = value._tensor
        if not isinstance(value, Tensor):
            value = _core.tensor(value, dtype=self.dtype)
        elif value.dtype != self.dtype:
            value = _core.ops.cast(value, dtype=self.dtype)
        if value.shape != self.shape:
            raise ValueError(
                "The value assigned to a variable must have the variable's shape "
                f"{self.shape}. Received: shape={value.shape} for variable '{self.path}'"
            )
        return value

    def __array__(self, dtype=None, copy=None):
        return self._tensor.__array__(dtype)

    def __float__(self):
        return float(self._tensor)

    def __int__(self):
        return int(self._tensor)

    def __index__(self):
        return self._tensor.__index__()

    def __bool__(self):
        return bool(self._tensor)

    def __len__(self):
        return len(self._tensor)

    def __iter__(self):
        return iter(self._tensor)

    def __getitem__(self, key):
        return self._tensor[key]

    def __repr__(self):
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={self._tensor._view()}>"
        )

    def __reduce__(self):
        return _restore, (
            np.array(self._tensor._view()), self.dtype, self.trainable, self.name, self.path,
            self.regularizer, self.constraint,
        )  # fmt: skip

    def __deepcopy__(self, memo):
        function, arguments = self.__reduce__()
        memo[id(self)] = copied = function(*arguments)
        return copied


def _restore(value, dtype, trainable, name, path, regularizer, constraint):
    variable = Variable(
        value, dtype=dtype, trainable=trainable, name=name, regularizer=regularizer,
        constraint=constraint,
    )  # fmt: skip
    variable.path = path
    return variable


def _delegate():
    # Operators and NumPy's protocols act on the value.
    names = (
        "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul "
        "rmatmul neg abs eq ne lt le gt ge and rand or ror xor rxor invert array_ufunc "
        "array_function"
    )
    for name in names.split():
        method = getattr(Tensor, f"__{name}__")

        def delegated(self, *args, _method=method, **kwargs):
            return _method(self._tensor, *args, **kwargs)

        setattr(Variable, f"__{name}__", delegated)
    Variable.__hash__ = object.__hash__


_delegate()
