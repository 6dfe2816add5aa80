"""Muon."""

import re

from .. import ops
from .hyper import HyperParameter
from .optimizer import Optimizer


class Muon(Optimizer):
    """Muon (Jordan et al., 2024; Liu et al., arXiv 2502.16982): momentum made orthogonal.

    For matrices, `m = momentum * m + g`, and the step is `g + momentum * m` (Nesterov) or `m` with
    its singular values brought near 1 by `ns_steps` Newton-Schulz iterations
    `x = muon_a * x + (muon_b * A + muon_c * A @ A) @ x`, `A = x @ x.T`; then
    `w -= learning_rate * sqrt(max(rows, columns)) * rms_rate * step`. Variables that are no
    matrices, embeddings and those of `exclude_layers` are updated by Adam.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        adam_beta_1: Number or schedule, Adam's decay of the mean. Defaults to 0.9.
        adam_beta_2: Number or schedule, Adam's decay of the mean square. Defaults to 0.999.
        adam_weight_decay: Number, schedule or `None`, the weight decay of the variables that Adam
            updates. Defaults to 0.004.
        epsilon: Number or schedule, Adam's. Defaults to 1e-7.
        weight_decay: Number, schedule or `None`, the weight decay of the others. Defaults to 0.004.
        exclude_layers: List of regular expressions: Adam updates variables with one in their path.
        exclude_embeddings: Boolean, whether Adam updates variables with "embedding" in their path.
            Defaults to `True`.
        muon_a, muon_b, muon_c: Numbers. Default to 3.4445, -4.775 and 2.0315.
        adam_lr_ratio: Number or schedule, Adam's learning rate as a part of `learning_rate`.
            Defaults to 1.
        momentum: Number or schedule. Defaults to 0.95.
        ns_steps: Integer. Defaults to 5.
        nesterov: Boolean. Defaults to `True`.
        rms_rate: Number or `None`: then steps are not scaled by the matrix' size. Defaults to 0.2.
        **options: See `Optimizer`.
    """

    adam_beta_1 = HyperParameter("Adam's decay of the running mean.")
    adam_beta_2 = HyperParameter("Adam's decay of the running mean square.")
    adam_weight_decay = HyperParameter("The weight decay of Adam's variables.", optional=True)
    epsilon = HyperParameter("The number that keeps Adam's division finite.")
    adam_lr_ratio = HyperParameter("Adam's learning rate as a part of the other.")
    momentum = HyperParameter("The momentum of the next update.")

    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
        **options,
    ):
        super().__init__(learning_rate, weight_decay, **options)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _by_adam(self, variable):
        return (
            variable.ndim != 2
            or (self.exclude_embeddings and "embedding" in variable.path.lower())
            or any(re.search(pattern, variable.path) for pattern in self.exclude_layers)
        )

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = [], []
        for variable in self._variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            by_adam = self._by_adam(variable)
            self._velocities.append(
                self.add_variable_from_reference(variable, "velocity") if by_adam else None
            )

    def _decay_share(self, variable):
        if self._velocities[self._get_variable_index(variable)] is None:
            return super()._decay_share(variable)
        return super()._decay_share(variable, "adam_weight_decay")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        if self._velocities[i] is None:
            self._muon_step(gradient, variable, learning_rate, self._momentums[i])
        else:
            rate = learning_rate * self._scalar("adam_lr_ratio", variable.dtype)
            self._adam_step(gradient, variable, rate, self._momentums[i], self._velocities[i])

    def _muon_step(self, gradient, variable, learning_rate, m):
        momentum = self._scalar("momentum", variable.dtype)
        m.assign(momentum * m + gradient)
        change = self._orthogonal(gradient + momentum * m if self.nesterov else m.value)
        if self.rms_rate is not None:
            change = change * (max(variable.shape) ** 0.5 * self.rms_rate)
        variable.assign_sub(learning_rate * change)

    def _orthogonal(self, x):
        tall = x.shape[0] > x.shape[1]
        x = ops.transpose(x) if tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(self.ns_steps):
            a = ops.matmul(x, ops.transpose(x))
            b = self.muon_b * a + self.muon_c * ops.matmul(a, a)
            x = self.muon_a * x + ops.matmul(b, x)
        return ops.transpose(x) if tall else x

    def _adam_step(self, gradient, variable, learning_rate, m, v):
        dtype = variable.dtype
        step = ops.cast(self.iterations + 1, "float64")
        beta_1, beta_2 = (self._scalar(f"adam_beta_{i}", "float64") for i in (1, 2))
        correction = ops.sqrt(1 - ops.power(beta_2, step)) / (1 - ops.power(beta_1, step))
        m.assign_add((gradient - m) * ops.cast(1 - beta_1, dtype))
        v.assign_add((ops.square(gradient) - v) * ops.cast(1 - beta_2, dtype))
        root = ops.sqrt(v) + self._scalar("epsilon", dtype)
        variable.assign_sub(m * (learning_rate * ops.cast(correction, dtype)) / root)

    def get_config(self):
        return {
            **super().get_config(),
            "exclude_layers": self.exclude_layers,
            "exclude_embeddings": self.exclude_embeddings,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "rms_rate": self.rms_rate,
        }
