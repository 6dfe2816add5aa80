"""Functions of tensors under NumPy's names (Keras' `keras.ops.numpy`).

Arguments may be tensors, variables, arrays and numbers; results are tensors. Everything with a
float result is differentiable. NumPy's functions, called on tensors, lead here.
"""

from __future__ import annotations

import builtins
import math

from .. import _core
from .core import cast, convert_to_tensor, shape

_ops = _core.ops

add = _ops.add
subtract = _ops.subtract
multiply = _ops.multiply
divide = _ops.divide
true_divide = _ops.divide
floor_divide = _ops.floor_divide
mod = _ops.mod
power = _ops.power
maximum = _ops.maximum
minimum = _ops.minimum
arctan2 = _ops.atan2
equal = _ops.equal
not_equal = _ops.not_equal
less = _ops.less
less_equal = _ops.less_equal
greater = _ops.greater
greater_equal = _ops.greater_equal
logical_and = _ops.logical_and
logical_or = _ops.logical_or
logical_xor = _ops.logical_xor


def _unary(op, name):
    def function(x):
        x = convert_to_tensor(x)
        return op(x if "float" in x.dtype else _ops.cast(x, dtype="float32"))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {name}(x), element by element. Integers are cast to float32."
    return function


exp = _unary(_ops.exp, "exp")
expm1 = _unary(_ops.expm1, "expm1")
log = _unary(_ops.log, "log")
log2 = _unary(_ops.log2, "log2")
log10 = _unary(_ops.log10, "log10")
log1p = _unary(_ops.log1p, "log1p")
sqrt = _unary(_ops.sqrt, "sqrt")
sin = _unary(_ops.sin, "sin")
cos = _unary(_ops.cos, "cos")
tan = _unary(_ops.tan, "tan")
arcsin = _unary(_ops.asin, "arcsin")
arccos = _unary(_ops.acos, "arccos")
arctan = _unary(_ops.atan, "arctan")
sinh = _unary(_ops.sinh, "sinh")
cosh = _unary(_ops.cosh, "cosh")
tanh = _unary(_ops.tanh, "tanh")
arcsinh = _unary(_ops.asinh, "arcsinh")
arccosh = _unary(_ops.acosh, "arccosh")
arctanh = _unary(_ops.atanh, "arctanh")
reciprocal = _unary(_ops.reciprocal, "reciprocal")


def _float_or_same(op, name):
    def function(x):
        x = convert_to_tensor(x)
        return op(x) if "float" in x.dtype else x

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {name}(x), element by element."
    return function


floor = _float_or_same(_ops.floor, "floor")
ceil = _float_or_same(_ops.ceil, "ceil")
rint = _float_or_same(_ops.round, "rint")


def round(x, decimals=0):
    """Returns `x` rounded to `decimals`, halves to even."""
    if decimals:
        return divide(rint(multiply(x, 10.0**decimals)), 10.0**decimals)
    return rint(x)


def negative(x):
    """Returns -x."""
    return -convert_to_tensor(x)


def abs(x):
    """Returns the absolute value of `x`."""
    return builtins.abs(convert_to_tensor(x))


absolute = abs


def square(x):
    """Returns x * x."""
    x = convert_to_tensor(x)
    return _ops.square(x) if "float" in x.dtype else _ops.multiply(x, x)


def sign(x):
    """Returns -1, 0 or 1 as `x` is negative, zero or positive."""
    x = convert_to_tensor(x)
    if "float" in x.dtype:
        return _ops.sign(x)
    return subtract(cast(greater(x, 0), x.dtype), cast(less(x, 0), x.dtype))


def logical_not(x):
    """Returns True where `x` is zero or False."""
    return _ops.logical_xor(x, True)


def isnan(x):
    """Returns True where `x` is NaN."""
    return _ops.not_equal(x, x)


def isfinite(x):
    """Returns True where `x` is neither NaN nor infinite."""
    return _ops.less(abs(x), math.inf)


def isinf(x):
    """Returns True where `x` is infinite."""
    return _ops.equal(abs(x), math.inf)


def clip(x, x_min, x_max):
    """Returns `x` with values below `x_min` and above `x_max` set to those."""
    return minimum(maximum(x, x_min), x_max)


def where(condition, x1=None, x2=None):
    """Returns `x1` where the condition holds and `x2` elsewhere, broadcast together."""
    if x1 is None or x2 is None:
        raise ValueError(f"Arguments `x1` and `x2` are both needed. Received: x1={x1}, x2={x2}")
    condition = cast(condition, "bool")
    # The operands meet in one dtype the way operands of `+` do.
    dtype = add(_ops.cast(0, dtype=convert_to_tensor(x1).dtype), x2).dtype
    return _ops.where(condition, cast(x1, dtype), cast(x2, dtype))


