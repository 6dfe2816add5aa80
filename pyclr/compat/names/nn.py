"""`tf.nn`: what is not defined here is `pyclr.ops`' under the same name."""

from __future__ import annotations

from ... import losses, ops
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
