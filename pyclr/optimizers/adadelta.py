"""Adadelta."""

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Adadelta(ElementwiseOptimizer):
    """Adadelta (Zeiler, arXiv 1212.5701): steps as large as the recent ones, in the gradient's
    units.

    `a = rho * a + (1 - rho) * g**2; step = sqrt(d + epsilon) * g / sqrt(a + epsilon)`, then
    `d = rho * d + (1 - rho) * step**2; w -= learning_rate * step`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001. The paper's is 1.
        rho: Number or schedule, the decay of the running means. Defaults to 0.95.
        epsilon: Number or schedule. Defaults to 1e-7.
        **options: See `Optimizer`.
    """

    update = "adadelta"
    rho = HyperParameter("The decay of the running means.")
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.epsilon = epsilon
