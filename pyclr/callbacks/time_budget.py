"""TimeBudget: ends training when its time is over."""

from __future__ import annotations

import time

from .callback import Callback


class TimeBudget(Callback):
    """Stops training after a time, within one batch.

    The epoch in which time runs out ends there, with its validation and the other callbacks'
    hooks. With `fit(resume=...)` or `BackupAndRestore` the state before that end is kept: given
    more time, the run goes on with the next batch, to the bits of one that had the time. The time
    of the runs before counts.

    Args:
        seconds: Number, the time from the beginning of `fit`.
        verbose: Integer, whether the end is said (1).

    Attributes:
        elapsed: Seconds of training so far.

    Raises:
        ValueError: if `seconds` is not positive.

    Example:

    ```python
    model.fit(x, y, epochs=1000, callbacks=[pyclr.callbacks.TimeBudget(60)])
    ```
    """

    def __init__(self, seconds, verbose=0):
        super().__init__()
        if not seconds > 0:
            raise ValueError(f"Argument `seconds` must be positive. Received: seconds={seconds!r}")
        self.seconds = seconds
        self.verbose = verbose
        self._before = 0.0  # of the runs that this one goes on from
        self._start = None
        self._said = False

    @property
    def elapsed(self):
        return self._before + (0.0 if self._start is None else time.monotonic() - self._start)

    def on_train_begin(self, logs=None):
        if not self.resumed:
            self._before = 0.0
        self._start = time.monotonic()
        self._said = self._ended_for_now = False
        if self.resumed:
            self._check_time()

    def on_train_batch_end(self, batch, logs=None):
        self._check_time()

    def on_epoch_end(self, epoch, logs=None):
        self._check_time()

    def on_train_end(self, logs=None):
        self._before, self._start = self.elapsed, None

    def get_state(self):
        return {"elapsed": self.elapsed}

    def set_state(self, state):
        super().set_state(state)
        self._before = state["elapsed"]
        self._start = None if self._start is None else time.monotonic()

    def _check_time(self):
        if self.elapsed < self.seconds:
            return
        # Training that something else has ended is not to go on.
        self._ended_for_now = self._ended_for_now or not self.model.stop_training
        self.model.stop_training = True
        if self.verbose > 0 and not self._said:
            print(f"\nTraining is ended after {self.elapsed:.1f} of {self.seconds:g} seconds.")
        self._said = True
