"""RMSprop."""

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class RMSprop(ElementwiseOptimizer):
    """RMSprop (Hinton, 2012): steps divided by a running root mean square of the gradient.

    `v = rho * v + (1 - rho) * g**2; w -= learning_rate * g / sqrt(v + epsilon)`; when centered, the
    square of the running mean of the gradient is taken from `v`; with momentum, the steps are
    accumulated in `m = momentum * m + step; w -= m`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        rho: Number or schedule, the decay of the running means. Defaults to 0.9.
        momentum: Number or schedule. Defaults to 0.
        epsilon: Number or schedule. Defaults to 1e-7.
        centered: Boolean. Defaults to `False`.
        **options: See `Optimizer`.
    """

    update = "rmsprop"
    rho = HyperParameter("The decay of the running means.")
    momentum = HyperParameter("The momentum of the next update.")
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.9,
        momentum=0.0,
        epsilon=1e-7,
        centered=False,
        **options,
    ):
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = bool(centered)

    def _slots_in_use(self):
        momentum = ["momentum"] if self._uses("momentum") else []
        return ["velocity", *momentum, *(["average_gradient"] if self.centered else [])]

    def get_config(self):
        return {**super().get_config(), "centered": self.centered}
