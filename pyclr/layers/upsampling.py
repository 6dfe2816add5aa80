"""Upsampling layers: sequences, images and volumes become larger."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last, integer_tuple, one_of, positive_integer
from .input_spec import InputSpec
from .layer import Layer

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling1D(Layer):
    """Repeats each step of a sequence.

    Args:
        size: Positive integer, how often. Defaults to `2`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, steps * size, channels)`.
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = positive_integer("size", size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        return _repeated(inputs, (self.size,))

    def compute_output_shape(self, input_shape):
        return _scaled(input_shape, (self.size,))

    def get_config(self):
        return {**super().get_config(), "size": self.size}


class UpSampling2D(Layer):
    """Makes an image larger by repeating its rows and columns, or by interpolation between them.

    Args:
        size: Integer or pair of integers, how many times larger. Defaults to `2`.
        data_format: `None` or `"channels_last"`.
        interpolation: `"nearest"` (default), which repeats; `"bilinear"`; `"bicubic"`, with Keys'
            cubic kernel of a = -0.5; `"lanczos3"` or `"lanczos5"`. Pixels are squares, whose
            centres are what is interpolated between.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, height * size[0], width * size[1], channels)`.

    Raises:
        ValueError: if `size` or `interpolation` is not one of these.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.size = integer_tuple("size", size, 2)
        self.interpolation = one_of("interpolation", interpolation, _INTERPOLATIONS)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        if self.interpolation == "nearest":
            return _repeated(inputs, self.size)
        shape = self.compute_output_shape(inputs.shape)
        x = ops.cast(inputs, self.dtype)
        return ops.image.resize(x, shape[1:3], interpolation=self.interpolation)

    def compute_output_shape(self, input_shape):
        return _scaled(input_shape, self.size)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


class UpSampling3D(Layer):
    """Repeats the slices, rows and columns of a volume.

    Args:
        size: Integer or three integers, how often. Defaults to `2`.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, depth * size[0], height * size[1], width * size[2], channels)`.
    """

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.size = integer_tuple("size", size, 3)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs):
        return _repeated(inputs, self.size)

    def compute_output_shape(self, input_shape):
        return _scaled(input_shape, self.size)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


def _scaled(input_shape, factors):
    sizes = zip(input_shape[1:-1], factors)
    middle = (None if size is None else size * factor for size, factor in sizes)
    return (input_shape[0], *middle, input_shape[-1])


def _repeated(x, factors):
    """`x` with the elements along the axes after the batch repeated, one axis after another: the
    gradient's sums are then over neighbouring rows."""
    for axis, factor in enumerate(factors, 1):
        before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
        x = ops.broadcast_to(ops.expand_dims(x, axis + 1), (*before, factor, *after))
        x = ops.reshape(x, (*before[:-1], before[-1] * factor, *after))
    return x
