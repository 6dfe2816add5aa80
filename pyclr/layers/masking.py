"""Masking: steps with a certain value are left out."""

from __future__ import annotations

from .. import ops
from .layer import Layer


class Masking(Layer):
    """Masks the steps of sequences whose channels all have a certain value.

    Layers after this one leave such steps out; here they become zeros.

    Args:
        mask_value: Number that a masked step consists of.

    Input shape:
        `(batch, steps, ..., channels)`.

    Output shape:
        The input's.

    Example:

    ```python
    x = np.array([[[1.0, 2.0], [0.0, 0.0], [3.0, 0.0]]], "float32")
    y = pyclr.layers.Masking()(x)
    assert y._keras_mask.numpy().tolist() == [[True, False, True]]
    ```
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs, previous_mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        mask = self.compute_mask(inputs)
        outputs = ops.where(ops.expand_dims(mask, -1), inputs, 0)
        outputs._keras_mask = mask
        return outputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
