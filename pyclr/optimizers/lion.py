"""Lion."""

import numbers

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Lion(ElementwiseOptimizer):
    """Lion (Chen et al., arXiv 2302.06675): steps of one size, in the direction of a sign.

    `w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g`.
    The paper advises a learning rate 3 to 10 times smaller than AdamW's, and a larger weight decay.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number in (0, 1] or schedule. Defaults to 0.9.
        beta_2: Number or schedule. Defaults to 0.99.
        **options: See `Optimizer`.

    Raises:
        ValueError: if `beta_1` is not in (0, 1].
    """

    update = "lion"
    beta_1 = HyperParameter("The share of the momentum in the direction.")
    beta_2 = HyperParameter("The decay of the momentum.")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **options):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        if isinstance(beta_1, numbers.Real) and not 0 < beta_1 <= 1:
            raise ValueError(f"Argument `beta_1` must be in (0, 1]. Received: beta_1={beta_1!r}")
