"""`tf.image`: images `(height, width, channels)` or `(batch, height, width, channels)`."""

from __future__ import annotations

import numpy as np

from ... import ops, random
from ...ops import image as _image

ResizeMethod = type(
    "ResizeMethod",
    (),
    {name.upper(): name for name in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")},
)


def resize(
    images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None
):
    images = ops.convert_to_tensor(images)
    if preserve_aspect_ratio:
        height, width = images.shape[-3:-1]
        scale = min(size[0] / height, size[1] / width)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
    if method != "nearest":  # TensorFlow's result is floating point
        images = _floats(images)
    return _image.resize(images, tuple(int(n) for n in size), method, antialias)


def rgb_to_grayscale(images, name=None):
    weights = [0.2989, 0.587, 0.114]
    return _as_floats(images, lambda x: ops.sum(ops.multiply(x, weights), -1, keepdims=True))


def grayscale_to_rgb(images, name=None):
    return ops.repeat(images, 3, axis=-1)


def flip_left_right(image):
    return ops.flip(image, -2)


def flip_up_down(image):
    return ops.flip(image, -3)


def random_flip_left_right(image, seed=None):
    return _randomly_flipped(image, -2, seed)


def random_flip_up_down(image, seed=None):
    return _randomly_flipped(image, -3, seed)


def _randomly_flipped(image, axis, seed):
    image = ops.convert_to_tensor(image)
    shape = (image.shape[0], 1, 1, 1) if image.ndim == 4 else ()
    return ops.where(random.uniform(shape, seed=seed) < 0.5, ops.flip(image, axis), image)


def rot90(image, k=1, name=None):
    return ops.rot90(image, k, axes=(-3, -2))


def transpose(image, name=None):
    return ops.swapaxes(image, -3, -2)


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Integers stand for numbers from 0 to 1: the largest one for 1."""
    image, dtype = ops.convert_to_tensor(image), str(dtype)
    if "int" not in image.dtype and "int" not in dtype:
        return ops.cast(image, dtype)
    if "int" in image.dtype and "int" not in dtype:
        return ops.multiply(ops.cast(image, dtype), 1 / np.iinfo(image.dtype).max)
    if "int" not in image.dtype:
        scaled = ops.multiply(image, np.iinfo(dtype).max + 0.5)
        return ops.saturate_cast(scaled, dtype) if saturate else ops.cast(scaled, dtype)
    return convert_image_dtype(convert_image_dtype(image, "float64"), dtype, saturate)


def adjust_brightness(image, delta):
    return _as_floats(image, lambda x: ops.add(x, delta))


def adjust_contrast(images, contrast_factor):
    def changed(x):
        mean = ops.mean(x, (-3, -2), keepdims=True)
        return ops.add(ops.multiply(ops.subtract(x, mean), contrast_factor), mean)

    return _as_floats(images, changed)


def random_brightness(image, max_delta, seed=None):
    return adjust_brightness(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_contrast(image, lower, upper, seed=None):
    return adjust_contrast(image, random.uniform((), lower, upper, seed=seed))


def per_image_standardization(image):
    """Images with mean 0 and variance 1; a constant image is divided by 1/sqrt(size)."""
    x = _floats(ops.convert_to_tensor(image))
    axes = (-3, -2, -1)
    least = 1 / np.sqrt(np.prod(x.shape[-3:]))
    deviation = ops.maximum(ops.std(x, axes, keepdims=True), float(least))
    return ops.divide(ops.subtract(x, ops.mean(x, axes, keepdims=True)), deviation)


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    image = ops.convert_to_tensor(image)
    start = [0] * (image.ndim - 3) + [int(offset_height), int(offset_width), 0]
    size = [*image.shape[:-3], int(target_height), int(target_width), image.shape[-1]]
    return ops.slice(image, start, size)


def central_crop(image, central_fraction):
    height, width = ops.shape(image)[-3:-1]
    top, left = (int((n - n * central_fraction) / 2) for n in (height, width))
    return crop_to_bounding_box(image, top, left, height - 2 * top, width - 2 * left)


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    image = ops.convert_to_tensor(image)
    height, width = image.shape[-3:-1]
    pads = [(offset_height, target_height - offset_height - height)]
    pads += [(offset_width, target_width - offset_width - width), (0, 0)]
    return ops.pad(image, [(0, 0)] * (image.ndim - 3) + pads)


def resize_with_crop_or_pad(image, target_height, target_width):
    height, width = ops.shape(image)[-3:-1]
    kept = min(height, target_height), min(width, target_width)
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    image = crop_to_bounding_box(image, top, left, *kept)
    top, left = (target_height - kept[0]) // 2, (target_width - kept[1]) // 2
    return pad_to_bounding_box(image, top, left, target_height, target_width)


def random_crop(value, size, seed=None, name=None):
    value = ops.convert_to_tensor(value)
    limits = [n - int(wanted) + 1 for n, wanted in zip(value.shape, size)]
    draws = np.asarray(random.uniform((len(limits),), seed=seed))
    start = [min(int(draw * limit), limit - 1) for draw, limit in zip(draws, limits)]
    return ops.slice(value, start, [int(n) for n in size])


def _floats(x):
    return x if "float" in x.dtype else ops.cast(x, "float32")


def _as_floats(image, function):
    """Computes with floats, in which integers stand for numbers from 0 to 1."""
    image = ops.convert_to_tensor(image)
    if "float" in image.dtype:
        return function(image)
    changed = function(convert_image_dtype(image, "float32"))
    return convert_image_dtype(changed, image.dtype, saturate=True)
