"""Checks of the numbers that `fit`, `evaluate` and `predict` are given."""

from __future__ import annotations

import numpy as np


def whole_number(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(
            f"Argument `{name}` must be an integer, at least 0. Received: {name}={value!r}"
        )
    return int(value)


def steps_of(name, steps, data):
    """How many batches a run has."""
    if data is None:
        return 0
    if steps is None:
        return data.steps
    if whole_number(name, steps) == 0 or steps > data.steps:
        raise ValueError(
            f"Argument `{name}` must be from 1 to the {data.steps} batches that {data.rows} "
            f"samples in batches of {data.batch_size} make. Received: {name}={steps}"
        )
    return int(steps)


def validation_epochs(freq):
    """A function of the epoch, from 1, that says whether to validate after it."""
    if isinstance(freq, (list, tuple, set)):
        epochs = {int(epoch) for epoch in freq}
        return lambda epoch: epoch in epochs
    if whole_number("validation_freq", freq) == 0:
        raise ValueError("Argument `validation_freq` must be at least 1. Received: 0")
    return lambda epoch: epoch % freq == 0
