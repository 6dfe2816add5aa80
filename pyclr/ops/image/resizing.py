"""Resizing: every axis is multiplied by a matrix of interpolation weights."""

from __future__ import annotations

import functools

import numpy as np

from ... import _core
from ...symbolic import is_dry
from ..core import cast, convert_to_tensor
from ..operands import FLOATS, axes_of, floating, integers
from .color import images_of
from .patches import crop_images, pad_images

__all__ = [
    "resize", "scale_and_translate",
]  # fmt: skip

_ops = _core.ops


def _triangle(x):
    return np.maximum(0, 1 - x)


def _keys_cubic(x):
    # Keys, "Cubic convolution interpolation for digital image processing" (1981), a = -1/2.
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def _lanczos(radius):
    def kernel(x):
        return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)

    return kernel


_KERNELS = {
    "bilinear": _triangle,
    "linear": _triangle,
    "trilinear": _triangle,
    "triangle": _triangle,
    "bicubic": _keys_cubic,
    "cubic": _keys_cubic,
    "tricubic": _keys_cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


@functools.lru_cache(256)
def _weights(size, target, scale, shift, method, antialias):
    """The matrix (size, target) of weights of each input element in each output element."""
    stretch = max(1 / scale, 1.0) if antialias else 1.0
    place = (np.arange(target) + 0.5 - shift) / scale - 0.5
    distance = np.abs(place - np.arange(size)[:, None]) / stretch
    weights = _KERNELS[method](distance)
    total = weights.sum(0, keepdims=True)
    near_zero = np.abs(total) <= 1000 * float(np.finfo("float32").eps)
    weights = np.where(near_zero, 0, weights / np.where(near_zero, 1, total))
    inside = (place >= -0.5) & (place <= size - 0.5)
    return np.where(inside, weights, 0)


def _method(name, value):
    if value not in (*_KERNELS, "nearest"):
        raise ValueError(
            f"Argument `{name}` must be one of {['nearest', *_KERNELS]}. Received: {value!r}"
        )
    return value


def _multiplied(x, axis, weights):
    """`x` times the matrix `weights` along an axis, of which most elements are zero."""
    tables = []
    for rows in (weights.T, weights):
        count = int((rows != 0).sum(1).max(initial=0))
        places = np.argsort(rows == 0, axis=1, kind="stable")[:, :count].astype("int32")
        tables += [places, np.take_along_axis(rows, places, 1).astype(x.dtype)]
    return _ops.sparse_along_axis(x, *tables, axis=axis)


def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Returns images of another size.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        size: Pair of integers, the height and width of the result.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: Boolean, whether the weights are stretched when images become smaller.
        crop_to_aspect_ratio: Boolean, whether the images are cropped to the shape of the result.
        pad_to_aspect_ratio: Boolean, whether they are padded to it.
        fill_mode: `"constant"`.
        fill_value: Number with which they are padded.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(..., *size, channels)`; floating point unless `interpolation` is `"nearest"`, in
        the dtype of `images` otherwise.
    """
    given = convert_to_tensor(images)
    x = images_of(images, data_format)
    _method("interpolation", interpolation)
    height, width = integers("size", size)
    if min(height, width) < 1:
        raise ValueError(f"Argument `size` must be positive. Received: size={size}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "Only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can be True."
        )
    if fill_mode != "constant":
        raise ValueError(f"Argument `fill_mode` must be 'constant'. Received: {fill_mode!r}")
    if crop_to_aspect_ratio:
        x = _cropped(x, height, width)
    elif pad_to_aspect_ratio:
        x = _padded(x, height, width, fill_value)
    if is_dry():
        dtype = x.dtype if given.dtype in FLOATS else given.dtype
        return _ops.full(shape=[*x.shape[:-3], height, width, x.shape[-1]], dtype=dtype)
    for axis, target in ((-3, height), (-2, width)):
        axis, n = axis % x.ndim, x.shape[axis]
        if n == target:
            continue
        if interpolation == "nearest":
            places = np.floor((np.arange(target) + 0.5) * (n / target)).astype("int32")
            x = _ops.gather(x, np.minimum(places, n - 1), axis=axis)
        else:
            x = _multiplied(
                x, axis, _weights(n, target, target / n, 0.0, interpolation, bool(antialias))
            )
    if given.dtype in FLOATS:
        return x
    if interpolation != "nearest":
        x = _ops.round(x)
        if given.dtype == "uint8":
            x = _ops.minimum(_ops.maximum(x, 0), 255)
    return cast(x, given.dtype)


def _cropped(x, height, width):
    h, w = x.shape[-3:-1]
    crop_h, crop_w = min(h, int(w * height / width)), min(w, int(h * width / height))
    crop_h, crop_w = max(crop_h, 1), max(crop_w, 1)
    return crop_images(
        x,
        top_cropping=(h - crop_h) // 2,
        left_cropping=(w - crop_w) // 2,
        target_height=crop_h,
        target_width=crop_w,
    )


def _padded(x, height, width, fill_value):
    h, w = x.shape[-3:-1]
    pad_h, pad_w = max(h, int(w * height / width)), max(w, int(h * width / height))
    top, left = (pad_h - h) // 2, (pad_w - w) // 2
    if not fill_value:
        return pad_images(
            x, top_padding=top, left_padding=left, target_height=pad_h, target_width=pad_w
        )
    lead = [0] * (x.ndim - 3)
    return _ops.pad(
        x,
        before=[*lead, top, left, 0],
        after=[*lead, pad_h - h - top, pad_w - w - left, 0],
        value=float(fill_value),
    )


def scale_and_translate(
    images, output_shape, scale, translation, spatial_dims, method, antialias=True
):
    """Returns images stretched and moved: element i of an axis goes to i * scale + translation.

    Args:
        images: Tensor.
        output_shape: Integers, the shape of the result.
        scale: Numbers, one for each axis in `spatial_dims`.
        translation: Numbers, one for each axis in `spatial_dims`.
        spatial_dims: Integers, the axes.
        method: `"linear"`, `"cubic"`, `"lanczos3"` or `"lanczos5"`, or another name of these.
        antialias: Boolean, whether the weights are stretched when images become smaller.
    """
    x = floating(images)
    if _method("method", method) == "nearest":
        raise ValueError("Argument `method` must not be 'nearest'.")
    axes = axes_of(spatial_dims, x.ndim, "spatial_dims")
    shape = integers("output_shape", output_shape)
    scales, shifts = (np.asarray(v, "float64").tolist() for v in (scale, translation))
    for axis, by, shift in zip(axes, scales, shifts):
        weights = _weights(x.shape[axis], shape[axis], by, shift, method, bool(antialias))
        x = _multiplied(x, axis, weights)
    if x.shape != shape:
        raise ValueError(
            "Argument `output_shape` may differ from the images' shape in `spatial_dims` only. "
            f"Received: output_shape={shape} for images of shape {floating(images).shape}"
        )
    return x
