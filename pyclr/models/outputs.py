"""What a step gives: logs that become floats when read, and predictions collected into arrays."""

from __future__ import annotations

import numpy as np

from .. import _core
from ..utils import tree


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
    """The outputs of a step, made into floats when they are read."""

    def __init__(self, outputs):
        self._outputs = outputs
        self._floats = None

    def __call__(self):
        if self._floats is None:
            outputs = {} if self._outputs is None else self._outputs
            if not isinstance(outputs, dict):
                outputs = {"loss": outputs}
            self._floats = {name: _as_log(value) for name, value in outputs.items()}
        return dict(self._floats)


def _as_log(value):
    value = np.asarray(value)
    return float(value) if value.size == 1 else value


class OutputSpec:
    """Shape and dtype of an output: one leaf of a structure."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = tuple(shape), dtype


class Sink:
    """Collects predictions into arrays that hold all of them."""

    def __init__(self, rows):
        self._rows = rows
        self._done = 0
        self._structure = None
        self._arrays = []

    def prepare(self, specs, rows):
        """Makes the arrays, for a structure of (shape, dtype) of a batch's outputs."""
        if self._arrays:
            return
        self._structure = specs
        for spec in tree.flatten(specs):
            shape = spec.shape
            if not shape or shape[0] != rows:
                raise ValueError(
                    "The model's output must have one entry for each sample to be collected by "
                    f"`predict`. Received: an output of shape {shape} for {rows} samples"
                )
            self._arrays.append(np.empty((self._rows,) + shape[1:], spec.dtype))

    def write(self, outputs, rows):
        """Appends the outputs of an eager step."""
        self.prepare(tree.map_structure(lambda a: OutputSpec(a.shape, a.dtype), outputs), rows)
        for target, array in zip(self._arrays, tree.flatten(outputs)):
            target[self._done : self._done + rows] = array
        self._done += rows

    def arrays(self, steps, rows):
        """Where a replay writes; empty before the outputs' shapes are known."""
        return [array[self._done : self._done + steps * rows] for array in self._arrays]

    def advance(self, rows):
        """Notes that a replay has written so many rows."""
        self._done += rows

    def result(self):
        """Returns the arrays in the structure of the model's output."""
        return tree.pack_like(self._structure, self._arrays)
