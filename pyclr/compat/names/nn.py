"""`tf.nn`: what is not defined here is `pyclr.ops`' under the same name."""

from __future__ import annotations

from ... import losses, ops, random
from . import from_ops
from .tensorflow import l2_normalize as l2_normalize


def __getattr__(name):
    return from_ops.lookup(name)


def __dir__():
    return sorted({*globals(), *from_ops.names()})


def softmax(logits, axis=None, name=None):
    return ops.softmax(logits, -1 if axis is None else axis)


def log_softmax(logits, axis=None, name=None):
    return ops.log_softmax(logits, -1 if axis is None else axis)


def gelu(features, approximate=False, name=None):
    return ops.gelu(features, approximate)


def leaky_relu(features, alpha=0.2, name=None):
    return ops.leaky_relu(features, alpha)


def bias_add(value, bias, data_format=None, name=None):
    return ops.add(value, bias)


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    return random.dropout(x, rate, noise_shape, seed)


def embedding_lookup(params, ids, max_norm=None, name=None):
    return ops.take(params, ids, 0)


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    return ops.conv(
        input, filters, _sizes(strides), padding.lower(), None, _sizes(dilations or 1)
    )  # fmt: skip


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    return ops.max_pool(input, _sizes(ksize), _sizes(strides), padding.lower())


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    return ops.average_pool(input, _sizes(ksize), _sizes(strides), padding.lower())


max_pool, avg_pool = max_pool2d, avg_pool2d


def _sizes(value):
    """A size, the two of height and width, or those of all four axes."""
    sizes = [value] * 2 if isinstance(value, int) else list(value)
    return tuple(sizes * 2 if len(sizes) == 1 else sizes[1:3] if len(sizes) == 4 else sizes)


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    inverse = ops.rsqrt(ops.add(variance, variance_epsilon))
    inverse = inverse if scale is None else ops.multiply(inverse, scale)
    normalized = ops.multiply(ops.subtract(x, mean), inverse)
    return normalized if offset is None else ops.add(normalized, offset)


def l2_loss(t, name=None):
    return ops.sum(ops.square(t)) / 2


def moments(x, axes, shift=None, keepdims=False, name=None):
    return ops.mean(x, axes, keepdims), ops.var(x, axes, keepdims)


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    # max(x, 0) - x * z + log(1 + exp(-|x|))
    x = ops.convert_to_tensor(logits)
    return ops.maximum(x, 0) - x * labels + ops.softplus(-ops.abs(x))


def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    return losses.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    return losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
