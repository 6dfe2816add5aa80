"""Rows of arrays as batches: gathered in C++, many batches in a stretch."""

from __future__ import annotations

import numpy as np

from .. import _core, config, tree
from .._feed import Feeder
from .arrays import as_arrays, check_batch_size, check_lengths
from .source import Source, Stretch, token


class RowStretch(Stretch):
    """Batches of rows that follow each other in the feeder's order."""

    def __init__(self, feeder, first, key, nest, rows, count):
        super().__init__(key, nest, rows, count)
        self._feeder, self._first = feeder, first

    def tensors(self):
        return [_core.alias(a) for a in self._feeder.batch(self._first, self.rows)]

    def replay(self, program, feeds, count, seconds, sink):
        source = self._feeder.source_at(self._first, self.rows, count)
        sinks = [] if sink is None else sink.arrays(count, self.rows)
        count, outputs = program.replay(source, feeds, count, seconds, sinks)
        if sink is not None:
            sink.advance(count * self.rows)
        return count, outputs


class RowSource(Source):
    """Batches of rows of arrays in some order.

    Args:
        nest: `(x, y, sample_weight)`, structures of arrays; `None` for what is absent.
        batch_size: Integer.
    """

    def __init__(self, nest, batch_size):
        self.nest, self.batch_size = nest, batch_size
        self.x, self.y, self.sample_weight = nest
        arrays = [a for a in tree.flatten(nest) if a is not None]
        self.rows = len(arrays[0])
        self._feeder = Feeder(arrays, floatx=config.floatx())
        self._specs = [(a.shape[1:], d) for a, d in zip(arrays, self._feeder.dtypes)]
        self._token = token(nest)
        self._orders = iter(())
        self._at = self._length = 0  # the place in the present order, and its length

    def orders(self, epoch, shuffle):
        """Gives the rows of an epoch as arrays of indices (`None`: all as they stand). Each is cut
        into batches by itself, the last of which may be smaller."""
        raise NotImplementedError

    @property
    def signature(self):
        """What distinguishes the shape of a sample."""
        return self._token, tuple(self._specs)

    def begin(self, epoch, shuffle=False):
        self._orders = iter(self.orders(epoch, shuffle))
        self._at = self._length = 0

    def next(self, limit=None):
        while self._at >= self._length:
            try:
                order = next(self._orders)
            except StopIteration:
                return None
            self._feeder.set_order(order)
            self._at, self._length = 0, self.rows if order is None else len(order)
        left = self._length - self._at
        rows = min(self.batch_size, left)
        count = max(left // self.batch_size, 1)
        key = self._token, tuple([((rows,) + shape, dtype) for shape, dtype in self._specs])
        count = count if limit is None else min(count, limit)
        return RowStretch(self._feeder, self._at, key, self.nest, rows, count)

    def advance(self, count):
        self._at += min(count * self.batch_size, self._length - self._at)

    def sample(self):
        return self

    def first_row(self):
        """Returns the first sample as tensors of one row."""
        rows = [a[:1] for a in tree.flatten(self.nest) if a is not None]
        feeder = Feeder(rows, floatx=config.floatx())
        return [_core.alias(a) for a in feeder.batch(0, 1)]

    def with_sample_weight(self, sample_weight):
        """Returns this source with other weights of the rows."""
        raise NotImplementedError


class ArrayData(RowSource):
    """Arrays in memory (or mapped from a file), gathered into batches without copies of the whole.

    Args:
        x, y, sample_weight: Nested structures of arrays; `y` and `sample_weight` may be `None`.
        batch_size: Integer. Defaults to 32.
        seed: Integer, decides the order of shuffled epochs.
    """

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, seed=0):
        x = as_arrays("x", x)
        y = None if y is None else as_arrays("y", y, partial=True)
        if sample_weight is not None:
            sample_weight = as_arrays("sample_weight", sample_weight, partial=True)
        check_lengths(x=x, y=y, sample_weight=sample_weight)
        super().__init__((x, y, sample_weight), check_batch_size(batch_size))
        self.seed = seed
        self.steps = -(-self.rows // self.batch_size)

    def orders(self, epoch, shuffle):
        if not shuffle:
            yield None
        elif shuffle == "batch":
            yield self._batches_shuffled(epoch)
        else:
            yield shuffled(self.rows, self.seed, epoch)

    def _batches_shuffled(self, epoch):
        """Whole batches in another order; the smaller one stays last."""
        whole = self.rows // self.batch_size
        places = shuffled(whole, self.seed, epoch)[:, None] * self.batch_size
        order = (places + np.arange(self.batch_size)).ravel()
        return np.concatenate([order, np.arange(whole * self.batch_size, self.rows)])

    def samples_in(self, steps):
        return self.rows if steps is None else min(self.rows, steps * self.batch_size)

    def with_sample_weight(self, sample_weight):
        return ArrayData(self.x, self.y, sample_weight, self.batch_size, self.seed)

    def take_rows(self, rows):
        """Returns the data of some rows: a slice (nothing is copied) or an array of indices."""
        nest = tree.map_structure(lambda a: None if a is None else a[rows], self.nest)
        return ArrayData(*nest, batch_size=self.batch_size, seed=self.seed)


def shuffled(rows, seed, epoch):
    """Returns the order of an epoch: a permutation that depends on the arguments only."""
    key = np.array([seed, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(rows)
