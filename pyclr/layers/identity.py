"""Identity: the layer that does nothing."""

from __future__ import annotations

from .layer import Layer, map_shapes


class Identity(Layer):
    """Returns its input, a tensor or a nested structure of tensors.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return map_shapes(tuple, input_shape)
