"""PyDataset: batches by number, computed by Python code, in workers if asked for."""

from __future__ import annotations

import itertools

import numpy as np

from .._warn import warn
from . import workers
from .rows import shuffled
from .streams import BatchSource


class PyDataset:
    """Base class of data whose batches are computed by Python code, each by its number.

    A subclass has `__len__`, the number of batches, and `__getitem__(index)`, which returns a
    batch: `(x,)`, `(x, y)` or `(x, y, sample_weight)`. `fit(shuffle=True)` shuffles the order of
    the batches. The batches and their order are the same with any number of workers, as long as
    `__getitem__` depends on its argument only.

    Args:
        workers: Integer, how many threads (or processes) compute batches ahead. With 0, and with 1
            thread, batches are computed when they are needed.
        use_multiprocessing: Boolean, whether the workers are processes. They see the object as it
            was when the epoch began.
        max_queue_size: Integer, how many batches are computed ahead.

    Example:

    ```python
    class Squares(pyclr.utils.PyDataset):
        def __len__(self):
            return 10

        def __getitem__(self, index):
            x = np.full((4, 1), index, "float32")
            return x, x**2

    model.fit(Squares(workers=2), epochs=3)
    ```
    """

    _workers, _use_multiprocessing, _max_queue_size = 1, False, 10  # without super().__init__()

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def workers(self):
        return self._workers

    @workers.setter
    def workers(self, value):
        self._workers = _count("workers", value, 0)

    @property
    def use_multiprocessing(self):
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value):
        self._use_multiprocessing = bool(value)

    @property
    def max_queue_size(self):
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value):
        self._max_queue_size = _count("max_queue_size", value, 1)

    @property
    def num_batches(self):
        """The number of batches of an epoch; `None` if there is no end. By default `len(self)`."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} must have `__len__` or the property `num_batches`, which "
            "returns the number of batches, or None when there is no end."
        )

    def __getitem__(self, index):
        """Returns batch `index`."""
        raise NotImplementedError(f"{type(self).__name__} must have `__getitem__(index)`.")

    def __iter__(self):
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self):
        """Is called before each epoch."""

    def on_epoch_end(self):
        """Is called after each epoch, when its batches are used up."""


class PyDatasetSource(BatchSource):
    """The batches of a `PyDataset`.

    Args:
        dataset: The `PyDataset`.
        class_weights: `ClassWeights` or `None`.
        seed: Integer, decides the order of the batches.
    """

    def __init__(self, dataset, class_weights=None, seed=0):
        super().__init__(f"The {type(dataset).__name__}", class_weights)
        self._dataset, self.seed = dataset, seed
        self._start = 0  # the batch at which `open` begins
        self.steps = dataset.num_batches
        if self.steps == 0:
            raise ValueError(f"{self._name} has no batches: its length is 0.")
        self.endless = self.steps is None
        self._sample = None
        if "_workers" not in vars(dataset):
            warn(
                f"`{type(dataset).__name__}.__init__` does not call `super().__init__(**kwargs)`: "
                "`workers`, `use_multiprocessing` and `max_queue_size` have their defaults."
            )

    def open(self, epoch, shuffle):
        data, start = self._dataset, self._start
        if self.steps is None:
            order = itertools.count(start)
        elif shuffle:
            order = shuffled(self.steps, self.seed, epoch)[start:].tolist()
        else:
            order = range(start, self.steps)
        if data.workers > 1 or (data.workers and data.use_multiprocessing):
            ahead = max(data.max_queue_size, data.workers)
            return workers.run_ahead(
                data.__getitem__, order, data.workers, ahead, data.use_multiprocessing
            )
        return map(data.__getitem__, order)

    def begin(self, epoch, shuffle=False):
        if self._start:
            self.close()
            self._start = self._done = 0
        super().begin(epoch, shuffle)

    def skip(self, count):
        self.close()
        self._start, self._done = self._start + self._done + count, 0

    def sample(self):
        """The first batch, computed apart: hooks of the epoch and workers come later."""
        if self._sample is None:
            keep, self._batch = self._batch, self._make(self._dataset[0])
            self._sample = super().sample()
            self._batch = keep
        return self._sample

    def on_epoch_begin(self):
        self._dataset.on_epoch_begin()

    def on_epoch_end(self):
        if self._batch is None and self._start + self._done == self.steps:
            self.close()
        self._dataset.on_epoch_end()


def _count(name, value, least):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"Argument `{name}` must be an integer, at least {least}. Received: {name}={value!r}"
        )
    return int(value)
