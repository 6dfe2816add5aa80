"""The base class of learning rate schedules."""

import numpy as np


class LearningRateSchedule:
    """Base class of learning rate schedules: the learning rate as a function of the step.

    Pass an instance as the `learning_rate` of an optimizer. Update k, counted from 0, uses
    `schedule(k)`. A subclass implements `__call__(step)` and, to be saved, `get_config()`.

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

    def get_config(self):
        """Returns the constructor's arguments as a dictionary of plain values."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in "
            "order to be saved."
        )

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)


def evaluate(formula, step):
    """Returns `formula(step)`, computed in float64 and rounded to float32.

    Args:
        formula: A function of the step, written with operators and NumPy functions.
        step: A number (the result is a `np.float32`), an array or list of numbers (an array of
            that shape) or a tensor. A tensor is given to `formula` as it is and stays a tensor.
    """
    is_numpy = isinstance(step, (np.ndarray, np.generic))
    if hasattr(step, "__array_ufunc__") and not is_numpy:
        return formula(step)
    rate = formula(np.asarray(step, dtype=np.float64)[()])
    return np.asarray(rate, dtype=np.float32)[()]


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
