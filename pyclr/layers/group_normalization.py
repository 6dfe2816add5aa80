"""Group normalization."""

from __future__ import annotations

import math

from .. import constraints, initializers, ops, regularizers
from .arguments import weight_config, weight_options
from .input_spec import InputSpec
from .layer import Layer


class GroupNormalization(Layer):
    """Normalizes each example over groups of its channels and all other axes (Wu & He,
    arXiv 1803.08494).

    The output is `gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`, with a mean and a
    (biased) variance for each example and group.

    Args:
        groups: Positive integer, a divisor of the number of channels; or `-1`, which makes each
            channel a group (instance normalization). Defaults to `32`.
        axis: Integer, the axis of the channels. Defaults to `-1`.
        epsilon: Number added to the variance. Defaults to `0.001`.
        center: Boolean, whether `beta` is trained; otherwise it is 0. Defaults to `True`.
        scale: Boolean, whether `gamma` is trained; otherwise it is 1. Defaults to `True`.
        beta_initializer: Initializer of `beta`. Defaults to `"zeros"`.
        gamma_initializer: Initializer of `gamma`. Defaults to `"ones"`.
        beta_regularizer: Optional function of `beta` added to the loss.
        gamma_regularizer: Optional function of `gamma` added to the loss.
        beta_constraint: Optional function applied to `beta` after each update.
        gamma_constraint: Optional function applied to `gamma` after each update.

    Input shape:
        Any with at least two axes.

    Output shape:
        The input's.

    Raises:
        ValueError: if `groups` is invalid or no divisor of the number of channels, or the input has
            no such axis.
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(
                f"Argument `groups` must be a positive integer or -1. Received: groups={groups!r}"
            )
        self.supports_masking = True
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                "The channels of the input of a GroupNormalization layer must be known. "
                f"Received: axis={self.axis}, input_shape={tuple(input_shape)} for layer "
                f"'{self.name}'"
            )
        if self.groups == -1:
            self.groups = channels  # from here on, as in Keras' configs
        if channels % self.groups:
            raise ValueError(
                "The number of channels must be a multiple of the number of groups. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)} for layer "
                f"'{self.name}'"
            )
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape=(channels,), name="gamma", **weight_options(self, "gamma")
            )
        if self.center:
            self.beta = self.add_weight(
                shape=(channels,), name="beta", **weight_options(self, "beta")
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        axis = self.axis % x.ndim
        if axis == x.ndim - 1:
            return self._normalize(x)
        return ops.moveaxis(self._normalize(ops.moveaxis(x, axis, -1)), -1, axis)

    def _normalize(self, x):
        # Means over all but batch and channels first: what is left to join is small.
        flat = ops.reshape(x, (x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1]))
        difference = flat - self._mean(flat)
        factor = ops.rsqrt(self._mean(ops.square(difference)) + self.epsilon)
        y = difference * (factor if self.gamma is None else factor * self.gamma)
        return ops.reshape(y if self.beta is None else y + self.beta, x.shape)

    def _mean(self, x):
        """The mean of each example's groups, `(batch, 1, channels)`."""
        means = ops.mean(x, axis=1)
        n, channels = means.shape
        groups = ops.reshape(means, (n, self.groups, channels // self.groups))
        joint = ops.broadcast_to(ops.mean(groups, axis=2, keepdims=True), groups.shape)
        return ops.reshape(joint, (n, 1, channels))

    def compute_output_shape(self, input_shape):
        rank = len(input_shape)
        if not -rank < self.axis < rank or self.axis == 0:
            raise ValueError(
                "Argument `axis` must name an axis of the input after the batch. "
                f"Received: axis={self.axis}, input_shape={tuple(input_shape)} for layer "
                f"'{self.name}'"
            )
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "groups": self.groups,
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **weight_config(self, "beta", "gamma"),
        }
