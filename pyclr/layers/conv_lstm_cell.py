"""The cell of convolutional recurrent layers."""

from __future__ import annotations

from .. import _core, activations, constraints, initializers, ops, regularizers
from .arguments import (
    channels_last,
    integer_tuple,
    one_of,
    positive_integer,
    weight_config,
    weight_options,
)
from .recurrent_cell import DropoutCell, forget_bias


class ConvLSTMCell(DropoutCell):
    """One step of a convolutional long short-term memory (Shi et al., arXiv 1506.04214): that of
    `LSTMCell` with convolutions in place of matrix products.

    Args:
        rank: 1, 2 or 3, the number of axes between batch and channels.
        filters: Positive integer, the channels of state and output.
        kernel_size: Integer or tuple of `rank` integers, the size of both windows.
        strides: Integer or tuple of `rank` integers, of the input's convolution.
        padding: `"valid"` or `"same"`, of the input's convolution; the state's is `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or tuple of `rank` integers, of the input's convolution.
        activation: Activation function or its name. Defaults to `"tanh"`.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`.
        use_bias: Boolean.
        kernel_initializer: Initializer of the input's kernel.
        recurrent_initializer: Initializer of the state's kernel.
        bias_initializer: Initializer of the bias.
        unit_forget_bias: Boolean, whether the bias of the forget gate starts as ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Optional functions of the
            weights added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: Optional functions applied to the
            weights after each update.
        dropout: Number in [0, 1], the share of inputs set to 0 in training.
        recurrent_dropout: Number in [0, 1], the share of states set to 0 in training.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        inputs: Tensor of shape `(batch, ..., channels)`.
        states: List of two tensors of shape `(batch, ..., filters)`, h and c.
        training: Boolean.

    Returns:
        The new h, and the list of the new h and c.
    """

    arguments = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        "activation", "recurrent_activation", "use_bias", "kernel_initializer",
        "recurrent_initializer", "bias_initializer", "unit_forget_bias", "kernel_regularizer",
        "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint",
        "bias_constraint", "dropout", "recurrent_dropout", "seed",
    )  # fmt: skip

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = positive_integer("filters", filters)
        self.kernel_size = integer_tuple("kernel_size", kernel_size, rank)
        self.strides = integer_tuple("strides", strides, rank)
        self.padding = one_of("padding", padding, ("valid", "same"))
        self.data_format = channels_last(data_format)
        self.dilation_rate = integer_tuple("dilation_rate", dilation_rate, rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Arguments `strides` and `dilation_rate` must not both be above 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.unit_forget_bias = unit_forget_bias
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._init_dropout(dropout, recurrent_dropout, seed)
        self.state_size = [self.filters, self.filters]

    def build(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                "The sizes of the input of a convolutional recurrent layer must be known, but for "
                f"batch and steps. Received: {tuple(input_shape)} for layer '{self.name}'"
            )
        self._state_shape = self.compute_output_shape(input_shape)[0][1:]
        window = self.kernel_size
        self.kernel = self.add_weight(
            shape=(*window, input_shape[-1], 4 * self.filters),
            name="kernel",
            **weight_options(self, "kernel"),
        )
        self.recurrent_kernel = self.add_weight(
            shape=(*window, self.filters, 4 * self.filters),
            name="recurrent_kernel",
            **weight_options(self, "recurrent"),
        )
        self.bias = None
        if self.use_bias:
            options = weight_options(self, "bias")
            if self.unit_forget_bias:
                options["initializer"] = forget_bias(self.bias_initializer, self.filters)
            self.bias = self.add_weight(shape=(4 * self.filters,), name="bias", **options)

    def compute_output_shape(self, input_shape, states_shape=None):
        sizes = zip(input_shape[1:-1], self.kernel_size, self.strides, self.dilation_rate)
        same = self.padding == "same"
        spatial = (
            None if size is None
            else -(-(size if same else size - (window - 1) * dilation) // stride)
            for size, window, stride, dilation in sizes
        )  # fmt: skip
        shape = (input_shape[0], *spatial, self.filters)
        return shape, [shape, shape]

    def get_initial_state(self, batch_size=None):
        """Returns zeros for h and c."""
        shape = (batch_size, *self._state_shape)
        return [_core.ops.full(shape=shape, dtype=self.dtype) for _ in range(2)]

    def call(self, inputs, states, training=False):
        h, c = states
        strides, padding, dilation = self.strides, self.padding, self.dilation_rate
        rates = (self.dropout, self.recurrent_dropout) if training else (0.0, 0.0)
        x = self._by_gate("inputs", inputs, self.kernel, rates[0], strides, padding, dilation)
        inner = self._by_gate("state", h, self.recurrent_kernel, rates[1], 1, "same", 1)
        total = x + inner
        if self.bias is not None:
            total = total + self.bias
        i, f, g, o = ops.split(total, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def _by_gate(self, name, x, kernel, rate, strides, padding, dilation_rate):
        """The convolution of x for all gates, with zeros of their own."""
        options = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        if not 0 < rate < 1:
            return ops.conv(x, kernel, **options)
        parts = self._dropped(name, x, rate, count=4)
        kernels = ops.split(kernel, 4, axis=-1)
        gates = [ops.conv(part, each, **options) for part, each in zip(parts, kernels)]
        return ops.concatenate(gates, axis=-1)

    def get_config(self):
        own = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in own},
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "use_bias": self.use_bias,
            **weight_config(self, "kernel", "recurrent", "bias"),
            "unit_forget_bias": self.unit_forget_bias,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }
