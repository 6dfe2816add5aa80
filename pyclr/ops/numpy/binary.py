"""Functions of two tensors, element by element. Shapes broadcast; dtypes meet as in `x1 + x2`."""

from __future__ import annotations

import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..host import host_op
from ..operands import FLOATS, floating, meet, meet_floating
from .elementwise import isnan

__all__ = [
    "add", "allclose", "arctan2", "bitwise_and", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "divide", "divide_no_nan",
    "equal", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater", "greater_equal", "heaviside",
    "hypot", "isclose", "lcm", "ldexp", "left_shift", "less", "less_equal", "logaddexp",
    "logaddexp2", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "mod",
    "multiply", "nextafter", "not_equal", "power", "right_shift", "subtract", "true_divide",
]  # fmt: skip

_ops = _core.ops


def _binary(op, name, says):
    def function(x1, x2):
        return op(x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {says}, element by element; shapes broadcast."
    return function


add = _binary(_ops.add, "add", "x1 + x2")
subtract = _binary(_ops.subtract, "subtract", "x1 - x2")
multiply = _binary(_ops.multiply, "multiply", "x1 * x2")
divide = _binary(_ops.divide, "divide", "x1 / x2 in floating point")
true_divide = _binary(_ops.divide, "true_divide", "x1 / x2 in floating point")
floor_divide = _binary(_ops.floor_divide, "floor_divide", "the largest whole number <= x1 / x2")
mod = _binary(_ops.mod, "mod", "the remainder of x1 / x2, of the sign of `x2`")
power = _binary(_ops.power, "power", "`x1` to the power of `x2`")
maximum = _binary(_ops.maximum, "maximum", "the larger of `x1` and `x2`; NaN wins")
minimum = _binary(_ops.minimum, "minimum", "the smaller of `x1` and `x2`; NaN wins")
equal = _binary(_ops.equal, "equal", "whether x1 == x2")
not_equal = _binary(_ops.not_equal, "not_equal", "whether x1 != x2")
less = _binary(_ops.less, "less", "whether x1 < x2")
less_equal = _binary(_ops.less_equal, "less_equal", "whether x1 <= x2")
greater = _binary(_ops.greater, "greater", "whether x1 > x2")
greater_equal = _binary(_ops.greater_equal, "greater_equal", "whether x1 >= x2")
logical_and = _binary(_ops.logical_and, "logical_and", "whether both are true (not zero)")
logical_or = _binary(_ops.logical_or, "logical_or", "whether at least one is true (not zero)")
logical_xor = _binary(_ops.logical_xor, "logical_xor", "whether exactly one is true (not zero)")


def arctan2(x1, x2):
    """Returns the angle of the point (x2, x1) in radians, from -pi to pi."""
    return _ops.atan2(*meet_floating(x1, x2))


def divide_no_nan(x1, x2):
    """Returns x1 / x2, and 0 where `x2` is 0."""
    x1, x2 = meet_floating(x1, x2)
    zero, one = (_ops.full(shape=[], dtype=x2.dtype, value=v) for v in (0.0, 1.0))
    is_zero = x2 == 0
    return _ops.where(is_zero, zero, _ops.divide(x1, _ops.where(is_zero, one, x2)))


def fmax(x1, x2):
    """Returns the larger of `x1` and `x2`; a number wins over NaN."""
    x1, x2 = meet(x1, x2)
    return _ops.maximum(_ops.where(isnan(x1), x2, x1), _ops.where(isnan(x2), x1, x2))


def fmin(x1, x2):
    """Returns the smaller of `x1` and `x2`; a number wins over NaN."""
    x1, x2 = meet(x1, x2)
    return _ops.minimum(_ops.where(isnan(x1), x2, x1), _ops.where(isnan(x2), x1, x2))


def fmod(x1, x2):
    """Returns the remainder of x1 / x2, of the sign of `x1`."""
    x1, x2 = meet(x1, x2)
    remainder = _ops.mod(abs(x1), abs(x2))
    return _ops.where(x1 < 0, -remainder, remainder)


def hypot(x1, x2):
    """Returns sqrt(x1**2 + x2**2) without overflow."""
    return _hypot(*meet_floating(x1, x2))


def _hypot_vjp(inputs, outputs, gradients):
    share = divide_no_nan(gradients[0], outputs[0])
    return [_sum_to(_ops.multiply(share, x), x.shape) for x in inputs]


def _sum_to(gradient, shape):
    """The gradient of broadcasting: the sum over the axes along which `shape` was repeated."""
    lead = gradient.ndim - len(shape)
    axes = [
        axis
        for axis in range(gradient.ndim)
        if axis < lead or shape[axis - lead] != gradient.shape[axis]
    ]
    return _ops.reshape(_ops.sum(gradient, axes=axes), shape=shape) if axes else gradient


_hypot = host_op(np.hypot, _hypot_vjp)


def heaviside(x1, x2):
    """Returns 0 where `x1` is negative, 1 where it is positive, and `x2` where it is 0."""
    x1, x2 = meet_floating(x1, x2)
    return _ops.where(x1 == 0, x2, cast(x1 > 0, x1.dtype))


def logaddexp(x1, x2):
    """Returns log(exp(x1) + exp(x2)) without overflow."""
    x1, x2 = meet_floating(x1, x2)
    # Equal infinities have no difference.
    gap = _ops.where(x1 == x2, _ops.full(shape=[], dtype=x1.dtype), _ops.subtract(x2, x1))
    return _ops.add(x1, _ops.softplus(gap))


def logaddexp2(x1, x2):
    """Returns log2(2**x1 + 2**x2) without overflow."""
    ln2 = math.log(2)
    x1, x2 = meet_floating(x1, x2)
    return _ops.divide(logaddexp(_ops.multiply(x1, ln2), _ops.multiply(x2, ln2)), ln2)


def ldexp(x1, x2):
    """Returns x1 * 2**x2 for integers `x2`."""
    x1 = floating(x1)
    return _ops.multiply(x1, _ops.exp2(cast(x2, x1.dtype)))


def nextafter(x1, x2):
    """Returns the floating point number after `x1` in the direction of `x2`."""
    return _nextafter(*meet_floating(x1, x2))


_nextafter = host_op(np.nextafter)


def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Returns whether |x1 - x2| <= atol + rtol * |x2|, element by element.

    Args:
        x1: Tensor.
        x2: Tensor.
        rtol: Number. Defaults to `1e-5`.
        atol: Number. Defaults to `1e-8`.
        equal_nan: Boolean, whether NaN is close to NaN.
    """
    x1, x2 = meet_floating(x1, x2)
    gap = _ops.abs(_ops.subtract(x1, x2))
    allowed = _ops.add(_ops.multiply(_ops.abs(x2), rtol), atol)
    near = _ops.logical_and(gap <= allowed, _ops.abs(x2) < math.inf)
    close = _ops.logical_or(near, x1 == x2)
    return _ops.logical_or(close, _ops.logical_and(isnan(x1), isnan(x2))) if equal_nan else close


def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Returns whether all elements are close (`isclose`), a boolean tensor of shape ()."""
    close = cast(isclose(x1, x2, rtol, atol, equal_nan), "int32")
    return _ops.equal(_ops.sum(close), close.size)


def _integers(x1, x2):
    x1, x2 = meet(x1, x2)
    if x1.dtype in FLOATS:
        raise TypeError(f"Integers or booleans are needed. Received: dtype={x1.dtype}")
    return x1, x2


def _on_integers(function, name, says):
    op = host_op(function)

    def on_integers(x, y):
        return op(*_integers(x, y))

    on_integers.__name__ = on_integers.__qualname__ = name
    on_integers.__doc__ = f"Returns {says}, element by element, of integers."
    return on_integers


bitwise_and = _on_integers(np.bitwise_and, "bitwise_and", "the bits that both have")
bitwise_or = _on_integers(np.bitwise_or, "bitwise_or", "the bits that at least one has")
bitwise_xor = _on_integers(np.bitwise_xor, "bitwise_xor", "the bits that exactly one has")
left_shift = _on_integers(np.left_shift, "left_shift", "`x` with its bits moved left by `y`")
right_shift = _on_integers(np.right_shift, "right_shift", "`x` with its bits moved right by `y`")
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift


def bitwise_invert(x):
    """Returns `x` with every bit inverted; booleans negated."""
    x = convert_to_tensor(x)
    return _ops.logical_xor(x, True) if x.dtype == "bool" else _invert(x)


def bitwise_not(x):
    """Returns `x` with every bit inverted; booleans negated."""
    return bitwise_invert(x)


_invert = host_op(np.invert)


def gcd(x1, x2):
    """Returns the greatest common divisor, element by element, of integers."""
    return _gcd(*_integers(x1, x2))


def lcm(x1, x2):
    """Returns the least common multiple, element by element, of integers."""
    return _lcm(*_integers(x1, x2))


_gcd = host_op(np.gcd)
_lcm = host_op(np.lcm)
