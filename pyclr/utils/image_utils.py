"""Images: files, Pillow's objects and arrays."""

from __future__ import annotations

import os

import numpy as np

from .. import config
from .._warn import warn

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}


def _pillow():
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Images need Pillow: `pip install pillow`.") from None
    return Image


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """Returns a Pillow image of an array.

    Args:
        x: Array `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: `None` or `"channels_last"`; with `"channels_first"` the channels are the first
            axis.
        scale: Boolean, whether the smallest and largest value become 0 and 255.
        dtype: Dtype to compute in. Defaults to `floatx()`.

    Raises:
        ValueError: if the array has another shape.
        ImportError: without Pillow.
    """
    image = _pillow()
    x = np.asarray(x, dtype or config.floatx())
    if data_format == "channels_first" and x.ndim == 3:
        x = x.transpose(1, 2, 0)
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ValueError(
            "Argument `x` must be an image (height, width, channels) with 1, 3 or 4 channels. "
            f"Received: an array of shape {x.shape}"
        )
    if scale:
        x = x - x.min()
        largest = x.max()
        x = x * 255 if largest == 0 else x / largest * 255
    if x.shape[2] > 1:
        return image.fromarray(x.astype("uint8"))
    wide = x.max() > 255
    return image.fromarray(x[:, :, 0].astype("int32" if wide else "uint8"))


def img_to_array(img, data_format=None, dtype=None):
    """Returns the array `(height, width, channels)` of a Pillow image.

    Args:
        img: Image.
        data_format: `None` or `"channels_last"`; with `"channels_first"` the channels are the first
            axis.
        dtype: Defaults to `floatx()`.
    """
    x = np.asarray(img, dtype or config.floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"Argument `img` must be one image. Received: shape {x.shape}")
    x = x[:, :, None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def load_img(
    path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False
):
    """Returns a Pillow image read from a file.

    Args:
        path: Path, or a file object with the content.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        target_size: `(height, width)` to resize to, or `None`.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos"`, `"box"` or `"hamming"`.
        keep_aspect_ratio: Boolean, whether the image is cropped to the target's aspect ratio before
            it is resized.

    Raises:
        ValueError: if an argument is none of these.
        ImportError: without Pillow.
    """
    pillow = _pillow()
    if color_mode not in _MODES:
        raise ValueError(
            f"Argument `color_mode` must be one of {list(_MODES)}. "
            f"Received: color_mode={color_mode!r}"
        )
    methods = {method.name.lower(): method for method in pillow.Resampling}
    if interpolation not in methods:
        raise ValueError(
            f"Argument `interpolation` must be one of {sorted(methods)}. "
            f"Received: interpolation={interpolation!r}"
        )
    with pillow.open(path) as file:
        file.load()
        deep_gray = color_mode == "grayscale" and file.mode in ("I;16", "I")
        img = file.copy() if deep_gray else file.convert(_MODES[color_mode])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    box = _centre(img.size, target_size) if keep_aspect_ratio else None
    return img.resize((target_size[1], target_size[0]), methods[interpolation], box)


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last"):
    """Returns images of another size that are not distorted: what does not fit is cut off.

    Args:
        x: Array or tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        size: `(height, width)` of the result.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        data_format: `"channels_last"`.

    Returns:
        An array for an array, a tensor for a tensor.
    """
    from ..ops.image import resize

    resized = resize(x, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized


def _centre(size, target_size):
    """The largest part in the middle that has the target's aspect ratio, as Pillow's box."""
    (width, height), (target_height, target_width) = size, target_size
    inner_height = min(height, width * target_height // target_width)
    inner_width = min(width, height * target_width // target_height)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    return left, top, left + inner_width, top + inner_height


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array as an image file.

    Args:
        path: Path or file object.
        x, data_format, scale: As in `array_to_img`.
        file_format: String. Defaults to the path's suffix.
        **kwargs: Of Pillow's `Image.save`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(path)[1][1:].lower()
    file_format = "jpeg" if file_format == "jpg" else file_format
    img = array_to_img(x, data_format, scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warn("A JPEG file has no transparency: the image is saved as RGB.")
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)
