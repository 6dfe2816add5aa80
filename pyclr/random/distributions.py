"""Tensors of random numbers (Keras' `keras.random`).

Argument `seed` is an integer, which gives the same numbers at each call; a `SeedGenerator`, which
gives others at each call; or `None`: the global stream, which `pyclr.utils.set_random_seed` starts
anew. All replay, as their state is a tensor.
"""

from __future__ import annotations

import math

import numpy as np

from .. import _core, config
from ..ops.core import cast, convert_to_tensor
from ..ops.host import host_op
from ..ops.operands import axis_of, floating, integers
from .seed import check_seed, global_state, state_words
from .seed_generator import SeedGenerator

_ops = _core.ops


def _state(seed):
    """The state that a draw advances. An integer seed's is made anew for each draw."""
    if seed is None:
        return global_state()
    if isinstance(seed, SeedGenerator):
        return seed.state
    start = _core.tensor(np.array(state_words(check_seed(seed)), "int64"))
    return _ops.cast(start, dtype="int64")


def _float_dtype(dtype):
    dtype = dtype or config.floatx()
    if dtype not in ("float32", "float64"):
        raise ValueError(
            f"Argument `dtype` must be a floating point dtype. Received: dtype={dtype!r}"
        )
    return dtype


def _is_number(*values):
    return all(isinstance(value, (int, float, np.number)) for value in values)


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns numbers from the normal distribution.

    Args:
        shape: Integers.
        mean: Number or tensor.
        stddev: Number or tensor.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    options = {"shape": integers("shape", shape), "dtype": _float_dtype(dtype)}
    if _is_number(mean, stddev):
        return _ops.random_normal(_state(seed), mean=float(mean), stddev=float(stddev), **options)
    return _scaled(_ops.random_normal(_state(seed), **options), mean, stddev)


def _scaled(x, start, factor):
    return _ops.add(_ops.multiply(x, cast(factor, x.dtype)), cast(start, x.dtype))


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Returns numbers from the uniform distribution on [minval, maxval).

    Args:
        shape: Integers.
        minval: Number or tensor.
        maxval: Number or tensor.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    options = {"shape": integers("shape", shape), "dtype": _float_dtype(dtype)}
    if _is_number(minval, maxval):
        return _ops.random_uniform(_state(seed), low=float(minval), high=float(maxval), **options)
    x = _ops.random_uniform(_state(seed), **options)
    return _scaled(x, minval, _ops.subtract(cast(maxval, x.dtype), cast(minval, x.dtype)))


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Returns integers from the uniform distribution on [minval, maxval).

    Args:
        shape: Integers.
        minval: Integer.
        maxval: Integer.
        dtype: String, an integer dtype. Defaults to `"int32"`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    if dtype not in ("int32", "int64", "uint8"):
        raise ValueError(f"Argument `dtype` must be an integer dtype. Received: dtype={dtype!r}")
    x = _ops.random_integers(
        _state(seed),
        shape=integers("shape", shape),
        low=int(minval),
        high=int(maxval),
        dtype="int32" if dtype == "uint8" else dtype,
    )
    return cast(x, dtype)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns numbers from the normal distribution within two standard deviations of the mean.

    Args:
        shape: Integers.
        mean: Number or tensor.
        stddev: Number or tensor.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    # The inverse of the distribution function, of its values between those of -2 and 2.
    edge = math.erf(math.sqrt(2))
    x = _ops.erfinv(uniform(shape, -edge, edge, dtype, seed))
    return _scaled(_ops.multiply(x, math.sqrt(2)), mean, stddev)


def categorical(logits, num_samples, dtype="int32", seed=None):
    """Returns classes drawn with probabilities softmax(logits).

    Args:
        logits: Tensor `(batch, classes)`.
        num_samples: Integer.
        dtype: String, an integer dtype. Defaults to `"int32"`.
        seed: Integer, `SeedGenerator` or `None`.

    Returns:
        Tensor `(batch, num_samples)`.
    """
    logits = floating(logits)
    if logits.ndim != 2:
        raise ValueError(
            "Argument `logits` must have the shape (batch, classes). "
            f"Received: logits.shape={logits.shape}"
        )
    batch, classes = logits.shape
    # Gumbel's trick: the largest of logit - log(-log(u)). No u is 0.
    least = float(np.finfo(logits.dtype).tiny)
    u = uniform((batch, num_samples, classes), least, 1.0, logits.dtype, seed)
    noise = _ops.log(_ops.negative(_ops.log(u)))
    scores = _ops.subtract(_ops.reshape(logits, shape=[batch, 1, classes]), noise)
    return cast(_ops.argmax(scores, axis=-1), dtype)


