"""The gated recurrent unit and its cell."""

from __future__ import annotations

from .. import _core, activations, ops
from .recurrent_cell import RecurrentCell
from .recurrent_layer import RecurrentLayer, no_cudnn


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit (Cho et al., arXiv 1406.1078).

    With gates `z, r, g` of the input, `x @ kernel + bias`, and of the state before,
    `h @ recurrent_kernel`: the update `z = sigmoid(x_z + h_z)`, the reset `r = sigmoid(x_r + h_r)`,
    the candidate `g = tanh(x_g + r * h_g)`, and the new state `z * h + (1 - z) * g`.

    Args:
        units: Positive integer, the size of state and output.
        activation: Activation function or its name. Defaults to `"tanh"`.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`.
        use_bias: Boolean.
        kernel_initializer: Initializer of the input's kernel.
        recurrent_initializer: Initializer of the state's kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Optional functions of the
            weights added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: Optional functions applied to the
            weights after each update.
        dropout: Number in [0, 1], the share of inputs set to 0 in training.
        recurrent_dropout: Number in [0, 1], the share of states set to 0 in training.
        reset_after: Boolean, whether the reset gate applies after the product with the recurrent
            kernel (as on GPUs; the bias has a row for the input and one for the state) or before.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        inputs: Tensor of shape `(batch, channels)`.
        states: List of one tensor of shape `(batch, units)`.
        training: Boolean.

    Returns:
        The new state, and a list of it.
    """

    gates = 3
    arguments = (*RecurrentCell.arguments, "recurrent_activation", "reset_after")

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        reset_after=True,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self):
        return self.bias if self.bias is None or not self.reset_after else self.bias[0]

    def _recurrent_bias(self):
        if self.bias is None:
            return [_core.ops.full(shape=(3 * self.units,), dtype=self.dtype)]
        return [self.bias[1]]

    def call(self, inputs, states, training=False):
        h = states[0] if isinstance(states, (list, tuple)) else states
        rates = (self.dropout, self.recurrent_dropout)
        x = self._by_gate("inputs", inputs, self.kernel, self._input_bias(), rates[0], training)
        gate, kernel = self.recurrent_activation, self.recurrent_kernel
        if self.reset_after:
            (bias,) = self._recurrent_bias()
            inner = self._by_gate("state", h, kernel, bias, rates[1], training)
            z, r = gate(x[0] + inner[0]), gate(x[1] + inner[1])
            candidate = x[2] + r * inner[2]
        else:
            rate = rates[1] if training else 0.0
            before = self._dropped("state", h, rate, count=3)
            kernels = ops.split(kernel, 3, axis=-1)
            z, r = (gate(x[i] + ops.matmul(before[i], kernels[i])) for i in range(2))
            candidate = x[2] + ops.matmul(r * before[2], kernels[2])
        new = z * h + (1 - z) * self.activation(candidate)
        return new, [new] if isinstance(states, (list, tuple)) else new

    def _fused_activations(self):
        return {"activation": self.activation, "recurrent_activation": self.recurrent_activation}

    def can_run_sequences(self, training):
        return self.reset_after and super().can_run_sequences(training)

    def _sequence_op(self):
        return _core.ops.gru

    _fused_call = call  # what the engine computes

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }


class GRU(RecurrentLayer):
    """Gated recurrent unit: `GRUCell` over the steps of sequences.

    Args:
        units: Positive integer, the size of state and output.
        activation: Activation function or its name. Defaults to `"tanh"`.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`.
        use_bias: Boolean.
        kernel_initializer: Initializer of the input's kernel.
        recurrent_initializer: Initializer of the state's kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Optional functions of the
            weights added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: Optional functions applied to the
            weights after each update.
        dropout: Number in [0, 1], the share of inputs set to 0 in training.
        recurrent_dropout: Number in [0, 1], the share of states set to 0 in training.
        seed: Integer, or `None` for one drawn from the global seed.
        return_sequences, return_state, go_backwards, stateful, unroll: As of `RNN`.
        reset_after: Boolean, whether the reset gate applies after the product with the recurrent
            kernel (as on GPUs; the bias has a row for the input and one for the state) or before.
        use_cudnn: Accepted for Keras' sake: `"auto"`, `False`; `True` is an error.

    Call arguments, input and output shape:
        As of `RNN`.
    """

    cell_class = GRUCell
    _cell_name = "gru_cell"

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=True,
        use_cudnn="auto",
        **kwargs,
    ):
        no_cudnn(use_cudnn)
        super().__init__(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            reset_after=reset_after,
            **kwargs,
        )
