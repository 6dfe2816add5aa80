"""Depthwise convolution layers: each channel is convolved by itself."""

from __future__ import annotations

from .. import constraints, initializers, regularizers
from .._core import ops
from .arguments import positive_integer, weight_config, weight_options
from .convolution import BaseConv
from .input_spec import InputSpec


class _DepthwiseConv(BaseConv):
    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = positive_integer("depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            name="kernel",
            **weight_options(self, "depthwise"),
        )
        self._add_bias(channels * self.depth_multiplier)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={-1: channels})

    def call(self, inputs):
        # As many groups as channels, one channel each.
        *window, channels, multiplier = self.kernel.shape
        kernel = ops.reshape(self.kernel, shape=(*window, 1, channels * multiplier))
        return self._convolve(inputs, kernel, channels)

    def compute_output_shape(self, input_shape):
        channels = self._input_channels(input_shape) * self.depth_multiplier
        return self._output_shape(input_shape, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            **weight_config(self, "depthwise"),
        }


class DepthwiseConv1D(_DepthwiseConv):
    """Convolution over one axis (time) of each channel by itself, with kernels of its own.

    Args:
        kernel_size: Integer, the length of the window.
        strides: Integer, the step of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(steps / strides)` outputs.
        depth_multiplier: Positive integer, the number of kernels and of outputs of each channel.
            Defaults to `1`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, the distance between the inputs that the window sees. Defaults to
            `1`.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        depthwise_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        depthwise_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        depthwise_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, new_steps, channels * depth_multiplier)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is shorter than the window.
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Convolution over two axes (an image) of each channel by itself, with kernels of its own.

    Args:
        kernel_size: Integer or pair of integers, the height and width of the window.
        strides: Integer or pair of integers, the steps of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(size / strides)` outputs along each axis.
        depth_multiplier: Positive integer, the number of kernels and of outputs of each channel.
            Defaults to `1`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or pair of integers, the distance between the inputs that the window
            sees. Defaults to `1`.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        depthwise_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        depthwise_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        depthwise_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, channels * depth_multiplier)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is smaller than the window.
    """

    rank = 2
