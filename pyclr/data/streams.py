"""Batches from anything iterable: generators, iterators, loaders."""

from __future__ import annotations

import numpy as np

from .. import _core, config, tree
from .._feed import dtype_name, tensor_dtype
from .._tensor import Tensor
from ..variables import Variable
from . import workers
from .rows import ArrayData
from .source import Source, Stretch, token

_END = object()


class Batch(Stretch):
    """One batch, whose arrays the program reads in place."""

    def __init__(self, key, nest, rows, arrays):
        super().__init__(key, nest, rows, 1)
        self._arrays = arrays

    def tensors(self):
        return [_core.alias(a) for a in self._arrays]

    def replay(self, program, feeds, count, seconds, sink):
        outputs = program.run(self.tensors(), feeds)
        if sink is not None:
            for target, output in zip(sink.arrays(1, self.rows), outputs):
                target[...] = output._view()
            sink.advance(self.rows)
        return 1, outputs


class BatchSource(Source):
    """Batches from an iterator that a subclass opens for each epoch.

    Args:
        name: String, what the data is called in messages.
        class_weights: `ClassWeights` or `None`.

    Attributes:
        inputs_only: Boolean, whether only `x` of the batches is used.
    """

    inputs_only = False

    def __init__(self, name, class_weights=None):
        self._name = name
        self._class_weights = class_weights
        self._epoch, self._shuffle = 0, False
        self._iterator = None
        self._batch = None  # drawn and not used up
        self._done = 0

    def open(self, epoch, shuffle):
        """Returns an iterator over the batches of an epoch."""
        raise NotImplementedError

    def begin(self, epoch, shuffle=False):
        if self._done == 0 and (epoch, shuffle) == (self._epoch, self._shuffle):
            return  # at its first batch already, which `sample` may have drawn
        self.close()
        self._epoch, self._shuffle, self._done = epoch, shuffle, 0

    def next(self, limit=None):
        if self._batch is None:
            if self._iterator is None:
                self._iterator = self.open(self._epoch, self._shuffle)
            item = next(self._iterator, _END)
            if item is not _END:
                self._batch = self._make(item)
        return self._batch

    def advance(self, count):
        self._batch = None
        self._done += 1

    def sample(self):
        batch = self.next()
        if batch is None:
            raise ValueError(f"{self._name} gave no batch.")
        arrays = iter(batch._arrays)
        nest = tree.map_structure(lambda a: None if a is None else next(arrays), batch.nest)
        return ArrayData(*nest, batch_size=batch.rows)

    def close(self):
        self._batch = None
        if self._iterator is not None:
            workers.close(self._iterator)
            self._iterator = None

    def _make(self, item):
        x, y, weight = self._unpack(item)
        if y is not None and self._class_weights is not None:
            if weight is not None:
                raise ValueError(
                    f"Only one of `class_weight` and sample weights can be given. {self._name} "
                    "gave batches with sample weights."
                )
            y = tree.map_structure(as_batch_array, y)
            weight = self._class_weights.of(y)
        nest = (x, y, weight)
        arrays = [as_batch_array(leaf) for leaf in tree.flatten(nest) if leaf is not None]
        rows = arrays[0].shape[:1]
        if any(a.shape[:1] != rows for a in arrays) or not rows or not rows[0]:
            raise ValueError(
                "All arrays of a batch must have the same number of samples, at least one. "
                f"Received: {self._name} gave, as batch {self._done}, arrays of the shapes "
                f"{[a.shape for a in arrays]}"
                + ("" if all(a.ndim for a in arrays) else " (single samples, not batches?)")
            )
        key = token(nest), tuple([(a.shape, dtype_name(a.dtype)) for a in arrays])
        return Batch(key, nest, rows[0], arrays)

    def _unpack(self, item):
        if not isinstance(item, (list, tuple)):
            return item, None, None
        if not 1 <= len(item) <= 3:
            raise ValueError(
                "A batch must be (x,), (x, y) or (x, y, sample_weight). "
                f"Received: {self._name} gave, as batch {self._done}, {len(item)} elements"
            )
        if self.inputs_only:
            return item[0], None, None
        return tuple(item) + (None,) * (3 - len(item))


class IterableSource(BatchSource):
    """Batches of an iterable that can be begun anew, such as a PyTorch DataLoader."""

    def __init__(self, iterable, class_weights=None):
        super().__init__(f"The {type(iterable).__name__}", class_weights)
        self._iterable = iterable
        try:
            self.steps = len(iterable)
        except (TypeError, NotImplementedError):
            self.steps = None

    def open(self, epoch, shuffle):
        return iter(self._iterable)


class IteratorSource(BatchSource):
    """Batches of an iterator, such as a generator: each once. It is not closed: more may be asked
    of it later."""

    one_shot = True

    def __init__(self, iterator, class_weights=None):
        super().__init__(f"The {type(iterator).__name__}", class_weights)
        self._iterator = iterator

    def begin(self, epoch, shuffle=False):
        pass

    def close(self):
        pass


def as_batch_array(leaf):
    """Returns a batch's array in the dtype its tensor has, C-contiguous."""
    if isinstance(leaf, (Tensor, Variable)):
        leaf = np.asarray(leaf)
    elif not isinstance(leaf, np.ndarray):
        if hasattr(leaf, "detach"):  # PyTorch
            leaf = leaf.detach().cpu()
        if hasattr(leaf, "to_numpy"):
            leaf = leaf.to_numpy()
        elif hasattr(leaf, "numpy"):
            leaf = leaf.numpy()
        leaf = np.asarray(leaf)
    dtype = tensor_dtype(leaf, config.floatx())
    if dtype is None:
        raise ValueError(f"A batch must hold numbers. Received: an array with dtype={leaf.dtype}")
    return np.asarray(leaf, dtype, order="C")
