"""Layers that change images at random in training."""

from __future__ import annotations

import math

from .. import ops
from .. import random as pyclr_random
from ..random.seed_generator import SeedGenerator
from .arguments import channels_last, one_of
from .layer import Layer

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")


class RandomImageLayer(Layer):
    """Base of the layers below: random numbers for each image of a batch.

    Images are `(batch, height, width, channels)` or `(height, width, channels)`. Unlike
    dropout, the change is made unless `training` is false: before a model no argument is needed.
    """

    def _init_random(self, seed, data_format=None):
        self.data_format = channels_last(data_format)
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def call(self, inputs, training=True):
        x = ops.cast(inputs, self.dtype)
        if not training:
            return x
        if x.ndim not in (3, 4):
            raise ValueError(
                f"The input of layer '{self.name}' must have the shape (batch, height, width, "
                f"channels) or (height, width, channels). Received: {tuple(x.shape)}"
            )
        changed = self.changed(x if x.ndim == 4 else ops.expand_dims(x, 0))
        return changed if x.ndim == 4 else changed[0]

    def changed(self, x):
        """Returns the images `(batch, height, width, channels)` changed at random."""
        raise NotImplementedError

    def _uniform(self, x, low, high):
        """A number for each image, `(batch, 1, 1, 1)`."""
        return pyclr_random.uniform(
            (x.shape[0], 1, 1, 1), low, high, dtype=self.dtype, seed=self.generator
        )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        config = {"seed": self.seed, "data_format": self.data_format}
        return {**super().get_config(), **config}


def _is_pair(factor):
    return isinstance(factor, (list, tuple))


def _range(name, factor, low, high):
    """The ends of a random number: of a pair of numbers, or `-factor` and `factor`."""
    pair = factor if _is_pair(factor) else (factor, factor)
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in pair)
    if len(pair) != 2 or not numbers or not all(low <= x <= high for x in pair):
        raise ValueError(
            f"Argument `{name}` must be a number, or a pair of numbers, in [{low}, {high}]. "
            f"Received: {name}={factor!r}"
        )
    if _is_pair(factor):
        return tuple(sorted(factor))
    return -abs(factor), abs(factor)


class RandomFlip(RandomImageLayer):
    """Mirrors images at random, each with probability 1/2 in each direction.

    Args:
        mode: `"horizontal"`, `"vertical"` or `"horizontal_and_vertical"`.
        seed: Integer, or `None` for one drawn from the global seed.
        data_format: `None` or `"channels_last"`.

    Call arguments:
        inputs: Images.
        training: Boolean. Defaults to `True`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`.

    Output shape:
        The input's.
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.mode = one_of("mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))
        self._init_random(seed, data_format)

    def changed(self, x):
        for direction, axis in (("horizontal", 2), ("vertical", 1)):
            if direction in self.mode:
                x = ops.where(self._uniform(x, 0, 1) <= 0.5, ops.flip(x, axis=axis), x)
        return x

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}


class _RandomTransform(RandomImageLayer):
    """Base of the layers that move pixels along straight lines."""

    def _init_transform(self, fill_mode, interpolation, seed, fill_value, data_format):
        self.fill_mode = one_of("fill_mode", fill_mode, _FILL_MODES)
        self.interpolation = one_of("interpolation", interpolation, ("nearest", "bilinear"))
        self.fill_value = fill_value
        self._init_random(seed, data_format)

    def changed(self, x):
        matrix = self._matrix(x, x.shape[1], x.shape[2])
        zero = ops.zeros_like(self._column(matrix))
        rows = [ops.reshape(zero + entry, (-1,)) for entry in (*matrix, 0.0, 0.0)]
        return ops.image.affine_transform(
            x,
            ops.stack(rows, axis=1),
            interpolation=self.interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
        )

    @staticmethod
    def _column(matrix):
        return next(entry for entry in matrix if hasattr(entry, "shape"))

    def _matrix(self, x, height, width):
        """For each image the numbers a0, a1, a2, b0, b1, b2: pixel (x, y) of the result is that at
        (a0 x + a1 y + a2, b0 x + b1 y + b2)."""
        raise NotImplementedError

    def get_config(self):
        names = ("fill_mode", "interpolation", "fill_value")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class RandomTranslation(_RandomTransform):
    """Moves images at random.

    Args:
        height_factor: Number in [-1, 1], the largest move down or up as a share of the height; or a
            pair, its ends (positive is down).
        width_factor: The same for the width (positive is to the right).
        fill_mode: What comes in: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: Integer, or `None` for one drawn from the global seed.
        fill_value: Number for `"constant"`.
        data_format: `None` or `"channels_last"`.

    Call arguments, input and output shape:
        As of `RandomFlip`.
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_range = _range("height_factor", height_factor, -1, 1)
        self._width_range = _range("width_factor", width_factor, -1, 1)
        self._init_transform(fill_mode, interpolation, seed, fill_value, data_format)

    def _matrix(self, x, height, width):
        down = self._uniform(x, *self._height_range) * height
        right = self._uniform(x, *self._width_range) * width
        return 1.0, 0.0, -right, 0.0, 1.0, -down

    def get_config(self):
        factors = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        return {**super().get_config(), **factors}


