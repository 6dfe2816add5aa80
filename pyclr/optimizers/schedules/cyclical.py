"""Cyclical learning rates (Smith, "Cyclical Learning Rates for Training Neural Networks",
arXiv 1506.01186), with the names, arguments and defaults of TensorFlow Addons.

All share one triangle wave and differ in how its height is scaled. With s = `step_size`:

    cycle = floor(1 + step / 2s)
    x     = |step / s - 2 cycle + 1|
    rate  = initial + (maximal - initial) * (1 - x) * scale_fn(cycle or step)
"""

import math
from functools import partial
from operator import pow as power
from types import FunctionType

from ...saving import serialization
from .learning_rate_schedule import FormulaSchedule, check_length, check_number


class CyclicalLearningRate(FormulaSchedule):
    """Learning rate that goes up and down in triangles, scaled by a function of one's own.

    It starts at `initial_learning_rate`, reaches the peak after `step_size` steps and is back
    after another `step_size`. The peak's height above the start is
    `(maximal_learning_rate - initial_learning_rate) * scale_fn(x)`.

    Saving stores the name of `scale_fn`: register it with
    `@pyclr.saving.register_keras_serializable()`, or pass it as a custom object when loading. A
    lambda or local function is refused when saving. Under `pyclr.compat` it is saved as a marker
    instead: the loaded model predicts, and calling the schedule raises an error that names the
    missing function.

    Args:
        initial_learning_rate: Number, the rate at the ends of a cycle.
        maximal_learning_rate: Number, the rate at the peak where `scale_fn` gives 1.
        step_size: Positive number, the steps of half a cycle. Smith suggests 2 to 8 epochs.
        scale_fn: Function of one argument, written with operators and NumPy functions.
        scale_mode: `"cycle"`: `scale_fn` gets the number of the cycle, counted from 1.
            `"iterations"`: it gets the step. Defaults to `"cycle"`.
        name: String. Defaults to `"CyclicalLearningRate"`.
        unit: `"step"` or `"epoch"`, that of `step_size`. Defaults to `"step"`.

    Raises:
        ValueError: if a number is missing or not finite, `step_size` is not positive, `scale_fn`
            cannot be called, or `scale_mode` is neither of the two.

    Example:

    ```python
    @pyclr.saving.register_keras_serializable()
    def halve(cycle):
        return 0.5 ** (cycle - 1)

    schedule = pyclr.optimizers.schedules.CyclicalLearningRate(
        initial_learning_rate=1e-4,
        maximal_learning_rate=1e-2,
        step_size=2 * steps_per_epoch,
        scale_fn=halve,
    )
    optimizer = pyclr.optimizers.SGD(schedule)
    rates = schedule(np.arange(10 * steps_per_epoch))
    ```
    """

    _saved_module = "pyclr.optimizers.schedules"  # Keras 3 has no cyclical schedules

    def __init__(
        self,
        initial_learning_rate,
        maximal_learning_rate,
        step_size,
        scale_fn,
        scale_mode="cycle",
        name="CyclicalLearningRate",
        *,
        unit="step",
    ):
        super().__init__(unit)
        self.initial_learning_rate = check_number("initial_learning_rate", initial_learning_rate)
        self.maximal_learning_rate = check_number("maximal_learning_rate", maximal_learning_rate)
        self.step_size = check_length("step_size", step_size)
        if not callable(scale_fn):
            raise ValueError(
                "Argument `scale_fn` must be a function of one argument. "
                f"Received: scale_fn={scale_fn!r}"
            )
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(
                "Argument `scale_mode` must be 'cycle' or 'iterations'. "
                f"Received: scale_mode={scale_mode!r}"
            )
        self.scale_fn = scale_fn
        self.scale_mode = scale_mode
        self.name = name

    def _rate(self, step):
        size = self._steps(self.step_size)
        period = 2 * size
        height = 1 - abs(step % period / size - 1)
        scale = self.scale_fn(step // period + 1 if self.scale_mode == "cycle" else step)
        amplitude = self.maximal_learning_rate - self.initial_learning_rate
        return self.initial_learning_rate + amplitude * height * scale

    def _length(self):
        return math.ceil(6 * self._steps(self.step_size))

    def get_config(self):
        if isinstance(self.scale_fn, FunctionType):
            scale_fn = serialization.serialize_function(
                self.scale_fn, allow_local=False, hint=_HINT
            )
        else:
            scale_fn = serialization.serialize_keras_object(self.scale_fn)
        return {**self._numbers(), "scale_fn": scale_fn}

    @classmethod
    def from_config(cls, config):
        scale_fn = serialization.deserialize_keras_object(config.get("scale_fn"))
        return cls(**config) if scale_fn is None else cls(**{**config, "scale_fn": scale_fn})

    def _numbers(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "maximal_learning_rate": self.maximal_learning_rate,
            "step_size": self.step_size,
            "scale_mode": self.scale_mode,
            "name": self.name,
            **self._unit_config(),
        }


class TriangularCyclicalLearningRate(CyclicalLearningRate):
    """Learning rate that goes up and down in equal triangles.

    Args:
        initial_learning_rate: Number, the rate at the ends of a cycle.
        maximal_learning_rate: Number, the rate at the peak.
        step_size: Positive number, the steps of half a cycle.
        scale_mode: Has no effect here. Defaults to `"cycle"`.
        name: String. Defaults to `"TriangularCyclicalLearningRate"`.
        unit: `"step"` or `"epoch"`, that of `step_size`. Defaults to `"step"`.

    Raises:
        ValueError: as `CyclicalLearningRate`.

    Example:

    ```python
    >>> schedule = TriangularCyclicalLearningRate(0.1, 0.5, step_size=2)
    >>> schedule([0, 1, 2, 3, 4])
    array([0.1, 0.3, 0.5, 0.3, 0.1], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        maximal_learning_rate,
        step_size,
        scale_mode="cycle",
        name="TriangularCyclicalLearningRate",
        *,
        unit="step",
    ):
        super().__init__(
            initial_learning_rate,
            maximal_learning_rate,
            step_size,
            _constant,
            scale_mode,
            name,
            unit=unit,
        )

    def get_config(self):
        return self._numbers()


class Triangular2CyclicalLearningRate(CyclicalLearningRate):
    """Learning rate that goes up and down in triangles, each half as high as the one before.

    Args:
        initial_learning_rate: Number, the rate at the ends of a cycle.
        maximal_learning_rate: Number, the rate at the first peak.
        step_size: Positive number, the steps of half a cycle.
        scale_mode: `"cycle"`: the height halves with each cycle. `"iterations"`: it halves with
            each step, from twice the height. Defaults to `"cycle"`.
        name: String. Defaults to `"Triangular2CyclicalLearningRate"`.
        unit: `"step"` or `"epoch"`, that of `step_size`. Defaults to `"step"`.

    Raises:
        ValueError: as `CyclicalLearningRate`.

    Example:

    ```python
    >>> schedule = Triangular2CyclicalLearningRate(0.1, 0.5, step_size=1)
    >>> schedule([0, 1, 2, 3, 4])
    array([0.1, 0.5, 0.1, 0.3, 0.1], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        maximal_learning_rate,
        step_size,
        scale_mode="cycle",
        name="Triangular2CyclicalLearningRate",
        *,
        unit="step",
    ):
        super().__init__(
            initial_learning_rate,
            maximal_learning_rate,
            step_size,
            _halved,
            scale_mode,
            name,
            unit=unit,
        )

    def get_config(self):
        return self._numbers()


class ExponentialCyclicalLearningRate(CyclicalLearningRate):
    """Learning rate that goes up and down in triangles whose height is scaled by `gamma**x`.

    Args:
        initial_learning_rate: Number, the rate at the ends of a cycle.
        maximal_learning_rate: Number, the rate at the peak where `gamma**x` is 1.
        step_size: Positive number, the steps of half a cycle.
        scale_mode: `"iterations"`: `x` is the step. `"cycle"`: it is the number of the cycle,
            counted from 1. Defaults to `"iterations"`.
        gamma: Number. Defaults to `1.0`.
        name: String. Defaults to `"ExponentialCyclicalLearningRate"`.
        unit: `"step"` or `"epoch"`, that of `step_size`. Defaults to `"step"`.

    Raises:
        ValueError: as `CyclicalLearningRate`, or if `gamma` is not a finite number.

    Example:

    ```python
    >>> schedule = ExponentialCyclicalLearningRate(0.0, 1.0, step_size=1, gamma=0.5)
    >>> schedule([0, 1, 2, 3])
    array([0.   , 0.5  , 0.   , 0.125], dtype=float32)
    ```
    """

    def __init__(
        self,
        initial_learning_rate,
        maximal_learning_rate,
        step_size,
        scale_mode="iterations",
        gamma=1.0,
        name="ExponentialCyclicalLearningRate",
        *,
        unit="step",
    ):
        self.gamma = check_number("gamma", gamma)
        super().__init__(
            initial_learning_rate,
            maximal_learning_rate,
            step_size,
            partial(power, float(self.gamma)),
            scale_mode,
            name,
            unit=unit,
        )

    def get_config(self):
        return {**self._numbers(), "gamma": self.gamma}


def _constant(x):
    return 1.0


def _halved(cycle):
    return 2.0 ** (1 - cycle)


_HINT = (
    "The usual scalings need no function: TriangularCyclicalLearningRate, "
    "Triangular2CyclicalLearningRate, ExponentialCyclicalLearningRate.\n\n"
)
