"""ProgbarLogger: the progress bar of fit, evaluate and predict."""

from __future__ import annotations

import sys

from .. import config
from ..utils.progbar import Progbar, is_interactive
from .callback import Callback


class ProgbarLogger(Callback):
    """Shows the progress of a run: steps, time, loss and metrics.

    With `verbose=1` a bar is redrawn at most ten times a second, where the output is a terminal or
    a notebook; elsewhere, and with `verbose=2`, there is one line an epoch, in plain characters.

    Args:
        logger: A `logging.Logger` that gets one line an epoch, at level INFO, in place of standard
            output; or `None`. See also `pyclr.config.disable_interactive_logging`.

    Example:

    ```python
    bar = pyclr.callbacks.ProgbarLogger(logging.getLogger("training"))
    model.fit(x, y, epochs=3, callbacks=[bar])
    ```
    """

    def __init__(self, logger=None):
        super().__init__()
        self._logger = logger
        self._bar = None
        self._title = ""
        self._in_fit = False

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False
        self._end(None)  # of an epoch that was broken off

    def on_epoch_begin(self, epoch, logs=None):
        several = self.params["epochs"] > 1
        self._begin(f"Epoch {epoch + 1}/{self.params['epochs']}" if several else "")

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_train_batch_end(self, batch, logs=None):
        self.update(batch + 1, _running(logs))

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch, logs=None):
        if self.shows("test"):
            self.update(batch + 1, _running(logs))

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_predict_batch_end(self, batch, logs=None):
        self.update(batch + 1, None)

    def on_predict_end(self, logs=None):
        self._end(None)

    def shows(self, kind):
        """Whether it shows batches of `"train"`, `"test"` or `"predict"`: not of a validation."""
        return not (kind == "test" and self._in_fit)

    def update(self, steps_done, logs):
        """Shows that so many steps are done. `logs` may be a function that makes them."""
        if self._bar is not None and self._bar.due(steps_done):
            self._bar.update(steps_done, logs() if callable(logs) else logs)

    def _begin(self, title=""):
        self._bar, self._title = None, ""
        verbose = self.params["verbose"]
        if not verbose:
            return
        file = _output(self._logger)
        self._bar = Progbar(self.params["steps"], verbose=verbose, file=file)
        if title and verbose == 1 and is_interactive(file):
            print(title)
        elif title:  # one line an epoch: the title begins it
            self._title = f"{title} - "
        self._file = file

    def _end(self, logs):
        if self._bar is not None:
            self._file.write(self._title)
            self._bar.finish(logs)
            self._bar = None

    def __getstate__(self):
        return {**super().__getstate__(), "_bar": None, "_file": None}


def _running(logs):
    """The logs without what is of the batch alone."""
    return {name: value for name, value in (logs or {}).items() if name != "batch_loss"}


def _output(logger):
    if logger is None and config.is_interactive_logging_enabled():
        return sys.stdout
    import logging

    return _Lines(logger or logging.getLogger(__name__.partition(".")[0]))


class _Lines:
    """A file whose lines become records of a logger."""

    def __init__(self, logger):
        self._logger = logger
        self._text = ""

    def write(self, text):
        *lines, self._text = (self._text + text).split("\n")
        for line in lines:
            self._logger.info("%s", line)

    def flush(self):
        pass
