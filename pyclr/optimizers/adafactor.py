"""Adafactor."""

import numpy as np

from .. import ops
from .hyper import HyperParameter
from .optimizer import Optimizer

_TINY = float(np.finfo("float32").tiny)


class Adafactor(Optimizer):
    """Adafactor (Shazeer & Stern, arXiv 1804.04235): mean squares kept by rows and columns.

    At update t, counted from 1, with `beta = 1 - t**beta_2_decay` and `s = g**2 + epsilon_1`, `r`
    and `c` are the running means of s over its last and last but one axis, and
    `v = r * c / mean(r)` (with fewer than two axes, `v` is the running mean of s itself). Then
    `u = g / sqrt(v)` and `w -= alpha * u / max(1, rms(u) / clip_threshold)` with
    `alpha = max(epsilon_2, rms(w)) * min(learning_rate, 1 / sqrt(t))`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_2_decay: Number or schedule, the power of the decay of the means. Defaults to -0.8.
        epsilon_1: Number or schedule. Defaults to 1e-30.
        epsilon_2: Number or schedule. Defaults to 1e-3.
        clip_threshold: Number or schedule. Defaults to 1.
        relative_step: Boolean, kept for Keras' configs: steps are relative either way, as in Keras.
            Defaults to `True`.
        **options: See `Optimizer`.
    """

    beta_2_decay = HyperParameter("The power of the decay of the means.")
    epsilon_1 = HyperParameter("The number added to squares.")
    epsilon_2 = HyperParameter("The lowest root mean square that steps are relative to.")
    clip_threshold = HyperParameter("The root mean square above which steps are scaled down.")

    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay=-0.8,
        epsilon_1=1e-30,
        epsilon_2=1e-3,
        clip_threshold=1.0,
        relative_step=True,
        **options,
    ):
        super().__init__(learning_rate, **options)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._means = []
        for variable in self._variables:
            shape, dtype = variable.shape, variable.dtype
            shapes = [shape[:-1], shape[:-2] + shape[-1:]]
            if len(shape) < 2:  # Keras' files have scalars in their places
                shapes, dtype = [(), ()], "int32"
            rows, columns = (self.add_variable(s, "zeros", dtype, variable.name) for s in shapes)
            velocity = self.add_variable_from_reference(variable, "velocity")
            self._means.append((rows, columns, velocity))

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        r, c, v = self._means[self._get_variable_index(variable)]
        step = ops.cast(self.iterations + 1, "float64")
        rate = ops.minimum(learning_rate, ops.cast(1 / ops.sqrt(step), dtype))
        alpha = ops.maximum(self._scalar("epsilon_2", dtype), _rms(variable)) * rate
        power = ops.power(step, self._scalar("beta_2_decay", "float64"))
        rest, beta = ops.cast(power, dtype), ops.cast(1 - power, dtype)
        square = ops.square(gradient) + self._scalar("epsilon_1", dtype)
        if variable.ndim >= 2:
            r.assign(beta * r + rest * ops.mean(square, axis=-1))
            c.assign(beta * c + rest * ops.mean(square, axis=-2))
            share = r / ops.mean(r, axis=-1, keepdims=True)
            v.assign(ops.expand_dims(share, -1) * ops.expand_dims(c, -2))
        else:
            v.assign(beta * v + rest * square)
        # The product of a small row and a small column may be rounded to 0.
        change = gradient / ops.sqrt(ops.maximum(v, _TINY))
        excess = ops.maximum(_rms(change) / self._scalar("clip_threshold", dtype), 1.0)
        variable.assign_sub(alpha * (change / excess))

    def get_config(self):
        return {**super().get_config(), "relative_step": self.relative_step}


def _rms(x):
    return ops.sqrt(ops.mean(ops.square(x)))
