"""The decay schedules of Keras.

They are computed in float64 and rounded to float32 once. Keras computes in float32, so its values
may differ in the last digits.
"""

import math

import numpy as np

from .learning_rate_schedule import FormulaSchedule, check_length, check_number


class ExponentialDecay(FormulaSchedule):
    """Exponential decay: `initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: Number.
        decay_steps: Positive number, the steps in which the rate is multiplied by `decay_rate`.
        decay_rate: Number.
        staircase: Boolean, whether `step / decay_steps` is rounded down. Defaults to `False`.
        name: String. Defaults to `"ExponentialDecay"`.
        unit: `"step"` or `"epoch"`, that of `decay_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, or `decay_steps` is not positive.

    Example:

    ```python
    >>> schedule = ExponentialDecay(0.1, decay_steps=2, decay_rate=0.25)
    >>> schedule([0, 1, 2])
    array([0.1  , 0.05 , 0.025], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        decay_rate,
        staircase=False,
        name="ExponentialDecay",
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_length("decay_steps", decay_steps)
        self.decay_rate = check_number("decay_rate", decay_rate)
        self.staircase = staircase
        self.name = name

    def _rate(self, step):
        return self.initial_learning_rate * self.decay_rate ** self._periods(step)

    def _periods(self, step):
        periods = step / self._steps(self.decay_steps)
        return np.floor(periods) if self.staircase else periods

    def _length(self):
        return math.ceil(4 * self._steps(self.decay_steps))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
            **self._unit_config(),
        }


class InverseTimeDecay(ExponentialDecay):
    """Inverse time decay: `initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: Number.
        decay_steps: Positive number.
        decay_rate: Number.
        staircase: Boolean, whether `step / decay_steps` is rounded down. Defaults to `False`.
        name: String. Defaults to `"InverseTimeDecay"`.
        unit: `"step"` or `"epoch"`, that of `decay_steps`. Defaults to `"step"`.

    Raises:
        ValueError: as `ExponentialDecay`.

    Example:

    ```python
    >>> schedule = InverseTimeDecay(0.1, decay_steps=1, decay_rate=1.0)
    >>> schedule([0, 1, 3])
    array([0.1  , 0.05 , 0.025], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        decay_rate,
        staircase=False,
        name="InverseTimeDecay",
        *,
        unit="step",
    ):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name, unit=unit)

    def _rate(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self._periods(step))


class PiecewiseConstantDecay(FormulaSchedule):
    """A constant for each interval: `values[0]` up to and including step `boundaries[0]`, then
    `values[1]` up to and including `boundaries[1]`, and so on.

    Args:
        boundaries: List of numbers that grow, the last steps of the intervals.
        values: List of numbers, one more than there are boundaries.
        name: String. Defaults to `"PiecewiseConstant"`.
        unit: `"step"` or `"epoch"`, that of the boundaries. Defaults to `"step"`.

    Raises:
        ValueError: if the lengths do not fit, or the boundaries do not grow.

    Example:

    ```python
    >>> schedule = PiecewiseConstantDecay([1, 3], [0.1, 0.01, 0.001])
    >>> schedule([0, 1, 2, 3, 4])
    array([0.1  , 0.1  , 0.01 , 0.01 , 0.001], dtype=float32)
    ```
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant", *, unit="step"):
        super().__init__(unit)
        boundaries, values = list(boundaries), list(values)
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "Argument `boundaries` must have one element less than `values`. Received: "
                f"boundaries={boundaries} (of length {len(boundaries)}), values={values} "
                f"(of length {len(values)})"
            )
        self.boundaries = [check_number("boundaries", boundary) for boundary in boundaries]
        self.values = [check_number("values", value) for value in values]
        if sorted(self.boundaries) != self.boundaries:
            raise ValueError(
                f"Argument `boundaries` must hold growing numbers. Received: {boundaries}"
            )
        self.name = name

    def _rate(self, step):
        rate = self.values[-1]
        for boundary, value in zip(self.boundaries[::-1], self.values[-2::-1]):
            rate = np.where(step <= self._steps(boundary), value, rate)
        return rate

    def _length(self):
        return math.ceil(1.25 * self._steps(self.boundaries[-1])) if self.boundaries else 1000

    def get_config(self):
        return {
            "boundaries": self.boundaries,
            "values": self.values,
            "name": self.name,
            **self._unit_config(),
        }


class PolynomialDecay(FormulaSchedule):
    """Polynomial decay, with s = min(step, decay_steps):
    `(initial_learning_rate - end_learning_rate) * (1 - s / decay_steps) ** power
    + end_learning_rate`.

    Args:
        initial_learning_rate: Number.
        decay_steps: Positive number, the steps until `end_learning_rate`.
        end_learning_rate: Number. Defaults to 0.0001.
        power: Number. Defaults to 1: a straight line.
        cycle: Boolean. If `True`, the rate does not stay at `end_learning_rate`, but starts over
            from higher up on a decay over the next multiple of `decay_steps`. Defaults to `False`.
        name: String. Defaults to `"PolynomialDecay"`.
        unit: `"step"` or `"epoch"`, that of `decay_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, or `decay_steps` is not positive.

    Example:

    ```python
    >>> schedule = PolynomialDecay(0.1, decay_steps=2, end_learning_rate=0.0)
    >>> schedule([0, 1, 2, 3])
    array([0.1 , 0.05, 0.  , 0.  ], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_length("decay_steps", decay_steps)
        self.end_learning_rate = check_number("end_learning_rate", end_learning_rate)
        self.power = check_number("power", power)
        self.cycle = cycle
        self.name = name

    def _rate(self, step):
        decay_steps = self._steps(self.decay_steps)
        if self.cycle:
            done = step / (decay_steps * np.maximum(np.ceil(step / decay_steps), 1))
        else:
            done = np.minimum(step / decay_steps, 1)
        height = self.initial_learning_rate - self.end_learning_rate
        return height * (1 - done) ** self.power + self.end_learning_rate

    def _length(self):
        return math.ceil((4 if self.cycle else 1.25) * self._steps(self.decay_steps))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
            **self._unit_config(),
        }


