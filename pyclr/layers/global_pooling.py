"""Global pooling layers: one value for each channel of a sequence or image."""

from __future__ import annotations

from .. import ops
from .arguments import channels_last
from .input_spec import InputSpec
from .layer import Layer


class _GlobalPooling(Layer):
    rank: int  # number of axes that are reduced

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self):
        return tuple(range(1, self.rank + 1))

    def compute_output_shape(self, input_shape):
        middle = (1,) * self.rank if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs):
        return ops.mean(ops.cast(inputs, self.dtype), axis=self._axes, keepdims=self.keepdims)


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs):
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean of each channel over one axis (time); masked steps do not count.

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axis stays, with size 1. Defaults to `False`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`.
    """

    rank = 1

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        x = ops.cast(inputs, self.dtype)
        mask = ops.expand_dims(mask, -1)
        total = ops.sum(ops.where(mask, x, 0.0), axis=1, keepdims=self.keepdims)
        count = ops.sum(ops.cast(mask, self.dtype), axis=1, keepdims=self.keepdims)
        return total / count

    def compute_mask(self, inputs, previous_mask):
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel of an image.

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axes stay, with size 1. Defaults to `False`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, channels)` with `keepdims`.
    """

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean of each channel of a volume.

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axes stay, with size 1. Defaults to `False`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, 1, channels)` with `keepdims`.
    """

    rank = 3


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value of each channel over one axis (time).

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axis stays, with size 1. Defaults to `False`.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`.
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value of each channel of an image.

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axes stay, with size 1. Defaults to `False`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, channels)` with `keepdims`.
    """

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest value of each channel of a volume.

    Args:
        data_format: `None` or `"channels_last"`.
        keepdims: Boolean, whether the reduced axes stay, with size 1. Defaults to `False`.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, 1, channels)` with `keepdims`.
    """

    rank = 3


GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
