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
    key = _without_ellipsis(key, len(shape))
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


def _is_array(item):
    return isinstance(getattr(item, "value", item), (_core.Tensor, np.ndarray, list))


def _getitem(self, key):
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(_is_array(item) for item in keys):
        return _advanced(self, keys)
    begin, size, strides, shape = _slices(keys, self.shape)
    taken = self
    if size != list(self.shape) or any(step != 1 for step in strides):
        taken = _ops.slice(self, begin=begin, size=size, strides=strides)
    return taken if taken.shape == shape else _ops.reshape(taken, shape=shape)


def _advanced(x, keys):
    """Indexing with arrays, as NumPy does it: they broadcast together, and their axes stand where
    the first of them was, or first if there are slices between them."""
    expanded = []
    for item in keys:
        if _is_array(item):
            item = _core.tensor(getattr(item, "value", item))
            if item.dtype == "bool":
                _core.forbid_replay("a boolean index: the shape of the result depends on values")
                expanded += [_core.tensor(i) for i in np.nonzero(item.numpy())]
                continue
        expanded.append(item)
    keys = _without_ellipsis(expanded, x.ndim)
    # Whole numbers beside arrays are arrays; the rest is taken first.
    arrays = {
        i: _core.tensor(key)
        for i, key in enumerate(keys)
        if key is not None and not isinstance(key, slice)
    }
    taken = _getitem(x, tuple(slice(None) if i in arrays else key for i, key in enumerate(keys)))
    axes = list(arrays)
    rest = [axis for axis in range(taken.ndim) if axis not in arrays]
    place = None
    for axis, index in arrays.items():
        n = taken.shape[axis]
        if len(axes) > 1:
            # Looked up, so that it is checked, and counted from the start.
            index = _ops.gather(np.arange(n, dtype="int32"), index, axis=0)
        place = index if place is None else _ops.add(_ops.multiply(place, n), index)
    if len(axes) == 1:
        return _ops.gather(taken, place, axis=axes[0])
    flat = _ops.reshape(
        _ops.transpose(taken, permutation=axes + rest),
        shape=[-1, *(taken.shape[axis] for axis in rest)],
    )
    result = _ops.gather(flat, place, axis=0)
    before = axes[0] if axes == list(range(axes[0], axes[0] + len(axes))) else 0
    order = list(range(place.ndim, place.ndim + before))
    order += [axis for axis in range(result.ndim) if axis not in order]
    return _ops.transpose(result, permutation=order) if before else result


def _without_ellipsis(keys, rank):
    """One key for each axis."""
    named = sum(1 for key in keys if key is not None and key is not Ellipsis)
    if named > rank:
        raise IndexError(f"A tensor of {rank} axes was indexed with {named} indices.")
    hidden = [slice(None)] * (rank - named)
    at = next((i for i, key in enumerate(keys) if key is Ellipsis), len(keys))
    return keys[:at] + hidden + keys[at + 1 :]


def _array_ufunc(self, ufunc, method, *inputs, **kwargs):
    from . import ops

    function = getattr(ops, _UFUNCS.get(ufunc.__name__, ufunc.__name__), None)
    if method != "__call__" or kwargs or function is None:
        return NotImplemented
    return function(*inputs)


def _array_function(self, function, types, args, kwargs):
    from . import ops

    target = getattr(ops, _FUNCTIONS.get(function.__name__, function.__name__), None)
    # Keras' Fourier transforms are of pairs of real and imaginary part.
    if target is None or function.__module__ == "numpy.fft":
        return NotImplemented
    return target(*args, **kwargs)


# Where NumPy's name is not Keras'.
_UFUNCS = {"remainder": "mod", "invert": "bitwise_invert"}
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
    tensor.astype = lambda self, dtype: _ops.cast(self, dtype=np.dtype(dtype).name)
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
