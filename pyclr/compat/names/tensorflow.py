"""`tf`, `tf.math` and `tf.linalg`: functions with TensorFlow's arguments.

What is not defined here is `pyclr.ops`' under the same name. The argument `name` has no effect.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
import sys

import numpy as np

from ... import Tensor as Tensor
from ... import Variable as Variable
from ... import ops
from ...data import TensorSpec as TensorSpec
from ...gradient_tape import GradientTape as GradientTape
from ...initializers import Constant as constant_initializer  # noqa: F401
from ...initializers import Ones as ones_initializer  # noqa: F401
from ...initializers import RandomNormal as random_normal_initializer  # noqa: F401
from ...initializers import RandomUniform as random_uniform_initializer  # noqa: F401
from ...initializers import Zeros as zeros_initializer  # noqa: F401
from . import from_ops
from .indexing import *  # noqa: F403


def __getattr__(name):
    return from_ops.lookup(name)


def __dir__():
    return sorted({*globals(), *from_ops.names()})


# --- Dtypes --------------------------------------------------------------------------------------


class DType(str):
    """A dtype: its name, as everywhere in pyclr, with the attributes of TensorFlow's."""

    __slots__ = ()

    @property
    def name(self):
        return str(self)

    @property
    def as_numpy_dtype(self):
        return np.dtype(self).type

    @property
    def is_bool(self):
        return self == "bool"

    @property
    def is_floating(self):
        return np.dtype(self).kind == "f"

    @property
    def is_integer(self):
        return np.dtype(self).kind in "iu"

    def __repr__(self):
        return f"tf.{self}"


bool = DType("bool")
float32 = DType("float32")
float64 = double = DType("float64")
int32 = DType("int32")
int64 = DType("int64")
uint8 = DType("uint8")
newaxis = None


def as_dtype(type_value):
    return DType(np.dtype(type_value).name)


def _dtype(dtype):
    return None if dtype is None else as_dtype(dtype)


# --- Tensors from values -------------------------------------------------------------------------


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    return ops.convert_to_tensor(value, _dtype(dtype))


def constant(value, dtype=None, shape=None, name="Const"):
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    return ops.broadcast_to(tensor, shape) if tensor.size == 1 else ops.reshape(tensor, shape)


def cast(x, dtype, name=None):
    return ops.cast(x, _dtype(dtype))


def zeros(shape, dtype=float32, name=None):
    return ops.zeros(shape, _dtype(dtype))


def ones(shape, dtype=float32, name=None):
    return ops.ones(shape, _dtype(dtype))


def zeros_like(input, dtype=None, name=None):
    return ops.zeros_like(input, _dtype(dtype))


def ones_like(input, dtype=None, name=None):
    return ops.ones_like(input, _dtype(dtype))


def fill(dims, value, name=None):
    return constant(value, shape=dims)


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    encoded = ops.one_hot(indices, depth, -1 if axis is None else axis, dtype=_dtype(dtype))
    if on_value is None and off_value is None:
        return encoded
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    return cast(ops.where(encoded, on, off), dtype or float32)


def identity(input, name=None):
    return ops.convert_to_tensor(input)


def stop_gradient(input, name=None):
    return ops.stop_gradient(input)


# --- Shapes --------------------------------------------------------------------------------------


def shape(input, out_type=int32, name=None):
    return ops.shape(input)


def rank(input, name=None):
    return len(ops.shape(input))


def reshape(tensor, shape, name=None):
    return ops.reshape(tensor, shape)


def transpose(a, perm=None, conjugate=False, name="transpose"):
    return ops.transpose(a, perm)


def expand_dims(input, axis, name=None):
    return ops.expand_dims(input, axis)


def squeeze(input, axis=None, name=None):
    return ops.squeeze(input, axis)


def concat(values, axis, name="concat"):
    return ops.concatenate(values, axis)


def stack(values, axis=0, name="stack"):
    return ops.stack(values, axis)


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    if batch_dims:
        raise NotImplementedError(
            f"Argument `batch_dims` of tf.gather must be 0. Received: batch_dims={batch_dims}"
        )
    return ops.take(params, indices, 0 if axis is None else axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    return ops.pad(tensor, paddings, mode.lower(), constant_values)


# --- Reductions ----------------------------------------------------------------------------------


def _reduction(function):
    def reduce(input_tensor, axis=None, keepdims=False, name=None):
        return function(input_tensor, axis, keepdims)

    reduce.__doc__ = function.__doc__
    return reduce


reduce_all = _reduction(ops.all)
reduce_any = _reduction(ops.any)
reduce_max = _reduction(ops.max)
reduce_mean = _reduction(ops.mean)
reduce_min = _reduction(ops.min)
reduce_prod = _reduction(ops.prod)
reduce_logsumexp = _reduction(ops.logsumexp)
reduce_std = _reduction(ops.std)
reduce_sum = _reduction(ops.sum)
reduce_variance = _reduction(ops.var)
reduce_euclidean_norm = _reduction(lambda x, axis, keepdims: ops.norm(x, None, axis, keepdims))


def argmax(input, axis=None, output_type=int64, name=None):
    return cast(ops.argmax(input, 0 if axis is None else axis), output_type)


def argmin(input, axis=None, output_type=int64, name=None):
    return cast(ops.argmin(input, 0 if axis is None else axis), output_type)


# --- Arithmetic ----------------------------------------------------------------------------------


def add_n(inputs, name=None):
    return builtins.sum(inputs[1:], start=identity(inputs[0]))


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    return ops.clip(t, clip_value_min, clip_value_max)


def divide_no_nan(x, y, name=None):
    is_zero = ops.equal(y, 0)
    return ops.where(is_zero, 0, ops.divide(x, ops.where(is_zero, 1, y)))


def l2_normalize(x, axis=None, epsilon=1e-12, name=None):
    total = ops.sum(ops.square(x), axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    return ops.matmul(_swapped(a) if transpose_a else a, _swapped(b) if transpose_b else b)


def _swapped(x):
    axes = list(range(len(ops.shape(x))))
    return ops.transpose(x, [*axes[:-2], axes[-1], axes[-2]])


def squared_difference(x, y, name=None):
    return ops.square(ops.subtract(x, y))


def where(condition, x=None, y=None, name=None):
    return ops.where(condition, x, y)


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=int32, name=None):
    """Counts of (label, prediction), a square matrix."""
    labels, predictions = np.asarray(labels).ravel(), np.asarray(predictions).ravel()
    size = int(num_classes or max(labels.max(), predictions.max()) + 1)
    counts = np.zeros((size, size))
    np.add.at(counts, (labels, predictions), 1 if weights is None else np.asarray(weights).ravel())
    return ops.convert_to_tensor(counts.astype(dtype))


# --- The runtime ---------------------------------------------------------------------------------


def device(device_name):
    """There is one device, the CPU."""
    return contextlib.nullcontext()


def executing_eagerly():
    return True


def function(func=None, **options):
    """Returns the function as it is: pyclr records and replays the whole training step."""
    return func if func is not None else lambda decorated: decorated


def get_logger():
    return logging.getLogger("tensorflow")


def name_scope(name):
    return contextlib.nullcontext(name)


def print(*inputs, output_stream=None, **options):
    allowed = {key: options[key] for key in ("sep", "end") if key in options}
    values = [x.numpy() if isinstance(x, (Tensor, Variable)) else x for x in inputs]
    builtins.print(*values, file=output_stream or sys.stderr, **allowed)
