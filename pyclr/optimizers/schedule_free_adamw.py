"""Schedule-free AdamW."""

from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class ScheduleFreeAdamW(ElementwiseOptimizer):
    """AdamW with averaging in place of a schedule (Defazio et al., arXiv 2405.15682).

    Adam without momentum moves z: `v += (1 - beta_2) * (g**2 - v)`,
    `z -= learning_rate * g / (sqrt(v / (1 - beta_2**t)) + epsilon)` at update t, counted from 1. x
    is the mean of all z so far, and the variables are `y = (1 - beta_1) * z + beta_1 * x`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.0025.
        beta_1: Number or schedule, the share of the mean. Defaults to 0.9.
        beta_2: Number or schedule, the decay of the mean square. Defaults to 0.999.
        epsilon: Number or schedule. Defaults to 1e-8.
        warmup_steps: Number, the updates in which the learning rate rises from 0. Defaults to 0.
        **options: See `Optimizer`.
    """

    update = "schedule_free_adamw"
    beta_1 = HyperParameter("The share of the mean in the variables.")
    beta_2 = HyperParameter("The decay of the running mean square.")
    epsilon = HyperParameter("The number that keeps the division finite.")
    warmup_steps = HyperParameter("The updates of the warm-up.")

    def __init__(
        self,
        learning_rate=0.0025,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        warmup_steps=0,
        **options,
    ):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._reset_slots()

    def _reset_slots(self):
        super()._reset_slots()
        for z, variable in zip(self._slots["momentum"], self._variables):
            z.assign(variable)
