"""Schedules made of schedules: warm-ups, joins and products."""

import math

import numpy as np

from ...saving import serialization
from .learning_rate_schedule import (
    FormulaSchedule,
    LearningRateSchedule,
    check_length,
    check_number,
    rate_of,
)


class CompositeSchedule(FormulaSchedule):
    """A schedule that has parts: schedules, or numbers for constant ones."""

    _saved_module = "pyclr.optimizers.schedules"  # Keras has none

    def _parts(self):
        raise NotImplementedError

    def resolve(self, steps_per_epoch, total_epochs=None):
        super().resolve(steps_per_epoch, total_epochs)
        for part in self._parts():
            if isinstance(part, LearningRateSchedule):
                part.resolve(steps_per_epoch, total_epochs)

    def _length_of(self, part):
        return part._length() if isinstance(part, LearningRateSchedule) else 0

    @classmethod
    def from_config(cls, config):
        return cls(**serialization.deserialize_keras_object(dict(config)))


class LinearWarmup(CompositeSchedule):
    """A straight line up to a target, which then takes over.

    For `warmup_steps` steps, the rate goes from `initial_learning_rate` to that of the target's
    step 0; step `warmup_steps` is step 0 of the target.

    Args:
        target: Number or schedule.
        warmup_steps: Positive number.
        initial_learning_rate: Number. Defaults to 0.
        name: String. Defaults to `"LinearWarmup"`.
        unit: `"step"` or `"epoch"`, that of `warmup_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, or `warmup_steps` is not positive.

    Example:

    ```python
    >>> schedule = LinearWarmup(0.1, warmup_steps=2)
    >>> schedule([0, 1, 2, 3])
    array([0.  , 0.05, 0.1 , 0.1 ], dtype=float32)
    ```
    """

    def __init__(
        self,
        target,
        warmup_steps,
        initial_learning_rate=0.0,
        name="LinearWarmup",
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.target = _check_part("target", target)
        self.warmup_steps = check_length("warmup_steps", warmup_steps)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.name = name

    def _rate(self, step):
        warmup = self._steps(self.warmup_steps)
        after = rate_of(self.target, np.maximum(step - warmup, 0))
        return np.where(step < warmup, self._warm(step / warmup), after)

    def _warm(self, part):
        peak = rate_of(self.target, np.float64(0))
        return self.initial_learning_rate + (peak - self.initial_learning_rate) * part

    def _parts(self):
        return [self.target]

    def _length(self):
        warmup = self._steps(self.warmup_steps)
        return math.ceil(warmup + (self._length_of(self.target) or warmup))

    def get_config(self):
        return {
            "target": _serialized(self.target),
            "warmup_steps": self.warmup_steps,
            "initial_learning_rate": self.initial_learning_rate,
            "name": self.name,
            **self._unit_config(),
        }


class ConstantWarmup(LinearWarmup):
    """A constant low rate for some steps; then the target takes over, from its step 0.

    Args:
        target: Number or schedule.
        warmup_steps: Positive number.
        initial_learning_rate: Number, the rate of the first `warmup_steps` steps.
        name: String. Defaults to `"ConstantWarmup"`.
        unit: `"step"` or `"epoch"`, that of `warmup_steps`. Defaults to `"step"`.

    Raises:
        ValueError: as `LinearWarmup`.

    Example:

    ```python
    >>> schedule = ConstantWarmup(0.1, warmup_steps=2, initial_learning_rate=0.01)
    >>> schedule([0, 1, 2, 3])
    array([0.01, 0.01, 0.1 , 0.1 ], dtype=float32)
    ```
    """

    def __init__(
        self, target, warmup_steps, initial_learning_rate, name="ConstantWarmup", *, unit="step"
    ):
        super().__init__(target, warmup_steps, initial_learning_rate, name, unit=unit)

    def _warm(self, part):
        return self.initial_learning_rate


class InverseSquareRoot(FormulaSchedule):
    """A linear warm-up, then decay with the inverse square root of the step (Vaswani et al.,
    "Attention Is All You Need", arXiv 1706.03762, section 5.3).

    With n = step + 1, the number of the update:
    `max_learning_rate * min(n / warmup_steps, sqrt(warmup_steps / n))`. The paper's rate has
    `max_learning_rate = 1 / sqrt(d_model * warmup_steps)`.

    Args:
        max_learning_rate: Number, the rate of update `warmup_steps`.
        warmup_steps: Positive number.
        name: String. Defaults to `"InverseSquareRoot"`.
        unit: `"step"` or `"epoch"`, that of `warmup_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, or `warmup_steps` is not positive.

    Example:

    ```python
    >>> schedule = InverseSquareRoot(0.1, warmup_steps=2)
    >>> schedule([0, 1, 7])
    array([0.05, 0.1 , 0.05], dtype=float32)
    ```
    """

    _saved_module = "pyclr.optimizers.schedules"  # Keras has none

    def __init__(self, max_learning_rate, warmup_steps, name="InverseSquareRoot", *, unit="step"):
        super().__init__(unit)
        self.max_learning_rate = check_number("max_learning_rate", max_learning_rate)
        self.warmup_steps = check_length("warmup_steps", warmup_steps)
        self.name = name

    def _rate(self, step):
        ratio = (step + 1) / self._steps(self.warmup_steps)
        return self.max_learning_rate * np.minimum(ratio, ratio**-0.5)

    def _length(self):
        return math.ceil(8 * self._steps(self.warmup_steps))

    def get_config(self):
        return {
            "max_learning_rate": self.max_learning_rate,
            "warmup_steps": self.warmup_steps,
            "name": self.name,
            **self._unit_config(),
        }


class Join(CompositeSchedule):
    """Schedules one after another. Each begins with its own step 0.

    Args:
        schedules: List of schedules, or numbers for constant ones.
        boundaries: List of numbers that grow, one less than there are schedules: the steps at
            which the second, third, ... schedule begins.
        name: String. Defaults to `"Join"`.
        unit: `"step"` or `"epoch"`, that of the boundaries. Defaults to `"step"`.

    Raises:
        ValueError: if the numbers of schedules and boundaries do not fit, the boundaries do not
            grow, or a schedule is none.

    Example:

    ```python
    >>> schedule = Join([0.1, ExponentialDecay(0.1, 1, 0.5)], [2])
    >>> schedule([0, 1, 2, 3, 4])
    array([0.1  , 0.1  , 0.1  , 0.05 , 0.025], dtype=float32)
    ```
    """

    def __init__(self, schedules, boundaries, name="Join", *, unit="step"):
        super().__init__(unit)
        schedules, boundaries = list(schedules), list(boundaries)
        if len(boundaries) != len(schedules) - 1:
            raise ValueError(
                "Argument `boundaries` must have one element less than `schedules`. Received: "
                f"{len(schedules)} schedules, boundaries={boundaries}"
            )
        self.schedules = [_check_part("schedules", schedule) for schedule in schedules]
        self.boundaries = [check_length("boundaries", boundary) for boundary in boundaries]
        if sorted(self.boundaries) != self.boundaries:
            raise ValueError(
                f"Argument `boundaries` must hold growing numbers. Received: {boundaries}"
            )
        self.name = name

    def _rate(self, step):
        rate = rate_of(self.schedules[0], step)
        for boundary, schedule in zip(self.boundaries, self.schedules[1:]):
            begin = self._steps(boundary)
            rate = np.where(step < begin, rate, rate_of(schedule, np.maximum(step - begin, 0)))
        return rate

    def _parts(self):
        return self.schedules

    def _length(self):
        begin = self._steps(self.boundaries[-1]) if self.boundaries else 0
        return math.ceil(begin + (self._length_of(self.schedules[-1]) or begin / 4 or 1000))

    def get_config(self):
        return {
            "schedules": [_serialized(schedule) for schedule in self.schedules],
            "boundaries": self.boundaries,
            "name": self.name,
            **self._unit_config(),
        }


class Product(CompositeSchedule):
    """The product of two schedules; `a * b` and `schedule * 0.5` make it.

    Args:
        a: Schedule or number.
        b: Schedule or number.
        name: String. Defaults to `"Product"`.

    Raises:
        ValueError: if `a` or `b` is neither.

    Example:

    ```python
    >>> schedule = ExponentialDecay(0.1, 1, 0.5) * 2
    >>> schedule([0, 1])
    array([0.2, 0.1], dtype=float32)
    ```
    """

    def __init__(self, a, b, name="Product"):
        super().__init__()
        self.a = _check_part("a", a)
        self.b = _check_part("b", b)
        self.name = name

    def _rate(self, step):
        return rate_of(self.a, step) * rate_of(self.b, step)

    def _parts(self):
        return [self.a, self.b]

    def _length(self):
        return max(self._length_of(self.a), self._length_of(self.b)) or 1000

    def get_config(self):
        return {"a": _serialized(self.a), "b": _serialized(self.b), "name": self.name}


def _check_part(name, part):
    return part if isinstance(part, LearningRateSchedule) else check_number(name, part)


def _serialized(part):
    return serialization.serialize_keras_object(part)
