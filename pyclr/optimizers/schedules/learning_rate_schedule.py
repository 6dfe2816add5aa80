"""The base classes of learning rate schedules."""

import numbers

import numpy as np

from ...saving import serialization


class LearningRateSchedule:
    """Base class of learning rate schedules: the learning rate as a function of the step.

    Pass an instance as the `learning_rate` of an optimizer, or as any other of its
    hyper-parameters. Update k, counted from 0, uses `schedule(k)`. A subclass implements
    `__call__(step)` and, to be saved, `get_config()`.

    `schedule * 0.5` and `schedule * other` are schedules (`Product`).

    Example:

    ```python
    class InverseStep(pyclr.optimizers.schedules.LearningRateSchedule):
        def __init__(self, initial_learning_rate):
            self.initial_learning_rate = initial_learning_rate

        def __call__(self, step):
            return self.initial_learning_rate / (step + 1)

        def get_config(self):
            return {"initial_learning_rate": self.initial_learning_rate}

    optimizer = pyclr.optimizers.SGD(learning_rate=InverseStep(0.1))
    ```
    """

    def __call__(self, step):
        """Returns the learning rate at a step."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )

    def resolve(self, steps_per_epoch, total_epochs=None):
        """Tells the schedule how long an epoch and the training are; `fit` calls it before the
        first update.

        Schedules whose lengths are in epochs, or taken from the training, need it.

        Args:
            steps_per_epoch: Integer, updates of an epoch.
            total_epochs: Integer, the epoch at which training ends, or `None`.
        """

    def end(self):
        """Returns the step from which on the rate is too small to learn, or `None` if there is none
        or it is not known. `fit` warns when it trains beyond."""
        return None

    def plot(self, steps=None, ax=None):
        """Draws the learning rate over the steps.

        Args:
            steps: Integer, how many steps are drawn. Defaults to the schedule's length, or to 1000
                where it has none.
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
                "Plotting a schedule needs matplotlib. Install it: `pip install matplotlib`."
            ) from error
        steps = self._length() if steps is None else int(steps)
        ax = plt.subplots()[1] if ax is None else ax
        ax.plot(np.arange(steps), tabulate(self, np.arange(steps)))
        ax.set_xlabel("step")
        ax.set_ylabel("learning rate")
        return ax

    def _length(self):
        """The steps until the schedule has shown what it does."""
        return 1000

    def __mul__(self, other):
        if not isinstance(other, (LearningRateSchedule, numbers.Real)):
            return NotImplemented
        from .composite import Product

        return Product(self, other)

    __rmul__ = __mul__

    def get_config(self):
        """Returns the constructor's arguments as a dictionary of plain values."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in "
            "order to be saved."
        )

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary, whose functions and objects
        may be configs themselves."""
        restored = {
            name: serialization.deserialize_keras_object(value)
            if isinstance(value, dict) and "class_name" in value
            else value
            for name, value in config.items()
        }
        return cls(**restored)


class FormulaSchedule(LearningRateSchedule):
    """A schedule given by a formula of the step, for numbers, arrays and tensors alike.

    A subclass implements `_rate(step)` with operators and NumPy functions, and reads its lengths
    through `_steps()`.

    Args:
        unit: `"step"` or `"epoch"`, that of the lengths.
    """

    _steps_per_epoch = None
    _total_epochs = None

    def __init__(self, unit="step"):
        if unit not in ("step", "epoch"):
            raise ValueError(f"Argument `unit` must be 'step' or 'epoch'. Received: unit={unit!r}")
        self.unit = unit

    def __call__(self, step):
        """Returns the learning rate at a step.

        Args:
            step: Number, array or list of numbers, or tensor.

        Returns:
            A `np.float32` for a number, a float32 array of the same shape for an array or list, a
            float32 tensor for a tensor.
        """
        return evaluate(self._rate, step)

    def _rate(self, step):
        raise NotImplementedError

    def resolve(self, steps_per_epoch, total_epochs=None):
        self._steps_per_epoch = steps_per_epoch
        self._total_epochs = total_epochs

    def _steps(self, length):
        """A length of this schedule's unit in steps."""
        if self.unit == "step":
            return length
        if self._steps_per_epoch is None:
            raise ValueError(
                f"The lengths of this {type(self).__name__} are in epochs, and how many steps an "
                "epoch has is not known: train with `fit`, or call "
                "`schedule.resolve(steps_per_epoch)`. Received: unit='epoch'"
            )
        return length * self._steps_per_epoch

    def _unit_config(self):
        """What a config has of the unit. Keras' schedules have none, so steps are not written."""
        return {} if self.unit == "step" else {"unit": self.unit}


def tabulate(schedule, steps):
    """Returns a schedule's values at an array of whole steps, in float64."""
    if isinstance(schedule, FormulaSchedule):
        return np.asarray(schedule(steps), "float64")
    # A user's schedule may be written for one step at a time (`if step < 100`).
    return np.array([float(schedule(int(step))) for step in steps])


def rate_of(part, step):
    """Returns what a part of a schedule - a schedule or a number - gives for `_rate(step)`."""
    if isinstance(part, FormulaSchedule):
        return part._rate(step)
    if not isinstance(part, LearningRateSchedule):
        return part
    if not isinstance(step, (np.ndarray, np.generic)):
        return part(step)
    values = [float(part(int(s) if s == int(s) else s)) for s in np.ravel(step)]
    return np.reshape(values, np.shape(step))


def evaluate(formula, step):
    """Returns `formula(step)`, computed in float64 and rounded to float32.

    Args:
        formula: A function of the step, written with operators and NumPy functions.
        step: A number (the result is a `np.float32`), an array or list of numbers (an array of
            that shape), or a tensor (a tensor).
    """
    is_numpy = isinstance(step, (np.ndarray, np.generic))
    if hasattr(step, "__array_ufunc__") and not is_numpy:
        from ... import ops

        rate = formula(ops.cast(step, "float64"))
        return ops.cast(ops.broadcast_to(ops.cast(rate, "float64"), step.shape), "float32")
    step = np.asarray(step, dtype=np.float64)[()]
    rate = np.asarray(formula(step), dtype=np.float32)
    return np.broadcast_to(rate, np.shape(step)).copy()[()]


def check_number(name, value):
    """Returns a number given as an argument, as a Python number; raises a ValueError for others.

    Args:
        name: String, the argument's name.
        value: A finite Python or NumPy number, or a scalar array or tensor.
    """
    array = None if isinstance(value, (str, bytes, bool, type(None))) else np.asarray(value)
    if array is None or array.ndim or array.dtype.kind not in "iuf" or not np.isfinite(array):
        raise ValueError(f"Argument `{name}` must be a finite number. Received: {name}={value!r}")
    return array.item()


def check_length(name, value, zero=False):
    """Returns a length given as an argument: a positive number, or with `zero` also 0."""
    length = check_number(name, value)
    if length < 0 or (length == 0 and not zero):
        bound = "at least 0" if zero else "positive"
        raise ValueError(f"Argument `{name}` must be {bound}. Received: {name}={value!r}")
    return length
