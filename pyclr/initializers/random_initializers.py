"""Random initializers whose spread does not depend on the shape, and Orthogonal.

Values are drawn in float64 and rounded, so that float32 weights are the rounded float64 ones.
"""

import math
from operator import index

import numpy as np

from ..random.seed import check_seed, make_seed, numpy_generator
from ..saving import serialization
from .initializer import Initializer, standardize_dtype


class RandomInitializer(Initializer):
    """Base class of random initializers.

    Args:
        seed: Integer, `None` (a seed is drawn from the global state) or a seed generator. With an
            integer or `None`, an instance returns the same values at each call, as in Keras.
    """

    def __init__(self, seed=None):
        self._init_seed = seed
        if isinstance(seed, dict):
            seed = serialization.deserialize_keras_object(seed)
        if seed is None:
            self.seed = make_seed()
        else:
            self.seed = seed if hasattr(seed, "next") else check_seed(seed)

    def get_config(self):
        return {"seed": serialization.serialize_keras_object(self._init_seed)}

    def _normal(self, shape, mean, stddev, dtype):
        values = numpy_generator(self.seed).normal(mean, stddev, shape)
        return values.astype(standardize_dtype(dtype))

    def _truncated_normal(self, shape, mean, stddev, dtype):
        """A normal distribution whose values beyond two standard deviations are redrawn."""
        generator = numpy_generator(self.seed)
        values = generator.standard_normal(math.prod(shape))
        outside = np.flatnonzero(np.abs(values) > 2)
        while outside.size:
            values[outside] = generator.standard_normal(outside.size)
            outside = outside[np.abs(values[outside]) > 2]
        return (mean + stddev * values).reshape(shape).astype(standardize_dtype(dtype))

    def _uniform(self, shape, minval, maxval, dtype):
        values = numpy_generator(self.seed).uniform(minval, maxval, shape)
        return values.astype(standardize_dtype(dtype))


class RandomNormal(RandomInitializer):
    """Initializer that draws from a normal distribution.

    Args:
        mean: Number. Defaults to `0.0`.
        stddev: Number, the standard deviation. Defaults to `0.05`.
        seed: Integer, `None` or a seed generator. Defaults to `None`.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return self._normal(shape, self.mean, self.stddev, dtype)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Initializer that draws from a normal distribution cut off at two standard deviations.

    Values further from the mean are drawn again. `stddev` is that of the distribution before
    the cut; afterwards it is 0.88 of that.

    Args:
        mean: Number. Defaults to `0.0`.
        stddev: Number, the standard deviation. Defaults to `0.05`.
        seed: Integer, `None` or a seed generator. Defaults to `None`.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return self._truncated_normal(shape, self.mean, self.stddev, dtype)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Initializer that draws from the uniform distribution over `[minval, maxval)`.

    Args:
        minval: Number. Defaults to `-0.05`.
        maxval: Number. Defaults to `0.05`.
        seed: Integer, `None` or a seed generator. Defaults to `None`.
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape, dtype=None):
        return self._uniform(shape, self.minval, self.maxval, dtype)

    def get_config(self):
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class Orthogonal(RandomInitializer):
    """Initializer that makes a random orthogonal matrix (Saxe et al., arXiv 1312.6120).

    A shape of more than two dimensions is seen as the matrix `(product of the others, last)`. The
    shorter side's vectors are orthogonal to each other and of length `gain`.

    Args:
        gain: Number that multiplies the matrix. Defaults to `1.0`.
        seed: Integer, `None` or a seed generator. Defaults to `None`.
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(
                "The Orthogonal initializer needs a shape of at least two dimensions. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), index(shape[-1])
        normal = self._normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, "float64")
        q, r = np.linalg.qr(normal)
        q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
        matrix = q.T if rows < columns else q
        return (self.gain * matrix).reshape(shape).astype(standardize_dtype(dtype))

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}
