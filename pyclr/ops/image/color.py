"""Colours. The channels are red, green and blue, from 0 to 1."""

from __future__ import annotations

from ... import _core
from ..core import cast
from ..core.slices import unstack
from ..numpy.elementwise import where
from ..numpy.shaping import expand_dims, stack
from ..operands import channels_last, floating

__all__ = [
    "hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv",
]  # fmt: skip

_ops = _core.ops


def images_of(images, data_format, name="images"):
    """Images as a floating point tensor of rank 3 or 4, channels last."""
    channels_last(data_format)
    x = floating(images)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"Argument `{name}` must have the shape (height, width, channels) or "
            f"(batch, height, width, channels). Received: {name}.shape={x.shape}"
        )
    return x


def _three_channels(images, data_format):
    x = images_of(images, data_format)
    if x.shape[-1] != 3:
        raise ValueError(f"Three channels are needed. Received: images.shape={x.shape}")
    return unstack(x, axis=-1)


def rgb_to_grayscale(images, data_format=None):
    """Returns the luma of colours, 0.2989 red + 0.587 green + 0.114 blue (ITU-R BT.601), with one
    channel."""
    red, green, blue = _three_channels(images, data_format)
    luma = _ops.add(
        _ops.add(_ops.multiply(red, 0.2989), _ops.multiply(green, 0.587)),
        _ops.multiply(blue, 0.114),
    )
    return expand_dims(luma, -1)


def rgb_to_hsv(images, data_format=None):
    """Returns colours as hue, saturation and value, each from 0 to 1."""
    red, green, blue = _three_channels(images, data_format)
    value = _ops.maximum(_ops.maximum(red, green), blue)
    spread = _ops.subtract(value, _ops.minimum(_ops.minimum(red, green), blue))
    gray = spread == 0
    safe = where(gray, 1.0, spread)
    saturation = where(value > 0, _ops.divide(spread, where(value > 0, value, 1.0)), 0.0)

    def sixth(a, b, start):
        return _ops.add(_ops.divide(_ops.subtract(a, b), safe), start)

    hue = where(
        value == red,
        sixth(green, blue, 0.0),
        where(value == green, sixth(blue, red, 2.0), sixth(red, green, 4.0)),
    )
    hue = _ops.mod(_ops.divide(where(gray, 0.0, hue), 6.0), 1.0)
    return stack([hue, saturation, value], -1)


def hsv_to_rgb(images, data_format=None):
    """Returns colours of hue, saturation and value, each from 0 to 1, as red, green and blue."""
    hue, saturation, value = _three_channels(images, data_format)
    channels = []
    for offset in (5.0, 3.0, 1.0):  # where on the wheel the channel begins
        place = _ops.mod(_ops.add(_ops.multiply(hue, 6.0), offset), 6.0)
        ramp = _ops.minimum(_ops.minimum(place, _ops.subtract(4.0, place)), cast(1.0, hue.dtype))
        ramp = _ops.maximum(ramp, 0.0)
        channels.append(_ops.subtract(value, _ops.multiply(_ops.multiply(value, saturation), ramp)))
    return stack(channels, -1)
