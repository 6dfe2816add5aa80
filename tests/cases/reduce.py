"""Reductions over any axes."""

import numpy as np

from cases.case import EXACT, FLOATS, INTEGERS, Bench, Case, bound_sum, normal, uniform

AXES = {  # of a tensor (3, 4, n)
    "all": [],
    "last": [-1],
    "first": [0],
    "middle": [1],
    "leading": [0, 1],
    "trailing": [1, 2],
    "scattered": [0, 2],
}


def count(inputs, axes):
    shape = inputs[0].shape
    return int(np.prod([shape[axis] for axis in axes] if axes else shape))


def distinct(rng, n, dtype):
    """No two elements closer than a difference quotient's steps."""
    size = 12 * n
    values = rng.permutation(size).astype(dtype) - size // 2
    return [values.reshape(3, 4, n)]


def factors(rng, n, dtype):
    if np.dtype(dtype).kind == "i":
        return [rng.choice([-1, 1, 2], (3, 4, n), p=[0.3, 0.68, 0.02]).astype(dtype)]
    values = uniform(rng, (3, 4, n), dtype, 0.9, 1.1)
    return [values * rng.choice([-1, 1], values.shape).astype(dtype)]


def deviates(rng, n, dtype):
    return [normal(rng, (3, 4, n), dtype)]


def reduction(op, function, inputs, bound, dtypes, sizes=None):
    for label, axes in AXES.items():
        for keepdims in (False, True) if label in ("all", "middle", "scattered") else (False,):

            def reference(x, axes, keepdims):
                return function(x, tuple(axes) or None, keepdims)

            yield Case(
                op,
                inputs,
                reference,
                bound(axes),
                attrs={"axes": axes, "keepdims": keepdims},
                gradient=(0,),
                dtypes=dtypes,
                sizes=sizes,
                bench=Bench(lambda rng, dtype: inputs(rng, 20_000, dtype)),
                label=f"{label}-kept" if keepdims else label,
            )


def with_axes(function):
    """NumPy's function with the dtype kept: an int32 sum is int32."""
    return lambda x, axes, keepdims: function(x, axis=axes, keepdims=keepdims).astype(x.dtype)


def sum_bound(axes):
    return bound_sum(lambda inputs: count(inputs, axes))


def mean_bound(axes):
    return lambda inputs, expected: 3 * np.abs(inputs[0]).max(initial=0)


def prod_bound(axes):
    return lambda inputs, expected: count(inputs, axes) * np.abs(expected)


def exact(axes):
    return EXACT


POSITIVE_SIZES = tuple(range(1, 34))


def argument(op, function):
    for axis in (0, 1, -1):
        for keepdims in (False, True):

            def with_ties(rng, n, dtype):
                return [rng.integers(0, 4, (3, 4, n)).astype(dtype)]

            yield Case(
                op,
                with_ties,
                lambda x, axis, keepdims: function(x, axis=axis, keepdims=keepdims),
                attrs={"axis": axis, "keepdims": keepdims},
                dtypes=(*FLOATS, *INTEGERS, "uint8", "bool"),
                sizes=POSITIVE_SIZES if axis == -1 else None,
                result="int32",
                bench=Bench(lambda rng, dtype: with_ties(rng, 20_000, dtype)),
                label=f"axis{axis}-kept" if keepdims else f"axis{axis}",
            )


def with_ties(rng, n, dtype):
    return [rng.integers(0, 9, (3, 4, n)).astype(dtype)]


def sort_reference(x, axis, descending):
    # Falling order, ties in their order: rising order of what is counted from the end.
    order = np.argsort(x, axis=axis, kind="stable")
    if descending:
        order = x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis=axis, kind="stable")
        order = np.flip(order, axis)
    return np.take_along_axis(x, order, axis), order.astype("int32")


def along_axis(op, inputs, reference, bound, dtypes, flag, differentiable=True, label=""):
    for axis in (0, 1, -1):
        for value in (False, True):
            yield Case(
                op,
                inputs,
                reference,
                bound,
                attrs={"axis": axis, flag: value},
                gradient=(0,) if differentiable else (),
                dtypes=dtypes,
                sizes=FEW,
                bench=Bench(lambda rng, dtype: inputs(rng, 20_000, dtype)),
                label=f"{label}axis{axis}-{flag}" if value else f"{label}axis{axis}",
            )


def cumsum_reference(x, axis, reverse):
    if reverse:
        return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
    return np.cumsum(x, axis, dtype=x.dtype)


FEW = (0, 1, 2, 5, 17)
NUMBERS = FLOATS + INTEGERS
CASES = [
    *reduction("sum", with_axes(np.sum), deviates, sum_bound, NUMBERS),
    *reduction("mean", with_axes(np.mean), deviates, mean_bound, FLOATS, POSITIVE_SIZES),
    *reduction("max", with_axes(np.max), distinct, exact, NUMBERS, POSITIVE_SIZES),
    *reduction("min", with_axes(np.min), distinct, exact, NUMBERS, POSITIVE_SIZES),
    *reduction("prod", with_axes(np.prod), factors, prod_bound, NUMBERS),
    *argument("argmax", np.argmax),
    *argument("argmin", np.argmin),
    *along_axis(
        "sort", with_ties, sort_reference, EXACT, (*NUMBERS, "uint8", "bool"), "descending", False
    ),
    *along_axis("sort", distinct, sort_reference, EXACT, FLOATS, "descending", label="distinct-"),
    *along_axis(
        "cumsum",
        deviates,
        cumsum_reference,
        bound_sum(lambda inputs: max(inputs[0].shape)),
        (*NUMBERS, "uint8"),
        "reverse",
    ),
]
