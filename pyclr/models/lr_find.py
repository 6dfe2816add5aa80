"""The learning rate range test (Smith, arXiv 1506.01186, section 3.3), which leaves no trace."""

from __future__ import annotations

import math
import warnings

import numpy as np

from ..callbacks._rates import innermost
from ..callbacks.callback_list import CallbackList
from ..random import seed as global_seed
from .run_state import variables_of

_FEWEST = 10  # steps, below which a curve says nothing


class LearningRateRange:
    """What a range test found.

    Attributes:
        learning_rates: Array, the rate of each step.
        losses: Array, the loss of the batch of each step.
        smoothed: Array, the losses as a moving average.
        diverged: Boolean, whether the test ended early because the loss exploded.
        steepest: Number, the rate at which the loss falls fastest; or `None`.
        minimum: Number, a tenth of the rate at which the smoothed loss is lowest; or `None`.
        valley: Number, the rate at two thirds of the longest fall of the loss; or `None`.
        bounds: `(min_lr, max_lr)` for a cyclical schedule; or `None`.
        message: String, what the curve says, or why it gives no answer.
    """

    def __init__(self, learning_rates, losses, smoothed, diverged):
        self.learning_rates, self.losses, self.smoothed = learning_rates, losses, smoothed
        self.diverged = diverged
        self.steepest = self.minimum = self.valley = self.bounds = None
        self.message = self._problem()
        if not self.message:
            self._suggest()

    def _problem(self):
        """Why the curve gives no answer, or an empty string."""
        if len(self.smoothed) < _FEWEST:
            return (
                f"The loss was finite for {len(self.smoothed)} steps only: begin with a smaller "
                "`min_lr`."
            )
        lowest = int(np.argmin(self.smoothed))
        start = float(np.median(self.smoothed[: max(3, len(self.smoothed) // 10)]))
        noise = float(np.std(np.diff(self.losses[: max(_FEWEST, len(self.losses) // 4)])))
        if start - self.smoothed[lowest] < max(0.02 * abs(start), 0.5 * noise):
            return (
                "The loss does not fall at any rate: the curve is flat. Widen the range, take "
                "larger batches or more steps, or look at the model and the data."
            )
        return ""

    def _suggest(self):
        rates, losses = self.learning_rates, self.smoothed
        lowest = int(np.argmin(losses))
        slope = np.gradient(losses, np.log(rates))
        steepest = int(np.argmin(slope[: lowest + 1]))
        self.steepest = float(rates[steepest])
        self.minimum = float(rates[lowest]) / 10
        begin, end = _longest_fall(losses)
        self.valley = float(rates[begin + (end - begin) * 2 // 3])
        # The largest rate that is safe is where the loss is lowest, less a margin for noise; a
        # cycle begins a decade below.
        largest = math.sqrt(self.valley * float(rates[lowest]))
        largest = min(max(largest, self.minimum), float(rates[lowest]) / 2)
        self.bounds = (largest / 10, largest)
        self.message = (
            f"steepest {self.steepest:.2g}, minimum/10 {self.minimum:.2g}, valley "
            f"{self.valley:.2g}; for a cycle {self.bounds[0]:.2g} to {self.bounds[1]:.2g}"
        )
        if lowest == len(losses) - 1 and not self.diverged:
            self.message += ". The loss was still falling at the end: try a larger `max_lr`."

    @property
    def suggestion(self):
        """The rate for training at a constant rate: `valley`; `None` if the curve gives none."""
        return self.valley

    def plot(self, ax=None):
        """Draws the losses over the rates, with the suggestions; needs matplotlib.

        Args:
            ax: Matplotlib axes. Defaults to new ones.

        Returns:
            The axes.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("plot() needs matplotlib: `pip install 'pyclr[plot]'`.") from error
        if ax is None:
            _, ax = plt.subplots()
        count = len(self.smoothed)
        ax.plot(self.learning_rates[: len(self.losses)], self.losses, alpha=0.3, label="loss")
        ax.plot(self.learning_rates[:count], self.smoothed, label="smoothed")
        for name in ("steepest", "minimum", "valley"):
            rate = getattr(self, name)
            if rate is not None:
                at = int(np.abs(self.learning_rates[:count] - rate).argmin())
                ax.plot(rate, self.smoothed[at], "o", label=f"{name} {rate:.2g}")
        if self.bounds is not None:
            ax.axvspan(*self.bounds, alpha=0.15, label="cycle")
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
        ax.legend()
        return ax

    def __repr__(self):
        return f"<LearningRateRange {self.message}>"


def run(model, source, min_lr, max_lr, steps, sweep, smoothing, divergence):
    """Makes the test on a source of batches; see `Trainer.lr_find`."""
    rates = (
        np.geomspace(min_lr, max_lr, steps)
        if sweep == "exponential"
        else np.linspace(min_lr, max_lr, steps)
    )
    trace = _Trace(model)
    losses, smoothed, average = [], [], 0.0
    diverged = False
    try:
        source.begin(model._epochs_begun, True)
        for k, rate in enumerate(rates):
            loss = _train_one(model, source, rate)
            if not math.isfinite(loss):
                diverged = True
                break
            losses.append(loss)
            average = smoothing * average + (1 - smoothing) * loss
            smoothed.append(average / (1 - smoothing ** (k + 1)))
            if k >= _FEWEST and smoothed[-1] > divergence * max(min(smoothed), 1e-12):
                diverged = True
                break
    finally:
        trace.undo()
    count = len(losses)
    found = LearningRateRange(rates[:count], np.array(losses), np.array(smoothed), diverged)
    if found.bounds is None:
        warnings.warn(f"lr_find() gives no answer. {found.message}", stacklevel=3)
    return found


def _train_one(model, source, rate):
    optimizer = innermost(model.optimizer)
    optimizer.learning_rate = float(rate)
    optimizer.rate_factor, optimizer.minimum_rate = 1.0, 0.0
    model.reset_metrics()
    done, logs = model._run("train", source, 1, CallbackList())
    if done == 0:  # the data ran out: the next epoch
        object.__setattr__(model, "_epochs_begun", model._epochs_begun + 1)
        source.begin(model._epochs_begun, True)
        done, logs = model._run("train", source, 1, CallbackList())
    if done == 0 or "loss" not in logs:
        raise ValueError(
            "lr_find() needs data that can be read again, and a `train_step` that returns 'loss'."
        )
    return logs["loss"]


class _Trace:
    """What a test changes, to be put back."""

    def __init__(self, model):
        self._model = model
        self._values = [(variable, variable.numpy()) for variable in variables_of(model)]
        optimizer = innermost(model.optimizer)
        self._hyper = dict(optimizer._hyper_values)
        self._rates = optimizer.rate_factor, optimizer.minimum_rate
        self._random = global_seed.get_state()
        self._counters = {
            name: getattr(model, name) for name in ("_epochs_begun", "stop_training", "history")
        }

    def undo(self):
        optimizer = innermost(self._model.optimizer)
        optimizer._hyper_values.update(self._hyper)
        optimizer.rate_factor, optimizer.minimum_rate = self._rates
        for variable, value in self._values:
            variable.assign(value)
        global_seed.set_state(self._random)
        for name, value in self._counters.items():
            object.__setattr__(self._model, name, value)


def _longest_fall(losses):
    """The ends of the longest strictly falling subsequence (its first and last place)."""
    count = len(losses)
    length, before = np.ones(count, int), np.full(count, -1)
    for i in range(1, count):
        for j in range(i):
            if losses[i] < losses[j] and length[j] + 1 > length[i]:
                length[i], before[i] = length[j] + 1, j
    end = begin = int(np.argmax(length))
    while before[begin] >= 0:
        begin = int(before[begin])
    return begin, end


def check(min_lr, max_lr, steps, sweep, smoothing, divergence):
    """Raises a ValueError if an argument of `Trainer.lr_find` is not as described there."""
    if not 0 < min_lr < max_lr < math.inf:
        raise ValueError(
            "Arguments `min_lr` and `max_lr` must be numbers with 0 < min_lr < max_lr. "
            f"Received: min_lr={min_lr!r}, max_lr={max_lr!r}"
        )
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < _FEWEST:
        raise ValueError(
            f"Argument `steps` must be an integer, at least {_FEWEST}. Received: steps={steps!r}"
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
