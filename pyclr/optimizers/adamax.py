"""Adamax."""

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Adamax(ElementwiseOptimizer):
    """Adam with the infinity norm (Kingma & Ba, arXiv 1412.6980, section 7.1).

    `m += (1 - beta_1) * (g - m); u = max(beta_2 * u, |g|)`, then
    `w -= learning_rate * m / ((1 - beta_1**t) * (u + epsilon))` at update t, counted from 1.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number or schedule, the decay of the mean. Defaults to 0.9.
        beta_2: Number or schedule, the decay of the norm. Defaults to 0.999.
        epsilon: Number or schedule. Defaults to 1e-7.
        **options: See `Optimizer`.
    """

    update = "adamax"
    beta_1 = HyperParameter("The decay of the running mean.")
    beta_2 = HyperParameter("The decay of the infinity norm.")
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
