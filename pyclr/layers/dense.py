"""The fully connected layer."""

from __future__ import annotations

from .. import activations, constraints, initializers, regularizers
from .._core import ops
from ..ops.core import cast
from .arguments import drop_unsupported, positive_integer, weight_config, weight_options
from .input_spec import InputSpec
from .layer import Layer


class Dense(Layer):
    """Fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
        units: Positive integer, the size of the output's last dimension.
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
        `(batch, ..., input_dim)`.

    Output shape:
        `(batch, ..., units)`.

    Raises:
        ValueError: if `units` is not a positive integer, or the input has another last dimension
            than the kernel.
    """

    def __init__(
        self,
        units,
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
        drop_unsupported(kwargs, lora_rank=None, lora_alpha=None, quantization_config=None)
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.supports_masking = True
        self.units = positive_integer("units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(
                "The last dimension of the input of a Dense layer must be known. "
                f"Received: input_shape={tuple(input_shape)} for layer '{self.name}'"
            )
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), name="kernel", **weight_options(self, "kernel")
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,), name="bias", **weight_options(self, "bias")
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})

    def call(self, inputs):
        weights = (self.kernel,) if self.bias is None else (self.kernel, self.bias)
        return self.activation(ops.dense(cast(inputs, self.dtype), *weights))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[:-1]) + (self.units,)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **weight_config(self, "kernel", "bias"),
        }
