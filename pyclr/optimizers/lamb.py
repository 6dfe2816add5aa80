"""Lamb."""

from .. import ops
from .hyper import HyperParameter
from .optimizer import Optimizer


class Lamb(Optimizer):
    """Lamb (You et al., arXiv 1904.00962): Adam's step, scaled to the norm of the variable.

    `m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g**2 - v)`, and at update t, counted from 1,
    `r = m / (1 - beta_1**t) / (sqrt(v / (1 - beta_2**t)) + epsilon)`, then
    `w -= learning_rate * norm(w) / norm(r) * r` (without the norms if one of them is 0).

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number or schedule, the decay of the mean. Defaults to 0.9.
        beta_2: Number or schedule, the decay of the mean square. Defaults to 0.999.
        epsilon: Number or schedule. Defaults to 1e-7.
        **options: See `Optimizer`.
    """

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
        self._momentums, self._velocities = self.add_optimizer_variables(
            self._variables, ["momentum", "velocity"]
        )

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        step = ops.cast(self.iterations + 1, "float64")
        beta_1, beta_2 = self._scalar("beta_1", "float64"), self._scalar("beta_2", "float64")
        m.assign_add((gradient - m) * ops.cast(1 - beta_1, dtype))
        v.assign_add((ops.square(gradient) - v) * ops.cast(1 - beta_2, dtype))
        mean = m / ops.cast(1 - ops.power(beta_1, step), dtype)
        square = v / ops.cast(1 - ops.power(beta_2, step), dtype)
        change = mean / (ops.sqrt(square) + self._scalar("epsilon", dtype))
        size, length = _norm(variable), _norm(change)
        both = ops.logical_and(size > 0, length > 0)
        ratio = ops.where(both, size / ops.where(both, length, 1.0), 1.0)
        variable.assign_sub(ratio * learning_rate * change)


def _norm(x):
    return ops.sqrt(ops.sum(ops.square(x)))
