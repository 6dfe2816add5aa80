"""Adam and its relatives that keep a mean of the gradient and of its square."""

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Adam(ElementwiseOptimizer):
    """Adam (Kingma & Ba, arXiv 1412.6980): steps from running means of the gradient and its square.

    `m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g**2 - v)`, then
    `w -= alpha * m / (sqrt(v) + epsilon)` with
    `alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)` at update t, counted from 1.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number or schedule, the decay of the mean. Defaults to 0.9.
        beta_2: Number or schedule, the decay of the mean square. Defaults to 0.999.
        epsilon: Number or schedule. Defaults to 1e-7.
        amsgrad: Boolean, whether the largest mean square so far is used (Reddi et al., ICLR 2018).
            Defaults to `False`.
        **options: See `Optimizer`.
    """

    update = "adam"
    beta_1 = HyperParameter("The decay of the running mean.")
    beta_2 = HyperParameter("The decay of the running mean square.")
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **options,
    ):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = bool(amsgrad)

    def _slots_in_use(self):
        return [*super()._slots_in_use(), *(["velocity_hat"] if self.amsgrad else [])]

    def get_config(self):
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101).

    Before Adam's step, `w -= learning_rate * weight_decay * w`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        weight_decay: Number or schedule. Defaults to 0.004.
        beta_1, beta_2, epsilon, amsgrad: As in `Adam`.
        **options: See `Optimizer`.

    Raises:
        ValueError: if `weight_decay` is `None`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=0.004,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **options,
    ):
        if weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` must be a number. Received: weight_decay=None"
            )
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )
