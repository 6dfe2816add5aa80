"""Layer normalization."""

from __future__ import annotations

import numpy as np

from .. import _core, constraints, initializers, ops, regularizers
from .arguments import (
    checked_axes,
    drop_unsupported,
    normalized_axis,
    weight_config,
    weight_options,
)
from .layer import Layer


class LayerNormalization(Layer):
    """Normalizes each example over some of its axes (Ba et al., arXiv 1607.06450).

    The output is `gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`.

    Args:
        axis: Integer or list of integers, the axes over which mean and variance are taken. Defaults
            to `-1`; axes that are not the last ones cost a transposition of the input and one of
            the output.
        epsilon: Number added to the variance. Defaults to `0.001`.
        center: Boolean, whether `beta` is trained; otherwise it is 0. Defaults to `True`.
        scale: Boolean, whether `gamma` is trained; otherwise it is 1. Defaults to `True`.
        beta_initializer: Initializer of `beta`, whose shape is that of the axes. Defaults to
            `"zeros"`.
        gamma_initializer: Initializer of `gamma`, of the same shape. Defaults to `"ones"`.
        beta_regularizer: Optional function of `beta` added to the loss.
        gamma_regularizer: Optional function of `gamma` added to the loss.
        beta_constraint: Optional function applied to `beta` after each update.
        gamma_constraint: Optional function applied to `gamma` after each update.

    Input shape:
        Any, with the sizes along `axis` known.

    Output shape:
        The input's.

    Raises:
        TypeError: if `axis` is neither an integer nor a list of integers.
        ValueError: if the input has no such axis.
    """

    def __init__(
        self,
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
        drop_unsupported(kwargs, rms_scaling=False)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis = normalized_axis(axis)
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
        # From here on a list, as in Keras' configs.
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(input_shape[axis] for axis in checked_axes(self, input_shape))
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(shape=shape, name="gamma", **weight_options(self, "gamma"))
        if self.center:
            self.beta = self.add_weight(shape=shape, name="beta", **weight_options(self, "beta"))

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        axes = checked_axes(self, x.shape)
        order = [axis for axis in range(x.ndim) if axis not in axes] + axes
        if order == sorted(order):
            return self._normalize(x, len(axes))
        y = self._normalize(ops.transpose(x, order), len(axes))
        return ops.transpose(y, np.argsort(order))

    def _normalize(self, x, rank):
        shape = x.shape[-rank:]
        gamma = np.ones(shape, x.dtype) if self.gamma is None else self.gamma
        beta = np.zeros(shape, x.dtype) if self.beta is None else self.beta
        y, _, _ = _core.ops.layer_norm(x, gamma, beta, epsilon=self.epsilon, rank=rank)
        return y

    def compute_output_shape(self, input_shape):
        checked_axes(self, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "rms_scaling": False,
            **weight_config(self, "beta", "gamma"),
        }
