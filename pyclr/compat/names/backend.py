"""`tf.keras.backend`: what Keras 2 had there beside the functions of `pyclr.backend`, `pyclr.ops`,
`pyclr.losses` and `pyclr.utils`."""

from __future__ import annotations

import math

import numpy as np

from ... import config, ops
from ...variables import Variable
from .random import normal as random_normal  # noqa: F401
from .random import uniform as random_uniform  # noqa: F401
from .tensorflow import constant as constant
from .tensorflow import l2_normalize as l2_normalize


def get_value(x):
    """Returns the value as an array, or as a NumPy number where the shape is ()."""
    return np.array(x)[()]


def set_value(x, value):
    x.assign(value)


def batch_set_value(tuples):
    for x, value in tuples:
        x.assign(value)


def variable(value, dtype=None, name=None, constraint=None):
    return Variable(value, dtype=dtype or config.floatx(), name=name, constraint=constraint)


eval = get_value


def update(x, new_x):
    return x.assign(new_x)


def update_add(x, increment):
    return x.assign_add(increment)


def update_sub(x, decrement):
    return x.assign_sub(decrement)


def count_params(x):
    return math.prod(x.shape)


def cast_to_floatx(x):
    dtype = config.floatx()
    return x.astype(dtype) if isinstance(x, np.ndarray) else ops.cast(x, dtype)


def int_shape(x):
    return ops.shape(x)


def flatten(x):
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    return ops.reshape(x, (ops.shape(x)[0], -1))


def permute_dimensions(x, pattern):
    return ops.transpose(x, pattern)


def pow(x, a):
    return ops.power(x, a)
