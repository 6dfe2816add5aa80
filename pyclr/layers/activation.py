"""Activation functions as layers."""

from __future__ import annotations

from .. import activations, constraints, initializers, ops, regularizers
from .arguments import weight_config, weight_options
from .input_spec import InputSpec
from .layer import Layer


class _Elementwise(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


class Activation(_Elementwise):
    """Applies an activation function.

    Args:
        activation: Activation function or its name.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(_Elementwise):
    """Rectified linear unit: `min(x, max_value)` where `x > threshold`, elsewhere
    `negative_slope * (x - threshold)`.

    Args:
        max_value: Number, at least 0, or `None` (default) for no bound.
        negative_slope: Number, at least 0. Defaults to `0.0`.
        threshold: Number, at least 0. Defaults to `0.0`.

    Raises:
        ValueError: if an argument is negative.
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        if "alpha" in kwargs:  # TensorFlow's name
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if max_value is not None:
            _check_not_negative("max_value", max_value)
        _check_not_negative("negative_slope", negative_slope)
        _check_not_negative("threshold", threshold)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(_Elementwise):
    """`x` where `x` is positive, else `negative_slope * x` (Maas et al., 2013).

    Args:
        negative_slope: Number, at least 0. Defaults to `0.3`.

    Raises:
        ValueError: if `negative_slope` is negative.
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:  # TensorFlow's name
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        _check_not_negative("negative_slope", negative_slope)
        self.negative_slope = negative_slope

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}


class PReLU(_Elementwise):
    """`x` where `x` is positive, else `alpha * x`, where `alpha` is trained (He et al.,
    arXiv 1502.01852).

    Args:
        alpha_initializer: Initializer of `alpha`. Defaults to `"zeros"`.
        alpha_regularizer: Optional function of `alpha` added to the loss.
        alpha_constraint: Optional function applied to `alpha` after each update.
        shared_axes: Optional integer or list of integers, counted from 1, the axes along which one
            `alpha` counts for all: `[1, 2]` gives each channel of an image its own.

    Input shape:
        `(batch, ...)`.

    Output shape:
        The input's.
    """

    def __init__(
        self,
        alpha_initializer="zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if isinstance(shared_axes, int):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape):
        rank, shared = len(input_shape), self.shared_axes or ()
        if any(not 1 <= axis < rank for axis in shared):
            raise ValueError(
                f"Argument `shared_axes` must name axes from 1 to {rank - 1}. "
                f"Received: shared_axes={self.shared_axes}, input_shape={tuple(input_shape)}"
            )
        sizes = {axis: input_shape[axis] for axis in range(1, rank) if axis not in shared}
        self.alpha = self.add_weight(
            shape=[sizes.get(axis, 1) for axis in range(1, rank)],
            name="alpha",
            **weight_options(self, "alpha"),
        )
        self.input_spec = InputSpec(ndim=rank, axes=sizes)

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        return ops.where(x > 0, x, x * self.alpha)

    def get_config(self):
        return {
            **super().get_config(),
            **weight_config(self, "alpha"),
            "shared_axes": self.shared_axes,
        }


class ELU(_Elementwise):
    """Exponential linear unit: `x` where `x` is positive, else `alpha * (exp(x) - 1)` (Clevert et
    al., arXiv 1511.07289).

    Args:
        alpha: Number. Defaults to `1.0`.
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(_Elementwise):
    """`exp(x) / sum(exp(x))` along an axis.

    `call` takes a `mask` that broadcasts against the input; where it is false, the output is 0.

    Args:
        axis: Integer, or list of integers over which the sum goes jointly. Defaults to `-1`.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs, mask=None):
        x = inputs
        if mask is not None:
            mask = ops.cast(mask, "bool")
            x = ops.where(mask, x, -1e9)
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        if len(axes) == 1:
            y = activations.softmax(x, axis=axes[0])
        else:
            y = ops.exp(x - ops.max(x, axis=axes, keepdims=True))
            y = y / ops.sum(y, axis=axes, keepdims=True)
        return y if mask is None else ops.where(mask, y, 0)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _check_not_negative(name, value):
    if not isinstance(value, (int, float)) or value < 0:
        raise ValueError(
            f"Argument `{name}` must be a number, at least 0. Received: {name}={value!r}"
        )
