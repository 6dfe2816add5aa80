"""Ftrl."""

import numbers

from ..initializers import Constant
from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Ftrl(ElementwiseOptimizer):
    """Follow the regularized leader, proximal (McMahan et al., KDD 2013), with shrinkage.

    With p = -`learning_rate_power` and `g' = g + 2 * l2_shrinkage * w`: `n' = n + g**2`,
    `z += g' - (n'**p - n**p) / learning_rate * w`, then
    `w = (clip(z, -l1, l1) - z) / (n'**p / learning_rate + 2 * l2 + beta / learning_rate)`. The new
    value does not depend on the old one: the first update forgets the initial weights.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        learning_rate_power: Number, at most 0, or schedule. Defaults to -0.5.
        initial_accumulator_value: Number, at least 0, what `n` starts from. Defaults to 0.1.
        l1_regularization_strength: Number, at least 0, or schedule. Defaults to 0.
        l2_regularization_strength: Number, at least 0, or schedule. Defaults to 0.
        l2_shrinkage_regularization_strength: Number, at least 0, or schedule. Defaults to 0.
        beta: Number or schedule. Defaults to 0.
        **options: See `Optimizer`.

    Raises:
        ValueError: if a number is out of its range.
    """

    update = "ftrl"
    learning_rate_power = HyperParameter("The power of the accumulator, negated.")
    l1_regularization_strength = HyperParameter("The strength of the L1 penalty.")
    l2_regularization_strength = HyperParameter("The strength of the L2 penalty.")
    l2_shrinkage_regularization_strength = HyperParameter("That of the L2 penalty on gradients.")
    beta = HyperParameter("The beta of the paper.")

    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        **options,
    ):
        super().__init__(learning_rate, **options)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for argument, value, sign in (
            ("learning_rate_power", learning_rate_power, -1),
            ("initial_accumulator_value", initial_accumulator_value, 1),
            ("l1_regularization_strength", l1_regularization_strength, 1),
            ("l2_regularization_strength", l2_regularization_strength, 1),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength, 1),
        ):
            if isinstance(value, numbers.Real) and sign * value < 0:
                raise ValueError(
                    f"Argument `{argument}` must be {'positive' if sign > 0 else 'negative'} or "
                    f"zero. Received: {argument}={value!r}"
                )

    def _slot_initializer(self, slot):
        return Constant(self.initial_accumulator_value) if slot == "accumulator" else "zeros"

    def get_config(self):
        config = super().get_config()
        return {**config, "initial_accumulator_value": self.initial_accumulator_value}
