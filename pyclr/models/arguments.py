"""Checks of the numbers that `fit`, `evaluate` and `predict` are given."""

from __future__ import annotations

import numpy as np

from .. import config
from .._warn import warn
from ..data.rows import ArrayData


def whole_number(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(
            f"Argument `{name}` must be an integer, at least 0. Received: {name}={value!r}"
        )
    return int(value)


def limited_epochs(epochs):
    """The number of epochs, or what `config.set_max_epochs` allows."""
    limit = config.max_epochs()
    if limit is None or limit >= epochs:
        return epochs
    warn(f"Limiting epochs to {limit}")
    return limit


def steps_of(name, steps, data):
    """How many batches a run has at most; `None`: all there are.

    Args:
        name: String, the argument's name.
        steps: What the user gave, or `None`.
        data: The `Source`, or `None`.
    """
    if data is None:
        return None
    limit = config.max_steps_per_epoch()
    if limit is not None and limit < (steps or data.steps or limit + 1):
        warn(f"Limiting steps_per_epoch to {limit}")
        return limit
    if steps is None:
        if data.endless:
            raise ValueError(f"Argument `{name}` is needed: the data have no end.")
        return None
    if whole_number(name, steps) == 0:
        raise ValueError(f"Argument `{name}` must be at least 1. Received: {name}=0")
    if isinstance(data, ArrayData) and steps > data.steps:
        raise ValueError(
            f"Argument `{name}` must be from 1 to the {data.steps} batches that {data.rows} "
            f"samples in batches of {data.batch_size} make. Received: {name}={steps}"
        )
    return int(steps)


def check_on_interrupt(value):
    if value not in ("raise", "stop"):
        raise ValueError(
            f"Argument `on_interrupt` must be 'raise' or 'stop'. Received: on_interrupt={value!r}"
        )


def check_several_runs(name, steps, data, runs):
    """Refuses to go several times through batches that come once, without a number for each."""
    if data is not None and data.one_shot and steps is None and runs > 1:
        raise ValueError(
            "The batches of an iterator or generator come once, and are needed several times: give "
            f"`{name}`, the number of batches each time, or an object that can be iterated several "
            "times, such as a `pyclr.utils.PyDataset` or `pyclr.data.Dataset.from_generator`."
        )
