"""Images padded, cropped and cut into patches."""

from __future__ import annotations

import itertools

from ... import _core
from ..core import convert_to_tensor
from ..core.slices import take_slice
from ..nn.windows import checked_padding, per_axis, window_padding
from ..numpy.shaping import pad
from ..operands import channels_last

__all__ = [
    "crop_images", "extract_patches", "extract_patches_3d", "pad_images",
]  # fmt: skip

_ops = _core.ops


def _border(size, target, before, after, names, grow):
    """What is added to (or taken off) both ends of an axis: two of three numbers tell it."""
    change = None if target is None else (target - size if grow else size - target)
    if [before, after, target].count(None) != 1:
        raise ValueError(
            f"Exactly two of the arguments {', '.join(f'`{name}`' for name in names)} must be "
            f"given. Received: {', '.join(map(str, (before, after, target)))}"
        )
    before = change - after if before is None else before
    after = change - before if after is None else after
    if before < 0 or after < 0 or (not grow and before + after >= size):
        raise ValueError(
            f"What is {'added' if grow else 'taken off'} must not be negative, and leave an image. "
            f"Received: {before} and {after} for a size of {size}"
        )
    return before, after


def _frame(images, data_format, vertical, horizontal, grow):
    channels_last(data_format)
    x = convert_to_tensor(images)
    if x.ndim not in (3, 4):
        raise ValueError(
            "Argument `images` must have 3 or 4 axes, the last one channels. "
            f"Received: images.shape={x.shape}"
        )
    height, width = x.shape[-3:-1]
    word = "padding" if grow else "cropping"
    top, bottom = _border(
        height, vertical[2], *vertical[:2], (f"top_{word}", f"bottom_{word}", "target_height"), grow
    )
    left, right = _border(
        width, horizontal[2], *horizontal[:2], (f"left_{word}", f"right_{word}", "target_width"),
        grow,
    )  # fmt: skip
    return x, (top, bottom), (left, right)


def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Returns images with zeros around them. Two of the three numbers of each axis are given.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        top_padding: Integer.
        left_padding: Integer.
        bottom_padding: Integer.
        right_padding: Integer.
        target_height: Integer, the height of the result.
        target_width: Integer, the width of the result.
        data_format: `None` or `"channels_last"`.
    """
    x, vertical, horizontal = _frame(
        images,
        data_format,
        (top_padding, bottom_padding, target_height),
        (left_padding, right_padding, target_width),
        grow=True,
    )
    return pad(x, [(0, 0)] * (x.ndim - 3) + [vertical, horizontal, (0, 0)])


def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Returns images without their borders. Two of the three numbers of each axis are given.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        top_cropping: Integer.
        left_cropping: Integer.
        bottom_cropping: Integer.
        right_cropping: Integer.
        target_height: Integer, the height of the result.
        target_width: Integer, the width of the result.
        data_format: `None` or `"channels_last"`.
    """
    x, (top, bottom), (left, right) = _frame(
        images,
        data_format,
        (top_cropping, bottom_cropping, target_height),
        (left_cropping, right_cropping, target_width),
        grow=False,
    )
    height, width = x.shape[-3:-1]
    lead = x.ndim - 3
    return take_slice(
        x,
        [0] * lead + [top, left, 0],
        [*x.shape[:lead], height - top - bottom, width - left - right, x.shape[-1]],
    )


def _patches(x, size, strides, dilation, padding):
    """Windows over the axes between batch and channels, which are flattened into the channels."""
    rank = len(size)
    borders = [
        window_padding(n, k, s, d, padding)
        for n, k, s, d in zip(x.shape[1:-1], size, strides, dilation)
    ]
    x = pad(x, [(0, 0), *borders, (0, 0)])
    counts = [
        max((n - (k - 1) * d - 1) // s + 1, 0)
        for n, k, s, d in zip(x.shape[1:-1], size, strides, dilation)
    ]
    parts = [
        _ops.slice(
            x,
            begin=[0, *(i * d for i, d in zip(place, dilation)), 0],
            size=[x.shape[0], *counts, x.shape[-1]],
            strides=[1, *strides, 1],
        )
        for place in itertools.product(*(range(k) for k in size))
    ]
    return _ops.concat(*parts, axis=rank + 1)


def _extract(x, size, strides, dilation_rate, padding, data_format, rank):
    channels_last(data_format)
    x = convert_to_tensor(x)
    if x.ndim not in (rank + 1, rank + 2):
        raise ValueError(
            f"A tensor of {rank + 1} or {rank + 2} axes is needed, the last one channels. "
            f"Received: shape={x.shape}"
        )
    size = per_axis("size", size, rank)
    strides = size if strides is None else per_axis("strides", strides, rank)
    dilation = per_axis("dilation_rate", dilation_rate, rank)
    batched = x.ndim == rank + 2
    x = x if batched else _ops.reshape(x, shape=[1, *x.shape])
    y = _patches(x, size, strides, dilation, checked_padding(padding))
    return y if batched else _ops.reshape(y, shape=y.shape[1:])


def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Returns patches of images, each flattened into the channels.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        size: Integer, or a pair: the size of a patch.
        strides: Integer, or a pair. Defaults to `size`.
        dilation_rate: Integer, or a pair.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(batch, rows, columns, size * size * channels)`.
    """
    return _extract(images, size, strides, dilation_rate, padding, data_format, 2)


def extract_patches_3d(
    volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None
):
    """Returns patches of volumes, each flattened into the channels.

    Args:
        volumes: Tensor `(depth, height, width, channels)`, with a batch or without.
        size: Integer, or three: the size of a patch.
        strides: Integer, or three. Defaults to `size`.
        dilation_rate: Integer, or three.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(batch, depths, rows, columns, size * size * size * channels)`.
    """
    return _extract(volumes, size, strides, dilation_rate, padding, data_format, 3)
