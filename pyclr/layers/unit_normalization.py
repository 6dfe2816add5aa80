"""Unit normalization."""

from __future__ import annotations

from .. import ops
from .arguments import checked_axes, normalized_axis
from .layer import Layer


class UnitNormalization(Layer):
    """Scales each example to norm 1: `inputs / max(norm, 1e-12)`, with the Euclidean norm.

    Args:
        axis: Integer or list of integers, the axes over which the norm is taken. Defaults to `-1`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        TypeError: if `axis` is neither an integer nor a list of integers.
        ValueError: if the input has no such axis.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis = normalized_axis(axis)

    def build(self, input_shape):
        checked_axes(self, input_shape)

    def call(self, inputs):
        return ops.normalize(ops.cast(inputs, self.dtype), axis=self.axis, epsilon=1e-12)

    def compute_output_shape(self, input_shape):
        checked_axes(self, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
