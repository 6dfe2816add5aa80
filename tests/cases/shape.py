"""Ops that make, move and index data: every result is exact."""

import numpy as np

from cases.case import EXACT, FLOATS, INTEGERS, Bench, Case, bound_sum, bound_ulps, normal

ALL = (*FLOATS, *INTEGERS, "uint8", "bool")
# Axes that vectors do not run along are short; one element a case is as good as another.
FEW = (0, 1, 2, 5, 17)


def pick(rng, limit, shape, dtype="int32"):
    return rng.integers(0, limit, shape).astype(dtype)


def one(*shape):
    """An inputs maker: one tensor; `None` in the shape stands for n."""

    def inputs(rng, n, dtype):
        return [normal(rng, [n if dim is None else dim for dim in shape], dtype)]

    return inputs


def bench(inputs, n):
    return Bench(lambda rng, dtype: inputs(rng, n, dtype))


def full_reference(shape, dtype, value):
    return np.full(shape, value, dtype)


FULL = [
    Case(
        "full",
        lambda rng, n, dtype: [],
        full_reference,
        attrs={"shape": [3, 5], "dtype": dtype, "value": value},
        dtypes=(dtype,),
        sizes=(1,),
        bench=Bench(lambda rng, dtype: []),
        label=f"{dtype}-{value}",
    )
    for dtype, value in [("float32", 1.5), ("float64", -0.1), ("int32", -7), ("bool", 1)]
]

CAST = [
    Case(
        "cast",
        lambda rng, n, dtype: [normal(rng, (2, n), dtype, scale=4)],
        lambda x, dtype: x.astype(dtype),
        # float32's rounding of a float64
        bound=lambda inputs, expected: 0.5 * np.abs(expected),
        attrs={"dtype": dtype},
        gradient=(0,) if dtype == "float64" else (),
        # uint8 holds no negative number
        dtypes=[d for d in ALL if dtype != "uint8" or d in ("uint8", "bool")],
        sizes=(0, 1, 7, 33),
        result=dtype,
        bench=bench(one(64, None), 4096),
        label=dtype,
    )
    for dtype in ALL
]


def with_attrs(inputs, attrs):
    """An inputs maker whose attributes depend on n."""
    return lambda rng, n, dtype: (inputs(rng, n, dtype), attrs(n))


RESHAPE = [
    Case(
        "reshape",
        with_attrs(one(4, None, 6), lambda n, shape=shape: {"shape": shape(n)}),
        lambda x, shape: x.reshape(shape),
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW if label == "flat" else FEW[1:],
        bench=bench(with_attrs(one(4, None, 6), lambda n, shape=shape: {"shape": shape(n)}), 4096),
        label=label,
    )
    for label, shape in {"flat": lambda n: [24 * n], "unknown": lambda n: [2, -1, 3 * n]}.items()
]

TRANSPOSE = [
    Case(
        "transpose",
        one(2, None, 3, 5),
        lambda x, permutation: np.transpose(x, permutation),
        attrs={"permutation": permutation},
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(one(2, None, 3, 5), 4096),
        label="".join(map(str, permutation)),
    )
    for permutation in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [-1, 0, 1, -2])
]


def broadcast_inputs(shape):
    return with_attrs(one(*shape), lambda n: {"shape": [2, 3, n]})


BROADCAST = [
    Case(
        "broadcast_to",
        broadcast_inputs(shape),
        lambda x, shape: np.broadcast_to(x, shape),
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(broadcast_inputs(shape), 16384),
        label="x".join("n" if dim is None else str(dim) for dim in shape) or "scalar",
    )
    for shape in [(None,), (3, 1), (2, 1, None), ()]
]


def slice_reference(x, begin, size, strides):
    picks = (b + np.arange(n) * s for b, n, s in zip(begin, size, strides))
    return x[np.ix_(*picks)]


def slice_gradient_reference(dy, shape, begin, size, strides):
    dx = np.zeros(shape, dy.dtype)
    dx[np.ix_(*(b + np.arange(n) * s for b, n, s in zip(begin, size, strides)))] = dy
    return dx


