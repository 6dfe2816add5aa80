"""Hyper-parameters of optimizers: numbers, or schedules of the step."""

from __future__ import annotations

import numpy as np

from .. import ops
from .._warn import warn
from ..variables import Variable
from .schedules.learning_rate_schedule import LearningRateSchedule, tabulate


class HyperParameter:
    """An attribute of an optimizer that every update reads: a number or a schedule.

    It can be set at any time, to a number, a tensor or a `LearningRateSchedule`; read, it is the
    number that the next update uses.

    Args:
        doc: String, what it is.
        optional: Boolean, whether it may be `None` (0 in updates).
    """

    def __init__(self, doc, optional=False):
        self.__doc__ = doc
        self.optional = optional

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, optimizer, owner=None):
        if optimizer is None:
            return self
        value = optimizer._hyper_values[self.name]
        return float(value(optimizer._step())) if is_schedule(value) else value

    def __set__(self, optimizer, value):
        optimizer._assign_hyper(self.name, value)


class HyperParameters:
    """The part of an optimizer that holds its hyper-parameters, the learning rate first."""

    weight_decay = HyperParameter("The weight decay of the next update.", optional=True)
    rate_factor = 1.0
    minimum_rate = 0.0

    def _init_hyper(self, learning_rate, weight_decay):
        self._iterations = Variable(np.array(0, "int64"), trainable=False, name="iteration")
        self._rate = Variable(np.array(0.0, "float32"), trainable=False, name="learning_rate")
        self._hyper_values = {}
        self._hyper_names = ["learning_rate", *names_of(type(self))]
        self._hyper = Variable(
            np.zeros(len(self._hyper_names)), dtype="float64", trainable=False, name="hyper"
        )
        self._set_hyper("learning_rate", number_or_schedule("learning_rate", learning_rate))
        self.weight_decay = weight_decay

    @property
    def iterations(self):
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    @iterations.setter
    def iterations(self, value):
        self._iterations.assign(int(value) * (self.gradient_accumulation_steps or 1))

    @property
    def learning_rate(self):
        schedule = self._hyper_values["learning_rate"]
        if schedule is None:
            return self._rate
        return ops.convert_to_tensor(np.float32(schedule(self._step())))

    @learning_rate.setter
    def learning_rate(self, value):
        self._assign_hyper("learning_rate", value)

    @property
    def learning_rate_schedule(self):
        """The schedule of the learning rate, or `None`."""
        return self._hyper_values["learning_rate"]

    @property
    def lr(self):
        """The learning rate, under its old name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value):
        self.learning_rate = value

    def override(self, values):
        """Sets hyper-parameters on purpose: without the warning that a schedule is replaced.

        Args:
            values: Dictionary of names, such as `"learning_rate"`, to numbers or schedules.

        Raises:
            ValueError: if a name is not one of a hyper-parameter, or a value does not fit. Nothing
                has been changed then.
        """
        if not isinstance(values, dict):
            raise ValueError(
                "Argument `override` must be a dictionary of hyper-parameters to their values. "
                f"Received: override={values!r}"
            )
        unknown = [name for name in values if name not in self._hyper_names]
        if unknown:
            raise ValueError(
                f"Argument `override` must hold hyper-parameters of {type(self).__name__}, which "
                f"are: {', '.join(self._hyper_names)}. Received: {unknown[0]!r}"
            )
        checked = {name: self._checked_hyper(name, value) for name, value in values.items()}
        for name, value in checked.items():
            self._replace_hyper(name, value)

    def _assign_hyper(self, name, value):
        """What an assignment to the attribute does."""
        value = self._checked_hyper(name, value)
        before = self._hyper_values.get(name)
        if is_schedule(before) and not is_schedule(value):
            scale = ""
            if name == "learning_rate":
                scale = " To scale the schedule in place of it, set `optimizer.rate_factor`."
            warn(
                f"`{name}` is {value} from now on, which replaces the schedule "
                f"{type(before).__name__}.{scale}"
            )
        self._replace_hyper(name, value)

    def _checked_hyper(self, name, value):
        """A value as it is kept; a ValueError if the hyper-parameter can not get it."""
        if value is None and name != "learning_rate" and getattr(type(self), name).optional:
            return None
        return number_or_schedule(name, value)

    def _replace_hyper(self, name, value):
        self._set_hyper(name, value)
        if name == "learning_rate":  # what is set is what the next update uses
            self.rate_factor, self.minimum_rate = 1.0, 0.0

    def _set_hyper(self, name, value):
        if name == "learning_rate" and not is_schedule(value):
            self._rate.value._view()[...] = value
            value = None
        self._hyper_values[name] = value

    def _step(self):
        """The number of calls so far, by which schedules go."""
        return int(self._iterations.value._view())

    def hyper_rows(self, steps):
        """Returns the hyper-parameters of the next `steps` calls: (steps, number of them)."""
        rows = np.empty((steps, len(self._hyper_names)))
        first = self._step()
        for column, name in enumerate(self._hyper_names):
            rows[:, column] = self._hyper_at(name, np.arange(first, first + steps))
        return rows

    def _hyper_at(self, name, steps):
        """A hyper-parameter at an array of steps: an array, or one number for all."""
        value = self._hyper_values[name]
        if name != "learning_rate":
            return 0.0 if value is None else values_at(value, steps)
        rate = float(self._rate.value._view()) if value is None else values_at(value, steps)
        if self.rate_factor == 1 and not self.minimum_rate:
            return rate
        # The floor is that of the factor: a schedule that goes lower by itself, as a warm-up does,
        # is not lifted.
        return np.maximum(rate * self.rate_factor, np.minimum(rate, self.minimum_rate))

    def current_hyper(self, step=None):
        """Returns what an update uses, for logs.

        Args:
            step: Integer, or array of integers: the calls of `apply` before it. Defaults to those
                so far.

        Returns:
            A dictionary of numbers, or of arrays: the learning rate (with `rate_factor` and
            `minimum_rate`), and every other hyper-parameter that is scheduled.
        """
        steps = np.asarray(self._step() if step is None else step)
        values = {
            name: np.broadcast_to(self._hyper_at(name, steps.ravel()), steps.size)
            for name in self._hyper_names
            if name == "learning_rate" or is_schedule(self._hyper_values[name])
        }
        if steps.ndim == 0:
            return {name: float(value[0]) for name, value in values.items()}
        return {name: np.array(value).reshape(steps.shape) for name, value in values.items()}

    def resolve(self, steps_per_epoch, total_epochs=None):
        """Tells all schedules how long an epoch and the training are; `fit` calls it before the
        first update.

        Args:
            steps_per_epoch: Integer, calls of `apply` in an epoch.
            total_epochs: Integer, the epoch at which training ends, or `None`.
        """
        for value in self._hyper_values.values():
            if is_schedule(value):
                value.resolve(steps_per_epoch, total_epochs)
        self._warn_of_end(steps_per_epoch * (total_epochs or 0))

    def _warn_of_end(self, last):
        """Warns when the learning rate's schedule ends before step `last`, or has ended."""
        schedule, done = self.learning_rate_schedule, self._step()
        end = None if schedule is None else schedule.end()
        if end is not None and (done >= end or last > end):
            warn(
                f"The {type(schedule).__name__} ends at step {end:g}, and the training, which "
                f"stands at step {done}, goes on. From there the learning rate stays "
                f"{float(schedule(end)):.2g}."
            )

    def _scalar(self, name, dtype):
        """A hyper-parameter of the current update as a tensor."""
        return ops.cast(self._hyper.value[self._hyper_names.index(name)], dtype)


def names_of(cls):
    """The hyper-parameters of an optimizer class, those of its bases first."""
    names = {}
    for base in reversed(cls.__mro__):
        for name, attribute in vars(base).items():
            if isinstance(attribute, HyperParameter):
                names[name] = attribute
    return list(names)


def is_schedule(value):
    return isinstance(value, LearningRateSchedule)


def values_at(value, steps):
    """What a hyper-parameter is at an array of steps: an array, or one number for all."""
    return tabulate(value, steps) if is_schedule(value) else value


def number_or_schedule(name, value):
    """Returns a number (also from a tensor or variable), or a schedule (also from its config)."""
    if is_schedule(value):
        return value
    if isinstance(value, dict):
        from .schedules import deserialize

        return deserialize(value)
    try:
        number = float(value) if not isinstance(value, (str, bytes)) else None
    except (TypeError, ValueError):
        number = None
    if number is None or not np.isfinite(number):
        raise ValueError(
            f"Argument `{name}` must be a finite number or a LearningRateSchedule. "
            f"Received: {name}={value!r}"
        )
    return number
