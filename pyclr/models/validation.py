"""Validation: when `fit` validates, and that training goes on as if it had not."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from .._warn import warn
from ..random import seed as global_seed
from .run_state import states_of

_TEXT = re.compile(r"\s*(\d+)\s*(step|epoch)s?\s*")


class Frequency(NamedTuple):
    """When to validate.

    Attributes:
        epochs: Integer, after every so many epochs; or a set of epochs, from 1; or `None`.
        steps: Integer, after every so many batches of training, whatever the epoch; or `None`.
    """

    epochs: int | frozenset | None = None
    steps: int | None = None

    @classmethod
    def of(cls, freq):
        """The `Frequency` of what `fit` was given as `validation_freq`.

        Raises:
            ValueError: if it is none.
        """
        if isinstance(freq, (list, tuple, set, frozenset, range, np.ndarray)):
            if all(map(_is_positive, freq)):
                return cls(epochs=frozenset(map(int, freq)))
        elif isinstance(freq, str):
            match = _TEXT.fullmatch(freq)
            if match and int(match[1]):
                return cls(**{f"{match[2]}s": int(match[1])})
        elif _is_positive(freq):
            return cls(epochs=int(freq))
        raise ValueError(
            "Argument `validation_freq` must be a positive integer, a list of epochs, from 1, or a "
            f"text such as '500 steps' or '2 epochs'. Received: validation_freq={freq!r}"
        )

    def is_after(self, epoch):
        """Whether to validate after an epoch, from 1."""
        if isinstance(self.epochs, frozenset):
            return epoch in self.epochs
        return self.epochs is not None and epoch % self.epochs == 0


class Validation:
    """The validations of one call of `fit`.

    Args:
        model: The model.
        source: `Source` of the data, or `None`: there is no validation.
        steps: Integer, batches of a validation; `None` for all.
        frequency: `Frequency`.
        callbacks: The `CallbackList`.

    Attributes:
        logs: Dictionary: the results of the last validation of the epoch, with `val_`.
    """

    def __init__(self, model, source, steps, frequency, callbacks):
        self._model, self._source, self._steps = model, source, steps
        self._callbacks = callbacks
        self._frequency = Frequency() if source is None else frequency
        self._batches = 0  # of training, since `fit` began
        self._done = 0  # validations
        self.logs = {}

    def warn_if_none_comes(self, batches):
        """Warns when the training of so many batches ends before the first validation."""
        every = self._frequency.steps
        if every is not None and 0 < batches < every:
            warn(
                f"There will be no validation: `validation_freq` is {every} steps, and training "
                f"has {batches}."
            )

    def limit(self, wanted):
        """Returns how many batches may run before a validation is due.

        Args:
            wanted: Integer, or `None` for any number.
        """
        every = self._frequency.steps
        if every is None:
            return wanted
        left = every - self._batches % every
        return left if wanted is None else min(wanted, left)

    def begin_epoch(self):
        """Told that an epoch begins."""
        self.logs = {}

    def after_batches(self, count):
        """Told that `count` batches of training have run; validates if it is time. Training goes on
        as if there had been no validation.

        Returns:
            Whether there was a validation.
        """
        self._batches += count
        every = self._frequency.steps
        if every is None or self._batches % every:
            return False
        with _kept(self._model):
            self._run()
        return True

    def after_epoch(self, epoch):
        """Told that the batches of an epoch, from 1, have run; validates if it is time."""
        if self._frequency.is_after(epoch):
            self._run()

    def _run(self):
        results = self._model._evaluate(self._source, self._steps, self._callbacks)
        self.logs = {f"val_{name}": value for name, value in results.items()}
        self._done += 1

    def get_state(self):
        """Returns what a run that goes on has to know: plain values and arrays."""
        return {"batches": self._batches, "done": self._done, "logs": self.logs}

    def set_state(self, state):
        """Goes on from what `get_state` returned. Of data that come once, what was used is passed
        over."""
        if self._source is not None and self._source.one_shot and self._steps is not None:
            self._source.skip((state["done"] - self._done) * self._steps)
        self._batches, self._done, self.logs = state["batches"], state["done"], state["logs"]


@contextmanager
def _kept(model):
    """Puts back what a test step changes: running metrics, states of layers, random numbers."""
    variables = [v for metric in model.metrics for v in metric.variables]
    variables += model.non_trainable_variables + states_of(model)
    before = [(variable, variable.numpy()) for variable in variables]
    random = global_seed.get_state()
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)
        global_seed.set_state(random)


def _is_positive(value):
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and value > 0
