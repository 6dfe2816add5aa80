"""Adaptive pooling layers: windows that follow from the size of the output."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last, integer_tuple
from .input_spec import InputSpec
from .layer import Layer


class _AdaptivePooling(Layer):
    rank: int  # number of axes that are pooled
    _pool: staticmethod

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.output_size = integer_tuple("output_size", output_size, self.rank)
        self.data_format = channels_last(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        return self._pool(ops.cast(inputs, self.dtype), self.output_size)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.output_size, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "output_size": self.output_size,
            "data_format": self.data_format,
        }


class _AdaptiveAveragePooling(_AdaptivePooling):
    _pool = staticmethod(ops.adaptive_average_pool)


class _AdaptiveMaxPooling(_AdaptivePooling):
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """The mean of as many windows of a sequence as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer, the number of windows along the axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """The mean of as many windows of an image as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer or pair of integers, the number of windows along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """The mean of as many windows of a volume as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer or three integers, the number of windows along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 3


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """The largest value of as many windows of a sequence as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer, the number of windows along the axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """The largest value of as many windows of an image as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer or pair of integers, the number of windows along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """The largest value of as many windows of a volume as are asked for, channel by channel.

    Along an axis of size `n`, window `i` of `k` reaches from `floor(i * n / k)` to
    `ceil((i + 1) * n / k)`.

    Args:
        output_size: Integer or three integers, the number of windows along each axis.
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    rank = 3
