"""The long short-term memory layer and its cell."""

from __future__ import annotations

from .. import _core, activations
from .recurrent_cell import RecurrentCell, forget_bias
from .recurrent_layer import RecurrentLayer, no_cudnn


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber, 1997).

    With gates `i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)`, where h and c are the
    states before: `c = sigmoid(f) * c + sigmoid(i) * tanh(g)`, `h = sigmoid(o) * tanh(c)`.

    Args:
        units: Positive integer, the size of state and output.
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
        inputs: Tensor of shape `(batch, channels)`.
        states: List of two tensors of shape `(batch, units)`, h and c.
        training: Boolean.

    Returns:
        The new h, and the list of the new h and c.
    """

    gates = 4
    arguments = (*RecurrentCell.arguments, "recurrent_activation", "unit_forget_bias")
    _state_count = 2

    def __init__(
        self,
        units,
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
        self.unit_forget_bias = unit_forget_bias

    def _bias_initializer(self):
        if self.unit_forget_bias:
            return forget_bias(self.bias_initializer, self.units)
        return self.bias_initializer

    def call(self, inputs, states, training=False):
        h, c = states
        rates = (self.dropout, self.recurrent_dropout)
        x = self._by_gate("inputs", inputs, self.kernel, self.bias, rates[0], training)
        inner = self._by_gate("state", h, self.recurrent_kernel, None, rates[1], training)
        i, f, g, o = (a + b for a, b in zip(x, inner))
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def _fused_activations(self):
        return {"activation": self.activation, "recurrent_activation": self.recurrent_activation}

    def _sequence_op(self):
        return _core.ops.lstm

    _fused_call = call  # what the engine computes

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


class LSTM(RecurrentLayer):
    """Long short-term memory: `LSTMCell` over the steps of sequences.

    Args:
        units: Positive integer, the size of state and output.
        activation: Activation function or its name. Defaults to `"tanh"`.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`.
        use_bias: Boolean.
        kernel_initializer: Initializer of the input's kernel.
        recurrent_initializer: Initializer of the state's kernel.
        bias_initializer: Initializer of the bias.
        unit_forget_bias: Boolean, whether the bias of the forget gate starts as ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Optional functions of the
            weights added to the loss.
        activity_regularizer: Optional function of the output added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: Optional functions applied to the
            weights after each update.
        dropout: Number in [0, 1], the share of inputs set to 0 in training.
        recurrent_dropout: Number in [0, 1], the share of states set to 0 in training.
        seed: Integer, or `None` for one drawn from the global seed.
        return_sequences, return_state, go_backwards, stateful, unroll: As of `RNN`.
        use_cudnn: Accepted for Keras' sake: `"auto"`, `False`; `True` is an error.

    Call arguments, input and output shape:
        As of `RNN`.
    """

    cell_class = LSTMCell
    _cell_name = "lstm_cell"

    def __init__(
        self,
        units,
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
            unit_forget_bias=unit_forget_bias,
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
            **kwargs,
        )
