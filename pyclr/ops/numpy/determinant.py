"""The determinant's logarithm, which NumPy's names have."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..host import host_op
from ..operands import floating
from .shaping import expand_dims, swapaxes

__all__ = [
    "slogdet",
]  # fmt: skip

_ops = _core.ops


def slogdet(x):
    """Returns the signs of the determinants of square matrices, and the logarithms of their
    absolute values."""
    return _slogdet(floating(x))


def _np_slogdet(x):
    sign, logdet = np.linalg.slogdet(x)
    return sign, logdet


def _slogdet_vjp(inputs, outputs, gradients):
    if gradients[1] is None:
        return [None]
    from ..linalg import inv

    slope = swapaxes(inv(inputs[0]), -1, -2)
    return [_ops.multiply(expand_dims(gradients[1], (-2, -1)), slope)]


_slogdet = host_op(_np_slogdet, _slogdet_vjp, lambda x: [x[:-2], x[:-2]])
