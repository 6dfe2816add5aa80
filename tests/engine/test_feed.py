"""Feeder: the rows of shuffled batches from arrays of any numeric dtype."""

import numpy as np
import pytest
from steps import f, make_program, tensor

from pyclr import _core as core
from pyclr._feed import TENSOR_DTYPES, Feeder, tensor_dtype


def values(dtype, shape=(11, 3)):
    kind = np.dtype(dtype).kind
    rng = np.random.default_rng(5)
    if kind == "b":
        return rng.random(shape) < 0.5
    if kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    info = np.iinfo(dtype)
    high = min(info.max, np.iinfo("int64").max)
    return rng.integers(info.min, high, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", TENSOR_DTYPES)
@pytest.mark.parametrize("shuffled", [False, True])
def test_dtypes(dtype, shuffled):
    array = values(dtype)
    order = np.random.default_rng(6).permutation(11) if shuffled else None
    feeder = Feeder([array], order)
    assert feeder.dtypes == (TENSOR_DTYPES[dtype],) and feeder.rows == 11
    expected = array.astype(TENSOR_DTYPES[dtype])
    expected = expected if order is None else expected[order]
    for first, count in [(0, 11), (3, 4), (10, 1), (5, 0)]:
        (batch,) = feeder.batch(first, count)
        assert batch.dtype == TENSOR_DTYPES[dtype]
        np.testing.assert_array_equal(batch, expected[first : first + count])


def test_float64_rounds_as_numpy_does():
    x = np.asarray([[0.1], [1e-46], [3.4e38], [-np.inf], [np.nan]])
    np.testing.assert_array_equal(Feeder([x]).batch(0, 5)[0], x.astype("float32"))


@pytest.mark.parametrize("dtype", ["complex64", "U3", "object", "datetime64[s]"])
def test_other_dtypes_have_no_tensor(dtype):
    assert tensor_dtype(np.zeros(2, dtype)) is None
    with pytest.raises((KeyError, TypeError)):
        Feeder([np.zeros(2, dtype)])


LAYOUTS = {
    "every other row": lambda a: a[::2],
    "backwards": lambda a: a[::-1],
    "columns of a wider array": lambda a: np.concatenate([a, a], 1)[:, 1:4],
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "fortran order": np.asfortranarray,
    "one column": lambda a: a[:, 1],
    "every other column": lambda a: np.repeat(a, 2, 1)[:, ::2],
    "broadcast rows": lambda a: np.broadcast_to(a[:1], a.shape),
    "broadcast columns": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "read only": lambda a: (a.setflags(write=False), a)[1],
    "images": lambda a: a.reshape(-1, 1, 3, 1)[:, :, ::-1],
    "no axis of rows": lambda a: a[:, :0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int16"])
def test_memory_layouts(layout, dtype):
    array = LAYOUTS[layout](values(dtype))
    order = np.random.default_rng(7).permutation(len(array))
    for order_or_none in (None, order):
        (batch,) = Feeder([array], order_or_none).batch(1, len(array) - 1)
        rows = array if order_or_none is None else array[order]
        np.testing.assert_array_equal(batch, rows[1:].astype(batch.dtype))


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">i4", ">u4", "<f8"])
def test_byte_orders(dtype):
    array = values(np.dtype(dtype).newbyteorder("=")).astype(dtype)
    (batch,) = Feeder([array]).batch(0, 11)
    assert batch.dtype.isnative
    np.testing.assert_array_equal(batch, array.astype(batch.dtype))


def test_memmap(tmp_path):
    array = values("float32", (50, 4))
    array.tofile(tmp_path / "x.bin")
    mapped = np.memmap(tmp_path / "x.bin", "float32", "r", shape=(50, 4))
    order = np.random.default_rng(8).permutation(50)
    np.testing.assert_array_equal(Feeder([mapped], order).batch(10, 20)[0], array[order[10:30]])


def test_unaligned_rows():
    """Fields of a packed record lie at any byte."""
    record = np.zeros(9, [("tag", "u1"), ("x", "f8")])
    record["x"] = np.arange(9)
    np.testing.assert_array_equal(Feeder([record["x"]]).batch(0, 9)[0], np.arange(9))


def test_several_arrays_keep_their_rows_together():
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    order = np.random.default_rng(9).permutation(10)
    bx, by = Feeder([x, y], order).batch(2, 5)
    np.testing.assert_array_equal(bx[:, 0], 2 * by)


def test_order_may_repeat_and_leave_out_rows():
    feeder = Feeder([np.arange(4)], [3, 3, 0, 3, 1, 1])
    np.testing.assert_array_equal(feeder.batch(0, 6)[0], [3, 3, 0, 3, 1, 1])


def test_new_order():
    feeder = Feeder([np.arange(4)])
    feeder.set_order([3, 2, 1, 0])
    np.testing.assert_array_equal(feeder.batch(0, 4)[0], [3, 2, 1, 0])
    feeder.set_order(None)
    np.testing.assert_array_equal(feeder.batch(0, 4)[0], np.arange(4))


@pytest.mark.parametrize("order", [[0, 4], [-1, 0], [0, 2**40]])
def test_order_beyond_the_rows(order):
    feeder = Feeder([np.arange(4)])
    with pytest.raises(IndexError, match="a row that does not exist"):
        feeder.set_order(order)
    np.testing.assert_array_equal(feeder.batch(0, 4)[0], np.arange(4))  # the old order holds
    with pytest.raises(IndexError):
        Feeder([np.arange(4)], order)


@pytest.mark.parametrize(
    "first, batch, steps", [(0, 2, 3), (4, 1, 1), (-1, 1, 1), (0, 0, 1), (0, 5, 1)]
)
def test_batches_beyond_the_rows(first, batch, steps):
    with pytest.raises(IndexError, match="there are 4"):
        Feeder([np.arange(4)]).source_at(first, batch, steps)


def test_arrays_of_different_lengths():
    """No batch reads beyond an array."""
    with pytest.raises(ValueError, match="rows"):
        Feeder([np.arange(10), np.arange(4)])


def test_empty():
    feeder = Feeder([np.zeros((0, 3), "float32")])
    assert feeder.rows == 0
    assert feeder.batch(0, 0)[0].shape == (0, 3)
    with pytest.raises(IndexError):
        feeder.batch(0, 1)


def test_no_arrays():
    assert Feeder([]).batch(0, 0) == []


def test_arrays_live_as_long_as_the_feeder():
    array = values("float64", (1000, 50))
    expected = array.astype("float32")
    feeder = Feeder([array])
    del array
    filler = [np.full((1000, 50), 7.0) for _ in range(4)]
    np.testing.assert_array_equal(feeder.batch(0, 1000)[0], expected)
    assert len(filler) == 4


def test_replay_reads_what_batch_gives():
    x, y = values("float64", (24, 5)), values("uint8", (24,))
    order = np.random.default_rng(10).permutation(24)
    feeder = Feeder([x, y], order)
    example = [tensor(a, d) for a, d in zip(feeder.batch(0, 4), feeder.dtypes)]
    program = make_program(lambda x, y: [f.sum(x, axes=[1]), f.cast(y, dtype="int32")], *example)
    sinks = [np.zeros((6, 4), "float32"), np.zeros((6, 4), "int32")]
    assert program.replay(feeder.source_at(0, 4, 6), [], 6, 1e9, sinks)[0] == 6
    for k in range(6):
        bx, by = feeder.batch(4 * k, 4)
        np.testing.assert_array_equal(sinks[0][k], f.sum(tensor(bx), axes=[1]).numpy())
        np.testing.assert_array_equal(sinks[1][k], by)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_batches_gathered_ahead(count, threads):
    """Idle threads gather the next batch while a step computes; one without a use is dropped."""
    threads(count)
    steps, rows = 40, 96
    x, y = values("float64", (steps * rows, 300)), values("int16", (steps * rows,))
    order = np.random.default_rng(11).permutation(steps * rows)
    feeder = Feeder([x, y], order)
    example = [tensor(a, d) for a, d in zip(feeder.batch(0, rows), feeder.dtypes)]
    w = tensor(np.zeros((300, 300)))

    def step(x, y):
        return [f.add(f.matmul(x, w), x), y]

    program = make_program(step, *example)
    for seconds in (1e9, 0):
        sinks = [np.zeros((steps, rows, 300), "float32"), np.zeros((steps, rows), "int32")]
        done = 0
        while done < steps:
            source = feeder.source_at(done * rows, rows, steps - done)
            left = [sink[done:] for sink in sinks]
            done += program.replay(source, [], steps - done, seconds, left)[0]
        np.testing.assert_array_equal(sinks[0].reshape(-1, 300), x[order].astype("float32"))
        np.testing.assert_array_equal(sinks[1].ravel(), y[order])


def aligned(shape, dtype, offset=0):
    """Zeros that begin `offset` bytes behind a multiple of 64."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 128, "uint8")
    start = -memory.__array_interface__["data"][0] % 64 + offset
    return memory[start : start + size].view(dtype).reshape(shape)


@pytest.mark.parametrize(
    "x, y, where",
    [
        (aligned((24, 5), "float32"), aligned((24,), "uint8"), {"x": True, "y": True}),
        (aligned((24, 5), "float32", 4), aligned((24,), "float64"), {"x": True, "y": False}),
        (aligned((24, 5), "float32", 2), aligned((24,), "int32"), {"x": False, "y": True}),
        (aligned((24, 7), "float32")[:, :5], aligned((24,), "bool"), {"x": False, "y": True}),
        (aligned((48, 5), "float32")[::2], aligned((48,), "int32")[::2], {"x": False, "y": False}),
    ],
    ids=["whole", "converted", "unaligned", "columns", "strided"],
)
@pytest.mark.parametrize("count", [1, 2])
def test_batches_read_where_they_lie(x, y, where, count, threads):
    """Seen by a host function, which is given the batch's memory."""
    threads(count)
    x[...] = values("float32", x.shape)
    y[...] = np.arange(24) % 2
    feeder = Feeder([x, y])
    example = [tensor(a, d) for a, d in zip(feeder.batch(0, 4), feeder.dtypes)]
    places = []

    def look(a, b):
        places.append([array.__array_interface__["data"][0] for array in (a, b)])
        return a

    host = core.HostFunction(look, name="look")
    program = make_program(
        lambda a, b: f.host(a, b, function=host, shapes=[[4, 5]], dtypes=["float32"]), *example
    )
    del places[:]
    sinks = [np.zeros((6, 4, 5), "float32")]
    assert program.replay(feeder.source_at(0, 4, 6), [], 6, 1e9, sinks)[0] == 6
    np.testing.assert_array_equal(sinks[0].reshape(24, 5), x)
    for i, (name, array) in enumerate({"x": x, "y": y}.items()):
        own = [array[4 * k :].__array_interface__["data"][0] for k in range(6)]
        assert ([place[i] for place in places] == own) == where[name]


def test_batches_that_a_step_writes_are_copied():
    """The array stays the caller's."""
    x = values("float32", (24, 5))
    before = x.copy()

    def step(x):
        f.assign_add(x, f.square(x))
        return f.sum(x, axes=[1])

    program = make_program(step, tensor(x[:4].copy()))
    assert program.writes_inputs
    sinks = [np.zeros((6, 4), "float32")]
    program.replay(Feeder([x]).source_at(0, 4, 6), [], 6, 1e9, sinks)
    np.testing.assert_array_equal(x, before)
    expected = f.sum(f.add(tensor(x), f.square(tensor(x))), axes=[1]).numpy()
    np.testing.assert_array_equal(sinks[0].ravel(), expected)


def test_source_must_be_a_batch_source():
    import ctypes

    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule = make(1, b"something else", None)
    program = make_program(lambda x: f.exp(x), tensor([1.0]))
    with pytest.raises(TypeError, match="batch source"):
        program.replay(capsule, [], 1, 1e9)
