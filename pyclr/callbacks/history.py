"""History: the record of a training run."""

from __future__ import annotations

from .callback import Callback


class History(Callback):
    """Records the logs of every epoch; `fit` returns it.

    Attributes:
        history: Dictionary of lists of Python floats, one entry an epoch, for the loss and each
            metric, with `val_` before those of validation.
        epoch: List of the epochs' numbers.
    """

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)
        self.model.history = self
