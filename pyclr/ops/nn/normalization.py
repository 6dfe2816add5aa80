"""Moments, normalization and attention."""

from __future__ import annotations

import math

import numpy as np

from ... import _core, config
from ..core import cast
from ..numpy.products import einsum
from ..numpy.reduction import mean, sum, var
from ..numpy.shaping import repeat
from ..operands import axes_of, axis_of, floating, meet_floating

__all__ = [
    "batch_normalization", "dot_product_attention", "layer_normalization", "moments", "normalize",
    "rms_normalization",
]  # fmt: skip

_ops = _core.ops


def moments(x, axes, keepdims=False, synchronized=False):
    """Returns the mean and the (biased) variance of `x` over `axes`.

    Args:
        x: Tensor.
        axes: Integer or tuple of integers.
        keepdims: Boolean.
        synchronized: `False`: there is one device.
    """
    if synchronized:
        raise ValueError("Argument `synchronized` must be False: there is one device.")
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Returns (x - mean) / sqrt(variance + epsilon) * scale + offset.

    Args:
        x: Tensor.
        mean: Vector along `axis`.
        variance: Vector along `axis`.
        axis: Integer, the axis of the features.
        offset: Optional vector along `axis`.
        scale: Optional vector along `axis`.
        epsilon: Number. Defaults to `1e-3`.
    """
    x = floating(x)
    axis = axis_of(axis, x.ndim)
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]

    def along(v):
        return _ops.reshape(cast(v, x.dtype), shape=shape)

    factor = _ops.rsqrt(_ops.add(along(variance), epsilon))
    factor = factor if scale is None else _ops.multiply(factor, along(scale))
    y = _ops.multiply(_ops.subtract(x, along(mean)), factor)
    return y if offset is None else _ops.add(y, along(offset))


def _scaled(x, factor, axes):
    """`x` times a factor with the sizes of `axes`."""
    if factor is None:
        return x
    factor = cast(factor, x.dtype)
    if factor.ndim != x.ndim:
        factor = _ops.reshape(
            factor, shape=[dim if i in axes else 1 for i, dim in enumerate(x.shape)]
        )
    return _ops.multiply(x, factor)


def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None):
    """Returns `x` with mean 0 and variance 1 over `axis`, times `gamma` plus `beta` (Ba et al.,
    arXiv 1607.06450).

    Args:
        x: Tensor.
        gamma: Optional tensor with the sizes of `axis`.
        beta: Optional tensor with the sizes of `axis`.
        axis: Integer or tuple of integers.
        epsilon: Number. Defaults to `pyclr.config.epsilon()`.
    """
    x = floating(x)
    axes = axes_of(axis, x.ndim)
    center, spread = mean(x, axes, keepdims=True), var(x, axes, keepdims=True)
    inverse = _ops.rsqrt(_ops.add(spread, config.epsilon() if epsilon is None else epsilon))
    y = _scaled(_ops.multiply(_ops.subtract(x, center), inverse), gamma, axes)
    if beta is None:
        return y
    shape = [dim if i in axes else 1 for i, dim in enumerate(x.shape)]
    return _ops.add(y, _ops.reshape(cast(beta, x.dtype), shape=shape))


def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """Returns x / sqrt(mean(x^2) + epsilon) over `axis`, times `scale` (Zhang & Sennrich, arXiv
    1910.07467).

    Args:
        x: Tensor.
        scale: Optional tensor with the sizes of `axis`.
        axis: Integer or tuple of integers.
        epsilon: Number. Defaults to the dtype's machine epsilon.
    """
    x = floating(x)
    axes = axes_of(axis, x.ndim)
    epsilon = float(np.finfo(x.dtype).eps) if epsilon is None else epsilon
    inverse = _ops.rsqrt(_ops.add(mean(_ops.square(x), axes, keepdims=True), epsilon))
    return _scaled(_ops.multiply(x, inverse), scale, axes)


def normalize(x, axis=-1, order=2, epsilon=None):
    """Returns `x` divided by its norm over `axis`, so that the norm becomes 1.

    Args:
        x: Tensor.
        axis: Integer or tuple of integers.
        order: Positive number, the order of the norm. Defaults to `2`.
        epsilon: Number, the least norm. Defaults to `1e-7`.
    """
    if order < 1:
        raise ValueError(f"Argument `order` must be at least 1. Received: order={order}")
    x = floating(x)
    axes = axes_of(axis, x.ndim)
    epsilon = 1e-7 if epsilon is None else epsilon
    if order == 2:
        total = sum(_ops.square(x), axes, keepdims=True)
        return _ops.multiply(x, _ops.rsqrt(_ops.maximum(total, epsilon**2)))
    size = _ops.abs(x)
    if order == math.inf:
        norm = _ops.max(size, axes=axes, keepdims=True)
    else:
        total = sum(_ops.power(size, order), axes, keepdims=True)
        norm = _ops.power(total, 1 / order)
    return _ops.divide(x, _ops.maximum(norm, epsilon))


def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """Returns softmax(scale * query key^T + bias) value, for every head (Vaswani et al., arXiv
    1706.03762).

    Args:
        query: Tensor `(batch, targets, heads, depth)`.
        key: Tensor `(batch, sources, key heads, depth)`; the number of heads is a multiple of that
            of key heads, each of which serves as many heads.
        value: Tensor of the shape of `key`.
        bias: Optional tensor that broadcasts to `(batch, heads, targets, sources)`.
        mask: Optional boolean tensor that broadcasts to that shape: `True` where attention goes.
        scale: Number. Defaults to 1 / sqrt(depth).
        is_causal: Boolean, whether targets see only sources up to their own place.
        flash_attention: `None` or `False`.
        attn_logits_soft_cap: Optional number c: logits become c * tanh(logits / c).
    """
    if flash_attention:
        raise ValueError(
            "Argument `flash_attention` must be None or False: there is one way to compute on "
            f"CPUs. Received: flash_attention={flash_attention}"
        )
    query, key, value = meet_floating(query, key, value)
    if not query.ndim == key.ndim == value.ndim == 4 or query.shape[2] % key.shape[2]:
        raise ValueError(
            "`query`, `key` and `value` must have the shape (batch, length, heads, depth), with a "
            "multiple of the key's heads in the query. Received: "
            f"query.shape={query.shape}, key.shape={key.shape}, value.shape={value.shape}"
        )
    served = query.shape[2] // key.shape[2]
    if served > 1:
        key, value = repeat(key, served, 2), repeat(value, served, 2)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    logits = _ops.multiply(einsum("btnh,bsnh->bnts", query, key), scale)
    if attn_logits_soft_cap is not None:
        cap = attn_logits_soft_cap
        logits = _ops.multiply(_ops.tanh(_ops.divide(logits, cap)), cap)
    if bias is not None:
        logits = _ops.add(logits, cast(bias, logits.dtype))
    least = cast(float(np.finfo(logits.dtype).min) * 0.7, logits.dtype)
    if mask is not None:
        logits = _ops.where(cast(mask, "bool"), logits, least)
    if is_causal:
        logits = _ops.where(np.tri(*logits.shape[-2:], dtype=bool), logits, least)
    return einsum("bnts,bsnh->btnh", _ops.softmax(logits), value)
