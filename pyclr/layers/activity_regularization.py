"""ActivityRegularization: a penalty on what passes through."""

from __future__ import annotations

from .. import regularizers
from .layer import Layer


class ActivityRegularization(Layer):
    """Adds `l1 * sum(abs(inputs)) + l2 * sum(square(inputs))`, divided by the batch size, to the
    loss. The output is the input.

    Args:
        l1: Number, at least 0. Defaults to `0.0`.
        l2: Number, at least 0. Defaults to `0.0`.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        config = super().get_config()
        del config["activity_regularizer"]
        return {**config, "l1": self.l1, "l2": self.l2}
