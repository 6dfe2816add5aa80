"""Products of vectors, matrices and tensors. Integers are multiplied in float64, which is exact up
to 2^53, and stay integers."""

from __future__ import annotations

import itertools
import math
import string

from ... import _core
from ..core import cast, convert_to_tensor
from ..operands import FLOATS, axes_of, joint_shape, meet
from .shaping import expand_dims, moveaxis, ravel, squeeze

__all__ = [
    "cross", "dot", "einsum", "inner", "kron", "matmul", "outer", "tensordot", "vdot",
]  # fmt: skip

_ops = _core.ops


def _in_floats(function):
    """A product of floats as one of any dtype."""

    def product(*operands):
        operands = meet(*operands)
        dtype = operands[0].dtype
        if dtype in FLOATS:
            return function(*operands)
        result = "int32" if dtype in ("bool", "uint8") else dtype
        return cast(function(*(cast(x, "float64") for x in operands)), result)

    return product


def matmul(x1, x2):
    """Returns the matrix product over the last two axes; leading axes broadcast as in NumPy."""
    return _matmul(x1, x2)


@_in_floats
def _matmul(x1, x2):
    if 0 in (x1.ndim, x2.ndim):
        raise ValueError(
            "Tensors of at least one axis are needed. "
            f"Received: x1.shape={x1.shape}, x2.shape={x2.shape}"
        )
    left_vector, right_vector = x1.ndim == 1, x2.ndim == 1
    x1 = expand_dims(x1, 0) if left_vector else x1
    x2 = expand_dims(x2, 1) if right_vector else x2
    if x1.ndim > 2 and x2.ndim > 2 and x1.shape[:-2] != x2.shape[:-2]:
        batch = joint_shape(x1.shape[:-2], x2.shape[:-2])
        x1 = _ops.broadcast_to(x1, shape=[*batch, *x1.shape[-2:]])
        x2 = _ops.broadcast_to(x2, shape=[*batch, *x2.shape[-2:]])
    product = _ops.dense(x1, x2) if x2.ndim == 2 and x1.ndim != 2 else _ops.matmul(x1, x2)
    if left_vector:
        product = squeeze(product, -2)
    return squeeze(product, -1) if right_vector else product


def dot(x1, x2):
    """Returns the product over the last axis of `x1` and the second to last of `x2` (the last, of
    a vector); of a number, the multiple."""
    x1, x2 = meet(x1, x2)
    if 0 in (x1.ndim, x2.ndim):
        return _ops.multiply(x1, x2)
    if x1.ndim <= 2 and x2.ndim <= 2:
        return _matmul(x1, x2)
    return tensordot(x1, x2, ([-1], [-2 if x2.ndim > 1 else -1]))


def inner(x1, x2):
    """Returns the product over the last axes of `x1` and `x2`; of a number, the multiple."""
    x1, x2 = meet(x1, x2)
    return _ops.multiply(x1, x2) if 0 in (x1.ndim, x2.ndim) else tensordot(x1, x2, ([-1], [-1]))


def outer(x1, x2):
    """Returns the products of all pairs of elements, a matrix."""
    return _ops.multiply(expand_dims(ravel(x1), 1), expand_dims(ravel(x2), 0))


def vdot(x1, x2):
    """Returns the sum of the products of the elements."""
    return tensordot(ravel(x1), ravel(x2), 1)


def tensordot(x1, x2, axes=2):
    """Returns the sum of products over pairs of axes.

    Args:
        x1: Tensor.
        x2: Tensor.
        axes: Integer n: the last n axes of `x1` and the first n of `x2`; or a pair of sequences
            that name the axes of each.
    """
    return _in_floats(lambda a, b: _tensordot(a, b, axes))(x1, x2)


