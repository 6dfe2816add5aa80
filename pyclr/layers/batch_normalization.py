"""Batch normalization."""

from __future__ import annotations

import numpy as np

from .. import _core, config, constraints, initializers, ops, regularizers
from .arguments import drop_unsupported, weight_config, weight_options
from .input_spec import InputSpec
from .layer import Layer


class BatchNormalization(Layer):
    """Normalizes each channel over the batch.

    The output is `gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`. In training, mean and
    (biased) variance are those of the batch, and the moving ones follow:
    `moving = moving * momentum + batch * (1 - momentum)`. Otherwise, and in training when
    `trainable` is `False`, the moving ones are used (Ioffe & Szegedy, arXiv 1502.03167).

    Args:
        axis: Integer, the axis of the channels. Defaults to `-1`; another one costs a transposition
            of the input and one of the output.
        momentum: Number, how slowly the moving statistics follow. Defaults to `0.99`.
        epsilon: Number added to the variance. Defaults to `0.001`.
        center: Boolean, whether `beta` is trained; otherwise it is 0. Defaults to `True`.
        scale: Boolean, whether `gamma` is trained; otherwise it is 1. Defaults to `True`.
        beta_initializer: Initializer of `beta`. Defaults to `"zeros"`.
        gamma_initializer: Initializer of `gamma`. Defaults to `"ones"`.
        moving_mean_initializer: Initializer of the moving mean. Defaults to `"zeros"`.
        moving_variance_initializer: Initializer of the moving variance. Defaults to `"ones"`.
        beta_regularizer: Optional function of `beta` added to the loss.
        gamma_regularizer: Optional function of `gamma` added to the loss.
        beta_constraint: Optional function applied to `beta` after each update.
        gamma_constraint: Optional function applied to `gamma` after each update.
        synchronized: Boolean, kept for configs: there is one device. Defaults to `False`.

    `call` takes a `mask` of the shape of the input without its last axis: in training, mean and
    variance are those of the elements where it is true.

    Input shape:
        Any with at least two axes.

    Output shape:
        The input's.

    Raises:
        ValueError: if the input has no such axis, or another size along it than the weights.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        synchronized=False,
        **kwargs,
    ):
        drop_unsupported(kwargs, renorm=False, renorm_clipping=None)
        kwargs.pop("renorm_momentum", None)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.synchronized = synchronized
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        rank = len(self.compute_output_shape(input_shape))
        channels = input_shape[self.axis]
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape=(channels,), name="gamma", **weight_options(self, "gamma")
            )
        if self.center:
            self.beta = self.add_weight(
                shape=(channels,), name="beta", **weight_options(self, "beta")
            )
        self.moving_mean = self.add_weight(
            shape=(channels,),
            name="moving_mean",
            trainable=False,
            **weight_options(self, "moving_mean"),
        )
        self.moving_variance = self.add_weight(
            shape=(channels,),
            name="moving_variance",
            trainable=False,
            **weight_options(self, "moving_variance"),
        )
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})

    def call(self, inputs, training=None, mask=None):
        x = ops.cast(inputs, self.dtype)
        axis = self.axis % x.ndim
        if mask is not None:
            if len(mask.shape) != x.ndim - 1:
                raise ValueError(
                    "Argument `mask` must have one axis less than the input. "
                    f"Received: mask.shape={mask.shape}, input_shape={x.shape} for layer "
                    f"'{self.name}'"
                )
            if training and self.trainable:
                return self._normalize_masked(x, mask, axis)
        swapped = list(range(x.ndim))
        swapped[axis], swapped[-1] = swapped[-1], axis
        if axis != x.ndim - 1:
            return ops.transpose(self._normalize(ops.transpose(x, swapped), training), swapped)
        return self._normalize(x, training)

    def _normalize(self, x, training):
        channels = x.shape[-1]
        gamma = np.ones(channels, x.dtype) if self.gamma is None else self.gamma
        beta = np.zeros(channels, x.dtype) if self.beta is None else self.beta
        arguments = (x, gamma, beta, self.moving_mean, self.moving_variance)
        if training and self.trainable:
            y, _, _ = _core.ops.batch_norm(*arguments, epsilon=self.epsilon, momentum=self.momentum)
            return y
        return _core.ops.batch_norm_inference(*arguments, epsilon=self.epsilon)

    def _normalize_masked(self, x, mask, axis):
        axes = tuple(i for i in range(x.ndim) if i != axis)
        mask = ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)
        count = ops.sum(ops.cast(mask, x.dtype), axis=axes, keepdims=True) + config.epsilon()
        mean = ops.sum(ops.where(mask, x, 0.0), axis=axes, keepdims=True) / count
        squares = ops.square(ops.where(mask, x - mean, 0.0))
        variance = ops.sum(squares, axis=axes, keepdims=True) / count
        mean, variance = (ops.reshape(value, (x.shape[axis],)) for value in (mean, variance))
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return ops.batch_normalization(
            x, mean, variance, axis, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
        )

    def compute_output_shape(self, input_shape):
        if not -len(input_shape) <= self.axis < len(input_shape):
            raise ValueError(
                f"Argument `axis` must name an axis of the input. Received: axis={self.axis}, "
                f"input_shape={tuple(input_shape)} for layer '{self.name}'"
            )
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **weight_config(self, "beta", "gamma", "moving_mean", "moving_variance"),
            "synchronized": self.synchronized,
        }
