"""Functions of neural networks (Keras' `keras.ops.nn`)."""

from __future__ import annotations

from .. import _core
from .core import cast, convert_to_tensor
from .numpy import _unary, maximum, minimum, multiply, where

_ops = _core.ops

relu = _unary(_ops.relu, "relu")
relu6 = _unary(_ops.relu6, "relu6")
sigmoid = _unary(_ops.sigmoid, "sigmoid")
softplus = _unary(_ops.softplus, "softplus")
softsign = _unary(_ops.softsign, "softsign")
silu = _unary(_ops.silu, "silu")
swish = silu
selu = _unary(_ops.selu, "selu")
hard_sigmoid = _unary(_ops.hard_sigmoid, "hard_sigmoid")
erf = _unary(_ops.erf, "erf")
mish = _unary(_ops.mish, "mish")
rsqrt = _unary(_ops.rsqrt, "rsqrt")


def hard_silu(x):
    """Returns x * hard_sigmoid(x)."""
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


def leaky_relu(x, negative_slope=0.2):
    """Returns x where x is positive, else negative_slope * x."""
    x = convert_to_tensor(x)
    return where(x > 0, x, multiply(x, negative_slope))


def elu(x, alpha=1.0):
    """Returns x where x is positive, else alpha * (exp(x) - 1)."""
    x = convert_to_tensor(x)
    return where(x > 0, x, multiply(_ops.expm1(minimum(x, 0)), alpha))


def gelu(x, approximate=True):
    """Returns the Gaussian error linear unit x * P(X <= x) (Hendrycks & Gimpel, arXiv 1606.08415);
    with `approximate`, by its formula with tanh."""
    x = convert_to_tensor(x)
    return _ops.gelu_tanh(x) if approximate else _ops.gelu(x)


def softmax(x, axis=-1):
    """Returns exp(x) / sum(exp(x)) along `axis`."""
    return _ops.softmax(convert_to_tensor(x), axis=axis)


def log_softmax(x, axis=-1):
    """Returns log(softmax(x)) along `axis`, computed stably."""
    return _ops.log_softmax(convert_to_tensor(x), axis=axis)


def one_hot(x, num_classes, axis=-1, dtype=None):
    """Returns a one-hot encoding of integers: a new last axis with a 1 at the index.

    Args:
        x: Integer tensor.
        num_classes: Integer, the size of the new axis.
        axis: Integer, where the new axis goes. Defaults to the last.
        dtype: String. Defaults to float32.
    """
    encoded = _ops.one_hot(convert_to_tensor(x), depth=num_classes, dtype=dtype or "float32")
    if axis in (-1, encoded.ndim - 1):
        return encoded
    order = list(range(encoded.ndim - 1))
    order.insert(axis % encoded.ndim, encoded.ndim - 1)
    return _ops.transpose(encoded, permutation=order)


def threshold(x, threshold, default_value):
    """Returns x where it is above the threshold, else `default_value`."""
    x = convert_to_tensor(x)
    return where(x > threshold, x, cast(default_value, x.dtype))


def hard_tanh(x):
    """Returns x clipped to [-1, 1]."""
    return minimum(maximum(x, -1), 1)
