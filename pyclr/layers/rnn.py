"""RNN: a cell run over the steps of sequences; cells on top of each other."""

from __future__ import annotations

import contextlib

from .. import _core, ops, symbolic, tree
from ..keras_tensor import KerasTensor
from ..saving import serialization
from ..variables import Variable
from .layer import Layer, map_shapes
from .recurrent_cell import DropoutCell


class RNN(Layer):
    """Runs a cell over the steps of sequences.

    A cell is a layer (or any object) with

    * `call(inputs, states)`, which returns `(output, new states)` for one step: `inputs` of shape
      `(batch, ...)`, `states` a list; it may also take `training`;
    * `state_size`, an integer or a list of integers, the sizes of the states;
    * optionally `output_size` (defaults to the first state's size), and
      `get_initial_state(batch_size)` (defaults to zeros).

    A step that the mask leaves out changes no state, and gives the output before.

    Args:
        cell: Cell, or a list of cells, which become `StackedRNNCells`.
        return_sequences: Boolean, whether to return the outputs of all steps instead of the last.
        return_state: Boolean, whether to return the last states as well.
        go_backwards: Boolean, whether to start at the last step; the outputs are in the order of
            computation.
        stateful: Boolean, whether the last states of a batch are the first of the next.
        unroll: Boolean, accepted for Keras' sake: the steps are always a plain list.
        zero_output_for_mask: Boolean, whether a step left out gives zeros instead.

    Call arguments:
        sequences: Tensor of shape `(batch, steps, ...)`.
        initial_state: Optional list of tensors. Defaults to zeros.
        mask: Optional boolean tensor of shape `(batch, steps)`.
        training: Boolean.

    Output shape:
        `(batch, output_size)`, or `(batch, steps, output_size)` with `return_sequences`; with
        `return_state` a list of that and the states.

    Raises:
        ValueError: if `cell` is no cell.

    Example:

    ```python
    cells = [pyclr.layers.LSTMCell(16), pyclr.layers.LSTMCell(8)]
    layer = pyclr.layers.RNN(cells, return_sequences=True)
    assert layer(np.ones((2, 5, 3), "float32")).shape == (2, 5, 8)
    ```
    """

    _bookkeeping = frozenset({"states"})

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        for needed in ("call", "state_size"):
            if not hasattr(cell, needed):
                raise ValueError(
                    f"Argument `cell` must have `call` and `state_size`. Received: cell={cell!r}"
                )
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        # Not a weight, and so not tracked.
        object.__setattr__(self, "states", None)

    @property
    def state_size(self):
        """The sizes of the cell's states, a list."""
        size = self.cell.state_size
        return [size] if isinstance(size, int) else list(size)

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer):
            self.cell.build_for((sequences_shape[0], *sequences_shape[2:]))

    def get_initial_state(self, batch_size):
        """Returns the states before the first step: the cell's, or zeros."""
        if hasattr(self.cell, "get_initial_state"):
            state = self.cell.get_initial_state(batch_size=batch_size)
            return list(state) if isinstance(state, (list, tuple)) else [state]
        return [
            _core.ops.full(shape=(batch_size, size), dtype=self.dtype) for size in self.state_size
        ]

    def reset_state(self):
        """Sets the states that a stateful layer keeps to zero."""
        for variable in tree.flatten(self.states or []):
            variable.assign(_core.ops.full(shape=variable.shape, dtype=variable.dtype))

    reset_states = reset_state

    def _first_states(self, sequences, initial_state):
        batch = sequences.shape[0]
        keeps = self._keeps_states()
        if keeps:
            self.make_states(batch)
        if initial_state is not None:
            single = not isinstance(initial_state, (list, tuple))
            states = [initial_state] if single else list(initial_state)
        else:
            states = self.states if keeps else self.get_initial_state(batch)
        return tree.map_structure(lambda x: ops.cast(x, self.dtype), states)

    def _keeps_states(self):
        # Not where shapes are inferred, from another number of sequences.
        return self.stateful and not symbolic.is_dry()

    def make_states(self, batch):
        """Makes the states of a stateful layer, at the first batch; a ValueError if this one is of
        another size."""
        if self.states is None:
            values = self.get_initial_state(batch)
            make = lambda x: Variable(x.numpy(), trainable=False, name="rnn_state")  # noqa: E731
            object.__setattr__(self, "states", tree.map_structure(make, values))
        expected = tree.flatten(self.states)[0].shape[0]
        if batch != expected:
            raise ValueError(
                f"A stateful layer keeps a state for each sequence: every batch must be as large "
                f"as the first, of {expected} sequences (or leave out the rest of an epoch). "
                f"Received: a batch of {batch} in layer '{self.name}'"
            )

    def call(self, sequences, initial_state=None, mask=None, training=False):
        states = self._first_states(sequences, initial_state)
        x = self._time_major(sequences)
        mask = next((m for m in tree.flatten(mask) if m is not None), None)
        if mask is not None:
            mask = self._time_major(ops.cast(mask, "bool"))
            if mask.ndim > 2:
                mask = ops.any(mask, axis=tuple(range(2, mask.ndim)))
        with contextlib.ExitStack() as stack:
            for cell in _cells(self.cell):
                if isinstance(cell, DropoutCell):
                    stack.enter_context(cell.one_sequence())
            run = getattr(self.cell, "can_run_sequences", lambda training: False)
            if run(training):
                outputs, states = self.cell.run_sequence(x, states, mask, training)
                last = states[0]
                if mask is not None and self.zero_output_for_mask:
                    outputs = _masked(mask, outputs, 0)
                    last = outputs[-1]
            else:
                outputs, last, states = self._steps(x, states, mask, training)
        if self._keeps_states():
            for variable, state in zip(tree.flatten(self.states), tree.flatten(states)):
                variable.assign(state)
        output = _swap(outputs) if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _time_major(self, x):
        """The steps first, in the order of computation."""
        x = _swap(x)
        return x[::-1] if self.go_backwards else x

    def _steps(self, x, states, mask, training):
        """Calls the cell step by step. Returns the outputs, steps first, or `None` if they are not
        needed; the last output; the last states."""
        kwargs = {"training": training} if _takes_training(self.cell) else {}
        call = self.cell if isinstance(self.cell, Layer) else self.cell.call
        masks = [None] * x.shape[0] if mask is None else _parts(mask)
        outputs = []
        for step, counts in zip(_parts(x), masks):
            output, new = call(step, states, **kwargs)
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            if counts is not None:
                first = states[-1] if isinstance(states[-1], (list, tuple)) else states
                output = _masked(counts, output, 0 if self.zero_output_for_mask else first[0])
                flat = zip(tree.flatten(new), tree.flatten(states))
                new = tree.pack_like(new, [_masked(counts, *pair) for pair in flat])
            states = new
            outputs.append(output)
        if not outputs:
            raise ValueError(f"Layer '{self.name}' needs at least one step. Received: none")
        if not self.return_sequences:
            return None, outputs[-1], states
        return ops.stack(outputs, axis=0), outputs[-1], states

    def compute_mask(self, inputs, previous_mask):
        masks = tree.flatten(previous_mask)
        output = masks[0] if masks and self.return_sequences else None
        return [output] + [None] * len(self.state_size) if self.return_state else output

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[0], sequences_shape[1]
        states = tree.map_structure(lambda size: (batch, size), self.state_size)
        output_size = getattr(self.cell, "output_size", None) or tree.flatten(self.state_size)[0]
        output = (batch, steps, output_size) if self.return_sequences else (batch, output_size)
        return (output, *states) if self.return_state else output

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        if all(isinstance(size, int) for size in tree.flatten(self.state_size)):
            shapes = self.compute_output_shape(tuple(sequences.shape))
            return map_shapes(lambda shape: KerasTensor(shape, dtype=self.dtype), shapes)
        return super().compute_output_spec(sequences, initial_state, mask, training)

    def get_config(self):
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": serialization.serialize_keras_object(self.cell),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        cell = serialization.deserialize_keras_object(config["cell"], custom_objects)
        return cls(cell, **{key: value for key, value in config.items() if key != "cell"})


