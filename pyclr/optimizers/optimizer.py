"""The base class of optimizers."""

from __future__ import annotations

import numbers
import warnings

import numpy as np

from .. import _core, ops, replay
from .._lookup import to_snake_case
from ..variables import Variable
from .schedules.learning_rate_schedule import LearningRateSchedule

_UPDATES = _core.updates()


class Optimizer:
    """Base class of optimizers.

    A subclass names an update of the engine (an entry of `csrc/kernels/update.inc`) in `update`,
    and the slots it runs with. The engine then changes all variables in one call.

    Args:
        learning_rate: Number, or a `LearningRateSchedule`: update k, counted from 0, uses
            `schedule(k)`.
        weight_decay: Number or `None`. Before each update, `weight_decay * learning_rate` times
            itself is taken from every variable (Loshchilov & Hutter, arXiv 1711.05101).
        clipnorm: Number or `None`. A gradient with a larger norm is scaled down to it.
        clipvalue: Number or `None`. Each element of a gradient is clipped to +-clipvalue.
        global_clipnorm: Number or `None`. All gradients are scaled down together when their joint
            norm is larger.
        name: String.

    Attributes:
        iterations: Integer variable, the number of updates done.
        learning_rate: The current rate, a variable (or a tensor, from a schedule). Setting it
            replaces the schedule.
    """

    update: str | None = None
    # Slots that alternate in files, variable by variable. The variables of others stand together.
    interleaved_slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        name=None,
        *,
        hyper=None,
        slots=(),
        flag=False,
    ):
        given = [c for c in (clipnorm, clipvalue, global_clipnorm) if c is not None]
        if len(given) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}"
            )
        for argument, value in (
            ("clipnorm", clipnorm),
            ("clipvalue", clipvalue),
            ("global_clipnorm", global_clipnorm),
            ("weight_decay", weight_decay),
        ):
            if value is not None and (not isinstance(value, numbers.Real) or not value >= 0):
                raise ValueError(
                    f"Argument `{argument}` must be a number, at least 0, or None. "
                    f"Received: {argument}={value!r}"
                )
        self.name = name or to_snake_case(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.built = False
        self.iterations = Variable(np.array(0, "int64"), trainable=False, name="iterations")
        self._hyper_values = {}
        slot_names, names, _ = _UPDATES[self.update]
        all_slots = [slot.rstrip("?") for slot in slot_names]
        self._hyper_names = list(names)
        for key, value in (hyper or {}).items():
            self._hyper_values[key] = _number(key, value)
        self._slot_names = [slot for slot in all_slots if slot in slots]
        self._slot_bits = sum(1 << i for i, slot in enumerate(all_slots) if slot in slots)
        self._flag = bool(flag)
        self._hyper = Variable(np.zeros(len(names)), dtype="float64", trainable=False, name="hyper")
        self._rate = Variable(np.array(0.0, "float32"), trainable=False, name="learning_rate")
        self._schedule = None
        self.learning_rate = learning_rate
        self._variables = []
        self._slots = {}

    # --- The learning rate and other scalars -----------------------------------------------------

    @property
    def learning_rate(self):
        if self._schedule is None:
            return self._rate
        step = int(self.iterations.value._view())
        return ops.convert_to_tensor(np.float32(self._schedule(step)))

    @learning_rate.setter
    def learning_rate(self, value):
        if isinstance(value, LearningRateSchedule):
            self._schedule = value
            return
        if isinstance(value, dict):
            from .schedules import deserialize

            self.learning_rate = deserialize(value)
            return
        self._rate.value._view()[...] = _number("learning_rate", value)
        self._schedule = None

    @property
    def lr(self):
        """The learning rate, under its old name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value):
        self.learning_rate = value

    def hyper_rows(self, steps):
        """Returns the hyper-parameters of the next `steps` updates: (steps, number of them)."""
        rows = np.empty((steps, len(self._hyper_names)))
        first = int(self.iterations.value._view())
        for column, name in enumerate(self._hyper_names):
            if name != "learning_rate":
                rows[:, column] = self._hyper_values[name]
            elif self._schedule is None:
                rows[:, column] = self._rate.value._view()
            else:
                rows[:, column] = _tabulate(self._schedule, first, steps)
        return rows

    # --- Variables -------------------------------------------------------------------------------

    def build(self, variables):
        """Makes the slots for the variables that will be updated."""
        if self.built:
            return
        self._variables = list(variables)
        self._slots = {
            slot: [
                Variable(
                    np.zeros(v.shape, v.dtype), dtype=v.dtype, trainable=False,
                    name=f"{v.path.replace('/', '_')}_{slot}",
                )
                for v in self._variables
            ]
            for slot in self._slot_names
        }  # fmt: skip
        self.built = True

    @property
    def variables(self):
        """The state, in the order of Keras' files: iterations, the learning rate (unless it is
        scheduled), and the slots."""
        together = [slot for slot in self._slot_names if slot in self.interleaved_slots]
        groups = [together] + [[slot] for slot in self._slot_names if slot not in together]
        slots = [
            self._slots[slot][i]
            for group in groups
            for i in range(len(self._variables))
            for slot in group
        ]
        return self._scalars() + slots

    def _scalars(self):
        return [self.iterations] + ([] if self._schedule is not None else [self._rate])

    # --- Updates ---------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars):
        """Updates variables from an iterable of (gradient, variable) pairs."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def apply(self, grads, trainable_variables=None):
        """Updates the variables with their gradients.

        Args:
            grads: List of tensors; an entry may be `None`, whose variable is left as it is.
            trainable_variables: List of `Variable`. Defaults to those the optimizer was built with.

        Raises:
            ValueError: if there is no gradient at all, or a variable is not one of those the
                optimizer was built with.
        """
        grads = list(grads)
        variables = self._variables if trainable_variables is None else list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                "There must be one gradient for each variable. "
                f"Received: {len(grads)} gradients for {len(variables)} variables"
            )
        self.build(variables)
        pairs = self._known_pairs(grads, variables)
        if not pairs:
            return
        index, variables, grads = (list(column) for column in zip(*pairs))
        self._hyper.value._view()[...] = self.hyper_rows(1)[0]
        replay.note_feed(self._hyper.value, self.hyper_rows)
        grads = self._clipped(grads)
        if self.weight_decay is not None:
            self._decay(variables)
        slots = [self._slots[slot][i] for slot in self._slot_names for i in index]
        getattr(_core.ops, self.update)(
            self._hyper, self.iterations, *variables, *grads, *slots,
            count=len(variables), slots=self._slot_bits, flag=self._flag,
        )  # fmt: skip
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _known_pairs(self, grads, variables):
        places = {id(v): i for i, v in enumerate(self._variables)}
        for variable in variables:
            if id(variable) not in places:
                raise ValueError(
                    f"The optimizer was built for other variables and has no state for "
                    f"'{variable.path}'. Make a new optimizer, or compile the model again."
                )
        missing = [v.path for g, v in zip(grads, variables) if g is None]
        if missing and len(missing) == len(variables):
            raise ValueError(
                "No gradients were given: the loss does not depend on any of the variables "
                f"{missing}."
            )
        if missing:
            warnings.warn(
                f"The loss does not depend on the variables {missing}; they are not updated.",
                stacklevel=3,
            )
        return [
            (places[id(v)], v, ops.convert_to_tensor(g, v.dtype))
            for g, v in zip(grads, variables)
            if g is not None
        ]

    def _clipped(self, grads):
        if self.clipvalue is not None:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.clipnorm is not None:
            return [
                g * (self.clipnorm / ops.maximum(ops.sqrt(ops.sum(ops.square(g))), self.clipnorm))
                for g in grads
            ]
        if self.global_clipnorm is not None:
            total = sum(ops.sum(ops.square(g)) for g in grads)
            factor = self.global_clipnorm / ops.maximum(ops.sqrt(total), self.global_clipnorm)
            return [g * factor for g in grads]
        return grads

    def _decay(self, variables):
        rate = self._hyper.value[0]
        for variable in variables:
            share = ops.cast(rate * self.weight_decay, variable.dtype)
            variable.assign_sub(variable.value * share)

    # --- Configuration ---------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments, as plain values."""
        from .schedules import serialize

        if self._schedule is None:
            rate = float(self._rate.value._view())
        else:
            rate = serialize(self._schedule)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns an optimizer made from a `get_config()` dictionary."""
        from ..layers.arguments import drop_unsupported

        config = dict(config)
        drop_unsupported(
            config, use_ema=False, loss_scale_factor=None, gradient_accumulation_steps=None
        )
        config.pop("ema_momentum", None), config.pop("ema_overwrite_frequency", None)
        if isinstance(config.get("learning_rate"), dict):
            from .schedules import deserialize

            config["learning_rate"] = deserialize(config["learning_rate"], custom_objects)
        return cls(**config)

    def save_own_variables(self, store):
        """Writes the state to a mapping of arrays."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store):
        """Sets the state from such a mapping. One that was made before the first update has no
        slots; they are 0 then.

        Raises:
            ValueError: if it has another number of variables, or of other shapes.
        """
        variables, scalars = self.variables, self._scalars()
        if len(store) not in (len(variables), len(scalars)):
            raise ValueError(
                f"The optimizer '{self.name}' has {len(variables)} variables, and the file has "
                f"{len(store)} for it."
            )
        for i, variable in enumerate(variables):
            value = store[str(i)] if i < len(store) else np.zeros(variable.shape, variable.dtype)
            variable.assign(value)

    def __repr__(self):
        return f"<{type(self).__name__} {self.get_config()}>"


def hyper_parameter(name, doc):
    """A property of an optimizer: a scalar that the next update uses."""

    def get(self):
        return self._hyper_values[name]

    def set_(self, value):
        self._hyper_values[name] = _number(name, value)

    return property(get, set_, doc=doc)


def _number(name, value):
    """Returns a finite number given as an argument (also a tensor or variable), or raises."""
    try:
        number = float(value) if not isinstance(value, (str, bytes)) else None
    except (TypeError, ValueError):
        number = None
    if number is None or not np.isfinite(number):
        raise ValueError(
            f"Argument `{name}` must be a finite number"
            f"{' or a LearningRateSchedule' if name == 'learning_rate' else ''}. "
            f"Received: {name}={value!r}"
        )
    return number


def _tabulate(schedule, first, steps):
    """The values of a schedule at the steps [first, first + steps)."""
    if type(schedule).__module__.partition(".")[0] == __name__.partition(".")[0]:
        return schedule(np.arange(first, first + steps))
    # A user's schedule may be written for one step at a time (`if step < 100`).
    return [float(schedule(step)) for step in range(first, first + steps)]
