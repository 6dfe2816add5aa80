"""The base class of optimizers that update each element by itself."""

from __future__ import annotations

from .. import _core
from .hyper import is_schedule
from .optimizer import Optimizer

_UPDATES = _core.updates()


class ElementwiseOptimizer(Optimizer):
    """Base class of optimizers whose arithmetic is an update of the engine: one call changes all
    variables.

    A subclass names the update (an entry of `csrc/kernels/update.inc`) in `update`, and declares
    its hyper-parameters.
    """

    update: str

    def _slots_in_use(self):
        """The names of the slots that it runs with: those the update can not do without."""
        return [slot for slot in _UPDATES[self.update][0] if not slot.endswith("?")]

    def _slot_initializer(self, slot):
        return "zeros"

    @property
    def _flag(self):
        return False

    def build(self, variables):
        """Makes the slots for the variables that will be updated. In files, those that every
        update needs alternate, variable by variable; the optional ones follow."""
        if self.built:
            return
        super().build(variables)
        available = _UPDATES[self.update][0]
        in_use = self._slots_in_use()
        needed = [slot for slot in available if slot in in_use]
        optional = [slot.rstrip("?") for slot in available if slot.endswith("?")]
        lists = self.add_optimizer_variables(
            self._variables, needed, [self._slot_initializer(slot) for slot in needed]
        )
        self._slots = dict(zip(needed, lists))
        for slot in optional:
            if slot in in_use:
                self._slots[slot] = self.add_optimizer_variables(self._variables, slot)
        names = [slot.rstrip("?") for slot in available]
        self._slot_bits = sum(1 << i for i, slot in enumerate(names) if slot in self._slots)

    def _checked_hyper(self, name, value):
        value = super()._checked_hyper(name, value)
        if self.built and name != "learning_rate":
            self._check_slots(name, value)
        return value

    def _check_slots(self, name, value):
        before = self._hyper_values[name]
        self._hyper_values[name] = value
        missing = set(self._slots_in_use()) - set(self._slots)
        self._hyper_values[name] = before
        if missing:
            raise ValueError(
                f"Argument `{name}` can not become other than 0 once the optimizer is built: it "
                f"was built without slots for it. Received: {name}={value!r}"
            )

    def _uses(self, name):
        """Whether a hyper-parameter is, or may become, other than 0."""
        value = self._hyper_values[name]
        return is_schedule(value) or bool(value)

    def _hyper_vector(self, updates):
        """The hyper-parameters in the order of the update's columns."""
        return self._hyper

    def _update(self, grads, variables, index, gate, updates):
        slots = [
            self._slots[slot.rstrip("?")][i]
            for slot in _UPDATES[self.update][0]
            if slot.rstrip("?") in self._slots
            for i in index
        ]
        undecayed = [i for i, variable in enumerate(variables) if not self._decays(variable)]
        getattr(_core.ops, self.update)(
            self._hyper_vector(updates), self._iterations, *([] if gate is None else [gate]),
            *variables, *grads, *slots,
            count=len(variables), slots=self._slot_bits, flag=self._flag, undecayed=undecayed,
            every=self.gradient_accumulation_steps or 1, gated=gate is not None,
        )  # fmt: skip