def dropout(inputs, rate, noise_shape=None, seed=None):
    """Returns the inputs with each element set to 0 with probability `rate`, and the others
    multiplied by 1 / (1 - rate).

    Args:
        inputs: Floating point tensor.
        rate: Number in [0, 1].
        noise_shape: Optional integers, the shape of the random mask, which is broadcast; `None`
            among them for the size of the inputs.
        seed: Integer, `SeedGenerator` or `None`.
    """
    x = floating(inputs)
    shape = x.shape
    if noise_shape is not None:
        shape = [n if dim is None else dim for dim, n in zip(noise_shape, x.shape)]
    mask = _ops.dropout_mask(_state(seed), shape=shape, rate=float(rate), dtype=x.dtype)
    return _ops.multiply(x, mask)


def shuffle(x, axis=0, seed=None):
    """Returns `x` with its parts along `axis` in random order.

    Args:
        x: Tensor.
        axis: Integer. Defaults to `0`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    x = convert_to_tensor(x)
    axis = axis_of(axis, x.ndim)
    keys = _ops.random_integers(
        _state(seed), shape=[x.shape[axis]], low=-(2**62), high=2**62, dtype="int64"
    )
    return _ops.gather(x, _ops.sort(keys)[1], axis=axis)


# --- By NumPy's generator, as host functions -----------------------------------------------------


def _key(seed):
    """128 random bits, drawn by the engine: the key of a generator for one call."""
    return _ops.random_integers(
        _state(seed), shape=[2], low=-(2**63), high=2**63 - 1, dtype="int64"
    )


def _generator(key):
    return np.random.Generator(np.random.Philox(key=key.astype("uint64")))


def _by_numpy(name, draw):
    def sampled(key, *parameters, shape):
        return draw(_generator(key), *parameters, shape)

    sampled.__name__ = name
    return host_op(sampled)


_gamma = _by_numpy("gamma", lambda rng, alpha, shape: rng.standard_gamma(alpha, shape))
_beta = _by_numpy("beta", lambda rng, alpha, beta, shape: rng.beta(alpha, beta, shape))
_binomial = _by_numpy(
    "binomial",
    lambda rng, counts, p, shape: rng.binomial(counts.astype("int64"), p, shape),
)


def gamma(shape, alpha, dtype=None, seed=None):
    """Returns numbers from the gamma distribution of scale 1. There is no gradient.

    Args:
        shape: Integers.
        alpha: Positive number or tensor that broadcasts to `shape`, the distribution's shape.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    dtype = _float_dtype(dtype)
    return _gamma(_key(seed), cast(alpha, dtype), shape=integers("shape", shape))


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Returns numbers from the beta distribution. There is no gradient.

    Args:
        shape: Integers.
        alpha: Positive number or tensor that broadcasts to `shape`.
        beta: Positive number or tensor that broadcasts to `shape`.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    dtype = _float_dtype(dtype)
    return _beta(_key(seed), cast(alpha, dtype), cast(beta, dtype), shape=integers("shape", shape))


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Returns numbers of successes from the binomial distribution. There is no gradient.

    Args:
        shape: Integers.
        counts: Number or tensor that broadcasts to `shape`: how many trials.
        probabilities: Number or tensor that broadcasts to `shape`: of a success.
        dtype: String, floating point. Defaults to `floatx()`.
        seed: Integer, `SeedGenerator` or `None`.
    """
    dtype = _float_dtype(dtype)
    drawn = _binomial(
        _key(seed), cast(counts, dtype), cast(probabilities, dtype), shape=integers("shape", shape)
    )
    return cast(drawn, dtype)
