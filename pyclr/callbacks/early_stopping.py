"""EarlyStopping: ends training when a quantity stops improving."""

from __future__ import annotations

from .monitor_callback import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops training when a quantity has stopped improving.

    Epochs without validation do not count when a quantity of validation is monitored. Values that
    are not finite count as no improvement.

    Args:
        monitor: String, the name of the quantity in the logs. Defaults to `"val_loss"`.
        min_delta: Number. A smaller change is no improvement. Defaults to 0.
        patience: Integer. Training stops after so many epochs in a row without improvement.
            Defaults to 0.
        verbose: Integer, whether it is said (1) when training is stopped.
        mode: `"min"`, `"max"` or `"auto"`, which takes the direction from the loss or metric of
            that name.
        baseline: Number or `None`. Training stops after `patience` epochs which have not been
            better than it.
        restore_best_weights: Boolean, whether the model gets the weights of the best epoch when
            training ends, however it ends: stopped here or elsewhere, after the last epoch, or by
            an interruption. Whether the best one is better than `baseline` makes no difference.
        start_from_epoch: Integer. Epochs before this one, counted from 0, are left out of account.

    Attributes:
        stopped_epoch: Integer, the epoch at which training was stopped, counted from 0; 0 if it
            was not.
        best_epoch: Integer, the epoch of the best value.

    Raises:
        ValueError: if an argument does not fit; before the first batch, if there will be no such
            quantity.

    Example:

    ```python
    stop = pyclr.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[stop])
    ```
    """

    _state = ("best", "best_epoch", "wait", "stopped_epoch")

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs=None):
        if not self.resumed:
            self._reset()

    def on_epoch_end(self, epoch, logs=None):
        value = self._monitored(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(value, self.best):
            self.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring the weights of the best epoch: {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)

    def get_state(self):
        weights = self.best_weights or []
        return {**super().get_state(), **{f"weight_{i}": w.copy() for i, w in enumerate(weights)}}

    def set_state(self, state):
        super().set_state(state)
        count = sum(name.startswith("weight_") for name in state)
        self.best_weights = [state[f"weight_{i}"].copy() for i in range(count)] or None
