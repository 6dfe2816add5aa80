"""Pooling layers: one value for each window of the input."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last, integer_tuple, one_of
from .input_spec import InputSpec
from .layer import Layer
from .window import window_output_shape


class _Pooling(Layer):
    rank: int  # number of axes that the window slides over

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.pool_size = integer_tuple("pool_size", pool_size, self.rank)
        self.strides = self.pool_size
        if strides is not None:
            self.strides = integer_tuple("strides", strides, self.rank)
        self.padding = one_of("padding", padding, ("valid", "same"))
        self.data_format = channels_last(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    _pool: staticmethod

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        return self._pool(x, self.pool_size, self.strides, self.padding)

    def compute_output_shape(self, input_shape):
        return window_output_shape(
            input_shape,
            self.pool_size,
            self.strides,
            self.padding,
            input_shape[-1],
            name="pool_size",
        )

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }


class _MaxPooling(_Pooling):
    _pool = staticmethod(ops.max_pool)


class _AveragePooling(_Pooling):
    _pool = staticmethod(ops.average_pool)


class MaxPooling1D(_MaxPooling):
    """The largest value of each window along one axis (time), channel by channel.

    Args:
        pool_size: Integer, the length of the window. Defaults to `2`.
        strides: Integer, the step of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(steps / strides)` outputs.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, new_steps, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is shorter than the window.
    """

    rank = 1


class MaxPooling2D(_MaxPooling):
    """The largest value of each window of an image, channel by channel.

    Args:
        pool_size: Integer or pair of integers, the height and width of the window. Defaults to `2`.
        strides: Integer or pair of integers, the steps of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(size / strides)` outputs along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is smaller than the window.
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """The largest value of each window of a volume, channel by channel.

    Args:
        pool_size: Integer or three integers, the depth, height and width of the window. Defaults
            to `2`.
        strides: Integer or three integers, the steps of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(size / strides)` outputs along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is smaller than the window.
    """

    rank = 3


class AveragePooling1D(_AveragePooling):
    """The mean of each window along one axis (time), channel by channel.

    Args:
        pool_size: Integer, the length of the window. Defaults to `2`.
        strides: Integer, the step of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(steps / strides)` outputs. What lies
            outside is not counted.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, new_steps, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is shorter than the window.
    """

    rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window of an image, channel by channel.

    Args:
        pool_size: Integer or pair of integers, the height and width of the window. Defaults to `2`.
        strides: Integer or pair of integers, the steps of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(size / strides)` outputs along each axis.
            What lies outside is not counted.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is smaller than the window.
    """

    rank = 2


class AveragePooling3D(_AveragePooling):
    """The mean of each window of a volume, channel by channel.

    Args:
        pool_size: Integer or three integers, the depth, height and width of the window. Defaults
            to `2`.
        strides: Integer or three integers, the steps of the window. Defaults to `pool_size`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            it may reach over the ends, which gives `ceil(size / strides)` outputs along each axis.
            What lies outside is not counted.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, channels)`.

    Raises:
        ValueError: if an argument is invalid, or the input is smaller than the window.
    """

    rank = 3


MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
