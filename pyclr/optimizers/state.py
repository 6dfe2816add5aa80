"""The variables that an optimizer keeps."""

from __future__ import annotations

import numpy as np

from .. import initializers
from ..variables import Variable


class State:
    """The part of an optimizer that makes, saves and loads its variables."""

    def _init_state(self):
        self.built = False
        self._variables = []  # those that are updated
        self._averages = []
        self._accumulators = []
        self._added = []  # (slot, its initializer)

    def build(self, variables):
        """Makes the state for the variables that will be updated.

        A subclass with slots overrides it: it calls `super().build(variables)` and then
        `add_optimizer_variables()`.
        """
        if self.built:
            return
        self._variables = list(variables)
        if self.use_ema:
            self._averages = [_slot_of(v, "average") for v in self._variables]
        if self.gradient_accumulation_steps:
            self._accumulators = [_slot_of(v, "gradient_accumulator") for v in self._variables]
        self.built = True

    def add_variable(self, shape, initializer="zeros", dtype=None, name=None):
        """Adds a variable to the state.

        Args:
            shape: Tuple of integers.
            initializer: An initializer or its name. Defaults to `"zeros"`.
            dtype: String. Defaults to `floatx()`.
            name: String.

        Returns:
            The `Variable`.
        """
        initializer = initializers.get(initializer)
        variable = Variable(initializer, shape=shape, dtype=dtype, trainable=False, name=name)
        self._added.append((variable, initializer))
        return variable

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Adds a variable of the shape and dtype of another.

        Args:
            reference_variable: `Variable`.
            name: String. The other variable's path is put before it.
            initializer: As in `add_variable`.

        Returns:
            The `Variable`.
        """
        return self.add_variable(
            reference_variable.shape, initializer, reference_variable.dtype,
            _slot_name(reference_variable, name or "var"),
        )  # fmt: skip

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Adds one variable, or one of each of several names, for each variable.

        Args:
            trainable_variables: List of `Variable`.
            name: String, or list of strings: in files, the variables of these alternate.
            initializer: One for all, or a list of one for each name.

        Returns:
            A list of variables, or a tuple of one list for each name.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, (list, tuple))
        values = list(initializer) if several else [initializer] * len(names)
        if len(values) != len(names):
            raise ValueError(
                "The number of names must be that of initializers. "
                f"Received: name={name!r}, initializer={initializer!r}"
            )
        lists = tuple([] for _ in names)
        for variable in trainable_variables:
            for slots, slot, value in zip(lists, names, values):
                slots.append(self.add_variable_from_reference(variable, slot, value))
        return lists[0] if isinstance(name, str) else lists

    @property
    def variables(self):
        """The state, in the order of Keras' files: iterations, the learning rate (unless it is
        scheduled), means, accumulated gradients and slots."""
        slots = [variable for variable, _ in self._added]
        return self._scalars() + self._averages + self._accumulators + slots

    def _scalars(self):
        scheduled = self._hyper_values["learning_rate"] is not None
        return [self._iterations] + ([] if scheduled else [self._rate])

    def _get_variable_index(self, variable):
        """The place of a variable among those the optimizer was built with."""
        return next(i for i, known in enumerate(self._variables) if known is variable)

    def set_weights(self, weights):
        """Sets the state from a list of arrays, in the order of `variables`."""
        for variable, weight in zip(self.variables, weights):
            variable.assign(weight)

    def save_own_variables(self, store):
        """Writes the state to a mapping of arrays."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()
        if self.rate_factor != 1:
            store["rate_factor"] = np.array(self.rate_factor)

    def load_own_variables(self, store):
        """Sets the state from such a mapping. One that was made before the first update has no
        slots; they are what they are at the start then. The learning rate stays what it is if it is
        scheduled here or was when the state was made.

        Raises:
            ValueError: if it has another number of variables, or of other shapes.
        """
        variables = self.variables
        factor = float(np.asarray(store["rate_factor"])) if "rate_factor" in store else None
        count = len(store) - (factor is not None)
        states = variables, self._scalars(), *self._states_of_another_rate()
        stored = next((state for state in states if len(state) == count), None)
        if stored is None:
            raise ValueError(
                f"The optimizer '{self.name}' has {len(variables)} variables, and the file has "
                f"{count} for it."
            )
        for i, variable in enumerate(stored):
            if variable is not None:
                variable.assign(store[str(i)])
        if all(variable is not variables[-1] for variable in stored):
            self._reset_slots()
        self.rate_factor = 1.0 if factor is None else factor

    def _states_of_another_rate(self):
        """The variables in states that were made with a schedule if there is none here, or without;
        `None` for the rate that is passed over."""
        scalars = self._scalars()
        slots = self.variables[len(scalars) :]
        others = [self._iterations] if len(scalars) == 2 else [self._iterations, None]
        return others + slots, others

    def _reset_slots(self):
        for variable in self._averages + self._accumulators:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        for variable, initializer in self._added:
            variable.assign(np.asarray(initializer(variable.shape, dtype=variable.dtype)))


def _slot_name(variable, name):
    return f"{variable.path.replace('/', '_')}_{name}"


def _slot_of(variable, name):
    zeros = np.zeros(variable.shape, variable.dtype)
    name = _slot_name(variable, name)
    return Variable(zeros, dtype=variable.dtype, trainable=False, name=name)
