"""Stochastic gradient descent."""

import numbers

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class SGD(ElementwiseOptimizer):
    """Gradient descent, with momentum.

    `w -= learning_rate * g`; with momentum `v = momentum * v - learning_rate * g; w += v`; with
    Nesterov's momentum `w += momentum * v - learning_rate * g` (Sutskever et al., ICML 2013).

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.01.
        momentum: Number in [0, 1] or schedule. Defaults to 0.
        nesterov: Boolean. Defaults to `False`.
        **options: See `Optimizer`.
    """

    update = "sgd"
    momentum = HyperParameter("The momentum of the next update.")

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **options):
        super().__init__(learning_rate, **options)
        self.momentum = momentum
        self.nesterov = bool(nesterov)
        if isinstance(momentum, numbers.Real) and not 0 <= momentum <= 1:
            raise ValueError(
                f"Argument `momentum` must be in [0, 1]. Received: momentum={momentum!r}"
            )

    @property
    def _flag(self):
        return self.nesterov

    def _slots_in_use(self):
        return ["momentum"] if self._uses("momentum") else []

    def get_config(self):
        return {**super().get_config(), "nesterov": self.nesterov}