def _axes(axis):
    if axis is None:
        return []
    return [int(axis)] if not isinstance(axis, (list, tuple)) else [int(a) for a in axis]


def _wide(x):
    """Booleans and uint8 are summed as int32."""
    x = convert_to_tensor(x)
    return _ops.cast(x, dtype="int32") if x.dtype in ("bool", "uint8") else x


def _reduce(op, x, axis, keepdims):
    if axis == () or axis == []:
        return x
    return op(x, axes=_axes(axis), keepdims=bool(keepdims))


def sum(x, axis=None, keepdims=False):
    """Returns the sum of `x` over `axis` (an integer, several, or `None` for all)."""
    return _reduce(_ops.sum, _wide(x), axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Returns the mean of `x` over `axis`. Integers are cast to float32."""
    x = convert_to_tensor(x)
    x = x if "float" in x.dtype else _ops.cast(x, dtype="float32")
    return _reduce(_ops.mean, x, axis, keepdims)


def prod(x, axis=None, keepdims=False):
    """Returns the product of `x` over `axis`."""
    return _reduce(_ops.prod, _wide(x), axis, keepdims)


def max(x, axis=None, keepdims=False):
    """Returns the largest value of `x` over `axis`; NaN wins."""
    return _reduce(_ops.max, _wide(x), axis, keepdims)


def min(x, axis=None, keepdims=False):
    """Returns the smallest value of `x` over `axis`; NaN wins."""
    return _reduce(_ops.min, _wide(x), axis, keepdims)


def var(x, axis=None, keepdims=False):
    """Returns the (biased) variance of `x` over `axis`."""
    x = convert_to_tensor(x)
    return mean(square(subtract(x, mean(x, axis, keepdims=True))), axis, keepdims)


def std(x, axis=None, keepdims=False):
    """Returns the (biased) standard deviation of `x` over `axis`."""
    return sqrt(var(x, axis, keepdims))


def any(x, axis=None, keepdims=False):
    """Returns whether any element along `axis` is true."""
    return not_equal(max(cast(cast(x, "bool"), "int32"), axis, keepdims), 0)


def all(x, axis=None, keepdims=False):
    """Returns whether all elements along `axis` are true."""
    return not_equal(min(cast(cast(x, "bool"), "int32"), axis, keepdims), 0)


def argmax(x, axis=None, keepdims=False):
    """Returns the int32 index of the first largest value along `axis` (`None`: of all)."""
    x = convert_to_tensor(x)
    if axis is None:
        return _ops.argmax(reshape(x, (-1,)), axis=0)
    return _ops.argmax(x, axis=int(axis), keepdims=keepdims)


def argmin(x, axis=None, keepdims=False):
    """Returns the int32 index of the first smallest value along `axis` (`None`: of all)."""
    x = convert_to_tensor(x)
    if axis is None:
        return _ops.argmin(reshape(x, (-1,)), axis=0)
    return _ops.argmin(x, axis=int(axis), keepdims=keepdims)


def reshape(x, newshape):
    """Returns `x` in another shape; one dimension may be -1."""
    newshape = (newshape,) if isinstance(newshape, int) else newshape
    return _ops.reshape(x, shape=[int(dim) for dim in newshape])


def ravel(x):
    """Returns `x` flattened to one dimension."""
    return reshape(x, (-1,))


def transpose(x, axes=None):
    """Returns `x` with its axes permuted; reversed when `axes` is `None`."""
    x = convert_to_tensor(x)
    axes = range(x.ndim)[::-1] if axes is None else axes
    return _ops.transpose(x, permutation=[int(axis) for axis in axes])


def expand_dims(x, axis):
    """Returns `x` with an axis of size 1 inserted at each place in `axis`."""
    x = convert_to_tensor(x)
    rank = x.ndim + len(_axes(axis))
    places = {a % rank for a in _axes(axis)}
    dims = iter(x.shape)
    return reshape(x, [1 if i in places else next(dims) for i in range(rank)])


def squeeze(x, axis=None):
    """Returns `x` without its axes of size 1, or without those named."""
    x = convert_to_tensor(x)
    named = [a % x.ndim for a in _axes(axis)] if axis is not None else None
    for a in named or ():
        if x.shape[a] != 1:
            raise ValueError(
                f"Only an axis of size 1 can be squeezed. Received: axis={axis} "
                f"for a tensor of shape {x.shape}"
            )
    drop = [i for i, dim in enumerate(x.shape) if (dim == 1 if named is None else i in named)]
    return reshape(x, [dim for i, dim in enumerate(x.shape) if i not in drop])


def broadcast_to(x, shape):
    """Returns `x` repeated to `shape` along its axes of size 1."""
    return _ops.broadcast_to(x, shape=[int(dim) for dim in shape])


def concatenate(xs, axis=0):
    """Returns the tensors joined along an axis."""
    xs = [convert_to_tensor(x) for x in xs]
    dtype = xs[0].dtype
    for x in xs[1:]:
        dtype = add(_ops.full(shape=[], dtype=dtype), _ops.full(shape=[], dtype=x.dtype)).dtype
    return _ops.concat(*(cast(x, dtype) for x in xs), axis=axis)


def stack(x, axis=0):
    """Returns the tensors joined along a new axis."""
    return concatenate([expand_dims(item, axis) for item in x], axis)


def take(x, indices, axis=None):
    """Returns the elements of `x` at `indices` along `axis` (`None`: of the flattened tensor)."""
    x = convert_to_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return _ops.gather(x, indices, axis=axis)


def pad(x, pad_width, mode="constant", constant_values=0):
    """Returns `x` with constant values added at both ends of each axis.

    Args:
        x: Tensor.
        pad_width: One `(before, after)` for each axis, or one for all.
        mode: `"constant"`.
        constant_values: Number.
    """
    if mode != "constant":
        raise ValueError(f"Argument `mode` must be 'constant'. Received: mode={mode!r}")
    x = convert_to_tensor(x)
    if isinstance(pad_width, int):
        pad_width = [(pad_width, pad_width)] * x.ndim
    pairs = list(pad_width)
    if pairs and isinstance(pairs[0], int):
        pairs = [tuple(pairs)] * x.ndim
    pairs = pairs * x.ndim if len(pairs) == 1 else pairs
    before, after = [p[0] for p in pairs], [p[1] for p in pairs]
    return _ops.pad(x, before=before, after=after, value=float(constant_values))


def full(shape, fill_value, dtype="float32"):
    """Returns a tensor of `shape` filled with a number."""
    return _ops.full(shape=[int(d) for d in shape], dtype=dtype, value=float(fill_value))


def zeros(shape, dtype="float32"):
    """Returns a tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape, dtype="float32"):
    """Returns a tensor of ones."""
    return full(shape, 1, dtype)


