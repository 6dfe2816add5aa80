"""Layers that add or multiply noise in training: GaussianNoise, GaussianDropout, AlphaDropout."""

from __future__ import annotations

import math

from .. import _core, ops
from ..random.seed_generator import SeedGenerator
from .arguments import number_between
from .dropout import Dropout
from .layer import Layer

# Of the activation "selu" (Klambauer et al., arXiv 1706.02515): where it ends for small inputs.
_SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772


class _Gaussian(Layer):
    def __init__(self, seed, has_noise, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seed = seed
        if has_noise:
            self.seed_generator = SeedGenerator(seed)

    def _normal(self, shape, mean, stddev):
        return _core.ops.random_normal(
            self.seed_generator.state, shape=shape, mean=mean, stddev=stddev, dtype=self.dtype
        )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


class GaussianNoise(_Gaussian):
    """Adds normal deviates of mean 0 in training, and nothing otherwise.

    Args:
        stddev: Number in [0, 1], their standard deviation.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: if `stddev` is not in [0, 1].
    """

    def __init__(self, stddev, seed=None, **kwargs):
        number_between("stddev", stddev, 0, 1)
        super().__init__(seed, stddev > 0, **kwargs)
        self.stddev = stddev

    def call(self, inputs, training=False):
        if not training or not self.stddev:
            return inputs
        x = ops.cast(inputs, self.dtype)
        return ops.add(x, self._normal(x.shape, 0.0, self.stddev))

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


class GaussianDropout(_Gaussian):
    """Multiplies with normal deviates in training, and with nothing otherwise.

    Their mean is 1 and their variance `rate / (1 - rate)`, that of the factors of `Dropout`
    (Srivastava et al., JMLR 15, 2014).

    Args:
        rate: Number in [0, 1), the rate of the `Dropout` layer that has this variance.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: if `rate` is not in [0, 1).
    """

    def __init__(self, rate, seed=None, **kwargs):
        number_between("rate", rate, 0, 1, below=True)
        super().__init__(seed, rate > 0, **kwargs)
        self.rate = rate

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        x = ops.cast(inputs, self.dtype)
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return ops.multiply(x, self._normal(x.shape, 1.0, stddev))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for networks of "selu" activations.

    Each input is set to the smallest value of "selu", -1.7581, with probability `rate`; then all
    are scaled and shifted so that mean and variance stay (Klambauer et al., arXiv 1706.02515).

    Args:
        rate: Number in [0, 1), the share of inputs dropped.
        noise_shape: Optional tuple, the shape of the random mask, which broadcasts against the
            input; `None` in it stands for the input's size. Defaults to the input's shape.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: if `rate` is not in [0, 1) or `noise_shape` is not a tuple of positive integers.
    """

    @staticmethod
    def _checked_rate(rate):
        return number_between("rate", rate, 0, 1, below=True)

    def _dropped(self, x, mask):
        # With y = x or the limit, its mean is rate * limit and its variance the root's argument.
        scale = 1 / math.sqrt((1 - self.rate) * (1 + self.rate * _SELU_LIMIT**2))
        shift = -scale * self.rate * _SELU_LIMIT
        return ops.where(mask > 0, x, _SELU_LIMIT) * scale + shift