SLICES = {  # label: (begin, size, strides) for a tensor (5, n, 6)
    "leading": lambda n: ([2, 0, 0], [3, n, 6], [1, 1, 1]),
    "inner": lambda n: ([1, n // 2, 2], [3, n - n // 2, 4], [1, 1, 1]),
    "strided": lambda n: ([0, 0, 1], [3, (n + 1) // 2, 2], [2, 2, 3]),
    "backward": lambda n: ([4, max(n - 1, 0), 5], [5, n, 3], [-1, -1, -2]),
    "nothing": lambda n: ([0, 0, 0], [5, 0, 6], [1, 1, 1]),
}


def slice_cases(label, slices):
    def attributes(n, full=False):
        begin, size, strides = slices(n)
        shape = {"shape": [5, n, 6]} if full else {}
        return {"begin": begin, "size": size, "strides": strides, **shape}

    inputs = with_attrs(one(5, None, 6), attributes)

    def seed(rng, n, dtype):
        return [normal(rng, slices(n)[1], dtype)], attributes(n, full=True)

    yield Case(
        "slice",
        inputs,
        slice_reference,
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(inputs, 16384),
        label=label,
    )
    yield Case(
        "slice_gradient",
        seed,
        slice_gradient_reference,
        gradient=(0,),
        sizes=FEW,
        bench=bench(seed, 16384),
        label=label,
    )


PAD = [
    Case(
        "pad",
        one(3, None, 2),
        lambda x, before, after, value=0: np.pad(
            x, list(zip(before, after)), constant_values=np.asarray(value, x.dtype)
        ),
        attrs=attrs,
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(one(3, None, 2), 16384),
        label=label,
    )
    for label, attrs in {
        "zeros": {"before": [1, 0, 2], "after": [0, 3, 1]},
        "ones": {"before": [0, 2, 0], "after": [0, 1, 4], "value": 1},
        "none": {"before": [0, 0, 0], "after": [0, 0, 0]},
    }.items()
]


def concat_inputs(axis):
    def inputs(rng, n, dtype):
        shapes = [[2, n, 3] for _ in range(3)]
        for shape, size in zip(shapes, (1, n, 4)):
            shape[axis] = size
        return [normal(rng, shape, dtype) for shape in shapes]

    return inputs


CONCAT = [
    Case(
        "concat",
        concat_inputs(axis),
        lambda *xs, axis: np.concatenate(xs, axis),
        attrs={"axis": axis},
        gradient=(0, 1, 2),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(concat_inputs(axis), 200),
        label=f"axis{axis}",
    )
    for axis in (0, 1, -1)
]


def gather_inputs(rng, n, dtype, axis, indices):
    picks = rng.integers(0 if indices == "uint8" else -4, 4, (3, 2)).astype(indices)
    return [normal(rng, (4, 4, n), dtype), picks]


def scatter_inputs(rng, n, dtype, axis, indices):
    shape = [4, 4, n]
    shape[axis : axis + 1] = [3, 2]
    picks = rng.integers(0 if indices == "uint8" else -4, 4, (3, 2)).astype(indices)
    return [normal(rng, shape, dtype), picks], {"axis": axis, "shape": [4, 4, n]}


def scatter_reference(dy, indices, axis, shape):
    dx = np.zeros(shape, dy.dtype)
    moved = np.moveaxis(dx, axis, 0)
    rows = np.moveaxis(dy, (axis, axis + 1), (0, 1)).reshape(indices.size, *moved.shape[1:])
    np.add.at(moved, indices.ravel(), rows)
    return dx


def gather_cases(axis, indices):
    yield Case(
        "gather",
        lambda rng, n, dtype: gather_inputs(rng, n, dtype, axis, indices),
        lambda x, picks, axis: np.take(x, picks, axis, mode="wrap"),
        attrs={"axis": axis},
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=Bench(lambda rng, dtype: gather_inputs(rng, 16384, dtype, axis, indices)),
        label=f"axis{axis}-{indices}",
    )
    yield Case(
        "scatter_add",
        lambda rng, n, dtype: scatter_inputs(rng, n, dtype, axis, indices),
        scatter_reference,
        bound_sum(lambda inputs: 6),
        gradient=(0,),
        dtypes=FLOATS + INTEGERS,
        sizes=FEW,
        bench=Bench(lambda rng, dtype: scatter_inputs(rng, 16384, dtype, axis, indices)),
        label=f"axis{axis}-{indices}",
    )


def along_inputs(axis, indices):
    """A tensor (4, 4, n) and as many indices but for the axis; or, with n indices, (4, 4, 5)."""

    def shapes(n):
        x, picks = [4, 4, 5], [4, 4, 5]
        x[axis], picks[axis] = 4, n
        return x, picks

    def take(rng, n, dtype):
        x, picks = shapes(n)
        return [normal(rng, x, dtype), rng.integers(-4, 4, picks).astype(indices)]

    def add(rng, n, dtype):
        x, picks = shapes(n)
        values = [normal(rng, picks, dtype), rng.integers(-4, 4, picks).astype(indices)]
        return values, {"shape": x}

    return take, add


def add_along_reference(values, indices, axis, shape):
    result = np.zeros(shape, values.dtype)
    places = list(np.indices(indices.shape))
    places[axis] = indices
    np.add.at(result, tuple(places), values)
    return result


def along_axis_cases(axis, indices):
    take, add = along_inputs(axis, indices)
    yield Case(
        "take_along_axis",
        take,
        lambda x, picks, axis: np.take_along_axis(x, picks, axis),
        attrs={"axis": axis},
        gradient=(0,),
        dtypes=ALL,
        sizes=FEW,
        bench=bench(take, 16384),
        label=f"axis{axis}-{indices}",
    )
    yield Case(
        "add_along_axis",
        add,
        add_along_reference,
        bound_sum(lambda inputs: inputs[0].size),
        attrs={"axis": axis},
        gradient=(0,),
        dtypes=FLOATS + INTEGERS,
        sizes=FEW,
        bench=bench(add, 16384),
        label=f"axis{axis}-{indices}",
    )


def one_hot_reference(indices, depth, dtype):
    return (indices[..., None] == np.arange(depth)).astype(dtype)


def one_hot_inputs(rng, n, dtype):
    return [rng.integers(0 if dtype == "uint8" else -1, 5, (2, n)).astype(dtype)]


ONE_HOT = [
    Case(
        "one_hot",
        one_hot_inputs,
        one_hot_reference,
        attrs={"depth": 4, "dtype": result},  # 4 and -1 are out of range: a row of zeros
        dtypes=("int32", "int64", "uint8"),
        sizes=FEW,
        result=result,
        bench=Bench(lambda rng, dtype: [pick(rng, 4, (64, 4096))]),
        label=result,
    )
    for result in ("float32", "float64", "int32", "bool")
]


def pair(rng, n, dtype):
    return [normal(rng, (3, n), dtype), normal(rng, (3, n), dtype)]


ASSIGN = [
    Case(op, pair, reference, bound, writes=(0,), dtypes=dtypes, bench=bench(pair, 1 << 16))
    for op, reference, bound, dtypes in [
        ("assign", lambda variable, value: value, EXACT, ALL),
        ("assign_add", lambda variable, value: variable + value, bound_ulps(1), ALL[:-1]),
    ]
]

CASES = [
    *FULL,
    *CAST,
    *RESHAPE,
    *TRANSPOSE,
    *BROADCAST,
    *(case for item in SLICES.items() for case in slice_cases(*item)),
    *PAD,
    *CONCAT,
    *(case for args in [(0, "int32"), (1, "int64"), (1, "uint8")] for case in gather_cases(*args)),
    *(case for args in [(0, "int32"), (2, "int64")] for case in along_axis_cases(*args)),
    *ONE_HOT,
    *ASSIGN,
]
