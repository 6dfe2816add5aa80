"""Layers that give images a certain size."""

from __future__ import annotations

from .. import ops
from .. import random as pyclr_random
from ..random.seed import make_seed
from ..random.seed_generator import SeedGenerator
from .arguments import channels_last, one_of, positive_integer
from .layer import Layer

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class Resizing(Layer):
    """Resizes images.

    Args:
        height: Positive integer.
        width: Positive integer.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        crop_to_aspect_ratio: Boolean, whether to keep the proportions and cut off what is too much.
        pad_to_aspect_ratio: Boolean, whether to keep the proportions and fill what is missing.
        fill_mode: `"constant"`.
        fill_value: Number for the filling.
        antialias: Boolean, whether to smooth what becomes smaller.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`.

    Output shape:
        The same with the new height and width.
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.height = positive_integer("height", height)
        self.width = positive_integer("width", width)
        self.interpolation = one_of("interpolation", interpolation, INTERPOLATIONS)
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = one_of("fill_mode", fill_mode, ("constant",))
        self.fill_value = fill_value
        self.antialias = bool(antialias)
        self.data_format = channels_last(data_format)

    def call(self, inputs):
        return ops.image.resize(
            ops.cast(inputs, self.dtype),
            (self.height, self.width),
            interpolation=self.interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_value=self.fill_value,
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        names = (
            "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio",
            "fill_mode", "fill_value", "antialias", "data_format",
        )  # fmt: skip
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class CenterCrop(Layer):
    """Cuts out the middle of images; smaller ones are resized, with their proportions kept and cut.

    Args:
        height: Positive integer.
        width: Positive integer.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`.

    Output shape:
        The same with the new height and width.
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.height = positive_integer("height", height)
        self.width = positive_integer("width", width)
        self.data_format = channels_last(data_format)

    def call(self, inputs):
        return _middle(ops.cast(inputs, self.dtype), self.height, self.width)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        names = ("height", "width", "data_format")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class RandomCrop(CenterCrop):
    """Cuts out a random part of images in training, the same for all of a batch; the middle
    otherwise. Images that are smaller are resized.

    Args:
        height: Positive integer.
        width: Positive integer.
        seed: Integer, or `None` for one drawn from the global seed.
        data_format: `None` or `"channels_last"`.
        name: String.

    Call arguments:
        inputs: Images.
        training: Boolean. Defaults to `True`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`.

    Output shape:
        The same with the new height and width.
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(height, width, data_format=data_format, name=name, **kwargs)
        self.seed = make_seed() if seed is None else seed
        self.generator = SeedGenerator(self.seed)

    def call(self, inputs, training=True):
        x = ops.cast(inputs, self.dtype)
        spare = [x.shape[-3] - self.height, x.shape[-2] - self.width]
        if not training or min(spare) < 0:
            return _middle(x, self.height, self.width)
        for axis, size, room in ((-3, self.height, spare[0]), (-2, self.width, spare[1])):
            start = pyclr_random.randint((1,), 0, room + 1, seed=self.generator)
            x = ops.take(x, ops.arange(size) + start, axis=axis)
        return x

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def _middle(x, height, width):
    spare = (x.shape[-3] - height, x.shape[-2] - width)
    if min(spare) < 0:
        return ops.image.resize(x, (height, width), crop_to_aspect_ratio=True)
    top, left = spare[0] // 2, spare[1] // 2
    return x[..., top : top + height, left : left + width, :]