def full_like(x, fill_value, dtype=None):
    """Returns a tensor of the shape of `x` filled with a number."""
    x = convert_to_tensor(x)
    return full(x.shape, fill_value, dtype or x.dtype)


def zeros_like(x, dtype=None):
    """Returns zeros of the shape and dtype of `x`."""
    return full_like(x, 0, dtype)


def ones_like(x, dtype=None):
    """Returns ones of the shape and dtype of `x`."""
    return full_like(x, 1, dtype)


def matmul(x1, x2):
    """Returns the matrix product over the last two axes; leading axes broadcast as in NumPy."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    dtype = add(_ops.full(shape=[], dtype=x1.dtype), _ops.full(shape=[], dtype=x2.dtype)).dtype
    dtype = dtype if "float" in dtype else "float32"
    x1, x2 = cast(x1, dtype), cast(x2, dtype)
    left_vector, right_vector = x1.ndim == 1, x2.ndim == 1
    x1 = expand_dims(x1, 0) if left_vector else x1
    x2 = expand_dims(x2, 1) if right_vector else x2
    if x1.ndim > 2 and x2.ndim > 2 and x1.shape[:-2] != x2.shape[:-2]:
        batch = add(_ops.full(shape=x1.shape[:-2]), _ops.full(shape=x2.shape[:-2])).shape
        x1 = broadcast_to(x1, batch + x1.shape[-2:])
        x2 = broadcast_to(x2, batch + x2.shape[-2:])
    if x2.ndim == 2 and x1.ndim != 2:
        product = _ops.dense(x1, x2)
    else:
        product = _ops.matmul(x1, x2)
    if left_vector:
        product = squeeze(product, -1 if right_vector else -2)
    return squeeze(product, -1) if right_vector else product


dot = matmul


def size(x):
    """Returns the number of elements of `x`."""
    return math.prod(shape(x))


def ndim(x):
    """Returns the number of axes of `x`."""
    return len(shape(x))
