"""Gives the engine's Tensor its operators, indexing and NumPy protocols.

`np.mean(np.square(y_true - y_pred))` on tensors calls `pyclr.ops`, so that a loss written with
NumPy is differentiable and replays.
"""

from __future__ import annotations

import numpy as np

from . import _core

_ops = _core.ops


def _operator(op):
    def method(self, other):
        if other is None or isinstance(other, str):
            return NotImplemented
        return op(self, other)

    def reflected(self, other):
        return op(other, self)

    return method, reflected


def integer_negative(x):
    return _ops.negative(x) if "float" in x.dtype else _ops.subtract(0, x)


def integer_abs(x):
    return _ops.abs(x) if "float" in x.dtype else _ops.maximum(x, _ops.subtract(0, x))


def _slices(key, shape):
    """Normalises an index to one slice per axis, and the axes to drop or add."""
    key = list(key) if isinstance(key, tuple) else [key]
    named = sum(1 for item in key if item is not None and item is not Ellipsis)
    if named > len(shape):
        raise IndexError(f"A tensor of shape {shape} was indexed with {named} indices.")
    if any(item is Ellipsis for item in key):
        at = next(i for i, item in enumerate(key) if item is Ellipsis)
        key[at : at + 1] = [slice(None)] * (len(shape) - named)
    else:
        key += [slice(None)] * (len(shape) - named)
    begin, size, strides, result_shape = [], [], [], []
    axis = 0
    for item in key:
        if item is None:
            result_shape.append(1)
            continue
        n = shape[axis]
        if isinstance(item, slice):
            start, stop, step = item.indices(n)
            count = len(range(start, stop, step))
            begin.append(start if count else 0)
            size.append(count)
            strides.append(step)
            result_shape.append(count)
        else:
            index = int(item)
            if not -n <= index < n:
                raise IndexError(
                    f"Index {index} is out of range for axis {axis} with {n} elements."
                )
            begin.append(index % n)
            size.append(1)
            strides.append(1)
        axis += 1
    return begin, size, strides, tuple(result_shape)


def _getitem(self, key):
    if isinstance(key, (_core.Tensor, np.ndarray, list)):
        index = _core.tensor(key)
        if index.dtype == "bool":
            (index,) = np.nonzero(np.asarray(key))
        return _ops.gather(self, index, axis=0)
    begin, size, strides, shape = _slices(key, self.shape)
    taken = self
    if size != list(self.shape) or any(step != 1 for step in strides):
        taken = _ops.slice(self, begin=begin, size=size, strides=strides)
    return taken if taken.shape == shape else _ops.reshape(taken, shape=shape)


def _array_ufunc(self, ufunc, method, *inputs, **kwargs):
    from . import ops

    function = getattr(ops, _UFUNCS.get(ufunc.__name__, ufunc.__name__), None)
    if method != "__call__" or kwargs or function is None:
        return NotImplemented
    return function(*inputs)


def _array_function(self, function, types, args, kwargs):
    from . import ops

    target = getattr(ops, _FUNCTIONS.get(function.__name__, function.__name__), None)
    if target is None:
        return NotImplemented
    return target(*args, **kwargs)


# Where NumPy's name is not Keras'.
_UFUNCS = {"remainder": "mod", "invert": "logical_not", "fabs": "abs"}
_FUNCTIONS = {"amax": "max", "amin": "min", "concat": "concatenate", "permute_dims": "transpose"}


def _repr(self):
    return f"<Tensor: shape={self.shape}, dtype={self.dtype}, numpy=\n{self._view()}>"


def _install():
    tensor = _core.Tensor
    for name, op in {
        "add": _ops.add,
        "sub": _ops.subtract,
        "mul": _ops.multiply,
        "truediv": _ops.divide,
        "floordiv": _ops.floor_divide,
        "mod": _ops.mod,
        "pow": _ops.power,
        "and": _ops.logical_and,
        "or": _ops.logical_or,
        "xor": _ops.logical_xor,
    }.items():
        method, reflected = _operator(op)
        setattr(tensor, f"__{name}__", method)
        setattr(tensor, f"__r{name}__", reflected)
    for name, op in {
        "eq": _ops.equal,
        "ne": _ops.not_equal,
        "lt": _ops.less,
        "le": _ops.less_equal,
        "gt": _ops.greater,
        "ge": _ops.greater_equal,
    }.items():
        setattr(tensor, f"__{name}__", _operator(op)[0])
    tensor.__hash__ = object.__hash__
    tensor.__neg__ = integer_negative
    tensor.__pos__ = lambda self: self
    tensor.__abs__ = integer_abs
    tensor.__invert__ = lambda self: _ops.logical_xor(self, True)
    tensor.__getitem__ = _getitem
    tensor.__iter__ = lambda self: (self[i] for i in range(len(self)))
    tensor.__repr__ = _repr
    tensor.__format__ = lambda self, spec: format(self.item() if spec else str(self), spec)
    tensor.__array_ufunc__ = _array_ufunc
    tensor.__array_function__ = _array_function
    # A NumPy array on the left lets the tensor's reflected operator decide.
    tensor.__array_priority__ = 100

    def matmul(self, other):
        from . import ops

        return ops.matmul(self, other)

    tensor.__matmul__ = matmul
    tensor.__rmatmul__ = lambda self, other: matmul(other, self)
    for name in ("copy", "deepcopy"):
        setattr(tensor, f"__{name}__", lambda self, memo=None: _core.tensor(self._view()))
    tensor.__reduce__ = lambda self: (_core.tensor, (np.array(self._view()),))


_install()
Tensor = _core.Tensor
