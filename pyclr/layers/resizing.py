"""Layers that change the size of a sequence or image: zero padding, cropping, upsampling."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last, integer_tuple, one_of, pairs, positive_integer
from .input_spec import InputSpec
from .layer import Layer


class ZeroPadding1D(Layer):
    """Adds zeros before and after a sequence.

    Args:
        padding: Integer, or pair of integers (before, after). Defaults to `1`.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, before + steps + after, channels)`.
    """

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.padding = integer_tuple("padding", padding, 2, minimum=0)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        return ops.pad(inputs, ((0, 0), self.padding, (0, 0)))

    def compute_output_shape(self, input_shape):
        return _grown(input_shape, [sum(self.padding)])

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }


class ZeroPadding2D(Layer):
    """Adds zeros around an image.

    Args:
        padding: Integer, a pair of integers for height and width, or a pair of pairs
            `((top, bottom), (left, right))`. Defaults to `1`.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, top + height + bottom, left + width + right, channels)`.
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.padding = pairs("padding", padding)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        return ops.pad(inputs, ((0, 0), *self.padding, (0, 0)))

    def compute_output_shape(self, input_shape):
        return _grown(input_shape, map(sum, self.padding))

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }


class Cropping1D(Layer):
    """Takes steps off both ends of a sequence.

    Args:
        cropping: Integer, or pair of integers (from the start, from the end). Defaults to `(1, 1)`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, steps - start - end, channels)`.

    Raises:
        ValueError: if nothing of the input would be left.
    """

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.cropping = integer_tuple("cropping", cropping, 2, minimum=0)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        _, steps, _ = self.compute_output_shape(inputs.shape)
        start = self.cropping[0]
        return inputs[:, start : start + steps]

    def compute_output_shape(self, input_shape):
        return _cropped(self, input_shape, [sum(self.cropping)])

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping2D(Layer):
    """Takes rows and columns off the sides of an image.

    Args:
        cropping: Integer, a pair of integers for height and width, or a pair of pairs
            `((top, bottom), (left, right))`. Defaults to nothing.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, height - top - bottom, width - left - right, channels)`.

    Raises:
        ValueError: if nothing of the input would be left.
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.cropping = pairs("cropping", cropping)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        _, height, width, _ = self.compute_output_shape(inputs.shape)
        (top, _), (left, _) = self.cropping
        return inputs[:, top : top + height, left : left + width]

    def compute_output_shape(self, input_shape):
        return _cropped(self, input_shape, map(sum, self.cropping))

    def get_config(self):
        return {
            **super().get_config(),
            "cropping": self.cropping,
            "data_format": self.data_format,
        }


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
        n, steps, channels = inputs.shape
        x = ops.reshape(inputs, (n, steps, 1, channels))
        x = ops.broadcast_to(x, (n, steps, self.size, channels))
        return ops.reshape(x, (n, steps * self.size, channels))

    def compute_output_shape(self, input_shape):
        return _scaled(input_shape, (self.size,))

    def get_config(self):
        return {**super().get_config(), "size": self.size}


class UpSampling2D(Layer):
    """Repeats the rows and columns of an image.

    Args:
        size: Integer or pair of integers, how often. Defaults to `2`.
        data_format: `None` or `"channels_last"`.
        interpolation: `"nearest"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, height * size[0], width * size[1], channels)`.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.size = integer_tuple("size", size, 2)
        self.interpolation = one_of("interpolation", interpolation, ("nearest",))
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        n, height, width, channels = inputs.shape
        rows, columns = self.size
        x = ops.reshape(inputs, (n, height, 1, width, 1, channels))
        x = ops.broadcast_to(x, (n, height, rows, width, columns, channels))
        return ops.reshape(x, (n, height * rows, width * columns, channels))

    def compute_output_shape(self, input_shape):
        return _scaled(input_shape, self.size)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


def _grown(input_shape, amounts):
    sizes = zip(input_shape[1:-1], amounts)
    middle = (None if size is None else size + amount for size, amount in sizes)
    return (input_shape[0], *middle, input_shape[-1])


def _cropped(layer, input_shape, amounts):
    shape = _grown(input_shape, (-amount for amount in amounts))
    if any(size is not None and size <= 0 for size in shape[1:-1]):
        raise ValueError(
            "Argument `cropping` must be smaller than the input. "
            f"Received: input_shape={tuple(input_shape)}, cropping={layer.cropping} for layer "
            f"'{layer.name}'"
        )
    return shape


def _scaled(input_shape, factors):
    sizes = zip(input_shape[1:-1], factors)
    middle = (None if size is None else size * factor for size, factor in sizes)
    return (input_shape[0], *middle, input_shape[-1])
