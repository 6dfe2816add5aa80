"""Layers that take from or add to the ends of axes: zero padding and cropping."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last, integer_tuple, pairs
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
        self.padding = pairs("padding", padding, 2)
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


class ZeroPadding3D(Layer):
    """Adds zeros around a volume.

    Args:
        padding: Integer, three integers for depth, height and width, or three pairs
            `((front, back), (top, bottom), (left, right))`. Defaults to `1`.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, channels)`.
    """

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.padding = pairs("padding", padding, 3)
        self.input_spec = InputSpec(ndim=5)

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
        self.cropping = pairs("cropping", cropping, 2)
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


class Cropping3D(Layer):
    """Takes slices off the sides of a volume.

    Args:
        cropping: Integer, three integers for depth, height and width, or three pairs
            `((front, back), (top, bottom), (left, right))`. Defaults to `1`.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, channels)`.

    Raises:
        ValueError: if nothing of the input would be left.
    """

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.cropping = pairs("cropping", cropping, 3)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs):
        _, depth, height, width, _ = self.compute_output_shape(inputs.shape)
        (front, _), (top, _), (left, _) = self.cropping
        return inputs[:, front : front + depth, top : top + height, left : left + width]

    def compute_output_shape(self, input_shape):
        return _cropped(self, input_shape, map(sum, self.cropping))

    def get_config(self):
        return {
            **super().get_config(),
            "cropping": self.cropping,
            "data_format": self.data_format,
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
