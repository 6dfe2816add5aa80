"""LossScaleOptimizer."""

from __future__ import annotations

import numpy as np

from .. import ops
from ..saving import serialization
from ..variables import Variable
from .optimizer import Optimizer

# In configs of Keras, where they have no effect.
_DEFAULTS = {
    "dynamic": True,
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class LossScaleOptimizer(Optimizer):
    """Scales the loss so that small gradients do not vanish, and finds the scale by itself.

    The gradients are divided by the scale and go to another optimizer. If one is not finite, the
    step is left out and the scale halved; after `dynamic_growth_steps` finite steps in a row it is
    doubled (Micikevicius et al., arXiv 1710.03740, section 3.2).

    Args:
        inner_optimizer: The `Optimizer` that updates.
        initial_scale: Positive number. Defaults to 2**15.
        dynamic_growth_steps: Positive integer. Defaults to 2000.
        name: String. Defaults to `"loss_scale_optimizer"`.

    Raises:
        ValueError: if an option of the inner optimizer is given.
    """

    def __init__(
        self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None, **kwargs
    ):
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                "Argument `inner_optimizer` must be an optimizer. "
                f"Received: inner_optimizer={inner_optimizer!r}"
            )
        for argument, value in kwargs.items():
            if argument not in _DEFAULTS or value != _DEFAULTS[argument]:
                raise ValueError(
                    f"LossScaleOptimizer does not take `{argument}`; give it to "
                    f"`inner_optimizer`. Received: {argument}={value!r}"
                )
        self.inner_optimizer = inner_optimizer
        self.inner_optimizer.loss_scale_factor = None  # or gradients would be scaled twice
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        super().__init__(0.0, name=name)

    def build(self, variables):
        if self.built:
            return
        self.inner_optimizer.build(variables)
        self.step_counter = Variable(np.array(0, "int64"), trainable=False, name="step_counter")
        self.dynamic_scale = Variable(
            np.array(self.initial_scale, "float32"), trainable=False, name="dynamic_scale"
        )
        self._variables = self.inner_optimizer._variables
        self.built = True

    @property
    def variables(self):
        own = [self.step_counter, self.dynamic_scale] if self.built else []
        return super()._scalars() + own + self.inner_optimizer.variables

    def _scalars(self):
        return super()._scalars() + self.inner_optimizer._scalars()

    def _states_of_another_rate(self):
        return ()

    def _reset_slots(self):
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer._reset_slots()

    def scale_loss(self, loss):
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def _apply(self, grads, trainable_variables, gate=None):
        if not self.built and trainable_variables is not None:
            self.build(list(trainable_variables))
        given = [g for g in grads if g is not None]
        # 0 times a number that is not finite is NaN.
        finite = ops.equal(sum(ops.sum(g * 0) for g in given), 0) if given else None
        scaled = [None if g is None else g / self.dynamic_scale for g in grads]
        self.inner_optimizer._apply(scaled, trainable_variables, finite)
        if finite is None:
            return
        last = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
        counts = ops.logical_and(finite, ops.logical_not(last))
        factor = ops.where(finite, ops.where(last, 2.0, 1.0), 0.5)
        self.step_counter.assign(ops.where(counts, self.step_counter + 1, 0))
        self.dynamic_scale.assign(self.dynamic_scale * factor)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    # What follows is the inner optimizer's.

    @property
    def iterations(self):
        return self.inner_optimizer.iterations

    @iterations.setter
    def iterations(self, value):
        self.inner_optimizer.iterations = value

    @property
    def learning_rate(self):
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.inner_optimizer.learning_rate = value

    @property
    def learning_rate_schedule(self):
        return self.inner_optimizer.learning_rate_schedule

    @property
    def rate_factor(self):
        return self.inner_optimizer.rate_factor

    @rate_factor.setter
    def rate_factor(self, value):
        self.inner_optimizer.rate_factor = value

    @property
    def minimum_rate(self):
        return self.inner_optimizer.minimum_rate

    @minimum_rate.setter
    def minimum_rate(self, value):
        self.inner_optimizer.minimum_rate = value

    def override(self, values):
        self.inner_optimizer.override(values)

    def current_hyper(self, step=None):
        return self.inner_optimizer.current_hyper(step)

    def resolve(self, steps_per_epoch, total_epochs=None):
        self.inner_optimizer.resolve(steps_per_epoch, total_epochs)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self):
        return {
            "name": self.name,
            "inner_optimizer": serialization.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from . import deserialize

        config = dict(config)
        return cls(deserialize(config.pop("inner_optimizer"), custom_objects), **config)
