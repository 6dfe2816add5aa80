"""The learning rate range test (Smith, arXiv 1506.01186, section 3.3), which leaves no trace."""

from __future__ import annotations

import copy
import math
import random
from contextlib import contextmanager

import numpy as np

from .._warn import warn
from ..callbacks._rates import innermost
from ..callbacks.callback_list import CallbackList
from ..optimizers.hyper import is_schedule
from ..random import seed as global_seed
from .learning_rate_range import FEWEST, LearningRateRange, window_of
from .run_state import variables_of


def run(model, source, min_lr, max_lr, steps, sweep, smoothing, divergence):
    """Makes the test on a source of batches; see `Trainer.lr_find`."""
    space = np.geomspace if sweep == "exponential" else np.linspace
    rates = space(min_lr, max_lr, steps)
    losses, limit = [], _Limit(window_of(smoothing, steps), divergence)
    diverged = False
    trace = _Trace(model)
    try:
        _hold_schedules(model, source)
        source.begin(model._epochs_begun, True)
        for rate in rates:
            loss = _update(model, source, rate)
            diverged = not math.isfinite(loss)
            if diverged:
                break
            losses.append(loss)
            diverged = limit.is_passed(losses)
            if diverged:
                break
    finally:
        trace.undo()
    found = LearningRateRange(rates[: len(losses)], np.array(losses), smoothing, steps, diverged)
    if found.bounds is None:
        warn(f"lr_find() gives no answer. {found.message}")
    return found


class _Limit:
    """The loss beyond which a test ends: `divergence` times the first one."""

    def __init__(self, window, divergence):
        self._window, self._divergence = window, divergence
        self._lowest = math.inf

    def is_passed(self, losses):
        if len(losses) < self._window:
            return False
        level = float(np.median(losses[-self._window :]))
        if len(losses) == self._window:
            self._first = level
        self._lowest = min(self._lowest, level)
        # A loss may be negative, or begin at 0: its fall is a scale as well.
        scale = max(abs(self._first), self._first - self._lowest)
        return level - self._first > (self._divergence - 1) * scale


def _hold_schedules(model, source):
    """Sets the schedules of other hyper-parameters aside: they keep the values they have now."""
    optimizer = innermost(model.optimizer)
    for name, value in optimizer._hyper_values.items():
        if name != "learning_rate" and is_schedule(value):
            value = copy.deepcopy(value)  # what `fit` resolves is the original
            value.resolve(source.steps or 1, 1)
            optimizer._hyper_values[name] = float(value(optimizer._step()))


def _update(model, source, rate):
    """Makes one update with a rate; returns the mean loss of its batches."""
    optimizer = innermost(model.optimizer)
    optimizer.override({"learning_rate": rate})
    losses = [_train_one(model, source) for _ in range(optimizer.gradient_accumulation_steps or 1)]
    return sum(losses) / len(losses)


def _train_one(model, source):
    model.reset_metrics()
    done, logs = model._run("train", source, 1, CallbackList())
    if done == 0:  # the data ran out: the next epoch
        object.__setattr__(model, "_epochs_begun", model._epochs_begun + 1)
        source.begin(model._epochs_begun, True)
        done, logs = model._run("train", source, 1, CallbackList())
    if done == 0:
        raise ValueError("lr_find() needs data that can be read again, and they gave no batch.")
    if "loss" not in logs:
        raise ValueError(
            "lr_find() needs a `train_step` whose logs have the key 'loss'. "
            f"Received: {sorted(logs)}"
        )
    return logs["loss"]


class _Trace:
    """What a test changes, to be put back."""

    _attributes = ("_epochs_begun", "stop_training", "history", "_steps")

    def __init__(self, model):
        self._model = model
        self._values = [(variable, variable.numpy()) for variable in variables_of(model)]
        optimizer = innermost(model.optimizer)
        self._hyper = dict(optimizer._hyper_values)
        self._rates = optimizer.rate_factor, optimizer.minimum_rate
        self._random = global_seed.get_state()
        self._kept = {name: getattr(model, name) for name in self._attributes}
        # Programs are made for the hyper-parameters that are scheduled: the test has its own.
        object.__setattr__(model, "_steps", {})

    def undo(self):
        optimizer = innermost(self._model.optimizer)
        optimizer._hyper_values.update(self._hyper)
        optimizer.rate_factor, optimizer.minimum_rate = self._rates
        for variable, value in self._values:
            variable.assign(value)
        global_seed.set_state(self._random)
        for name, value in self._kept.items():
            object.__setattr__(self._model, name, value)


@contextmanager
def kept_random_states():
    """Puts the random numbers of Python and NumPy back, from which the user's data may draw."""
    pythons, numpys = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(pythons)
        np.random.set_state(numpys)


def check(min_lr, max_lr, steps, sweep, smoothing, divergence):
    """Raises a ValueError if an argument of `Trainer.lr_find` is not as described there."""
    if not 0 < min_lr < max_lr < math.inf:
        raise ValueError(
            "Arguments `min_lr` and `max_lr` must be numbers with 0 < min_lr < max_lr. "
            f"Received: min_lr={min_lr!r}, max_lr={max_lr!r}"
        )
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < FEWEST:
        raise ValueError(
            f"Argument `steps` must be an integer, at least {FEWEST}. Received: steps={steps!r}"
        )
    if sweep not in ("exponential", "linear"):
        raise ValueError(
            f"Argument `sweep` must be 'exponential' or 'linear'. Received: sweep={sweep!r}"
        )
    if not 0 <= smoothing < 1:
        raise ValueError(
            f"Argument `smoothing` must be in [0, 1). Received: smoothing={smoothing!r}"
        )
    if not divergence > 1:
        raise ValueError(
            "Argument `divergence` must be a number greater than 1. "
            f"Received: divergence={divergence!r}"
        )


def check_source(source):
    """Raises a ValueError if the batches of a source come once only: the test would use them up."""
    if source.one_shot:
        raise ValueError(
            "lr_find() needs data that can be read again, and leaves them as they were; an "
            "iterator's batches come once. Give arrays, a Dataset or a PyDataset."
        )
