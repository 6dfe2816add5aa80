"""Separable convolution layers: channels are convolved by themselves, then mixed."""

from __future__ import annotations

from .. import constraints, initializers, ops, regularizers
from .arguments import positive_integer, weight_config, weight_options
from .convolution import BaseConv
from .input_spec import InputSpec


class _SeparableConv(BaseConv):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
        self.filters = positive_integer("filters", filters)
        self.depth_multiplier = positive_integer("depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        self.depthwise_kernel = self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            name="depthwise_kernel",
            **weight_options(self, "depthwise"),
        )
        self.pointwise_kernel = self.add_weight(
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            name="pointwise_kernel",
            **weight_options(self, "pointwise"),
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={-1: channels})

    def call(self, inputs):
        return self._activated(
            ops.separable_conv(
                ops.cast(inputs, self.dtype),
                self.depthwise_kernel,
                self.pointwise_kernel,
                strides=self.strides,
                padding=self.padding,
                dilation_rate=self.dilation_rate,
            )
        )

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "depth_multiplier": self.depth_multiplier,
            **weight_config(self, "depthwise", "pointwise"),
        }


class SeparableConv1D(_SeparableConv):
    """Separable convolution over one axis (time): a convolution of each channel by itself, then
    one with a window of size 1 that mixes the channels, then `activation(... + bias)` (Chollet,
    arXiv 1610.02357).

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer, the length of the window.
        strides: Integer, the step of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(steps / strides)` outputs.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, the distance between the inputs that the window
            sees. Defaults to `1`.
        depth_multiplier: Positive integer, the number of outputs of each channel between the two
            convolutions. Defaults to `1`.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        depthwise_initializer: Initializer of the kernel of the channels.
        pointwise_initializer: Initializer of the kernel that mixes them.
        bias_initializer: Initializer of the bias.
        depthwise_regularizer: Optional function of the first kernel added to the loss.
        pointwise_regularizer: Optional function of the second kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        depthwise_constraint: Optional function applied to the first kernel after each update.
        pointwise_constraint: Optional function applied to the second kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, new_steps, filters)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is smaller than the window.
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """Separable convolution over two axes (an image): a convolution of each channel by itself, then
    one with a window of size 1 that mixes the channels, then `activation(... + bias)` (Chollet,
    arXiv 1610.02357).

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer or pair of integers, the height and width of the window.
        strides: Integer or pair of integers, the steps of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(size / strides)` outputs along each axis.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or pair of integers, the distance between the inputs that the window
            sees. Defaults to `1`.
        depth_multiplier: Positive integer, the number of outputs of each channel between the two
            convolutions. Defaults to `1`.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        depthwise_initializer: Initializer of the kernel of the channels.
        pointwise_initializer: Initializer of the kernel that mixes them.
        bias_initializer: Initializer of the bias.
        depthwise_regularizer: Optional function of the first kernel added to the loss.
        pointwise_regularizer: Optional function of the second kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        depthwise_constraint: Optional function applied to the first kernel after each update.
        pointwise_constraint: Optional function applied to the second kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is smaller than the window.
    """

    rank = 2


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
