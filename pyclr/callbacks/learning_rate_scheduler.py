"""LearningRateScheduler: a function sets the learning rate of every epoch."""

from __future__ import annotations

import inspect

from . import _rates
from .callback import Callback


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch by a function.

    When the optimizer has a schedule, it goes on, multiplied by the factor that makes the rate at
    the beginning of the epoch the one that the function returns.

    It adds `learning_rate` to the logs: the rate after the epoch.

    Args:
        schedule: Function of the epoch, counted from 0, and the current rate, a float; or of the
            epoch alone. It returns the rate: a number, or an array or tensor of one.
        verbose: Integer, whether the rate is said (1) every epoch.

    Raises:
        TypeError: under `pyclr.compat`, in the first epoch, if the optimizer has a schedule, as in
            Keras.
        ValueError: if the function returns something else.

    Example:

    ```python
    def halve_every_ten(epoch, lr):
        return lr / 2 if epoch and epoch % 10 == 0 else lr

    model.fit(x, y, epochs=30, callbacks=[LearningRateScheduler(halve_every_ten)])
    ```
    """

    _adds_logs = ("learning_rate",)

    def __init__(self, schedule, verbose=0):
        super().__init__()
        if not callable(schedule):
            raise ValueError(
                f"Argument `schedule` must be a function. Received: schedule={schedule!r}"
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        arguments = (epoch, _rates.rate(optimizer))
        returned = self.schedule(*arguments[: _number_of_arguments(self.schedule)])
        rate = _rates.as_number(returned)
        if rate is None:
            raise ValueError(
                "The function given to LearningRateScheduler as `schedule` must return a number. "
                f"Received: {returned!r}"
            )
        _rates.set_rate(optimizer, rate, self)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler sets the learning rate to {rate:g}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = _rates.rate(self.model.optimizer)


def _number_of_arguments(function):
    """1 for a function of the epoch alone, else 2."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of some built-in functions nothing is known
        return 2
    try:
        signature.bind(0, 0.0)
    except TypeError:
        return 1
    return 2
