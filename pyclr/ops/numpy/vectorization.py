"""`vectorize`: a function of parts of tensors as a function of whole ones."""

from __future__ import annotations

import itertools
import re

from ... import _core
from ..core import convert_to_tensor
from ..operands import joint_shape
from .shaping import stack

__all__ = [
    "vectorize",
]  # fmt: skip

_ops = _core.ops


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Returns a function that calls `pyfunc` for every element, or part, of its arguments.

    The loop is Python's; each call takes and returns tensors, so that gradients flow and a training
    step is replayed, unrolled.

    Args:
        pyfunc: Function of tensors that returns a tensor or a tuple of them.
        excluded: Optional set of places and names of arguments that are handed on as they are.
        signature: Optional string such as `"(n),(n)->()"`: the last axes of the arguments that a
            call gets whole. Defaults to single elements.
    """
    if not callable(pyfunc):
        raise TypeError(f"Argument `pyfunc` must be a function. Received: {pyfunc!r}")
    excluded = set(excluded or ())
    core_ranks = None if signature is None else _ranks(signature)

    def vectorized(*args, **kwargs):
        places = [i for i in range(len(args)) if i not in excluded]
        names = [name for name in kwargs if name not in excluded]
        given = [args[i] for i in places] + [kwargs[name] for name in names]
        tensors = [convert_to_tensor(x) for x in given]
        ranks = core_ranks or [0] * len(tensors)
        if len(ranks) != len(tensors):
            raise ValueError(
                f"Signature '{signature}' is for {len(ranks)} arguments. Received: {len(tensors)}"
            )
        loop = _loop_shape([x.shape[: x.ndim - rank] for x, rank in zip(tensors, ranks)])
        wide = [
            _ops.broadcast_to(x, shape=[*loop, *x.shape[x.ndim - rank :]])
            for x, rank in zip(tensors, ranks)
        ]
        results = []
        for at in itertools.product(*(range(n) for n in loop)):
            parts = [x[at] if at else x for x in wide]
            positional = list(args)
            for i, part in zip(places, parts):
                positional[i] = part
            results.append(
                pyfunc(*positional, **{**kwargs, **dict(zip(names, parts[len(places) :]))})
            )
        if not isinstance(results[0], tuple):
            return _joined(results, loop)
        return tuple(_joined(column, loop) for column in zip(*results))

    return vectorized


def _joined(parts, loop):
    if not loop:
        return convert_to_tensor(parts[0])
    whole = stack(list(parts))
    return _ops.reshape(whole, shape=[*loop, *whole.shape[1:]])


def _loop_shape(shapes):
    joint = ()
    for shape in shapes:
        joint = joint_shape(joint, shape)
    return list(joint)


def _ranks(signature):
    """How many axes of each argument a call gets whole."""
    text = signature.replace(" ", "")
    group = r"\((?:\w+(?:,\w+)*)?\)"
    if not re.fullmatch(rf"{group}(?:,{group})*->{group}(?:,{group})*", text):
        raise ValueError(
            f"Argument `signature` must be of a form such as '(n),(n)->()'. Received: {signature!r}"
        )
    groups = re.findall(r"\(([^)]*)\)", text.partition("->")[0])
    return [len(axes.split(",")) if axes else 0 for axes in groups]