def _tensordot(x1, x2, axes):
    if hasattr(axes, "__index__"):
        first, second = range(x1.ndim - axes, x1.ndim), range(axes)
    else:
        first, second = axes
    first, second = axes_of(_tuple(first), x1.ndim), axes_of(_tuple(second), x2.ndim)
    if [x1.shape[i] for i in first] != [x2.shape[i] for i in second]:
        raise ValueError(
            "The axes summed over must have the same sizes. Received: "
            f"axes={axes}, x1.shape={x1.shape}, x2.shape={x2.shape}"
        )
    left = [i for i in range(x1.ndim) if i not in first]
    right = [i for i in range(x2.ndim) if i not in second]
    shape = [x1.shape[i] for i in left] + [x2.shape[i] for i in right]
    depth = math.prod(x1.shape[i] for i in first)
    x1 = _ops.reshape(
        _ops.transpose(x1, permutation=[*left, *first]),
        shape=[math.prod(x1.shape[i] for i in left), depth],
    )
    x2 = _ops.reshape(
        _ops.transpose(x2, permutation=[*second, *right]),
        shape=[depth, math.prod(x2.shape[i] for i in right)],
    )
    return _ops.reshape(_ops.matmul(x1, x2), shape=shape)


def _tuple(axes):
    return (axes,) if hasattr(axes, "__index__") else tuple(axes)


def kron(x1, x2):
    """Returns the Kronecker product: every element of `x1` times all of `x2`."""
    x1, x2 = meet(x1, x2)
    rank = max(x1.ndim, x2.ndim)
    a, b = (list((1,) * (rank - x.ndim) + tuple(x.shape)) for x in (x1, x2))
    x1 = _ops.reshape(x1, shape=[*itertools.chain(*((dim, 1) for dim in a))])
    x2 = _ops.reshape(x2, shape=[*itertools.chain(*((1, dim) for dim in b))])
    return _ops.reshape(_ops.multiply(x1, x2), shape=[p * q for p, q in zip(a, b)])


def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Returns the cross product of vectors of 3 (or 2) elements.

    Args:
        x1: Tensor.
        x2: Tensor.
        axisa: Integer, the axis of the vectors in `x1`.
        axisb: Integer, the axis of the vectors in `x2`.
        axisc: Integer, the axis of the vectors in the result.
        axis: Optional integer that stands for all three.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = meet(x1, x2)
    x1, x2 = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if not {x1.shape[-1], x2.shape[-1]} <= {2, 3}:
        raise ValueError(
            "The vectors must have 2 or 3 elements. "
            f"Received: {x1.shape[-1]} and {x2.shape[-1]} elements"
        )
    a, b = ([_element(x, i) for i in range(x.shape[-1])] for x in (x1, x2))
    up = _ops.subtract(_ops.multiply(a[0], b[1]), _ops.multiply(a[1], b[0]))
    if len(a) == len(b) == 2:
        return up
    zero = _ops.multiply(up, 0)
    a, b = (v if len(v) == 3 else [*v, zero] for v in (a, b))
    turned = [
        _ops.subtract(_ops.multiply(a[i], b[j]), _ops.multiply(a[j], b[i]))
        for i, j in ((1, 2), (2, 0))
    ]
    shape = up.shape
    parts = [expand_dims(_ops.broadcast_to(v, shape=shape), -1) for v in (*turned, up)]
    return moveaxis(_ops.concat(*parts, axis=-1), -1, axisc)


def _element(x, i):
    part = _ops.slice(
        x, begin=[0] * (x.ndim - 1) + [i], size=[*x.shape[:-1], 1], strides=[1] * x.ndim
    )
    return _ops.reshape(part, shape=x.shape[:-1])


# --- Einstein summation --------------------------------------------------------------------------


def einsum(subscripts, *operands, **kwargs):
    """Returns the sum of products that a formula of axes names (Einstein's summation).

    Args:
        subscripts: String such as `"bij,bjk->bik"`: a letter for each axis; those missing on the
            right are summed over. `...` stands for any axes.
        *operands: Tensors.
        **kwargs: `optimize` is accepted; operands are joined from left to right.
    """
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"einsum: unexpected keyword arguments {sorted(kwargs)}")
    inputs, output = _labels(subscripts, [convert_to_tensor(x).ndim for x in operands])
    return _in_floats(lambda *xs: _einsum(list(zip(inputs, xs)), output))(*operands)


