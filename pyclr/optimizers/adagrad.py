"""Adagrad."""

from ..initializers import Constant
from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Adagrad(ElementwiseOptimizer):
    """Adagrad (Duchi et al., JMLR 12, 2011): steps divided by the root of the sum of squares.

    `a += g**2; w -= learning_rate * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001. The paper's is nearer
            to 1.
        initial_accumulator_value: Number, what `a` starts from. Defaults to 0.1.
        epsilon: Number or schedule. Defaults to 1e-7.
        **options: See `Optimizer`.
    """

    update = "adagrad"
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _slot_initializer(self, slot):
        return Constant(self.initial_accumulator_value)

    def get_config(self):
        config = super().get_config()
        return {**config, "initial_accumulator_value": self.initial_accumulator_value}
