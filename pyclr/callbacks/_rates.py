"""Reading and setting learning rates, with a schedule or without."""

from __future__ import annotations

import sys

import numpy as np


def rate(optimizer):
    """Returns the rate of the next update, a float."""
    return float(optimizer.current_hyper()["learning_rate"])


def stored(value):
    """Returns a rate as optimizers keep it: rounded to single precision."""
    return float(np.float32(value))


def as_number(value):
    """Returns a number, array or tensor of one as a float; `None` if it is something else."""
    if value is None or isinstance(value, (str, bytes, bool)) or np.size(value) != 1:
        return None
    try:
        return float(np.reshape(value, ()))
    except (TypeError, ValueError):
        return None


def schedule_of(optimizer):
    """Returns the schedule of the learning rate, or `None`."""
    return innermost(optimizer).learning_rate_schedule


def steps_done(optimizer):
    """Returns the number of steps by which schedules go."""
    return innermost(optimizer)._step()


def innermost(optimizer):
    """Returns the optimizer that another one wraps, or itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def set_rate(optimizer, value, callback):
    """Makes the next update use a rate.

    With a schedule, the whole schedule is multiplied by a factor that gives this rate now.

    Args:
        optimizer: `Optimizer`.
        value: Number.
        callback: The callback that does it, for messages.

    Raises:
        TypeError: under `pyclr.compat`, if there is a schedule, as in Keras.
        ValueError: if the schedule is 0 now, so that no factor gives this rate.
    """
    schedule = _settable_schedule(optimizer, callback)
    if schedule is None:
        optimizer.learning_rate = value
        return
    now = rate(optimizer)
    if now == value:
        return
    if now == 0:
        raise ValueError(
            f"{_both(callback, schedule)} do not go together: the schedule's learning rate is 0 "
            f"now, and no factor makes it {value:g}."
        )
    optimizer.rate_factor *= value / now


def scale_rate(optimizer, factor, callback, floor=0.0):
    """Multiplies the learning rate, or a whole schedule, down to a floor; errors as `set_rate`."""
    if _settable_schedule(optimizer, callback) is None:
        set_rate(optimizer, max(rate(optimizer) * factor, floor), callback)
    else:
        optimizer.rate_factor *= factor
        optimizer.minimum_rate = max(optimizer.minimum_rate, floor)


def _settable_schedule(optimizer, callback):
    schedule = schedule_of(optimizer)
    if schedule is not None and follows_keras():
        raise TypeError(
            f"{_both(callback, schedule)} can not both set the learning rate: an optimizer that "
            "was made with a schedule has a rate that is not settable. Give the optimizer a number."
        )
    return schedule


def _both(callback, schedule):
    return f"{type(callback).__name__} and the schedule {type(schedule).__name__}"


def follows_keras():
    """Returns whether a script of Keras' runs, by `pyclr.compat`."""
    compat = sys.modules.get(f"{__name__.partition('.')[0]}.compat")
    return compat is not None and compat.is_installed()