class CosineDecay(FormulaSchedule):
    """Cosine decay (Loshchilov & Hutter, arXiv 1608.03983), after an optional linear warm-up.

    Without `warmup_target`, with s = min(step, decay_steps):
    `initial_learning_rate * ((1 - alpha) * (1 + cos(pi * s / decay_steps)) / 2 + alpha)`.
    With it, the rate first rises in a straight line from `initial_learning_rate` to
    `warmup_target` in `warmup_steps`, and decays from there in `decay_steps` more.

    Args:
        initial_learning_rate: Number.
        decay_steps: Positive number, the steps of the decay.
        alpha: Number, the final rate as a part of the one the decay starts from. Defaults to 0.
        name: String. Defaults to `"CosineDecay"`.
        warmup_target: Number or `None`. Defaults to `None`: no warm-up.
        warmup_steps: Number. Defaults to 0.
        unit: `"step"` or `"epoch"`, that of `decay_steps` and `warmup_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, or `decay_steps` is not positive.

    Example:

    ```python
    >>> schedule = CosineDecay(0.0, decay_steps=2, warmup_target=0.1, warmup_steps=2)
    >>> schedule([0, 1, 2, 3, 4])
    array([0.  , 0.05, 0.1 , 0.05, 0.  ], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        alpha=0.0,
        name="CosineDecay",
        warmup_target=None,
        warmup_steps=0,
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_length("decay_steps", decay_steps)
        self.alpha = check_number("alpha", alpha)
        self.name = name
        if warmup_target is not None:
            warmup_target = check_number("warmup_target", warmup_target)
        self.warmup_target = warmup_target
        self.warmup_steps = check_length("warmup_steps", warmup_steps, zero=True)

    def _rate(self, step):
        start, warmup = self.initial_learning_rate, 0
        if self.warmup_target is not None:
            start, warmup = self.warmup_target, self._steps(self.warmup_steps)
        done = np.clip((step - warmup) / self._steps(self.decay_steps), 0, 1)
        rate = start * ((1 - self.alpha) * half_cosine(done) + self.alpha)
        if not warmup:
            return rate
        rise = self.warmup_target - self.initial_learning_rate
        return np.where(step < warmup, rise * (step / warmup) + self.initial_learning_rate, rate)

    def _length(self):
        warmup = self.warmup_steps if self.warmup_target is not None else 0
        return math.ceil(1.1 * self._steps(self.decay_steps + warmup))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
            **self._unit_config(),
        }


class CosineDecayRestarts(FormulaSchedule):
    """Cosine decay with warm restarts: SGDR (Loshchilov & Hutter, arXiv 1608.03983).

    The i-th decay, counted from 0, takes `first_decay_steps * t_mul**i` steps; a part x into it
    the rate is `initial_learning_rate * ((1 - alpha) * m_mul**i * (1 + cos(pi * x)) / 2 + alpha)`.

    Args:
        initial_learning_rate: Number.
        first_decay_steps: Positive number, the steps of the first decay.
        t_mul: Number, at least 1: how much longer each decay is. Defaults to 2.
        m_mul: Number, how much higher each decay starts. Defaults to 1.
        alpha: Number, the lowest rate as a part of the initial one. Defaults to 0.
        name: String. Defaults to `"SGDRDecay"`.
        unit: `"step"` or `"epoch"`, that of `first_decay_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, `first_decay_steps` is not positive or
            `t_mul` is below 1.

    Example:

    ```python
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=2)
    >>> schedule([0, 1, 2, 4, 6])
    array([0.1 , 0.05, 0.1 , 0.05, 0.1 ], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        first_decay_steps,
        t_mul=2.0,
        m_mul=1.0,
        alpha=0.0,
        name="SGDRDecay",
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = check_length("first_decay_steps", first_decay_steps)
        self.t_mul = check_number("t_mul", t_mul)
        self.m_mul = check_number("m_mul", m_mul)
        self.alpha = check_number("alpha", alpha)
        self.name = name
        if self.t_mul < 1:
            raise ValueError(f"Argument `t_mul` must be at least 1. Received: t_mul={t_mul!r}")

    def _rate(self, step):
        done = step / self._steps(self.first_decay_steps)
        if self.t_mul == 1:
            index = np.floor(done)
            part = done - index
        else:
            # Decay i begins where 1 + (t_mul - 1) done is t_mul**i. The logarithm alone may be
            # rounded to the wrong side there.
            power = 1 + (self.t_mul - 1) * done
            index = np.floor(np.log(power) / math.log(self.t_mul))
            index = np.where(self.t_mul ** (index + 1) <= power * (1 + 1e-12), index + 1, index)
            length = self.t_mul**index
            part = np.clip((power / length - 1) / (self.t_mul - 1), 0, 1)
        height = self.m_mul**index * half_cosine(part)
        return self.initial_learning_rate * ((1 - self.alpha) * height + self.alpha)

    def _length(self):
        return math.ceil((1 + self.t_mul + self.t_mul**2) * self._steps(self.first_decay_steps))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
            **self._unit_config(),
        }


def half_cosine(part):
    """From 1 at 0 down to 0 at 1 along a cosine."""
    return 0.5 * (1 + np.cos(math.pi * part))
