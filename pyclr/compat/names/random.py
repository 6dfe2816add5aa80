"""`tf.random`: beside `pyclr.random`, TensorFlow's way to set the seed, and integers."""

from __future__ import annotations

from ... import ops, random
from ...random.seed import set_random_seed


def set_seed(seed):
    set_random_seed(seed % 2**64)  # TensorFlow takes negative seeds


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, name=None):
    return random.normal(_tuple(shape), mean, stddev, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, name=None):
    return random.truncated_normal(_tuple(shape), mean, stddev, dtype, seed)


def uniform(shape, minval=0, maxval=None, dtype=None, seed=None, name=None):
    """Numbers in [minval, maxval), where integers need `maxval`."""
    if "int" in str(dtype):
        if maxval is None:
            raise ValueError(
                f"Argument `maxval` is needed for integers. Received: maxval=None, dtype={dtype!r}"
            )
        return random.randint(_tuple(shape), minval, maxval, dtype, seed)
    return random.uniform(_tuple(shape), minval, 1 if maxval is None else maxval, dtype, seed)


def shuffle(value, seed=None, name=None):
    return random.shuffle(value, seed=seed)


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    return random.categorical(logits, num_samples, dtype or "int64", seed)


def _tuple(shape):
    return tuple(int(size) for size in ops.convert_to_numpy(shape))
