"""`tf.keras.backend`: what Keras 2 had there beside the functions of `pyclr.ops`, `pyclr.config`,
`pyclr.losses` and `pyclr.utils`."""

from __future__ import annotations

import numpy as np

from ... import config, ops
from ...variables import Variable
from .tensorflow import constant as constant
from .tensorflow import l2_normalize as l2_normalize


def backend():
    return "pyclr"


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


def cast_to_floatx(x):
    dtype = config.floatx()
    return x.astype(dtype) if isinstance(x, np.ndarray) else ops.cast(x, dtype)


def int_shape(x):
    return ops.shape(x)


def flatten(x):
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    return ops.reshape(x, (ops.shape(x)[0], -1))


def pow(x, a):
    return ops.power(x, a)
