"""Every op against its NumPy reference: dtypes, vector tails, instruction sets, empty tensors."""

import zlib

import numpy as np
import pytest
from cases.case import call_op, tensors
from op_cases import CASES

from pyclr import _core as core

# Every tail after no, one or two vectors of the widest instruction set (16 floats).
TAILS = (0, *range(1, 34))


def generator(case, *key):
    return np.random.default_rng([zlib.crc32(str(case).encode()), *key])


@pytest.fixture
def each_isa():
    """Selects one instruction set after the other, and the first again at the end."""
    before = core.isa()

    def select():
        for name in core.available_isas():
            core.select_isa(name)
            yield name

    yield select
    core.select_isa(before)


def assert_close(case, arrays, got, expected, dtype, where):
    got = got.numpy()
    assert got.shape == expected.shape, f"{where}: shape {got.shape}, expected {expected.shape}"
    if got.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected, where)
        return
    wide = got.astype("float64")
    allowed = np.broadcast_to(case.allowed(arrays, expected, got.dtype), expected.shape)
    same = (wide == expected) | (np.isnan(wide) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        wrong = ~(same | (np.abs(wide - expected) <= allowed))
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise AssertionError(
            f"{where}: {wrong.sum()} of {wrong.size} wrong, first at {at}: {wide[at]!r}, "
            f"expected {expected[at]!r} within {allowed[at]:.3g}"
        )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case, each_isa):
    for dtype in case.dtypes:
        for n in TAILS if case.sizes is None else case.sizes:
            arrays, attrs = case.make(generator(case, n), n, dtype)
            expected = [np.asarray(e) for e in case.expected(arrays, attrs)]
            for isa in each_isa():
                where = f"{dtype}, n={n}, {isa}"
                inputs = tensors(arrays)
                got = case.outputs(inputs, attrs)
                assert len(got) == len(expected), where
                for output, value in zip(got, expected):
                    assert_close(case, arrays, output, value, dtype, where)
                if len(got) > len(case.writes):
                    assert got[0].dtype == (case.result or dtype), where
                for i, (array, tensor) in enumerate(zip(arrays, inputs)):
                    if i not in case.writes:
                        np.testing.assert_array_equal(tensor.numpy(), array, f"{where}: input {i}")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_of_large_inputs(case):
    """The bench's shapes, which are cut into many pieces of work."""
    arrays, attrs = case.make_bench(generator(case), case.dtypes[0])
    for output, value in zip(case.outputs(tensors(arrays), attrs), case.expected(arrays, attrs)):
        assert_close(case, arrays, output, np.asarray(value), case.dtypes[0], "large")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_result_does_not_depend_on_what_memory_held(case):
    dtype = case.dtypes[0]
    n = 5 if case.sizes is None or 5 in case.sizes else case.sizes[-1]
    arrays, attrs = case.make(generator(case), n, dtype)
    results = []
    for byte in (0xFF, 0x00):
        outputs = case.outputs(tensors(arrays), attrs)
        sizes = [t.numpy().nbytes for t in outputs]
        del outputs
        # Freed blocks go to the next tensors of their size: fill those.
        blocks = [core.tensor(np.full(max(s, 1), byte, "uint8")) for s in sizes for _ in range(4)]
        del blocks
        results.append([t.numpy().tobytes() for t in case.outputs(tensors(arrays), attrs)])
    assert results[0] == results[1]


@pytest.mark.parametrize("case", [c for c in CASES if c.run is call_op], ids=str)
def test_inferred_shapes_and_dtypes_are_the_real_ones(case):
    dtype = case.dtypes[0]
    arrays, attrs = case.make(generator(case), 3 if case.sizes is None else case.sizes[-1], dtype)
    given = [(list(a.shape), a.dtype.name) for a in arrays]
    outputs = case.run(case, tensors(arrays), attrs)
    assert core.infer(case.op, given, **attrs) == [(t.shape, t.dtype) for t in outputs]


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "power"])
def test_integers_wrap(name, dtype, each_isa):
    """As NumPy's arrays do, in whole vectors and in the rest."""
    limits = np.iinfo(dtype)
    a = np.tile(np.array([limits.max, limits.min, limits.max, 3], dtype), 11)
    b = np.tile(np.array([1, -1, limits.max, 77], dtype), 11)
    b = np.abs(b) % 99 if name == "power" else b
    for pairs in ((a, b), (a, b[:1]), (a[:1], b)):
        got = getattr(core.ops, name)(*(core.tensor(array) for array in pairs))
        np.testing.assert_array_equal(got.numpy(), getattr(np, name)(*pairs))
