"""Activation functions, by Keras' names."""

from __future__ import annotations

from . import _lookup, ops
from .saving import serialization


def linear(x):
    """Returns x."""
    return x


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Rectified linear unit: `min(x, max_value)` where `x > threshold`, elsewhere
    `negative_slope * (x - threshold)`.

    Args:
        x: Tensor.
        negative_slope: Number. Defaults to `0.0`.
        max_value: Number, or `None` (default) for no bound.
        threshold: Number. Defaults to `0.0`.
    """
    if not negative_slope and not threshold:
        if max_value is None:
            return ops.relu(x)
        return ops.relu6(x) if max_value == 6 else ops.minimum(ops.relu(x), max_value)
    x = ops.convert_to_tensor(x)
    above = x if max_value is None else ops.minimum(x, max_value)
    below = (x - threshold) * negative_slope if negative_slope else 0.0
    return ops.where(x > threshold, above, below)


def relu6(x):
    """ReLU capped at 6."""
    return ops.relu6(x)


def leaky_relu(x, negative_slope=0.2):
    """x where x is positive, else negative_slope * x."""
    return ops.leaky_relu(x, negative_slope)


def elu(x, alpha=1.0):
    """Exponential linear unit: x where x is positive, else alpha * (exp(x) - 1)."""
    return ops.elu(x, alpha)


def selu(x):
    """Scaled exponential linear unit (Klambauer et al., arXiv 1706.02515)."""
    return ops.selu(x)


def softplus(x):
    """log(1 + exp(x))."""
    return ops.softplus(x)


def softsign(x):
    """x / (1 + |x|)."""
    return ops.softsign(x)


def silu(x):
    """x * sigmoid(x), also called swish."""
    return ops.silu(x)


swish = silu


def gelu(x, approximate=False):
    """Gaussian error linear unit x * P(X <= x) (Hendrycks & Gimpel, arXiv 1606.08415)."""
    return ops.gelu(x, approximate)


def tanh(x):
    """Hyperbolic tangent."""
    return ops.tanh(x)


def sigmoid(x):
    """1 / (1 + exp(-x)). The logits stay known to the losses, which use them for precision."""
    x = ops.convert_to_tensor(x)
    y = ops.sigmoid(x)
    y._sigmoid_logits = x
    return y


def exponential(x):
    """exp(x)."""
    return ops.exp(x)


def hard_sigmoid(x):
    """x / 6 + 0.5, clipped to [0, 1]."""
    return ops.hard_sigmoid(x)


def hard_silu(x):
    """x * hard_sigmoid(x)."""
    return ops.hard_silu(x)


hard_swish = hard_silu


def hard_tanh(x):
    """x clipped to [-1, 1]."""
    return ops.hard_tanh(x)


def hard_shrink(x, threshold=0.5):
    """x where |x| > threshold, else 0."""
    x = ops.convert_to_tensor(x)
    return ops.where(ops.abs(x) > threshold, x, 0.0)


def soft_shrink(x, threshold=0.5):
    """x moved by `threshold` towards 0, and 0 where |x| <= threshold."""
    return x - ops.clip(x, -threshold, threshold)


def tanh_shrink(x):
    """x - tanh(x)."""
    return x - ops.tanh(x)


def threshold(x, threshold, default_value):
    """x where x > threshold, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def log_sigmoid(x):
    """log(1 / (1 + exp(-x)))."""
    return -ops.softplus(-ops.convert_to_tensor(x))


def celu(x, alpha=1.0):
    """Continuously differentiable ELU: x where x is positive, else alpha * (exp(x / alpha) - 1)
    (Barron, arXiv 1704.07483)."""
    return ops.maximum(x, 0) + alpha * ops.expm1(ops.minimum(x, 0) / alpha)


def glu(x, axis=-1):
    """Gated linear unit: a * sigmoid(b), where a and b are the halves of x along `axis` (Dauphin
    et al., arXiv 1612.08083)."""
    x = ops.convert_to_tensor(x)
    size = x.shape[axis]
    if size % 2:
        raise ValueError(
            "The size of the input along `axis` must be even. "
            f"Received: axis={axis}, shape={x.shape}"
        )
    before = (slice(None),) * (axis % x.ndim)
    first, second = slice(0, size // 2), slice(size // 2, size)
    return x[before + (first,)] * ops.sigmoid(x[before + (second,)])


def squareplus(x, b=4):
    """(x + sqrt(x * x + b)) / 2 (Barron, arXiv 2112.11687)."""
    return (x + ops.sqrt(ops.square(x) + b)) / 2


def sparse_plus(x):
    """0 where x <= -1, x where x >= 1, between them (x + 1)^2 / 4."""
    x = ops.convert_to_tensor(x)
    return ops.where(x < 1, ops.square(ops.maximum(x + 1, 0)) / 4, x)


def sparse_sigmoid(x):
    """(x + 1) / 2, clipped to [0, 1]."""
    return ops.clip((x + 1) / 2, 0, 1)


def sparsemax(x, axis=-1):
    """The probabilities nearest to x along `axis`, of which some are exactly 0 (Martins &
    Astudillo, arXiv 1602.02068)."""
    return ops.sparsemax(x, axis=axis)


def mish(x):
    """x * tanh(softplus(x)) (Misra, arXiv 1908.08681)."""
    return ops.mish(x)


def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`. The logits stay known to the losses, which use them for
    precision."""
    x = ops.convert_to_tensor(x)
    y = ops.softmax(x, axis=axis)
    if axis in (-1, x.ndim - 1):
        y._softmax_logits = x
    return y


def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis`."""
    return ops.log_softmax(x, axis=axis)


def serialize(activation):
    """Returns what a config holds for an activation: the name of a function of this module, or a
    config dictionary."""
    config = serialization.serialize_keras_object(activation)
    is_own = getattr(activation, "__module__", None) == __name__
    return config["config"] if is_own else config


def deserialize(config, custom_objects=None):
    """Returns the activation that a name or config names."""
    return _lookup.get(
        config, __name__, "activation function", functions=True, custom_objects=custom_objects
    )


def get(identifier):
    """Returns an activation from its name, a config or a callable; `None` means `linear`.

    Raises:
        ValueError: if it is none of these.
    """
    return linear if identifier is None else deserialize(identifier)
