"""The compiled module: what it exports, numbers going in and out."""

import shutil
import subprocess

import numpy as np
import pytest
from steps import f, tensor

from pyclr import _core as core


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
def test_module_exports_no_code_but_what_others_call():
    """A function shared with another library, or between instruction sets, might be theirs. What
    the compiler exports of std anyway are names of types. Python calls one function, and
    threadpoolctl finds the library by the other."""
    symbols = subprocess.run(
        ["nm", "-D", "--defined-only", core.__file__], capture_output=True, text=True, check=True
    )
    functions = [line.split()[2] for line in symbols.stdout.splitlines() if line[17] in "TWi"]
    own = {n for n in functions if not n.startswith(("_ZNSt", "_ZZNSt", "_ZSt"))}
    assert own == {"PyInit__core", "pyclr_num_threads"}


def test_instruction_sets():
    assert core.isa() in core.available_isas()
    with pytest.raises(ValueError, match="must be an instruction set .* Received: 'mmx'"):
        core.select_isa("mmx")


@pytest.mark.parametrize(
    "value, dtype",
    [(True, "bool"), (3, "int32"), (3.5, "float32"), (np.float64(1), "float32"), ([1, 2], "int32"),
     ([1.5], "float32"), (np.int16(3), "int32"), (np.uint16(3), "int32"), (np.uint32(3), "int64"),
     (np.uint8(3), "uint8"), (np.float16(3), "float32"), (np.array([True]), "bool")],
)  # fmt: skip
def test_dtype_of_a_value(value, dtype):
    t = core.tensor(value)
    assert (t.dtype, t.shape) == (dtype, np.shape(value))
    np.testing.assert_array_equal(t.numpy(), value)


@pytest.mark.parametrize(
    "a, b, dtype",
    [("bool", "uint8", "uint8"), ("uint8", "int32", "int32"), ("int32", "int64", "int64"),
     ("int64", "float32", "float32"), ("float32", "float64", "float64"), ("bool", "bool", "int32")],
)  # fmt: skip
def test_promotion(a, b, dtype):
    for x, y in ((a, b), (b, a)):
        assert f.add(tensor([1], x), tensor([1], y)).dtype == dtype


def test_numbers_and_arrays_follow_the_tensor():
    x = tensor([1.0], "float32")
    for other in (2, 2.5, True, np.ones(1), np.ones(1, "int64")):
        assert f.add(x, other).dtype == "float32" == f.add(other, x).dtype
    assert f.add(tensor([1], "int32"), 2).dtype == "int32"
    assert f.add(tensor([1], "int32"), 2.5).dtype == "float32"
    assert f.divide(tensor([1], "int32"), 2).dtype == "float32"


@pytest.mark.parametrize("value", [2**53 + 1, -(2**63), 2**63 - 1])
def test_big_integers_come_out_exactly(value):
    t = core.tensor(np.int64(value))
    assert int(t) == value == t.item() and t.__index__() == value


@pytest.mark.parametrize("value, dtype", [(2**31, "int32"), (-1, "uint8"), (256, "uint8")])
def test_number_that_does_not_fit(value, dtype):
    with pytest.raises(ValueError, match=f"{value} is out of the range of {dtype}"):
        f.add(tensor([1], dtype), value)


def test_reads_of_one_element():
    assert (float(tensor([2.5])), int(tensor([[2.5]])), bool(tensor(0.0))) == (2.5, 2, False)
    for read in (float, int, bool):
        with pytest.raises(TypeError, match=r"one element is a number. Received: shape=\(2,\)"):
            read(tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="Only an integer tensor can be an index"):
        tensor(1.0).__index__()
    with pytest.raises(TypeError, match="without dimensions"):
        len(tensor(1.0))


def test_numpy_gives_a_copy_and_view_does_not():
    t = tensor([1.0, 2.0])
    t.numpy()[0] = 5
    np.asarray(t)[1] = 5
    np.testing.assert_array_equal(t.numpy(), [1, 2])
    t._view()[0] = 7
    np.testing.assert_array_equal(t.numpy(), [7, 2])


def test_alias_shares_the_array():
    array = np.arange(4.0)
    t = core.alias(array)
    array[0] = 9
    assert t.numpy()[0] == 9
    f.assign(t, tensor(np.zeros(4), "float64"))
    np.testing.assert_array_equal(array, 0)
    with pytest.raises(ValueError, match="must be C-contiguous"):
        core.alias(np.arange(8.0)[::2])


def test_view_outlives_its_tensor():
    view = f.exp(tensor(np.zeros(1000)))._view()
    others = [tensor(np.full(1000, 5.0)) for _ in range(4)]
    np.testing.assert_array_equal(view, 1)
    assert len(others) == 4


def test_trim_memory():
    for _ in range(3):
        f.exp(tensor(np.zeros(100_000)))
    core.trim_memory()
    np.testing.assert_array_equal(f.exp(tensor(np.zeros(100_000))).numpy(), 1)


def test_denormal_numbers_count_as_zero_and_only_inside():
    tiny = np.float32(1e-42)
    assert f.multiply(tensor(tiny), tensor(1.0)).numpy() == 0
    assert tiny * np.float32(1) == tiny
