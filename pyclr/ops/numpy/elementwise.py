"""Functions of one tensor, element by element. Where a float is needed, integers become float32."""

from __future__ import annotations

import builtins
import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..host import host_op
from ..operands import FLOATS, floating, meet

__all__ = [
    "abs", "absolute", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh",
    "cbrt", "ceil", "clip", "conj", "conjugate", "cos", "cosh", "deg2rad", "exp", "exp2", "expm1",
    "fabs", "floor", "i0", "imag", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "log", "log10", "log1p", "log2", "logical_not", "nan_to_num", "negative", "rad2deg", "real",
    "reciprocal", "round", "select", "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square",
    "tan", "tanh", "trunc", "view", "where",
]  # fmt: skip

_ops = _core.ops


def _floating(op, name, says):
    def function(x):
        return op(floating(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {says}, element by element. Integers become float32."
    return function


exp = _floating(_ops.exp, "exp", "e to the power of `x`")
exp2 = _floating(_ops.exp2, "exp2", "2 to the power of `x`")
expm1 = _floating(_ops.expm1, "expm1", "exp(x) - 1, precise for small `x`")
log = _floating(_ops.log, "log", "the natural logarithm of `x`")
log2 = _floating(_ops.log2, "log2", "the logarithm to the base 2 of `x`")
log10 = _floating(_ops.log10, "log10", "the logarithm to the base 10 of `x`")
log1p = _floating(_ops.log1p, "log1p", "log(1 + x), precise for small `x`")
sqrt = _floating(_ops.sqrt, "sqrt", "the square root of `x`")
cbrt = _floating(_ops.cbrt, "cbrt", "the cube root of `x`")
reciprocal = _floating(_ops.reciprocal, "reciprocal", "1 / x")
sin = _floating(_ops.sin, "sin", "the sine of `x` in radians")
cos = _floating(_ops.cos, "cos", "the cosine of `x` in radians")
tan = _floating(_ops.tan, "tan", "the tangent of `x` in radians")
arcsin = _floating(_ops.asin, "arcsin", "the inverse sine of `x`")
arccos = _floating(_ops.acos, "arccos", "the inverse cosine of `x`")
arctan = _floating(_ops.atan, "arctan", "the inverse tangent of `x`")
sinh = _floating(_ops.sinh, "sinh", "the hyperbolic sine of `x`")
cosh = _floating(_ops.cosh, "cosh", "the hyperbolic cosine of `x`")
tanh = _floating(_ops.tanh, "tanh", "the hyperbolic tangent of `x`")
arcsinh = _floating(_ops.asinh, "arcsinh", "the inverse hyperbolic sine of `x`")
arccosh = _floating(_ops.acosh, "arccosh", "the inverse hyperbolic cosine of `x`")
arctanh = _floating(_ops.atanh, "arctanh", "the inverse hyperbolic tangent of `x`")


def _rounding(op, name, says):
    def function(x):
        x = convert_to_tensor(x)
        return op(x) if x.dtype in FLOATS else x

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {says}, element by element; integers as they are."
    return function


floor = _rounding(_ops.floor, "floor", "the largest whole number not above `x`")
ceil = _rounding(_ops.ceil, "ceil", "the smallest whole number not below `x`")
trunc = _rounding(_ops.trunc, "trunc", "`x` without its fraction")
_rint = _rounding(_ops.round, "rint", "the nearest whole number, halves to even")


def round(x, decimals=0):
    """Returns `x` rounded to `decimals` digits after the point, halves to even."""
    x = convert_to_tensor(x)
    if not decimals or (decimals > 0 and x.dtype not in FLOATS):
        return _rint(x)
    scale = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return _ops.divide(_rint(_ops.multiply(x, scale)), scale)
    return cast(_ops.multiply(_rint(_ops.divide(x, scale)), scale), x.dtype)


def negative(x):
    """Returns -x."""
    return -convert_to_tensor(x)


def abs(x):
    """Returns the absolute value of `x`."""
    return builtins.abs(convert_to_tensor(x))


def absolute(x):
    """Returns the absolute value of `x`."""
    return abs(x)


def fabs(x):
    """Returns the absolute value of `x` in floating point."""
    return _ops.abs(floating(x))


def square(x):
    """Returns x * x."""
    x = convert_to_tensor(x)
    return _ops.square(x) if x.dtype in FLOATS else _ops.multiply(x, x)


def sign(x):
    """Returns -1, 0 or 1 as `x` is negative, zero or positive."""
    x = convert_to_tensor(x)
    if x.dtype in FLOATS:
        return _ops.sign(x)
    return cast(_ops.subtract(cast(x > 0, "int32"), cast(x < 0, "int32")), x.dtype)


def deg2rad(x):
    """Returns degrees as radians: x * pi / 180."""
    return _ops.multiply(floating(x), math.pi / 180)


def rad2deg(x):
    """Returns radians as degrees: x * 180 / pi."""
    return _ops.multiply(floating(x), 180 / math.pi)


def sinc(x):
    """Returns sin(pi x) / (pi x), and 1 at 0."""
    x = _ops.multiply(floating(x), math.pi)
    zero = x == 0
    safe = _ops.where(zero, _ops.full(shape=[], dtype=x.dtype, value=1.0), x)
    one = _ops.full(shape=[], dtype=x.dtype, value=1.0)
    return _ops.where(zero, one, _ops.divide(_ops.sin(safe), safe))


def logical_not(x):
    """Returns True where `x` is zero or False."""
    return _ops.logical_xor(convert_to_tensor(x), True)


def isnan(x):
    """Returns True where `x` is NaN."""
    x = convert_to_tensor(x)
    return _ops.not_equal(x, x)


def isfinite(x):
    """Returns True where `x` is neither NaN nor infinite."""
    return _ops.less(_ops.abs(floating(x)), math.inf)


def isinf(x):
    """Returns True where `x` is infinite."""
    return _ops.equal(_ops.abs(floating(x)), math.inf)


def isposinf(x):
    """Returns True where `x` is plus infinity."""
    return _ops.equal(floating(x), math.inf)


def isneginf(x):
    """Returns True where `x` is minus infinity."""
    return _ops.equal(floating(x), -math.inf)


def isreal(x):
    """Returns True everywhere: tensors are real."""
    return _ops.full(shape=convert_to_tensor(x).shape, dtype="bool", value=1.0)


def real(x):
    """Returns `x`: tensors are real."""
    return convert_to_tensor(x)


def imag(x):
    """Returns zeros: tensors are real."""
    x = convert_to_tensor(x)
    return _ops.full(shape=x.shape, dtype=x.dtype, value=0.0)


def conj(x):
    """Returns `x`: tensors are real."""
    return convert_to_tensor(x)


def conjugate(x):
    """Returns `x`: tensors are real."""
    return convert_to_tensor(x)


def angle(x):
    """Returns the angle of `x` in the complex plane: 0, or pi where it is negative."""
    x = floating(x)
    return _ops.multiply(cast(x < 0, x.dtype), math.pi)


def signbit(x):
    """Returns True where the sign bit of `x` is set: negative numbers and -0.0."""
    return _signbit(x)


_signbit = host_op(np.signbit)


def i0(x):
    """Returns the modified Bessel function of the first kind and order 0. Its gradient, the
    function of order 1, is computed by 256 steps of the trapezoidal rule."""
    return _i0(floating(x))


def _bessel_i1(x):
    # I1(x) = 1/pi times the integral of exp(x cos t) cos t over [0, pi]; the rule converges
    # exponentially for a periodic integrand.
    cosines = np.cos(np.pi * np.arange(1, 256) / 256)
    inner = sum(np.exp(x * c) * c for c in cosines)
    return ((np.exp(x) - np.exp(-x)) / 2 + inner) / 256


_i1 = host_op(_bessel_i1)
_i0 = host_op(
    np.i0, lambda inputs, outputs, gradients: [_ops.multiply(gradients[0], _i1(inputs[0]))]
)


def clip(x, x_min, x_max):
    """Returns `x` with values below `x_min` and above `x_max` set to those."""
    x = convert_to_tensor(x)
    return _ops.minimum(_ops.maximum(x, x_min), x_max)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Returns `x` with NaN and infinities replaced.

    Args:
        x: Tensor.
        nan: Number that stands for NaN. Defaults to `0.0`.
        posinf: Number for plus infinity. Defaults to the dtype's largest.
        neginf: Number for minus infinity. Defaults to the dtype's smallest.
    """
    x = convert_to_tensor(x)
    if x.dtype not in FLOATS:
        return x
    limits = np.finfo(x.dtype)
    largest = float(limits.max) if posinf is None else posinf
    smallest = float(limits.min) if neginf is None else neginf
    for condition, value in ((isnan(x), nan), (isposinf(x), largest), (isneginf(x), smallest)):
        x = _ops.where(condition, cast(value, x.dtype), x)
    return x


def view(x, dtype=None):
    """Returns the bytes of `x` as another dtype; the last axis grows or shrinks with its size."""
    x = convert_to_tensor(x)
    return x if dtype is None else _view(x, dtype=np.dtype(dtype).name)


def _view_bytes(x, dtype):
    return np.ascontiguousarray(x).view(dtype)


_view = host_op(_view_bytes)


def where(condition, x1=None, x2=None):
    """Returns `x1` where the condition holds and `x2` elsewhere, broadcast together.

    With the condition alone, the indices of its true elements: see `nonzero`.
    """
    if x1 is None and x2 is None:
        from .indexing import nonzero

        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError(f"Arguments `x1` and `x2` are both needed. Received: x1={x1}, x2={x2}")
    x1, x2 = meet(x1, x2)
    return _ops.where(cast(condition, "bool"), x1, x2)


def select(condlist, choicelist, default=0):
    """Returns, element by element, the choice that belongs to the first condition that holds.

    Args:
        condlist: List of boolean tensors.
        choicelist: List of as many tensors.
        default: Number or tensor, where no condition holds. Defaults to `0`.
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            "Arguments `condlist` and `choicelist` must be lists of the same length, at least 1. "
            f"Received: {len(condlist)} conditions and {len(choicelist)} choices"
        )
    *choices, result = meet(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        result = _ops.where(cast(condition, "bool"), choice, result)
    return result
