"""Reductions, argmax, transpose and products over the shapes that the loops are split for: tiles,
groups of rows, merged and scattered axes; on every instruction set, against NumPy."""

import itertools

import numpy as np
import pytest

from pyclr import _core as core

DTYPES = ["float32", "float64", "int32", "int64"]
rng = np.random.default_rng(0)


@pytest.fixture(params=core.available_isas(), autouse=True)
def isa(request):
    before = core.isa()
    core.select_isa(request.param)
    yield request.param
    core.select_isa(before)


def numbers(shape, dtype):
    """Integers, so that ties occur and sums are exact; a few NaN among floats."""
    x = rng.integers(-5, 5, shape).astype(dtype)
    if "float" in dtype:
        x[rng.random(shape) < 0.001] = np.nan
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(5, 1000), (3, 17, 70), (2, 3000, 5), (7, 33), (4, 10), (0, 3), (3, 0, 4), (1, 513)]
)
def test_largest_and_smallest(shape, dtype):
    x = numbers(shape, dtype)
    for axis in (a for a, size in enumerate(shape) if size):
        for name in ("argmax", "argmin"):
            found = getattr(core.ops, name)(core.tensor(x), axis=axis).numpy()
            np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))
        for name in ("max", "min"):
            found = getattr(core.ops, name)(core.tensor(x), axes=[axis]).numpy()
            np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(3, 5, 7, 2), (1, 65, 130), (64, 1, 3, 17), (2, 2, 2, 2, 2, 9), (0, 4, 3), (129, 67)]
)
def test_transpose(shape, dtype):
    x = rng.integers(0, 99, shape).astype(dtype)
    orders = list(itertools.permutations(range(len(shape))))
    for order in orders[:: max(1, len(orders) // 12)]:
        found = core.ops.transpose(core.tensor(x), permutation=list(order)).numpy()
        np.testing.assert_array_equal(found, x.transpose(order))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_and_maxima_over_every_set_of_axes(dtype):
    x = rng.integers(-3, 4, (3, 2, 5, 4, 6)).astype(dtype)
    for count in range(1, 6):
        for axes in itertools.combinations(range(5), count):
            for name in ("sum", "max"):
                found = getattr(core.ops, name)(core.tensor(x), axes=list(axes)).numpy()
                np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axes))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "m, k, n", [(50, 2100, 270), (300, 1030, 10), (7, 1030, 300), (130, 3, 530), (200, 100, 130)]
)
def test_products(m, k, n, dtype, count, threads):
    """Deeper than a slab, more columns than a panel, more rows than a block."""
    threads(count)
    a, b = (rng.integers(-3, 4, shape).astype(dtype) for shape in [(m, k), (k, n)])
    expected = a @ b
    for ta, tb in itertools.product([False, True], repeat=2):
        pair = (core.tensor(np.ascontiguousarray(x.T if t else x)) for x, t in ((a, ta), (b, tb)))
        found = core.ops.matmul(*pair, transpose_a=ta, transpose_b=tb).numpy()
        np.testing.assert_array_equal(found, expected)
    found = core.ops.dense_input_gradient(core.tensor(a), core.tensor(b.T.copy())).numpy()
    np.testing.assert_array_equal(found, expected)
