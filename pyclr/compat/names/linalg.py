"""`tf.linalg`: what differs from `tf` and `pyclr.ops`."""

from __future__ import annotations

from ... import ops


def diag(diagonal, name=None):
    """Matrices with the last axis as their diagonals."""
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(ops.shape(diagonal)[-1]))


def diag_part(input, name=None):
    return ops.diagonal(input, axis1=-2, axis2=-1)


def trace(x, name=None):
    return ops.trace(x, axis1=-2, axis2=-1)


def band_part(input, num_lower, num_upper, name=None):
    """The matrices with 0 off a band; a negative number keeps all that are on its side."""
    rows, columns = ops.shape(input)[-2:]
    result = input if num_upper < 0 else ops.tril(input, min(num_upper, columns))
    return result if num_lower < 0 else ops.triu(result, -min(num_lower, rows))
