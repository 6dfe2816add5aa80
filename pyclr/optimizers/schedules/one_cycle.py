"""One cycle: up to a high learning rate and down to nearly nothing, once in a training (Smith &
Topin, "Super-Convergence", arXiv 1708.07120)."""

import math

import numpy as np

from .decay import half_cosine
from .learning_rate_schedule import FormulaSchedule, check_length, check_number


class _Cycle(FormulaSchedule):
    """Values at the turning points of one cycle, and how the way between them goes."""

    _saved_module = "pyclr.optimizers.schedules"  # Keras has none

    def __init__(self, total_steps, warmup, anneal, three_phase, name, unit):
        super().__init__(unit)
        self.total_steps = None if total_steps is None else check_length("total_steps", total_steps)
        self.warmup = check_number("warmup", warmup)
        self.three_phase = bool(three_phase)
        largest = 0.5 if self.three_phase else 1
        if not 0 <= self.warmup < largest:
            raise ValueError(
                f"Argument `warmup` must be at least 0 and below {largest}"
                f"{' with three phases' if three_phase else ''}. Received: warmup={warmup!r}"
            )
        if anneal not in ("cos", "linear"):
            raise ValueError(
                f"Argument `anneal` must be 'cos' or 'linear'. Received: anneal={anneal!r}"
            )
        self.anneal = anneal
        self.name = name

    def _turns(self):
        """The values at the start, the peak, (the end of the second of three phases,) the end."""
        raise NotImplementedError

    def _total(self):
        if self.total_steps is not None:
            return self._steps(self.total_steps)
        if self._steps_per_epoch is None or self._total_epochs is None:
            raise ValueError(
                f"{type(self).__name__} does not know how long the training is: give "
                "`total_steps`, train with `fit`, or call "
                "`schedule.resolve(steps_per_epoch, total_epochs)`. Received: total_steps=None"
            )
        return self._steps_per_epoch * self._total_epochs

    def _rate(self, step):
        done = step / self._total()
        values = self._turns()
        places = [0, self.warmup, 2 * self.warmup, 1] if self.three_phase else [0, self.warmup, 1]
        rate = values[-1]
        for i in reversed(range(len(places) - 1)):
            begin, end = places[i], places[i + 1]
            if begin == end:
                continue
            part = np.clip((done - begin) / (end - begin), 0, 1)
            part = part if self.anneal == "linear" else 1 - half_cosine(part)
            rate = np.where(done < end, values[i] + (values[i + 1] - values[i]) * part, rate)
        return rate

    def _length(self):
        return math.ceil(self._total())

    def _shape_config(self):
        return {
            "total_steps": self.total_steps,
            "warmup": self.warmup,
            "anneal": self.anneal,
            "three_phase": self.three_phase,
            "name": self.name,
            **self._unit_config(),
        }


class OneCycle(_Cycle):
    """The 1cycle policy (Smith & Topin, arXiv 1708.07120): warm-up to `max_learning_rate`, then
    annealing.

    The rate rises from `initial_learning_rate` at step 0 to `max_learning_rate` at
    `warmup * total_steps` and falls to `final_learning_rate` at `total_steps`, where it stays. With
    `three_phase`, as in the paper, it falls to `initial_learning_rate` in as many steps as it rose,
    and in the rest on to `final_learning_rate`. `fit` warns when it trains beyond the end.

    Args:
        max_learning_rate: Number, the peak.
        total_steps: Positive number, the steps of the cycle. Defaults to `None`: `fit` takes
            those of the whole training, its `epochs` times the steps of an epoch.
        initial_learning_rate: Number. Defaults to a 25th of `max_learning_rate`.
        final_learning_rate: Number. Defaults to a 10000th of `initial_learning_rate`.
        warmup: Number, the part of the steps in which the rate rises. Defaults to 0.3.
        anneal: `"cos"` or `"linear"`, the way between these rates. Defaults to `"cos"`.
        three_phase: Boolean. Defaults to `False`.
        name: String. Defaults to `"OneCycle"`.
        unit: `"step"` or `"epoch"`, that of `total_steps`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is not finite, `total_steps` is not positive, `warmup` is out of
            range, `anneal` or `unit` is unknown; when it is used, if the length is not known.

    Example:

    ```python
    cycle = pyclr.optimizers.schedules.OneCycle(0.4)
    optimizer = pyclr.optimizers.SGD(cycle, momentum=cycle.momentum(0.95, 0.85))
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10)  # one cycle over the ten epochs
    ```
    """

    def __init__(
        self,
        max_learning_rate,
        total_steps=None,
        initial_learning_rate=None,
        final_learning_rate=None,
        warmup=0.3,
        anneal="cos",
        three_phase=False,
        name="OneCycle",
        *,
        unit="step",
    ):
        super().__init__(total_steps, warmup, anneal, three_phase, name, unit)
        self.max_learning_rate = check_number("max_learning_rate", max_learning_rate)
        if initial_learning_rate is None:
            initial_learning_rate = self.max_learning_rate / 25
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        if final_learning_rate is None:
            final_learning_rate = self.initial_learning_rate / 1e4
        self.final_learning_rate = check_number("final_learning_rate", final_learning_rate)

    def _turns(self):
        middle = [self.initial_learning_rate] if self.three_phase else []
        start, peak = self.initial_learning_rate, self.max_learning_rate
        return [start, peak, *middle, self.final_learning_rate]

    def end(self):
        return self._total()

    def momentum(self, high=0.95, low=0.85, name="OneCycleMomentum"):
        """Returns the schedule of the momentum that goes with this cycle: low where the rate is
        high.

        Args:
            high: Number, the momentum at the start and, after the cycle's peak, at its end.
            low: Number, the momentum at the peak.
            name: String.
        """
        return OneCycleMomentum(
            high,
            low,
            self.total_steps,
            self.warmup,
            self.anneal,
            self.three_phase,
            name,
            unit=self.unit,
        )

    def get_config(self):
        return {
            "max_learning_rate": self.max_learning_rate,
            "initial_learning_rate": self.initial_learning_rate,
            "final_learning_rate": self.final_learning_rate,
            **self._shape_config(),
        }


class OneCycleMomentum(_Cycle):
    """The momentum of the 1cycle policy: from `high` to `low` while the rate rises, back while it
    falls. `OneCycle.momentum` makes it.

    Args:
        high: Number. Defaults to 0.95.
        low: Number. Defaults to 0.85.
        total_steps, warmup, anneal, three_phase, unit: As in `OneCycle`.
        name: String. Defaults to `"OneCycleMomentum"`.

    Raises:
        ValueError: as `OneCycle`.

    Example:

    ```python
    >>> schedule = OneCycleMomentum(0.95, 0.85, total_steps=4, warmup=0.5)
    >>> schedule([0, 1, 2, 3, 4])
    array([0.95, 0.9 , 0.85, 0.9 , 0.95], dtype=float32)
    ```
    """

    def __init__(
        self,
        high=0.95,
        low=0.85,
        total_steps=None,
        warmup=0.3,
        anneal="cos",
        three_phase=False,
        name="OneCycleMomentum",
        *,
        unit="step",
    ):
        super().__init__(total_steps, warmup, anneal, three_phase, name, unit)
        self.high = check_number("high", high)
        self.low = check_number("low", low)

    def _turns(self):
        return [self.high, self.low] + [self.high] * (2 if self.three_phase else 1)

    def get_config(self):
        return {"high": self.high, "low": self.low, **self._shape_config()}
