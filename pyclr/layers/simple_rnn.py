"""The simple recurrent layer and its cell."""

from __future__ import annotations

from .. import _core
from .recurrent_cell import RecurrentCell
from .recurrent_layer import RecurrentLayer


class SimpleRNNCell(RecurrentCell):
    """One step of a simple recurrent layer (Elman, 1990):
    `h = activation(x @ kernel + before @ recurrent_kernel + bias)`.

    Args:
        units: Positive integer, the size of state and output.
        activation: Activation function or its name. Defaults to `"tanh"`.
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
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        inputs: Tensor of shape `(batch, channels)`.
        states: List of one tensor of shape `(batch, units)`.
        training: Boolean.

    Returns:
        The new state, and a list of it.
    """

    gates = 1

    def call(self, inputs, states, training=False):
        before = states[0] if isinstance(states, (list, tuple)) else states
        rates = (self.dropout, self.recurrent_dropout)
        (x,) = self._by_gate("inputs", inputs, self.kernel, self.bias, rates[0], training)
        (inner,) = self._by_gate("state", before, self.recurrent_kernel, None, rates[1], training)
        h = self.activation(x + inner)
        return h, [h] if isinstance(states, (list, tuple)) else h

    def _sequence_op(self):
        return _core.ops.simple_rnn

    _fused_call = call  # what the engine computes


class SimpleRNN(RecurrentLayer):
    """Simple recurrent layer: `SimpleRNNCell` over the steps of sequences.

    Args:
        units: Positive integer, the size of state and output.
        activation: Activation function or its name. Defaults to `"tanh"`.
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
        return_sequences, return_state, go_backwards, stateful, unroll: As of `RNN`.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments, input and output shape:
        As of `RNN`.
    """

    cell_class = SimpleRNNCell
    _cell_name = "simple_rnn_cell"

    def __init__(
        self,
        units,
        activation="tanh",
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
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
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
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            seed=seed,
            **kwargs,
        )

    def get_config(self):
        config = super().get_config()
        del config["seed"]  # as Keras
        return config