class StackedRNNCells(Layer):
    """Several cells as one: each gets the output of the one before.

    Args:
        cells: List of cells.

    Raises:
        ValueError: if one of them is no cell.
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(
                    "Argument `cells` must be cells, with `call` and `state_size`. "
                    f"Received: {cell!r}"
                )
        self.cells = list(cells)

    @property
    def state_size(self):
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size=None):
        """Returns the list of the cells' initial states."""

        def zeros(size):
            return _core.ops.full(shape=(batch_size, size), dtype=self.dtype)

        return [
            cell.get_initial_state(batch_size=batch_size)
            if hasattr(cell, "get_initial_state")
            else tree.map_structure(zeros, cell.state_size)
            for cell in self.cells
        ]

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer):
                cell.build_for(input_shape)
            input_shape = (input_shape[0], _output_size(cell))

    def call(self, inputs, states, training=False):
        after = []
        for cell, state in zip(self.cells, states):
            kwargs = {"training": training} if _takes_training(cell) else {}
            is_list = isinstance(state, (list, tuple))
            call = cell if isinstance(cell, Layer) else cell.call
            inputs, new = call(inputs, list(state) if is_list else [state], **kwargs)
            after.append(new if is_list or not isinstance(new, (list, tuple)) else new[0])
        return inputs, after

    def get_config(self):
        cells = [serialization.serialize_keras_object(cell) for cell in self.cells]
        return {**super().get_config(), "cells": cells}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        cells = [
            serialization.deserialize_keras_object(cell, custom_objects) for cell in config["cells"]
        ]
        return cls(cells, **{key: value for key, value in config.items() if key != "cells"})


def _output_size(cell):
    return getattr(cell, "output_size", None) or tree.flatten(cell.state_size)[0]


def _cells(cell):
    """The cell and those inside it."""
    return [cell, *(inner for each in getattr(cell, "cells", ()) for inner in _cells(each))]


def _takes_training(cell):
    return isinstance(cell, Layer) and cell._signature.takes_training


def _swap(x):
    """Exchanges batch and steps."""
    return _core.ops.transpose(x, permutation=(1, 0, *range(2, x.ndim)))


def _parts(x):
    parts = _core.ops.unstack(x)
    return list(parts) if isinstance(parts, tuple) else [parts]


def _masked(mask, x, other):
    """x where the mask, of the leading axes, is true."""
    mask = _core.ops.reshape(mask, shape=(*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    return ops.where(mask, x, other)
