"""What a step gives: logs that become floats when read, and predictions collected into arrays."""

from __future__ import annotations

import numpy as np

from .. import _core, tree
from ..callbacks._rates import follows_keras


def to_numpy(structure):
    """The leaves as NumPy arrays, which hold no memory of the engine."""
    return tree.map_structure(
        lambda leaf: (
            np.array(leaf.value._view() if hasattr(leaf, "value") else leaf._view())
            if _core.is_tensor(leaf) or hasattr(leaf, "value")
            else leaf
        ),
        structure,
    )


class Logs:
    """The outputs of a step, made into floats when they are read.

    Args:
        outputs: What the step returned, or `None`.
        loss: List of the loss of the batch alone, or an empty one if that is not known.

    Attributes:
        more: Dictionary of what else the logs hold.
    """

    def __init__(self, outputs, loss=()):
        self._outputs, self._loss = outputs, loss
        self._floats = None
        self.more = {}

    def __call__(self):
        if self._floats is None:
            outputs = {} if self._outputs is None else self._outputs
            if not isinstance(outputs, dict):
                outputs = {"loss": outputs}
            self._floats = {name: _as_log(value) for name, value in outputs.items()}
        return {**self._floats, **self.more}

    def of_batch(self):
        """Returns the logs for the hooks of batches: with `batch_loss`, but for scripts of Keras',
        which expect its names."""
        if follows_keras() or not self._loss:
            return self()
        return {**self(), "batch_loss": _as_log(self._loss[0])}


def _as_log(value):
    value = np.asarray(value)
    return float(value) if value.size == 1 else value


class OutputSpec:
    """Shape and dtype of an output: one leaf of a structure."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = tuple(shape), dtype


class Sink:
    """Collects predictions into arrays that hold all of them.

    Args:
        rows: Integer, how many rows will come; `None` when that is not known.
    """

    def __init__(self, rows=None):
        self._rows = rows
        self._done = 0
        self._structure = None
        self._arrays = []

    def prepare(self, specs, rows):
        """Makes room for a batch, given the structure of (shape, dtype) of its outputs."""
        shapes = [spec.shape for spec in tree.flatten(specs)]
        for shape in shapes:
            if not shape or shape[0] != rows:
                raise ValueError(
                    "The model's output must have one entry for each sample to be collected by "
                    f"`predict`. Received: an output of shape {shape} for {rows} samples"
                )
        if not self._arrays:
            self._structure = tree.map_structure(lambda spec: None, specs)
            self._arrays = [
                np.empty((rows if self._rows is None else self._rows,) + spec.shape[1:], spec.dtype)
                for spec in tree.flatten(specs)
            ]
        elif [shape[1:] for shape in shapes] != [array.shape[1:] for array in self._arrays]:
            raise ValueError(
                "The outputs of all batches must have the same shape per sample to be collected by "
                f"`predict`. Received: {[array.shape[1:] for array in self._arrays]} and then "
                f"{[shape[1:] for shape in shapes]}"
            )

    def write(self, outputs, rows):
        """Appends the outputs of an eager step."""
        self.prepare(tree.map_structure(lambda a: OutputSpec(a.shape, a.dtype), outputs), rows)
        for target, array in zip(self.arrays(1, rows), tree.flatten(outputs)):
            target[...] = array
        self.advance(rows)

    def arrays(self, steps, rows):
        """Where the outputs of the next steps go."""
        end = self._done + steps * rows
        if self._arrays and end > len(self._arrays[0]):
            self._arrays = [_longer(array, max(end, 2 * len(array))) for array in self._arrays]
        return [array[self._done : end] for array in self._arrays]

    def advance(self, rows):
        """Notes that so many rows were written."""
        self._done += rows

    def result(self):
        """Returns the arrays in the structure of the model's output."""
        if not self._arrays:
            raise ValueError("There was no batch to predict for.")
        return tree.pack_like(self._structure, [array[: self._done] for array in self._arrays])


def _longer(array, rows):
    longer = np.empty((rows,) + array.shape[1:], array.dtype)
    longer[: len(array)] = array
    return longer
