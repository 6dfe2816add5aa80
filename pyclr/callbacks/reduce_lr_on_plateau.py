"""ReduceLROnPlateau: lowers the learning rate when a quantity stops improving."""

from __future__ import annotations

from . import _rates
from .monitor_callback import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """Reduces the learning rate when a quantity has stopped improving.

    `rate = max(rate * factor, min_lr)`. With a learning rate schedule, the schedule goes on and is
    multiplied by the factor, `optimizer.rate_factor`; `min_lr` is the floor of the product.

    It adds `learning_rate` to the logs: the rate after the epoch, before a reduction.

    Args:
        monitor: String, the name of the quantity in the logs. Defaults to `"val_loss"`.
        factor: Number below 1, by which the rate is multiplied. Defaults to 0.1.
        patience: Integer, epochs in a row without improvement after which the rate is reduced.
            Defaults to 10.
        verbose: Integer, whether each reduction is said (1).
        mode: `"min"`, `"max"` or `"auto"`, which takes the direction from the loss or metric of
            that name.
        min_delta: Number. A smaller change is no improvement. Defaults to 1e-4.
        cooldown: Integer, epochs after a reduction in which none are counted. Defaults to 0.
        min_lr: Number, the lowest rate. Defaults to 0.
        epsilon: The old name of `min_delta`.

    Raises:
        TypeError: under `pyclr.compat`, at the first reduction of a rate that has a schedule, as in
            Keras.
        ValueError: if an argument does not fit; before the first batch, if there will be no such
            quantity.

    Example:

    ```python
    reduce = pyclr.callbacks.ReduceLROnPlateau("val_loss", factor=0.2, patience=5, min_lr=0.001)
    model.fit(x, y, validation_split=0.2, callbacks=[reduce])
    ```
    """

    _state = ("best", "wait", "cooldown_counter")
    _adds_logs = ("learning_rate",)

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        *,
        epsilon=None,
    ):
        super().__init__(monitor, mode, min_delta=min_delta if epsilon is None else epsilon)
        if not 0 <= factor < 1:
            raise ValueError(
                f"Argument `factor` must be at least 0 and less than 1. Received: factor={factor!r}"
            )
        if not min_lr >= 0:
            raise ValueError(f"Argument `min_lr` must not be negative. Received: min_lr={min_lr!r}")
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self._reset()

    def _reset(self):
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs=None):
        if not self.resumed:
            self._reset()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        logs["learning_rate"] = _rates.rate(self.model.optimizer)
        value = self._monitored(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def in_cooldown(self):
        """Returns whether epochs are not counted because of the last reduction."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch):
        optimizer = self.model.optimizer
        old = _rates.rate(optimizer)
        # The rate is stored in single precision: compared as such, the floor is reached.
        if old <= _rates.stored(self.min_lr):
            return False
        _rates.scale_rate(optimizer, self.factor, self, self.min_lr)
        if self.verbose > 0:
            rate = _rates.rate(optimizer)
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reduces the learning rate to {rate:g}.")
        return True
