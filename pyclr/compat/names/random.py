"""`tf.random`: beside `pyclr.random`, TensorFlow's way to set the seed."""

from __future__ import annotations

from ...random.seed import set_random_seed


def set_seed(seed):
    set_random_seed(seed % 2**64)  # TensorFlow takes negative seeds
