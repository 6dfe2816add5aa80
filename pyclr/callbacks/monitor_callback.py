"""MonitorCallback: the base of callbacks that act on whether a quantity improves."""

from __future__ import annotations

import numpy as np

from .._warn import warn
from .callback import Callback

_MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """Base of callbacks that watch a quantity of the logs and ask whether it has improved.

    A value that is not finite never counts as an improvement, and never becomes the best. A
    quantity that the logs will not hold is an error before the first batch; if a `train_step` or
    callback of the user's decides what they hold, after the first epoch.

    Args:
        monitor: String, the name of the quantity in the logs.
        mode: `"min"`, `"max"` or `"auto"`, which takes the direction from the loss or metric of
            that name.
        baseline: Number, the best value before the run, or `None`.
        min_delta: Number, at least 0. A smaller change is no improvement.

    Attributes:
        best: The best value so far, or `None`.

    Raises:
        ValueError: if an argument does not fit.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if not isinstance(monitor, str):
            raise ValueError(f"Argument `monitor` must be a string. Received: monitor={monitor!r}")
        if mode not in _MODES:
            warn(
                "Argument `mode` must be 'auto', 'min' or 'max'; 'auto' is used. "
                f"Received: mode={mode!r}"
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._sign = None  # 1 if larger values are better, -1 if smaller ones are

    @property
    def monitor_op(self):
        """The function that says whether a value is better than another, once that is known."""
        return {None: None, 1: np.greater, -1: np.less}[self._sign]

    def _check_run(self):
        self._check_monitor(self.monitor)
        self._set_direction()

    def _set_direction(self):
        self._sign = {"max": 1, "min": -1, "auto": None}[self.mode]
        if self._sign is not None:
            return
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            self._sign = -1
            return
        for metric in getattr(self.model, "metrics", []):
            # Of several outputs, the output's name stands before that of the metric.
            known = name == metric.name or name.endswith(f"_{metric.name}")
            direction = getattr(metric, "_direction", None)
            if known and direction is not None:
                self._sign = 1 if direction == "up" else -1
                if name == metric.name:
                    return
        if self._sign is None:
            raise ValueError(
                f"{type(self).__name__} can not tell whether '{self.monitor}' shall become larger "
                "or smaller: give `mode='max'` or `mode='min'`. "
                f"Received: monitor='{self.monitor}', mode='auto'"
            )

    def _monitored(self, logs):
        """Returns the value of the quantity, a float; `None` after an epoch without validation."""
        logs = logs or {}
        if self._sign is None:
            self._set_direction()
        value = logs.get(self.monitor)
        if value is None:
            validated = any(name.startswith("val_") for name in logs)
            expected = (self.params or {}).get("do_validation", True)
            if not self.monitor.startswith("val_") or validated or not expected:
                self._raise_missing(self.monitor, list(logs))
            return None
        if np.size(value) != 1:
            raise ValueError(
                f"{type(self).__name__} needs one number to monitor. "
                f"Received: {self.monitor}={value!r}"
            )
        return float(np.reshape(value, ()))

    def _is_improvement(self, value, reference):
        if not np.isfinite(value):
            return False
        if reference is None:
            return True
        return self._sign * value - self.min_delta > self._sign * reference
