"""Transposed convolution layers."""

from __future__ import annotations

from .. import constraints, initializers, ops, regularizers
from .arguments import integer_tuple, positive_integer, weight_config, weight_options
from .convolution import BaseConv, check_strides_or_dilation
from .input_spec import InputSpec
from .window import transposed_output_shape


class _ConvTranspose(BaseConv):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
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
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = integer_tuple(
                "output_padding", output_padding, self.rank, minimum=0
            )
            if any(more >= stride for more, stride in zip(self.output_padding, self.strides)):
                raise ValueError(
                    "Argument `output_padding` must be less than `strides` along each axis. "
                    f"Received: output_padding={output_padding}, strides={strides}"
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        check_strides_or_dilation(self.strides, self.dilation_rate)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, self.filters, channels),
            name="kernel",
            **weight_options(self, "kernel"),
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={-1: channels})

    def call(self, inputs):
        return self._activated(
            ops.conv_transpose(
                ops.cast(inputs, self.dtype),
                self.kernel,
                strides=self.strides,
                padding=self.padding,
                output_padding=self.output_padding,
                dilation_rate=self.dilation_rate,
            )
        )

    def compute_output_shape(self, input_shape):
        return transposed_output_shape(
            input_shape,
            self.kernel_size,
            self.strides,
            self.padding,
            self.filters,
            self.dilation_rate,
            self.output_padding,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "output_padding": self.output_padding,
            **weight_config(self, "kernel"),
        }


class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution over one axis (time): each input puts its multiple of
    the kernel into the output, where they overlap and are added; then comes
    `activation(... + bias)`.

    It is the gradient of a convolution by its input, and enlarges what that makes smaller (Zeiler
    et al., "Deconvolutional networks", CVPR 2010).

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer, the length of the window.
        strides: Integer, the distance between the windows of neighbouring
            inputs in the output. Defaults to `1`.
        padding: `"valid"` (default), where the output holds all of the windows, or `"same"`, where
            its size is that of the input times `strides`.
        output_padding: Integer, less than `strides`, how much the output
            is longer than the windows need: with `"valid"` padding its size is
            `(size - 1) * strides + kernel_size + output_padding`. Defaults to `None`, which stands
            for the sizes above.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, the distance between the outputs that
            one input reaches. Defaults to `1`; greater than 1 only with strides of 1.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        kernel_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        `(batch, new_steps, filters)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank or another number of
            channels than the kernel.
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over two axes (an image): each input puts its multiple of
    the kernel into the output, where they overlap and are added; then comes
    `activation(... + bias)`.

    It is the gradient of a convolution by its input, and enlarges what that makes smaller (Zeiler
    et al., "Deconvolutional networks", CVPR 2010).

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer or pair of integers, the height and width of the window.
        strides: Integer or pair of integers, the distance between the windows of neighbouring
            inputs in the output. Defaults to `1`.
        padding: `"valid"` (default), where the output holds all of the windows, or `"same"`, where
            its size is that of the input times `strides`.
        output_padding: Integer or pair of integers, less than `strides`, how much the output
            is longer than the windows need: with `"valid"` padding its size is
            `(size - 1) * strides + kernel_size + output_padding`. Defaults to `None`, which stands
            for the sizes above.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or pair of integers, the distance between the outputs that
            one input reaches. Defaults to `1`; greater than 1 only with strides of 1.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        kernel_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank or another number of
            channels than the kernel.
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over three axes (a volume): each input puts its multiple of
    the kernel into the output, where they overlap and are added; then comes
    `activation(... + bias)`.

    It is the gradient of a convolution by its input, and enlarges what that makes smaller (Zeiler
    et al., "Deconvolutional networks", CVPR 2010).

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer or three integers, the depth, height and width of the window.
        strides: Integer or three integers, the distance between the windows of neighbouring
            inputs in the output. Defaults to `1`.
        padding: `"valid"` (default), where the output holds all of the windows, or `"same"`, where
            its size is that of the input times `strides`.
        data_format: `None` or `"channels_last"`.
        output_padding: Integer or three integers, less than `strides`, how much the output
            is longer than the windows need: with `"valid"` padding its size is
            `(size - 1) * strides + kernel_size + output_padding`. Defaults to `None`, which stands
            for the sizes above.
        dilation_rate: Integer or three integers, the distance between the outputs that
            one input reaches. Defaults to `1`; greater than 1 only with strides of 1.
        activation: Activation function or its name. Defaults to none.
        use_bias: Boolean.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        kernel_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, filters)`.

    Raises:
        ValueError: if an argument is invalid, or the input has another rank or another number of
            channels than the kernel.
    """

    rank = 3

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        output_padding=None,
        *args,
        **kwargs,
    ):
        # The order of the arguments is Keras'.
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, *args, **kwargs
        )


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
