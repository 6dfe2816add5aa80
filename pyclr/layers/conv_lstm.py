"""Recurrent layers whose products are convolutions."""

from __future__ import annotations

from .conv_lstm_cell import ConvLSTMCell
from .input_spec import InputSpec
from .recurrent_layer import RecurrentLayer


class _ConvLSTM(RecurrentLayer):
    cell_class = ConvLSTMCell
    _cell_name = "conv_lstm_cell"
    rank: int

    def _make_cell(self, **kwargs):
        return super()._make_cell(rank=self.rank, **kwargs)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[0], sequences_shape[1]
        shape, states = self.cell.compute_output_shape((batch, *sequences_shape[2:]))
        output = (batch, steps, *shape[1:]) if self.return_sequences else shape
        return (output, *states) if self.return_state else output


class ConvLSTM1D(_ConvLSTM):
    """Convolutional long short-term memory (Shi et al., arXiv 1506.04214) over sequences of
    signals: `ConvLSTMCell` over the steps.

    Args:
        filters: Positive integer, the channels of state and output.
        kernel_size: Integer or tuple of 1 integer, the size of both windows.
        strides: Integer or tuple of 1 integer, of the input's convolution.
        padding: `"valid"` or `"same"`, of the input's convolution; the state's is `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or tuple of 1 integer, of the input's convolution.
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
        return_sequences, return_state, go_backwards, stateful: As of `RNN`.

    Call arguments:
        As of `RNN`.

    Input shape:
        `(batch, steps, size, channels)`; all but batch and steps known.

    Output shape:
        `(batch, new_size, filters)`, after the batch the steps with
        `return_sequences`; with `return_state` followed by the states.
    """

    rank = 1

    def __init__(
        self,
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
        **kwargs,
    ):
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
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
            **kwargs,
        )


class ConvLSTM2D(_ConvLSTM):
    """Convolutional long short-term memory (Shi et al., arXiv 1506.04214) over sequences of
    images: `ConvLSTMCell` over the steps.

    Args:
        filters: Positive integer, the channels of state and output.
        kernel_size: Integer or tuple of 2 integers, the size of both windows.
        strides: Integer or tuple of 2 integers, of the input's convolution.
        padding: `"valid"` or `"same"`, of the input's convolution; the state's is `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or tuple of 2 integers, of the input's convolution.
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
        return_sequences, return_state, go_backwards, stateful: As of `RNN`.

    Call arguments:
        As of `RNN`.

    Input shape:
        `(batch, steps, height, width, channels)`; all but batch and steps known.

    Output shape:
        `(batch, new_height, new_width, filters)`, after the batch the steps with
        `return_sequences`; with `return_state` followed by the states.
    """

    rank = 2

    def __init__(
        self,
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
        **kwargs,
    ):
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
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
            **kwargs,
        )


class ConvLSTM3D(_ConvLSTM):
    """Convolutional long short-term memory (Shi et al., arXiv 1506.04214) over sequences of
    volumes: `ConvLSTMCell` over the steps.

    Args:
        filters: Positive integer, the channels of state and output.
        kernel_size: Integer or tuple of 3 integers, the size of both windows.
        strides: Integer or tuple of 3 integers, of the input's convolution.
        padding: `"valid"` or `"same"`, of the input's convolution; the state's is `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer or tuple of 3 integers, of the input's convolution.
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
        return_sequences, return_state, go_backwards, stateful: As of `RNN`.

    Call arguments:
        As of `RNN`.

    Input shape:
        `(batch, steps, depth, height, width, channels)`; all but batch and steps known.

    Output shape:
        `(batch, new_depth, new_height, new_width, filters)`, after the batch the steps with
        `return_sequences`; with `return_state` followed by the states.
    """

    rank = 3

    def __init__(
        self,
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
        **kwargs,
    ):
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
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
            **kwargs,
        )
