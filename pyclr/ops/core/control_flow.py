"""Control flow (Keras' `keras.ops.core`): Python's own.

A condition or index that is a tensor is read, so that a training step with one is not replayed;
`pyclr.ops.where` keeps both sides and replays. Loops of a fixed number of rounds replay, unrolled.
"""

from __future__ import annotations

import functools
import itertools

from ... import _core
from ..numpy.shaping import concatenate, flip, stack
from ..operands import axis_of
from .conversion import convert_to_tensor
from .slices import take_slice, unstack

__all__ = [
    "associative_scan", "cond", "custom_gradient", "fori_loop", "map", "scan", "switch",
    "vectorized_map", "while_loop",
]  # fmt: skip

_ops = _core.ops


def cond(pred, true_fn, false_fn):
    """Returns `true_fn()` if `pred` is true, else `false_fn()`.

    Args:
        pred: Boolean, or a tensor of one element, which is read.
        true_fn: Function without arguments.
        false_fn: Function without arguments.
    """
    return true_fn() if bool(pred) else false_fn()


def switch(index, branches, *operands):
    """Returns `branches[index](*operands)`; an index out of range is clipped.

    Args:
        index: Integer, or a tensor of one element, which is read.
        branches: Sequence of functions.
        *operands: Their arguments.
    """
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Replaces `loop_vars` by `body(*loop_vars)` as long as `cond(*loop_vars)` is true.

    Args:
        cond: Function of the variables that returns a boolean or a tensor, which is read.
        body: Function of the variables that returns their next values.
        loop_vars: Tensor, or a tuple or list of structures of tensors.
        maximum_iterations: Optional integer.

    Returns:
        The last values, in the form of `loop_vars`.
    """
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)
    for done in itertools.count():
        if done == maximum_iterations or not bool(cond(*values)):
            break
        result = body(*values)
        values = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    return type(loop_vars)(values) if several else values[0]


def fori_loop(lower, upper, body_fun, init_val):
    """Returns the value after `value = body_fun(i, value)` for i from `lower` up to, without,
    `upper`.

    Args:
        lower: Integer, or a tensor of one element, which is read.
        upper: Integer, or a tensor of one element, which is read.
        body_fun: Function of an integer and the value.
        init_val: The first value, a structure of tensors.
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Carries a value along the first axis of `xs`: `carry, y = f(carry, x)` for each part.

    Args:
        f: Function of the carried value and a part; returns the next value and an output (or
            `None`).
        init: The first value carried, a structure of tensors.
        xs: Structure of tensors, or `None` if f needs none.
        length: Integer, the number of parts; needed when `xs` is `None`.
        reverse: Boolean, whether it goes from the last part to the first.
        unroll: Accepted; every loop is unrolled.

    Returns:
        The last value carried, and the outputs stacked along a new first axis (or `None`).
    """
    from ... import tree

    if not callable(f):
        raise TypeError(f"Argument `f` must be a function. Received: f={f!r}")
    if xs is None and length is None:
        raise ValueError("Argument `xs` or `length` must be given.")
    columns = [] if xs is None else [unstack(x) for x in tree.flatten(xs)]
    sizes = {len(column) for column in columns} | (set() if length is None else {int(length)})
    if len(sizes) > 1:
        raise ValueError(
            "The first axes of `xs` and `length` must agree. "
            f"Received: sizes {sorted(sizes)}, length={length}"
        )
    (count,) = sizes
    outputs, carry = [], init
    for i in reversed(range(count)) if reverse else range(count):
        part = None if xs is None else tree.pack_like(xs, [column[i] for column in columns])
        carry, y = f(carry, part)
        outputs.append(y)
    if reverse:
        outputs.reverse()
    if not outputs or all(leaf is None for leaf in tree.flatten(outputs[0])):
        return carry, None
    return carry, _stacked(outputs)


def _stacked(structures):
    from ... import tree

    leaves = zip(*(tree.flatten(structure) for structure in structures))
    return tree.pack_like(structures[0], [stack(list(column)) for column in leaves])


def associative_scan(f, elems, reverse=False, axis=0):
    """Returns the results of an associative function over the parts up to and with each one along
    `axis`, in log2(n) rounds.

    Args:
        f: Function of two structures of tensors, of any number of parts along `axis`.
        elems: Structure of tensors of one size along `axis`.
        reverse: Boolean, whether it goes from the last part to the first.
        axis: Integer.
    """
    from ... import tree

    xs = [convert_to_tensor(x) for x in tree.flatten(elems)]
    axis = axis_of(axis, xs[0].ndim)
    n = xs[0].shape[axis]
    if any(x.shape[axis] != n for x in xs):
        raise ValueError(
            f"All tensors must have one size along axis {axis}. "
            f"Received: shapes {[x.shape for x in xs]}"
        )
    xs = [flip(x, axis) for x in xs] if reverse else xs

    def part(x, first, last):
        begin, count = [0] * x.ndim, list(x.shape)
        begin[axis], count[axis] = first, last - first
        return take_slice(x, begin, count)

    reach = 1
    while reach < n:
        earlier = tree.pack_like(elems, [part(x, 0, n - reach) for x in xs])
        later = tree.pack_like(elems, [part(x, reach, n) for x in xs])
        joined = tree.flatten(f(earlier, later))
        xs = [concatenate([part(x, 0, reach), y], axis) for x, y in zip(xs, joined)]
        reach *= 2
    return tree.pack_like(elems, [flip(x, axis) for x in xs] if reverse else xs)


def map(f, xs):
    """Returns `f` of each part of `xs` along the first axis, stacked.

    Args:
        f: Function of a structure of tensors that returns one.
        xs: Structure of tensors.
    """
    from ... import tree

    columns = [unstack(x) for x in tree.flatten(xs)]
    return _stacked([f(tree.pack_like(xs, list(parts))) for parts in zip(*columns)])


def vectorized_map(function, elements):
    """Returns `function` of each part of `elements` along the first axis, stacked."""
    return map(function, elements)


def custom_gradient(f):
    """Returns a function with a gradient of its own.

    Args:
        f: Function of tensors that returns its output, a structure of tensors, and a function
            `grad(*upstream)` of the gradients of the outputs that returns those of the inputs, one
            for each (`upstream` may be taken by keyword).

    Returns:
        The function of the same tensors that returns the output.

    Example:

    ```python
    @pyclr.ops.custom_gradient
    def log1pexp(x):
        e = pyclr.ops.exp(x)

        def grad(*args, upstream=None):
            (upstream,) = args or (upstream,)
            return upstream * (1 - 1 / (1 + e))

        return pyclr.ops.log(1 + e), grad
    ```
    """

    from ... import tree

    @functools.wraps(f)
    def function(*args, **kwargs):
        args = [convert_to_tensor(x) for x in args]
        saved = _core.suspend_tapes()
        try:
            output, grad = f(*args, **kwargs)
        finally:
            _core.resume_tapes(saved)
        results = [convert_to_tensor(x) for x in tree.flatten(output)]
        host = _core.HostFunction(
            _first(len(results)), _vjp_of(grad, len(results), len(args)), "custom_gradient"
        )
        passed = _ops.host(
            *results,
            *args,
            function=host,
            shapes=[x.shape for x in results],
            dtypes=[x.dtype for x in results],
        )
        return tree.pack_like(output, passed if isinstance(passed, tuple) else [passed])

    return function


@functools.lru_cache
def _first(count):
    """The first arrays of all: what makes the output depend on the arguments. One function a
    count, so that steps are equal and replay."""

    def custom_gradient(*arrays):
        return arrays[:count]

    return custom_gradient


def _vjp_of(grad, outputs, arguments):
    def vjp(inputs, results, upstream):
        upstream = [
            _ops.full(shape=y.shape, dtype=y.dtype) if g is None else g
            for y, g in zip(results, upstream)
        ]
        gradients = grad(*upstream)
        gradients = list(gradients) if isinstance(gradients, (list, tuple)) else [gradients]
        if len(gradients) != arguments:
            raise ValueError(
                "custom_gradient: the gradient function must return one gradient for each of "
                f"{arguments} arguments. Received: {len(gradients)}"
            )
        return [None] * outputs + gradients

    return vjp
