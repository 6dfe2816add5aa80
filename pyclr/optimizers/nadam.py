"""Nadam."""

import numpy as np

from .. import ops
from .elementwise import ElementwiseOptimizer
from .hyper import HyperParameter


class Nadam(ElementwiseOptimizer):
    """Adam with Nesterov's momentum (Dozat, ICLR workshop 2016).

    With u_t = beta_1 * (1 - 0.96**t / 2) at update t, counted from 1, and U_t the product of
    u_1 ... u_t: `m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g**2 - v)`, then
    `w -= learning_rate * m_hat / (sqrt(v / (1 - beta_2**t)) + epsilon)` with
    `m_hat = u_{t+1} * m / (1 - U_{t+1}) + (1 - u_t) * g / (1 - U_t)`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number or schedule, the decay of the mean. Defaults to 0.9.
        beta_2: Number or schedule, the decay of the mean square. Defaults to 0.999.
        epsilon: Number or schedule. Defaults to 1e-7.
        **options: See `Optimizer`.
    """

    update = "nadam"
    beta_1 = HyperParameter("The decay of the running mean.")
    beta_2 = HyperParameter("The decay of the running mean square.")
    epsilon = HyperParameter("The number that keeps the division finite.")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        dtype = self._variables[0].dtype if self._variables else None
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def _hyper_vector(self, updates):
        step = ops.cast(self.iterations + 1, "float64")
        factor = self._scalar("beta_1", "float64") * (1 - 0.5 * ops.power(np.float64(0.96), step))
        product = self._u_product * ops.cast(factor, self._u_product.dtype)
        if updates is not None:
            product = ops.where(updates, product, self._u_product)
        self._u_product.assign(product)
        column = ops.reshape(ops.cast(product, "float64"), (1,))
        return ops.concatenate([self._hyper.value, column])