def _labels(subscripts, ranks):
    """The letters of each operand's axes and of the result's."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ranks):
        raise ValueError(
            f"'{subscripts}' names {len(inputs)} operands. Received: {len(ranks)} operands"
        )
    spare = [c for c in string.ascii_letters if c not in text]
    widest = 0
    for i, (label, rank) in enumerate(zip(inputs, ranks)):
        if "..." in label:
            hidden = rank - (len(label) - 3)
            widest = max(widest, hidden)
            inputs[i] = label.replace("...", "".join(spare[8 - hidden : 8]))
        if len(inputs[i]) != rank:
            raise ValueError(
                f"'{label}' in '{subscripts}' does not name {rank} axes, which operand {i + 1} has."
            )
    ellipsis = "".join(spare[8 - widest : 8])
    if arrow:
        return inputs, right.replace("...", ellipsis)
    letters = "".join(inputs)
    once = sorted(c for c in set(letters) if letters.count(c) == 1 and c not in ellipsis)
    return inputs, ellipsis + "".join(once)


def _einsum(terms, output):
    terms = [_without_repeats(*term) for term in terms]
    while len(terms) > 1:
        first, second, *rest = terms
        needed = set(output).union(*(labels for labels, _ in rest))
        terms = [_contract(*first, *second, needed), *rest]
    ((labels, x),) = terms
    missing = [c for c in output if c not in labels]
    if missing:
        raise ValueError(f"The output axes {missing} are in no operand.")
    labels, x = _summed(labels, x, set(output))
    return _ops.transpose(x, permutation=[labels.index(c) for c in output])


def _without_repeats(labels, x):
    """Takes the diagonal of axes of one letter."""
    from .indexing import diagonal

    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            i = labels.index(c)
            j = labels.index(c, i + 1)
            x = diagonal(x, axis1=i, axis2=j)
            labels = labels[:i] + labels[i + 1 : j] + labels[j + 1 :] + c
    return labels, x


def _summed(labels, x, needed):
    """Sums over the axes that nobody needs any more."""
    axes = [i for i, c in enumerate(labels) if c not in needed]
    if axes:
        x = _ops.sum(x, axes=axes)
    return "".join(c for c in labels if c in needed), x


def _contract(a_labels, a, b_labels, b, needed):
    """The product of two operands, summed over what is in both and not needed: a batched matrix
    product."""
    a_labels, a = _summed(a_labels, a, needed | set(b_labels))
    b_labels, b = _summed(b_labels, b, needed | set(a_labels))
    common = [c for c in a_labels if c in b_labels]
    batch = [c for c in common if c in needed]
    depth = [c for c in common if c not in needed]
    left = [c for c in a_labels if c not in common]
    right = [c for c in b_labels if c not in common]
    size = dict(zip(b_labels, b.shape))
    for c, dim in zip(a_labels, a.shape):
        if size.get(c, 1) == 1:
            size[c] = dim
        elif dim not in (1, size[c]):
            raise ValueError(
                f"Axis '{c}' has {dim} elements in one operand and {size[c]} in another."
            )

    def matrices(x, labels, *groups):
        wide = [size[c] if c in common else dim for c, dim in zip(labels, x.shape)]
        x = x if wide == list(x.shape) else _ops.broadcast_to(x, shape=wide)
        order = [labels.index(c) for group in groups for c in group]
        shape = [math.prod(size[c] for c in group) for group in groups]
        return _ops.reshape(_ops.transpose(x, permutation=order), shape=shape)

    product = _ops.matmul(
        matrices(a, a_labels, batch, left, depth), matrices(b, b_labels, batch, depth, right)
    )
    labels = batch + left + right
    return "".join(labels), _ops.reshape(product, shape=[size[c] for c in labels])
