"""Convolution layers."""

from __future__ import annotations

from .. import activations, constraints, initializers, regularizers
from .._core import ops
from ..ops import conv
from ..ops.core import cast
from .arguments import (
    channels_last,
    drop_unsupported,
    integer_tuple,
    one_of,
    positive_integer,
    weight_config,
    weight_options,
)
from .input_spec import InputSpec
from .layer import Layer
from .window import window_output_shape


def check_strides_or_dilation(strides, dilation_rate):
    """Raises a ValueError if both are greater than 1 somewhere."""
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError(
            "Arguments `strides` and `dilation_rate` can not both be greater than 1. "
            f"Received: strides={strides}, dilation_rate={dilation_rate}"
        )


class BaseConv(Layer):
    """What all convolution layers share: the window, the bias and the activation."""

    rank: int  # number of axes that the window slides over
    _paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size,
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        use_bias,
        bias_initializer,
        bias_regularizer,
        bias_constraint,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size = integer_tuple("kernel_size", kernel_size, self.rank)
        self.strides = integer_tuple("strides", strides, self.rank)
        self.padding = one_of("padding", padding, self._paddings)
        self.data_format = channels_last(data_format)
        self.dilation_rate = integer_tuple("dilation_rate", dilation_rate, self.rank)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _input_channels(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(
                f"The channels, the last dimension of the input of a {type(self).__name__} layer, "
                f"must be known. Received: input_shape={tuple(input_shape)} for layer "
                f"'{self.name}'"
            )
        return input_shape[-1]

    def _add_bias(self, channels):
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(channels,), name="bias", **weight_options(self, "bias")
            )

    def _convolve(self, inputs, kernel, groups):
        """The convolution with a kernel of shape `kernel_size + (channels / groups, filters)`; in
        one dimension, that of an image of height 1."""
        x = cast(inputs, self.dtype)
        padding, strides, dilation = self.padding, self.strides, self.dilation_rate
        if self.rank == 3:
            return self._activated(conv(x, kernel, strides, padding, None, dilation))
        if padding == "causal":
            before = (self.kernel_size[0] - 1) * dilation[0]
            x = ops.pad(x, before=[0, before, 0], after=[0, 0, 0])
            padding = "valid"
        if self.rank == 1:
            strides, dilation = (1, *strides), (1, *dilation)
            x = ops.reshape(x, shape=(x.shape[0], 1, *x.shape[1:]))
            kernel = ops.reshape(kernel, shape=(1, *kernel.shape))
        bias = () if self.bias is None else (self.bias,)
        y = ops.conv2d(
            x, kernel, *bias, strides=strides, dilation=dilation, padding=padding, groups=groups
        )
        if self.rank == 1:
            y = ops.reshape(y, shape=(y.shape[0], *y.shape[2:]))
        return self.activation(y)

    def _activated(self, x):
        return self.activation(x if self.bias is None else ops.add(x, self.bias))

    def _output_shape(self, input_shape, channels):
        return window_output_shape(
            input_shape,
            self.kernel_size,
            self.strides,
            self.padding,
            channels,
            self.dilation_rate,
        )

    def get_config(self):
        return {
            "activity_regularizer": None,
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **weight_config(self, "bias"),
        }


class _Conv(BaseConv):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
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
        drop_unsupported(kwargs, lora_rank=None, lora_alpha=None)
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
        self.groups = positive_integer("groups", groups)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        if self.filters % self.groups:
            raise ValueError(
                "The number of filters must be a multiple of the number of groups. "
                f"Received: filters={filters}, groups={groups}"
            )
        check_strides_or_dilation(self.strides, self.dilation_rate)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be a multiple of the number of groups. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)} for layer "
                f"'{self.name}'"
            )
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            name="kernel",
            **weight_options(self, "kernel"),
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={-1: channels})

    def call(self, inputs):
        return self._convolve(inputs, self.kernel, self.groups)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "groups": self.groups,
            **weight_config(self, "kernel"),
        }


class Conv1D(_Conv):
    """Convolution over one axis (time): `activation(convolve(inputs, kernel) + bias)`.

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer, the length of the window.
        strides: Integer, the step of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input; `"same"`, where
            zeros around the input give `ceil(steps / strides)` outputs; or `"causal"`, the same
            with all zeros before the input, so that no output sees later steps.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, the distance between the inputs that the window sees. Defaults to
            `1`; greater than 1 only with strides of 1.
        groups: Positive integer, a divisor of the channels and of `filters`: each group of filters
            sees only its group of channels. Defaults to `1`.
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
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is shorter than the window.
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class Conv2D(_Conv):
    """Convolution over two axes (an image): `activation(convolve(inputs, kernel) + bias)`.

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer or pair of integers, the height and width of the window.
        strides: Integer or pair of integers, the steps of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(size / strides)` outputs along each axis.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or pair of integers, the distance between the inputs that the window
            sees. Defaults to `1`; greater than 1 only with strides of 1.
        groups: Positive integer, a divisor of the channels and of `filters`: each group of filters
            sees only its group of channels. Defaults to `1`.
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
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is smaller than the window.

    Example:

    ```python
    layer = pyclr.layers.Conv2D(16, 5, activation="relu")
    assert layer(np.zeros((4, 28, 28, 1))).shape == (4, 24, 24, 16)
    ```
    """

    rank = 2


class Conv3D(_Conv):
    """Convolution over three axes (a volume): `activation(convolve(inputs, kernel) + bias)`.

    Args:
        filters: Positive integer, the number of output channels.
        kernel_size: Integer or three integers, the depth, height and width of the window.
        strides: Integer or three integers, the steps of the window. Defaults to `1`.
        padding: `"valid"` (default), where the window stays inside the input, or `"same"`, where
            zeros around the input give `ceil(size / strides)` outputs along each axis.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or three integers, the distance between the inputs that the window
            sees. Defaults to `1`; greater than 1 only with strides of 1.
        groups: Positive integer, a divisor of the channels and of `filters`: each group of filters
            sees only its group of channels. Defaults to `1`.
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
        ValueError: if an argument is invalid, or the input has another rank, another number of
            channels than the kernel, or is smaller than the window.
    """

    rank = 3


Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
