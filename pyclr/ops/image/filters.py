"""Filters, and the structural similarity, which is made of them."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..core import cast
from ..nn.windows import depthwise_conv, per_axis
from ..numpy.shaping import expand_dims, pad, stack
from .color import images_of

__all__ = [
    "gaussian_blur", "sobel_edges", "ssim",
]  # fmt: skip

_ops = _core.ops


def _gaussian(size, sigma):
    places = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (places / sigma) ** 2)
    return weights / weights.sum()


def _filtered(x, kernel, padding):
    """Every channel of `(batch, height, width, channels)` with one kernel `(height, width)`."""
    channels = x.shape[-1]
    wide = np.broadcast_to(kernel[:, :, None, None], (*kernel.shape, channels, 1))
    return depthwise_conv(x, np.ascontiguousarray(wide, x.dtype), padding=padding)


def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Returns images smoothed by a Gaussian; outside of them are zeros.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        kernel_size: Pair of integers, the width and height of the filter.
        sigma: Pair of numbers, the standard deviations along rows and columns.
        data_format: `None` or `"channels_last"`.
    """
    x = images_of(images, data_format)
    width, height = per_axis("kernel_size", kernel_size, 2)
    sigmas = tuple(sigma) if hasattr(sigma, "__len__") else (sigma, sigma)
    kernel = np.outer(_gaussian(height, sigmas[1]), _gaussian(width, sigmas[0]))
    if x.ndim == 4:
        return _filtered(x, kernel, "same")
    y = _filtered(expand_dims(x, 0), kernel, "same")
    return _ops.reshape(y, shape=x.shape)


def sobel_edges(images, data_format=None):
    """Returns the slopes of images along rows and columns, by Sobel's filters; the edge pixels
    are repeated.

    Args:
        images: Tensor `(batch, height, width, channels)`.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(batch, height, width, channels, 2)`: the slopes down and to the right.
    """
    x = images_of(images, data_format)
    single = x.ndim == 3
    x = expand_dims(x, 0) if single else x
    x = pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
    down = np.outer([-1.0, 0.0, 1.0], [1.0, 2.0, 1.0])
    edges = stack([_filtered(x, kernel, "valid") for kernel in (down, down.T)], -1)
    return _ops.reshape(edges, shape=edges.shape[1:]) if single else edges


def ssim(
    image1,
    image2,
    max_val=1.0,
    filter_size=11,
    filter_sigma=1.5,
    k1=0.01,
    k2=0.03,
    data_format=None,
):
    """Returns the structural similarity of images (Wang et al., 2004), 1 for equal ones.

    Args:
        image1: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        image2: Tensor of the same shape.
        max_val: Number, the largest value of a pixel less the smallest.
        filter_size: Integer, the size of the Gaussian window.
        filter_sigma: Number, its standard deviation.
        k1: Number.
        k2: Number.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(batch,)`, or `()` for one pair of images.
    """
    x = images_of(image1, data_format, "image1")
    y = cast(images_of(image2, data_format, "image2"), x.dtype)
    if x.shape != y.shape:
        raise ValueError(
            "`image1` and `image2` must have one shape. "
            f"Received: image1.shape={x.shape}, image2.shape={y.shape}"
        )
    single = x.ndim == 3
    x, y = (expand_dims(image, 0) if single else image for image in (x, y))
    weights = _gaussian(filter_size, filter_sigma)
    kernel = np.outer(weights, weights)

    def mean(image):
        return _filtered(image, kernel, "valid")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_x, mean_y = mean(x), mean(y)
    product = _ops.multiply(mean_x, mean_y)
    squares = _ops.add(_ops.square(mean_x), _ops.square(mean_y))
    covariance = _ops.subtract(mean(_ops.multiply(x, y)), product)
    spread = _ops.subtract(mean(_ops.add(_ops.square(x), _ops.square(y))), squares)
    top = _ops.multiply(
        _ops.add(_ops.multiply(product, 2.0), c1), _ops.add(_ops.multiply(covariance, 2.0), c2)
    )
    bottom = _ops.multiply(_ops.add(squares, c1), _ops.add(spread, c2))
    result = _ops.mean(_ops.divide(top, bottom), axes=[1, 2, 3])
    return _ops.reshape(result, shape=[]) if single else result
