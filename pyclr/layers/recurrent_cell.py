"""What the cells of recurrent layers share: weights, dropout, whole sequences at once."""

from __future__ import annotations

import contextlib

import numpy as np

from .. import _core, activations, constraints, initializers, ops, regularizers
from ..random.seed_generator import SeedGenerator
from .arguments import positive_integer, weight_config, weight_options
from .layer import Layer

# Activations that the engine's sequence ops know.
_FUSED = ("linear", "relu", "tanh", "sigmoid", "hard_sigmoid")


class DropoutCell(Layer):
    """A cell that sets inputs and states to 0 at random: the same ones in all steps of a sequence
    (Gal and Ghahramani, arXiv 1512.05287)."""

    _masks = None  # those of the sequence that is being computed

    def _init_dropout(self, dropout, recurrent_dropout, seed):
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)

    @contextlib.contextmanager
    def one_sequence(self):
        """While open, every call uses the same random zeros."""
        object.__setattr__(self, "_masks", {})
        try:
            yield
        finally:
            object.__setattr__(self, "_masks", None)

    def _dropped(self, name, x, rate, shape=None, count=1):
        """Returns `count` tensors: `x` with different zeros, drawn in `shape` (that of x)."""
        if not 0 < rate < 1:
            return [x] * count
        masks = (self._masks or {}).get(name)
        if masks is None:
            masks = [
                _core.ops.dropout_mask(
                    self.seed_generator.state, shape=shape or x.shape, rate=rate, dtype=self.dtype
                )
                for _ in range(count)
            ]
            if self._masks is not None:
                self._masks[name] = masks
        return [ops.multiply(x, mask) for mask in masks]


class RecurrentCell(DropoutCell):
    """Base of the cells whose input and state pass through dense kernels.

    A subclass says how many `gates` share a kernel and by what name the engine runs a sequence.
    """

    gates: int
    arguments: tuple[str, ...] = (
        "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer",
        "bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
        "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
        "recurrent_dropout", "seed",
    )  # fmt: skip
    _state_count = 1

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._init_dropout(dropout, recurrent_dropout, seed)
        # 1: each gate has random zeros of its own; 2: all gates share them.
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.output_size = self.units

    @property
    def state_size(self):
        """The size of the state, or the list of those of several."""
        return self.units if self._state_count == 1 else [self.units] * self._state_count

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(
                "The last dimension of the input of a recurrent cell must be known. "
                f"Received: input_shape={tuple(input_shape)} for layer '{self.name}'"
            )
        size = self.units * self.gates
        self.kernel = self.add_weight(
            shape=(input_shape[-1], size), name="kernel", **weight_options(self, "kernel")
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, size), name="recurrent_kernel", **weight_options(self, "recurrent")
        )
        self.bias = None
        if self.use_bias:
            options = weight_options(self, "bias")
            options["initializer"] = self._bias_initializer()
            self.bias = self.add_weight(shape=self._bias_shape(), name="bias", **options)

    def _bias_shape(self):
        return (self.units * self.gates,)

    def _bias_initializer(self):
        return self.bias_initializer

    def get_initial_state(self, batch_size=None):
        """Returns zeros of shape `(batch_size, units)` for each state, in a list."""
        return [
            _core.ops.full(shape=(batch_size, self.units), dtype=self.dtype)
            for _ in range(self._state_count)
        ]

    def _by_gate(self, name, x, kernel, bias, rate, training):
        """Returns `x @ kernel + bias`, gate by gate, with dropout of `x`."""
        rate = rate if training else 0.0
        apart = self.implementation == 1 and 0 < rate < 1
        parts = self._dropped(name, x, rate, count=self.gates if apart else 1)
        if not apart:
            return ops.split(_dense(parts[0], kernel, bias), self.gates, axis=-1)
        kernels = ops.split(kernel, self.gates, axis=-1)
        biases = [None] * self.gates if bias is None else ops.split(bias, self.gates, axis=-1)
        return [_dense(*gate) for gate in zip(parts, kernels, biases)]

    def _fused_activations(self):
        """The attributes that name the activations for the engine."""
        return {"activation": self.activation}

    def can_run_sequences(self, training):
        """Returns whether `run_sequence` computes what `call` would, step by step."""
        return (
            type(self).call is self._fused_call.__func__
            and all(_fused_name(f) for f in self._fused_activations().values())
            and not (training and self.recurrent_dropout)
            and not (training and self.dropout and self.implementation == 1)
        )

    def run_sequence(self, x, states, mask, training):
        """Computes all steps at once.

        Args:
            x: Tensor of shape `(steps, batch, channels)`.
            states: List of the states before.
            mask: Boolean tensor of shape `(steps, batch)`, or `None`.
            training: Boolean.

        Returns:
            Tensor of shape `(steps, batch, units)`, the list of the states after.
        """
        shape = (1, *x.shape[1:])
        (x,) = self._dropped("inputs", x, self.dropout if training else 0.0, shape)
        result = self._sequence_op()(
            _dense(x, self.kernel, self._input_bias()),
            self.recurrent_kernel,
            *states,
            *self._recurrent_bias(),
            *([] if mask is None else [mask]),
            masked=mask is not None,
            **{name: _fused_name(f) for name, f in self._fused_activations().items()},
        )
        return result[0], list(result[1 : 1 + self._state_count])

    def _sequence_op(self):
        raise NotImplementedError

    def _input_bias(self):
        return self.bias

    def _recurrent_bias(self):
        return []

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **weight_config(self, "kernel", "recurrent", "bias"),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def forget_bias(initializer, units):
    """Returns an initializer of four gates that makes ones for the second, the forget gate
    (Jozefowicz et al., ICML 2015)."""

    def values(shape, dtype=None):
        parts = [initializer((units,), dtype), np.ones(units), initializer((2 * units,), dtype)]
        return np.concatenate([np.asarray(part) for part in parts]).astype(dtype)

    return values


def _dense(x, kernel, bias):
    return _core.ops.dense(x, kernel, *([] if bias is None else [bias]))


def _fused_name(activation):
    """The engine's name of an activation, or `None`."""
    return next((name for name in _FUSED if activation is getattr(activations, name)), None)
