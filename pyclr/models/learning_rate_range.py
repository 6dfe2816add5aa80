"""LearningRateRange: what the curve of a range test says.

The rules that read suggestions off the curve, and why they are these, are in
`docs/learning_rates.md`, with the measurements behind them.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

FEWEST = 10  # steps, below which a curve says nothing

# The loss must fall by so many times the noise that is left in the smoothed curve. Of curves that
# are noise, one in a hundred falls by 6 to 7 times that, one in a thousand by 7 to 9.
_FALL_TO_NOISE = 10.0

# And by so much of its first value: that a step changes the loss a little is sure, for any model.
_LEAST_FALL = 0.005

# A constant rate is so much of the highest one of a cycle, which does not stay there: about the
# cycle's mean.
_CONSTANT = 0.5


class LearningRateRange:
    """What a range test found; see `Model.lr_find`.

    Attributes:
        learning_rates: Array, the rate of each step.
        losses: Array, the loss of the batch of each step.
        smoothed: Array, the losses without their noise: a running median, and its running mean.
        diverged: Boolean, whether the test ended early because the loss exploded.
        suggestion: Number, the rate for training at a constant rate: half of the highest rate
            of a cycle; or `None`.
        bounds: `(min_lr, max_lr)` for a cyclical schedule: up to the centre of the trough of the
            curve, from a tenth of that; or `None`.
        steepest: Number, the rate at which the loss falls fastest; or `None`.
        minimum: Number, a tenth of the rate at which the loss is lowest; or `None`.
        valley: Number, the rate at two thirds of the longest fall of the loss; or `None`.
        message: String, what the curve says, or why it gives no answer.
    """

    suggestion = bounds = steepest = minimum = valley = None

    def __init__(self, learning_rates, losses, smoothing, steps, diverged):
        self.learning_rates, self.losses, self.diverged = learning_rates, losses, diverged
        self._window = window_of(smoothing, steps)
        self.smoothed = smooth(losses, self._window)
        self.message = self._problem()
        if not self.message:
            self._suggest()

    def _problem(self):
        """Why the curve gives no answer, or an empty string."""
        losses, count = self.losses, len(self.losses)
        if count < FEWEST:
            return f"The loss was finite for {count} steps only: begin with a smaller `min_lr`."
        start, lowest = self._start(), int(np.argmin(self.smoothed))
        fall = start - self.smoothed[lowest]
        # A single loss's deviation, from the differences of the first ones, blind to outliers.
        differences = np.abs(np.diff(losses[: max(FEWEST, count // 4)]))
        noise = 1.4826 * np.median(differences) / np.sqrt(2)
        noise /= np.sqrt(min(self._window, count))
        if lowest > 0 and fall > max(_FALL_TO_NOISE * noise, _LEAST_FALL * abs(start)):
            return ""
        if self.diverged and count < 2 * self._window:
            return "The loss only rises, at the smallest rates already: take a smaller `min_lr`."
        return (
            "The loss does not fall at any rate: the curve is flat. Widen the range, take larger "
            "batches or more steps, or look at the model and the data."
        )

    def _start(self):
        return float(np.median(self.losses[: self._window]))

    def _suggest(self):
        rates, losses = self.learning_rates, self.smoothed
        lowest = int(np.argmin(losses))
        begun, best = self._fallen(0.1), float(rates[lowest])
        largest = self._centre()
        self.bounds = (largest / 10, largest)
        self.suggestion = _CONSTANT * largest
        self.steepest = float(rates[begun + _steepest(rates, losses, begun, lowest, self._window)])
        self.minimum = best / 10
        first, last = _longest_fall(losses[begun:])
        self.valley = float(rates[begun + first + (last - first) * 2 // 3])
        self.message = (
            f"constant {self.suggestion:.2g}, for a cycle {self.bounds[0]:.2g} to "
            f"{self.bounds[1]:.2g} (steepest {self.steepest:.2g}, minimum/10 {self.minimum:.2g}, "
            f"valley {self.valley:.2g})"
        )
        if not self.diverged and lowest + self._window >= len(losses):
            self.message += ". The loss was still falling at the end: try a larger `max_lr`"
        if begun <= self._window:
            self.message += ". The loss fell from the beginning: try a smaller `min_lr`"

    def _fallen(self, share):
        """The first index from which on, up to the lowest loss, a share of the fall is done."""
        lowest = int(np.argmin(self.smoothed))
        start = self._start()
        level = start - share * (start - self.smoothed[lowest])
        above = np.flatnonzero(self.smoothed[:lowest] > level)
        return int(above[-1]) + 1 if len(above) else 0

    def _centre(self):
        """The rate in the middle of the trough, which is where half of the fall is done: the mean
        of its logarithm, weighted by the depth. The lowest place is that of the noise's lowest."""
        log, losses = np.log(self.learning_rates), self.smoothed
        lowest, first = int(np.argmin(losses)), self._fallen(0.5)
        level = (self._start() + losses[lowest]) / 2
        above = np.flatnonzero(losses[lowest:] > level)
        trough = slice(first, lowest + int(above[0]) if len(above) else None)
        weights = (level - losses[trough]) * np.gradient(log)[trough]
        return float(np.exp(np.average(log[trough], weights=weights)))

    def plot(self, ax=None):
        """Draws the losses over the rates, with the suggestions.

        Args:
            ax: Matplotlib axes to draw on. Defaults to those of a new figure.

        Returns:
            The axes.

        Raises:
            ImportError: if matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                "Plotting a range test needs matplotlib. Install it: `pip install matplotlib`."
            ) from error
        ax = plt.subplots()[1] if ax is None else ax
        ax.plot(self.learning_rates, self.losses, alpha=0.3, label="loss")
        ax.plot(self.learning_rates, self.smoothed, label="smoothed")
        for name in ("suggestion", "steepest", "minimum", "valley"):
            rate = getattr(self, name)
            if rate is not None:
                loss = np.interp(rate, self.learning_rates, self.smoothed)
                ax.plot(rate, loss, "o", label=f"{name} {rate:.2g}")
        if self.bounds is not None:
            ax.axvspan(*self.bounds, alpha=0.15, label="bounds")
        if len(self.smoothed):  # not up to where the loss exploded
            low, high = min(self.losses.min(), self.smoothed.min()), self.smoothed[0]
            ax.set_ylim(low - 0.1 * abs(high - low) - 1e-9, high + 0.6 * abs(high - low) + 1e-9)
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
        ax.legend()
        return ax

    def __repr__(self):
        return f"<LearningRateRange {self.message}>"


def window_of(smoothing, steps):
    """The odd number of steps that smoothing looks at."""
    return max(1, round(smoothing * steps)) | 1


def smooth(losses, window):
    """Returns the running median over a window of steps around each, averaged over half of it.

    A moving average of the past would lag, and show the fall at rates that are too high; and single
    batches with a large loss, frequent near divergence, do not move a median.
    """
    if len(losses) == 0:
        return losses
    return _running(_running(losses, window, np.median), window // 2 | 1, np.mean)


def _running(values, window, function):
    padded = np.pad(values, window // 2, mode="reflect")  # the edge's value counts once
    return function(np.lib.stride_tricks.sliding_window_view(padded, window), axis=-1)


def _steepest(rates, losses, first, last, window):
    """Where, from `first`, the loss falls fastest over the logarithm of the rate, by differences
    over a window: those of neighbours are noise."""
    places = np.arange(first, last + 1)
    reach = window // 2 + 1
    before, after = np.maximum(places - reach, 0), np.minimum(places + reach, last)
    run = np.log(rates[after]) - np.log(rates[before])
    return int(np.argmin((losses[after] - losses[before]) / run))


def _longest_fall(losses):
    """The first and last index of the longest strictly falling subsequence (patience sorting)."""
    lowest, ends, before = [], [], []  # `lowest` and `ends`: of the falls of each length, the last
    for i, value in enumerate(-losses):
        length = bisect_left(lowest, value)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1], ends[length : length + 1] = [value], [i]
    begin = end = ends[-1]
    while before[begin] >= 0:
        begin = before[begin]
    return begin, end