class RandomRotation(_RandomTransform):
    """Turns images around their centers at random.

    Args:
        factor: Number in [-1, 1], the largest angle as a share of a full turn; or a pair, its ends.
        fill_mode: What comes in: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: Integer, or `None` for one drawn from the global seed.
        fill_value: Number for `"constant"`.
        data_format: `None` or `"channels_last"`.

    Call arguments, input and output shape:
        As of `RandomFlip`.
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.factor = _range("factor", factor, -1, 1)
        self._init_transform(fill_mode, interpolation, seed, fill_value, data_format)

    def _matrix(self, x, height, width):
        angle = self._uniform(x, *self.factor) * (2 * math.pi)
        cos, sin = ops.cos(angle), ops.sin(angle)
        right, down = (width - 1) / 2, (height - 1) / 2
        return (
            cos, -sin, right - (cos * right - sin * down),
            sin, cos, down - (sin * right + cos * down),
        )  # fmt: skip

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class RandomZoom(_RandomTransform):
    """Enlarges or shrinks images at random.

    Args:
        height_factor: Number in [-1, 1], or a pair: the part of an image of height h that is shown
            has the height h (1 + z), z at random; negative numbers zoom in.
        width_factor: The same for the width. Defaults to the height's numbers.
        fill_mode: What comes in: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: Integer, or `None` for one drawn from the global seed.
        fill_value: Number for `"constant"`.
        data_format: `None` or `"channels_last"`.

    Call arguments, input and output shape:
        As of `RandomFlip`.
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_range = _range("height_factor", height_factor, -1, 1)
        self._width_range = None
        if width_factor is not None:
            self._width_range = _range("width_factor", width_factor, -1, 1)
        self._init_transform(fill_mode, interpolation, seed, fill_value, data_format)

    def _matrix(self, x, height, width):
        tall = 1 + self._uniform(x, *self._height_range)
        wide = tall if self._width_range is None else 1 + self._uniform(x, *self._width_range)
        return (
            wide, 0.0, (1 - wide) * ((width - 1) / 2),
            0.0, tall, (1 - tall) * ((height - 1) / 2),
        )  # fmt: skip

    def get_config(self):
        factors = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        return {**super().get_config(), **factors}


class RandomContrast(RandomImageLayer):
    """Changes the contrast of images at random: `(x - mean) * f + mean`, channel by channel.

    Args:
        factor: Pair of numbers (a, b) in [0, 1]: f is in [1 - a, 1 + b]; a number b stands for
            (0, b), as in Keras.
        value_range: Pair of numbers, to which the results are clipped.
        seed: Integer, or `None` for one drawn from the global seed.
        data_format: `None` or `"channels_last"`.

    Call arguments, input and output shape:
        As of `RandomFlip`.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = _range("factor", factor if _is_pair(factor) else (0, factor), 0, 1)
        self.value_range = value_range
        self._init_random(seed, data_format)

    def changed(self, x):
        factor = self._uniform(x, 1 - self.factor[0], 1 + self.factor[1])
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        return ops.clip((x - mean) * factor + mean, *self.value_range)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "value_range": self.value_range}


class RandomBrightness(RandomImageLayer):
    """Makes images brighter or darker at random: `x + a * (range of the values)`.

    Args:
        factor: Number in [-1, 1], a is in [-factor, factor]; or a pair, its ends.
        value_range: Pair of numbers, to which the results are clipped.
        seed: Integer, or `None` for one drawn from the global seed.
        data_format: `None` or `"channels_last"`.

    Call arguments, input and output shape:
        As of `RandomFlip`.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = _range("factor", factor, -1, 1)
        if not isinstance(value_range, (list, tuple)) or len(value_range) != 2:
            raise ValueError(
                "Argument `value_range` must be a pair of numbers. "
                f"Received: value_range={value_range!r}"
            )
        self.value_range = sorted(value_range)
        self._init_random(seed, data_format)

    def changed(self, x):
        low, high = self.value_range
        return ops.clip(x + self._uniform(x, *self.factor) * (high - low), low, high)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "value_range": self.value_range}
