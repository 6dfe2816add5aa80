"""Initializers without randomness: Constant, Zeros, Ones, Identity."""

import numpy as np

from ..saving import serialization
from .initializer import Initializer, standardize_dtype


class Constant(Initializer):
    """Initializer that fills the weights with one value.

    Args:
        value: Number, or an array of the shape that will be asked for. Defaults to `0.0`.

    Raises:
        ValueError: when called, if `value` is an array of another shape.

    Example:

    ```python
    >>> pyclr.initializers.Constant(3.0)(shape=(2, 2))
    array([[3., 3.],
           [3., 3.]], dtype=float32)
    ```
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        value = np.asarray(self.value)
        if value.ndim and value.shape != tuple(shape):
            raise ValueError(
                "An array given as an initializer must have the shape of the weight. "
                f"Received: shape={tuple(shape)} and an array of shape {value.shape}"
            )
        return np.full(shape, value, standardize_dtype(dtype))

    def get_config(self):
        return {"value": serialization.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config):
        return cls(**serialization.deserialize_keras_object(config))


class Zeros(Initializer):
    """Initializer that fills the weights with zeros."""

    def __call__(self, shape, dtype=None):
        return np.zeros(shape, standardize_dtype(dtype))


class Ones(Initializer):
    """Initializer that fills the weights with ones."""

    def __call__(self, shape, dtype=None):
        return np.ones(shape, standardize_dtype(dtype))


class Identity(Initializer):
    """Initializer that makes an identity matrix, for two-dimensional weights only.

    Args:
        gain: Number that multiplies the matrix. Defaults to `1.0`.
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                "The Identity initializer can only be used for 2D matrices. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        return (self.gain * np.eye(*shape)).astype(standardize_dtype(dtype))

    def get_config(self):
        return {"gain": self.gain}
