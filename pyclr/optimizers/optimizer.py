"""The base class of optimizers."""

from __future__ import annotations

import inspect
import numbers
import re

from .. import _core, ops, replay
from .._lookup import to_snake_case
from .._warn import warn
from .hyper import HyperParameters, is_schedule
from .state import State


class _Signature:
    """The signature of an optimizer class, with the base class's options in the place of the
    `**options` by which it passes them on."""

    def __get__(self, optimizer, cls):
        signature = inspect.signature(cls.__init__)
        own = list(signature.parameters.values())[1:]
        if own and own[-1].name == "options":
            names = {parameter.name for parameter in own}
            options = [
                parameter.replace(kind=parameter.KEYWORD_ONLY)
                for parameter in inspect.signature(Optimizer.__init__).parameters.values()
                if parameter.name not in names and parameter.default is not parameter.empty
            ]
            own = own[:-1] + options
        return signature.replace(parameters=own)


class Optimizer(HyperParameters, State):
    """Base class of optimizers.

    A subclass implements `update_step(gradient, variable, learning_rate)`, and `build(variables)`
    if it keeps variables of its own (its slots). What it does with tensors and variables is
    replayed like any other step.

    Args:
        learning_rate: Number, or a `LearningRateSchedule`: the update after k calls of `apply` uses
            `schedule(k)`.
        weight_decay: Number, schedule or `None`. Before each update, `weight_decay * learning_rate`
            times itself is taken from every variable (Loshchilov & Hutter, arXiv 1711.05101).
        clipnorm: Number or `None`. A gradient with a larger norm is scaled down to it.
        clipvalue: Number or `None`. Each element of a gradient is clipped to +-clipvalue.
        global_clipnorm: Number or `None`. All gradients are scaled down together when their joint
            norm is larger.
        use_ema: Boolean, whether a running mean of each variable is kept:
            `average = ema_momentum * average + (1 - ema_momentum) * variable`. At the end of `fit`
            the variables get these values. Defaults to `False`.
        ema_momentum: Number in [0, 1]. Defaults to 0.99.
        ema_overwrite_frequency: Integer or `None`, the updates after which the variables get the
            values of their means, each time.
        loss_scale_factor: Number or `None`. The loss is multiplied by it before, and the gradients
            are divided by it after the backward pass.
        gradient_accumulation_steps: Integer, at least 2, or `None`. Then every so many calls of
            `apply` there is one update, with the mean of their gradients. Schedules go by the
            calls.
        name: String. Defaults to the class's name in snake case.

    Attributes:
        iterations: Integer variable, the number of updates done. It can be set.
        learning_rate: The current rate, a variable (or a tensor, from a schedule). Setting it to a
            number replaces a schedule, with a warning that names both.
        rate_factor: Number that multiplies the learning rate or its schedule, for callbacks that
            lower it on a plateau. It is saved with the state if it is not 1. Setting the learning
            rate makes it 1.
        minimum_rate: Number, below which `rate_factor` does not bring the learning rate. Defaults
            to 0.
    """

    __signature__ = _Signature()

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        if kwargs.pop("decay", None) is not None:
            warn("Argument `decay` is not supported and has no effect.")
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        _check_options(
            clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            gradient_accumulation_steps,
        )  # fmt: skip
        if isinstance(weight_decay, numbers.Real) and weight_decay < 0:
            raise ValueError(
                "Argument `weight_decay` must be a number, at least 0, a schedule, or None. "
                f"Received: weight_decay={weight_decay!r}"
            )
        self.name = name or to_snake_case(type(self).__name__)
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._init_state()
        self._init_hyper(learning_rate, weight_decay)
        self._exempt = ((), None)  # from weight decay: variables, a pattern of names

    # --- Weight decay -----------------------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Excludes variables from weight decay. It must be called before the optimizer is built.

        Args:
            var_list: List of `Variable`.
            var_names: List of regular expressions. A variable with one in its name is excluded.

        Raises:
            ValueError: if the optimizer is built.
        """
        if self.built:
            raise ValueError(
                "`exclude_from_weight_decay()` can only be called before the optimizer is built."
            )
        pattern = re.compile("|".join(var_names)) if var_names else None
        self._exempt = (tuple(var_list or ()), pattern)

    def _decays(self, variable):
        excluded, pattern = self._exempt
        if any(variable is other for other in excluded):
            return False
        return pattern is None or pattern.search(variable.name) is None

    # --- Updates ---------------------------------------------------------------------------------

    def scale_loss(self, loss):
        """Returns the loss whose gradients `apply` expects."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def apply_gradients(self, grads_and_vars):
        """Updates variables from an iterable of (gradient, variable) pairs; returns the counter."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads, trainable_variables=None):
        """Updates the variables with their gradients.

        Args:
            grads: List of tensors; an entry may be `None`, whose variable is left as it is.
            trainable_variables: List of `Variable`. Defaults to those the optimizer was built with.

        Raises:
            ValueError: if there is no gradient at all, or a variable is not one of those the
                optimizer was built with.
        """
        self._apply(list(grads), trainable_variables)

    def _apply(self, grads, trainable_variables, gate=None):
        """`apply`; with a gate, a boolean tensor that is False, nothing changes."""
        if not grads:
            return
        pairs = self._known_pairs(grads, trainable_variables)
        index, variables, grads = (list(column) for column in zip(*pairs))
        self._feed(gate)
        if self.loss_scale_factor is not None:
            grads = [g / self.loss_scale_factor for g in grads]
        updates = gate
        if self.gradient_accumulation_steps:
            due = ops.equal((self._iterations + 1) % self.gradient_accumulation_steps, 0)
            grads = self._accumulated(grads, index, due, gate)
            updates = due if gate is None else ops.logical_and(due, gate)
        grads = self._clipped(grads)
        move_averages = self._averaging(gate) if self.use_ema else None
        self._update(grads, variables, index, gate, updates)
        if move_averages is not None:
            move_averages()
        for variable in variables:
            if variable.constraint is not None:
                _assign(variable, variable.constraint(variable.value), gate)

    def _feed(self, gate):
        scheduled = any(is_schedule(value) for value in self._hyper_values.values())
        if gate is not None and scheduled and _core.is_recording():
            _core.forbid_replay("steps may be left out, which schedules can not know beforehand")
        self._hyper.value._view()[...] = self.hyper_rows(1)[0]
        replay.note_feed(self._hyper.value, self.hyper_rows)

    def _update(self, grads, variables, index, gate, updates):
        """Counts the call, and updates.

        Args:
            grads, variables: Lists, one gradient for each variable.
            index: The variables' places among those the optimizer was built with.
            gate: `None`, or a boolean tensor: whether the call is counted.
            updates: `None`, or a boolean tensor: whether it updates.
        """
        state = variables + [slot for slot, _ in self._added]
        # What a subclass does can not be kept from happening; it is undone.
        before = [] if updates is None else [ops.multiply(v, 1) for v in state]
        for gradient, variable in zip(grads, variables):
            rate = self._scalar("learning_rate", variable.dtype)
            share = self._decay_share(variable)
            if share is not None:
                variable.assign_sub(variable.value * share)
            self.update_step(gradient, variable, rate)
        for variable, value in zip(state, before):
            variable.assign(ops.where(updates, variable.value, value))
        one = ops.convert_to_tensor(1, "int64") if gate is None else ops.cast(gate, "int64")
        self._iterations.assign_add(one)

    def _decay_share(self, variable, weight_decay="weight_decay"):
        """The part of a variable that is taken from it before an update."""
        if not self._decays(variable):
            return None
        share = self._scalar("learning_rate", "float64") * self._scalar(weight_decay, "float64")
        return ops.cast(share, variable.dtype)

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable; a subclass implements it.

        Args:
            gradient: Tensor.
            variable: `Variable`.
            learning_rate: Scalar tensor of the variable's dtype.
        """
        raise NotImplementedError(
            f"Optimizer '{type(self).__name__}' must override "
            "`update_step(self, gradient, variable, learning_rate)`."
        )

    def assign(self, variable, value):
        """Assigns a value to a variable."""
        variable.assign(value)

    def assign_add(self, variable, value):
        """Adds a value to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        """Subtracts a value from a variable."""
        variable.assign_sub(value)

    def _known_pairs(self, grads, trainable_variables):
        if trainable_variables is None and not self.built:
            raise ValueError(
                "The optimizer does not know its variables yet: pass them to `apply`, or call "
                "`optimizer.build(variables)` first."
            )
        variables = self._variables if trainable_variables is None else list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                "There must be one gradient for each variable. "
                f"Received: {len(grads)} gradients for {len(variables)} variables"
            )
        if not self.built:
            self.build(variables)
        places = {id(v): i for i, v in enumerate(self._variables)}
        for variable in variables:
            if id(variable) not in places:
                raise ValueError(
                    f"The optimizer was built for other variables and has no state for "
                    f"'{variable.path}'. Make a new optimizer, or compile the model again."
                )
        missing = [v.path for g, v in zip(grads, variables) if g is None]
        if len(missing) == len(variables):
            raise ValueError(
                "No gradients were given: the loss does not depend on any of the variables "
                f"{missing}."
            )
        if missing:
            warn(f"The loss does not depend on the variables {missing}; they are not updated.")
        return [
            (places[id(v)], v, ops.convert_to_tensor(g, v.dtype))
            for g, v in zip(grads, variables)
            if g is not None
        ]

    def _accumulated(self, grads, index, due, gate):
        """Adds to the accumulated gradients; returns the means, for calls that update."""
        means = []
        for gradient, i in zip(grads, index):
            total = gradient + self._accumulators[i]
            _assign(self._accumulators[i], ops.where(due, 0.0, total), gate)
            means.append(total / self.gradient_accumulation_steps)
        return means

    def _clipped(self, grads):
        if self.clipvalue:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.clipnorm:
            return [
                g * (self.clipnorm / ops.maximum(ops.sqrt(ops.sum(ops.square(g))), self.clipnorm))
                for g in grads
            ]
        if self.global_clipnorm:
            norm = ops.sqrt(sum(ops.sum(ops.square(g)) for g in grads))
            # As in Keras, an infinite norm makes all gradients NaN.
            factor = self.global_clipnorm / ops.maximum(norm, self.global_clipnorm) + (norm - norm)
            return [g * factor for g in grads]
        return grads

    def _averaging(self, gate):
        """Returns the function that moves the means after the update about to come."""
        iterations = self.iterations
        begun = ops.not_equal(iterations, 0)  # the first mean is the variable itself
        frequency = self.ema_overwrite_frequency
        overwrite = ops.equal((iterations + 1) % frequency, 0) if frequency else None

        def move():
            for variable, average in zip(self._variables, self._averages):
                share = ops.cast(begun, variable.dtype) * self.ema_momentum
                _assign(average, share * average + (1 - share) * variable, gate)
                if overwrite is not None:
                    _assign(variable, ops.where(overwrite, average, variable), gate)

        return move

    def finalize_variable_values(self, var_list):
        """Gives variables their final values: with `use_ema`, those of their means.

        Args:
            var_list: List of variables that the optimizer was built with.
        """
        if not self.use_ema or not self.built:
            return
        averages = {id(v): average for v, average in zip(self._variables, self._averages)}
        for variable in var_list:
            if id(variable) not in averages:
                raise ValueError(
                    "Argument `var_list` must hold variables the optimizer was built with. "
                    f"Received: '{variable.path}'"
                )
        for variable in var_list:
            variable.assign(averages[id(variable)])

    # --- Configuration ----------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments, as plain values."""
        scheduled = self._hyper_values["learning_rate"]
        return {
            "name": self.name,
            "learning_rate": float(self._rate.value._view())
            if scheduled is None
            else _plain(scheduled),
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            **{name: _plain(self._hyper_values[name]) for name in self._hyper_names[1:]},
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns an optimizer made from a `get_config()` dictionary."""
        from .schedules import deserialize

        return cls(
            **{
                name: deserialize(value, custom_objects) if _is_config(value) else value
                for name, value in config.items()
            }
        )

    def __repr__(self):
        return f"<{type(self).__name__} {self.get_config()}>"


def _check_options(
    clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
    gradient_accumulation_steps,
):  # fmt: skip
    if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
        raise ValueError(
            "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
            f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}"
        )
    for argument, value in (
        ("clipnorm", clipnorm),
        ("clipvalue", clipvalue),
        ("global_clipnorm", global_clipnorm),
    ):
        if value is not None and (not isinstance(value, numbers.Real) or not value >= 0):
            raise ValueError(
                f"Argument `{argument}` must be a number, at least 0, or None. "
                f"Received: {argument}={value!r}"
            )
    if use_ema and not 0 <= ema_momentum <= 1:
        raise ValueError(
            f"Argument `ema_momentum` must be in [0, 1]. Received: ema_momentum={ema_momentum!r}"
        )
    for argument, value, least in (
        ("ema_overwrite_frequency", ema_overwrite_frequency, 1),
        ("gradient_accumulation_steps", gradient_accumulation_steps, 2),
    ):
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if value is not None and not (whole and value >= least):
            raise ValueError(
                f"Argument `{argument}` must be an integer, at least {least}, or None. "
                f"Received: {argument}={value!r}"
            )


def _assign(variable, value, gate):
    """Assigns where the gate is open."""
    variable.assign(value if gate is None else ops.where(gate, value, variable))


def _plain(value):
    from .schedules import serialize

    return serialize(value) if is_schedule(value) else value


def _is_config(value):
    return isinstance(value, dict) and "class_name" in value
