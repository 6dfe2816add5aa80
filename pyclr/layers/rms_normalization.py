"""Root mean square normalization."""

from __future__ import annotations

from .. import ops
from .arguments import checked_axes, normalized_axis
from .layer import Layer


class RMSNormalization(Layer):
    """Scales each example to root mean square 1, then by trained factors (Zhang & Sennrich,
    arXiv 1910.07467): `scale * inputs / sqrt(mean(square(inputs)) + epsilon)`.

    Args:
        axis: Integer or list of integers, the axes over which the mean is taken; `scale` has their
            shape. Defaults to `-1`.
        epsilon: Number added to the mean of squares. Defaults to `1e-6`.

    Input shape:
        Any, with the sizes along `axis` known.

    Output shape:
        The input's.

    Raises:
        TypeError: if `axis` is neither an integer nor a list of integers.
        ValueError: if the input has no such axis.
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis = normalized_axis(axis)
        self.epsilon = epsilon

    def build(self, input_shape):
        # From here on a list, as in Keras' configs.
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        axes = checked_axes(self, input_shape)
        shape = [input_shape[axis] for axis in axes]
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        return ops.rms_normalization(x, self.scale, axis=self.axis, epsilon=self.epsilon)

    def compute_output_shape(self, input_shape):
        checked_axes(self, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
