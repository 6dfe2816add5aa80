"""Activation functions. Integers become float32."""

from __future__ import annotations

from ... import _core
from ..core import cast
from ..core.slices import take_slice
from ..operands import axes_of, axis_of, floating

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold",
]  # fmt: skip

_ops = _core.ops


def _function(op, name, says):
    def function(x):
        return op(floating(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {says}, element by element."
    return function


relu = _function(_ops.relu, "relu", "max(x, 0)")
relu6 = _function(_ops.relu6, "relu6", "`x` clipped to [0, 6]")
sigmoid = _function(_ops.sigmoid, "sigmoid", "1 / (1 + exp(-x))")
softplus = _function(_ops.softplus, "softplus", "log(1 + exp(x))")
softsign = _function(_ops.softsign, "softsign", "x / (1 + |x|)")
silu = _function(_ops.silu, "silu", "x * sigmoid(x)")
swish = _function(_ops.silu, "swish", "x * sigmoid(x)")
selu = _function(
    _ops.selu, "selu", "the scaled exponential linear unit (Klambauer et al., arXiv 1706.02515)"
)
hard_sigmoid = _function(_ops.hard_sigmoid, "hard_sigmoid", "x / 6 + 0.5 clipped to [0, 1]")
mish = _function(_ops.mish, "mish", "x * tanh(softplus(x)) (Misra, arXiv 1908.08681)")


def log_sigmoid(x):
    """Returns log(sigmoid(x)), computed stably."""
    return _ops.negative(_ops.softplus(_ops.negative(floating(x))))


def hard_silu(x):
    """Returns x * hard_sigmoid(x)."""
    x = floating(x)
    return _ops.multiply(x, _ops.hard_sigmoid(x))


def hard_swish(x):
    """Returns x * hard_sigmoid(x)."""
    return hard_silu(x)


def leaky_relu(x, negative_slope=0.2):
    """Returns x where x is positive, else negative_slope * x."""
    x = floating(x)
    return _ops.where(x > 0, x, _ops.multiply(x, negative_slope))


def elu(x, alpha=1.0):
    """Returns x where x is positive, else alpha * (exp(x) - 1)."""
    x = floating(x)
    return _ops.where(x > 0, x, _ops.multiply(_ops.expm1(_ops.minimum(x, 0)), alpha))


def celu(x, alpha=1.0):
    """Returns x where x is positive, else alpha * (exp(x / alpha) - 1) (Barron, arXiv
    1704.07483)."""
    x = floating(x)
    below = _ops.multiply(_ops.expm1(_ops.divide(_ops.minimum(x, 0), alpha)), alpha)
    return _ops.where(x > 0, x, below)


def gelu(x, approximate=True):
    """Returns the Gaussian error linear unit x * P(X <= x) (Hendrycks & Gimpel, arXiv 1606.08415);
    with `approximate`, by its formula with tanh."""
    x = floating(x)
    return _ops.gelu_tanh(x) if approximate else _ops.gelu(x)


def glu(x, axis=-1):
    """Returns a * sigmoid(b), where a and b are the halves of `x` along `axis` (Dauphin et al.,
    arXiv 1612.08083)."""
    x = floating(x)
    axis = axis_of(axis, x.ndim)
    if x.shape[axis] % 2:
        raise ValueError(
            f"The size of axis {axis} must be even. Received: x.shape={x.shape}, axis={axis}"
        )
    count = list(x.shape)
    count[axis] //= 2
    begin = [0] * x.ndim
    value = take_slice(x, begin, count)
    begin[axis] = count[axis]
    return _ops.multiply(value, _ops.sigmoid(take_slice(x, begin, count)))


def hard_tanh(x):
    """Returns x clipped to [-1, 1]."""
    return _ops.minimum(_ops.maximum(floating(x), -1), 1)


def hard_shrink(x, threshold=0.5):
    """Returns x where |x| > threshold, else 0."""
    x = floating(x)
    return _ops.where(_ops.abs(x) > threshold, x, cast(0.0, x.dtype))


def soft_shrink(x, threshold=0.5):
    """Returns x moved by `threshold` towards 0, and 0 where |x| <= threshold."""
    x = floating(x)
    return _ops.subtract(x, _ops.minimum(_ops.maximum(x, -threshold), threshold))


def tanh_shrink(x):
    """Returns x - tanh(x)."""
    x = floating(x)
    return _ops.subtract(x, _ops.tanh(x))


def squareplus(x, b=4):
    """Returns (x + sqrt(x^2 + b)) / 2 (Barron, arXiv 2112.11687)."""
    x = floating(x)
    return _ops.multiply(_ops.add(x, _ops.sqrt(_ops.add(_ops.square(x), b))), 0.5)


def sparse_plus(x):
    """Returns 0 where x <= -1, x where x >= 1, and (x + 1)^2 / 4 between them."""
    x = floating(x)
    bend = _ops.multiply(_ops.square(_ops.maximum(_ops.add(x, 1), 0)), 0.25)
    return _ops.where(x < 1, bend, x)


def sparse_sigmoid(x):
    """Returns (x + 1) / 2 clipped to [0, 1]."""
    return _ops.minimum(_ops.maximum(_ops.multiply(_ops.add(floating(x), 1), 0.5), 0), 1)


def threshold(x, threshold, default_value):
    """Returns x where it is above the threshold, else `default_value`."""
    x = floating(x)
    return _ops.where(x > threshold, x, cast(default_value, x.dtype))


def _along_last(op, x, axis):
    """Applies a function of one axis to several at once."""
    x = floating(x)
    if hasattr(axis, "__index__"):
        return op(x, axis=axis)
    axes = axes_of(axis, x.ndim)
    order = [i for i in range(x.ndim) if i not in axes] + list(axes)
    moved = _ops.transpose(x, permutation=order)
    flat = _ops.reshape(moved, shape=[*moved.shape[: x.ndim - len(axes)], -1])
    back = [order.index(i) for i in range(x.ndim)]
    return _ops.transpose(_ops.reshape(op(flat, axis=-1), shape=moved.shape), permutation=back)


def softmax(x, axis=-1):
    """Returns exp(x) / sum(exp(x)) along `axis`, an integer or several (`None`: all)."""
    return _along_last(_ops.softmax, x, axis)


def log_softmax(x, axis=-1):
    """Returns log(softmax(x)) along `axis`, computed stably."""
    return _along_last(_ops.log_softmax, x, axis)


def sparsemax(x, axis=-1):
    """Returns the projection of `x` on the probability simplex along `axis`, which has exact zeros
    (Martins & Astudillo, arXiv 1602.02068)."""
    x = floating(x)
    axis = axis_of(axis, x.ndim)
    ordered, _ = _ops.sort(x, axis=axis, descending=True)
    sums = _ops.cumsum(ordered, axis=axis)
    ones = _ops.full(shape=x.shape, dtype=x.dtype, value=1.0)
    rank = _ops.cumsum(ones, axis=axis)
    inside = _ops.add(_ops.multiply(rank, ordered), 1) > sums
    size = _ops.sum(cast(inside, "int32"), axes=[axis], keepdims=True)
    total = _ops.take_along_axis(sums, _ops.subtract(size, 1), axis=axis)
    level = _ops.divide(_ops.subtract(total, 1), cast(size, x.dtype))
    return _ops.maximum(_ops.subtract(x, level), 0)
