"""Rescaling: from pixels to numbers near 1."""

from __future__ import annotations

import numpy as np

from .. import ops
from ..saving import serialization
from .layer import Layer


class Rescaling(Layer):
    """`inputs * scale + offset`. Integers are cast to the layer's dtype.

    Args:
        scale: Number, or array that broadcasts against the input.
        offset: Number, or array that broadcasts against the input. Defaults to `0.0`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Example:

    ```python
    >>> pixels = np.array([[0, 51, 255]], dtype="uint8")
    >>> pyclr.layers.Rescaling(1 / 255)(pixels).numpy()
    array([[0. , 0.2, 1. ]], dtype=float32)
    ```
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.scale = scale
        self.offset = offset

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype) * np.asarray(self.scale, self.dtype)
        return x + np.asarray(self.offset, self.dtype) if np.any(self.offset) else x

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "scale": serialization.serialize_keras_object(self.scale),
            "offset": serialization.serialize_keras_object(self.offset),
        }

    @classmethod
    def from_config(cls, config):
        values = {
            name: serialization.deserialize_keras_object(config[name])
            for name in ("scale", "offset")
            if name in config
        }
        return cls(**{**config, **values})
