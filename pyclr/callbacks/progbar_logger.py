"""ProgbarLogger: the progress bar of fit, evaluate and predict."""

from __future__ import annotations

from ..utils.progbar import Progbar
from .callback import Callback


class ProgbarLogger(Callback):
    """Shows the progress of a run: steps, time, loss and metrics.

    With `verbose=1` a bar is redrawn at most ten times a second, where the output is a terminal or
    a notebook; elsewhere, and with `verbose=2`, there is one line an epoch.
    """

    def __init__(self):
        super().__init__()
        self._bar = None
        self._in_fit = False

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.params["verbose"] and self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_train_batch_end(self, batch, logs=None):
        self.update(batch + 1, logs)

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self.update(batch + 1, logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_predict_batch_end(self, batch, logs=None):
        self.update(batch + 1, None)

    def on_predict_end(self, logs=None):
        self._end(None)

    def update(self, steps_done, logs):
        """Shows that so many steps are done. `logs` may be a function that makes them."""
        if self._bar is not None and self._bar.due(steps_done):
            self._bar.update(steps_done, logs() if callable(logs) else logs)

    def _begin(self):
        self._bar = None
        if self.params["verbose"]:
            self._bar = Progbar(self.params["steps"], verbose=self.params["verbose"])

    def _end(self, logs):
        if self._bar is not None:
            self._bar.finish(logs)
            self._bar = None
