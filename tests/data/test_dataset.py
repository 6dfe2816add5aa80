"""Dataset: every stage against plain Python; rows gathered in C++ against stage by stage."""

import itertools
import threading

import numpy as np
import pytest

import pyclr
from pyclr import tree
from pyclr.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, TensorSpec
from pyclr.data.dataset_source import dataset_source
from pyclr.data.rows import RowSource
from pyclr.data.transforms import StageError

X = np.arange(23)
F = np.arange(46, dtype="float32").reshape(23, 2)


def plain(dataset):
    """The elements as lists and numbers."""
    return [
        tree.map_structure(lambda leaf: np.asarray(leaf).tolist(), element)
        for element in dataset.as_numpy_iterator()
    ]


def chunks(values, size):
    values = list(values)
    return [values[i : i + size] for i in range(0, len(values), size)]


R = Dataset.range

# name -> (dataset, its elements, its cardinality if that is not their number)
CASES = {
    "slices": (
        Dataset.from_tensor_slices((X, F)),
        [(i, [2.0 * i, 2.0 * i + 1]) for i in range(23)],
    ),
    "slices of a dictionary": (
        Dataset.from_tensor_slices({"a": X[:2], "b": (F[:2], X[:2])}),
        [{"a": i, "b": ([2.0 * i, 2.0 * i + 1], i)} for i in range(2)],
    ),
    "one element": (Dataset.from_tensors((X[:3], 5)), [([0, 1, 2], 5)]),
    "list": (Dataset.from_list([(1, 2.0), (3, 4.0)]), [(1, 2.0), (3, 4.0)]),
    "range": (R(2, 11, 3), [2, 5, 8]),
    "zip": (Dataset.zip((R(3), R(5))), [(0, 0), (1, 1), (2, 2)]),
    "zip of arguments": (Dataset.zip(R(2), R(2)), [(0, 0), (1, 1)]),
    "zip of names": (Dataset.zip({"a": R(2), "b": R(3)}), [{"a": 0, "b": 0}, {"a": 1, "b": 1}]),
    "map": (R(4).map(lambda a: (a, a * 2)), [(i, 2 * i) for i in range(4)]),
    "map of a tuple": (
        Dataset.zip((R(3), R(3))).map(lambda a, b: {"sum": a + b}),
        [{"sum": 2 * i} for i in range(3)],
    ),
    "map in threads": (
        R(50).map(lambda a: a * a, num_parallel_calls=4),
        [i * i for i in range(50)],
    ),
    "filter": (R(10).filter(lambda a: a % 3 == 0), [0, 3, 6, 9], UNKNOWN_CARDINALITY),
    "take_while": (R(10).take_while(lambda a: a < 4), [0, 1, 2, 3], UNKNOWN_CARDINALITY),
    "batch": (R(10).batch(4), chunks(range(10), 4)),
    "batch without remainder": (R(10).batch(4, drop_remainder=True), chunks(range(8), 4)),
    "batch of batches": (R(8).batch(2).batch(2), [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
    "unbatch": (R(10).batch(4).unbatch(), list(range(10)), UNKNOWN_CARDINALITY),
    "rebatch": (R(10).batch(4).rebatch(3), chunks(range(10), 3), UNKNOWN_CARDINALITY),
    "repeat": (R(3).repeat(2), [0, 1, 2, 0, 1, 2]),
    "repeat never": (R(3).repeat(0), []),
    "repeat without end": (R(3).repeat().take(7), [0, 1, 2, 0, 1, 2, 0]),
    "repeat nothing": (R(0).repeat(), [], 0),
    "batches across repetitions": (R(3).repeat(2).batch(4), [[0, 1, 2, 0], [1, 2]]),
    "take": (R(10).take(3), [0, 1, 2]),
    "take all": (R(3).take(-1), [0, 1, 2]),
    "take more than there are": (R(3).take(9), [0, 1, 2]),
    "skip": (R(10).skip(7), [7, 8, 9]),
    "skip all": (R(3).skip(-1), []),
    "shard": (R(10).shard(3, 1), [1, 4, 7]),
    "shard across repetitions": (
        Dataset.from_tensor_slices(X).repeat(2).shard(4, 3),
        (list(range(23)) * 2)[3::4],
    ),
    "concatenate": (R(3).concatenate(R(7, 9)), [0, 1, 2, 7, 8]),
    "enumerate": (R(7, 9).enumerate(5), [(5, 7), (6, 8)]),
    "flat_map": (R(4).flat_map(lambda n: R(n)), [0, 0, 1, 0, 1, 2], UNKNOWN_CARDINALITY),
    # This and the next are the examples of tf.data's documentation of interleave.
    "interleave": (
        R(1, 6).interleave(
            lambda n: Dataset.from_tensors(n).repeat(6), cycle_length=2, block_length=4
        ),
        [1] * 4 + [2] * 4 + [1] * 2 + [2] * 2 + [3] * 4 + [4] * 4 + [3] * 2 + [4] * 2 + [5] * 6,
        UNKNOWN_CARDINALITY,
    ),
    "interleave of other lengths": (
        R(1, 6).interleave(lambda n: Dataset.from_tensors(n).repeat(n), cycle_length=3),
        [1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 4, 5, 5, 5],
        UNKNOWN_CARDINALITY,
    ),
    "window": (
        R(7).window(3).flat_map(lambda w: w.batch(3)),
        [[0, 1, 2], [3, 4, 5], [6]],
        UNKNOWN_CARDINALITY,
    ),
    "window with steps": (
        R(9).window(3, shift=1, stride=2, drop_remainder=True).flat_map(lambda w: w.batch(3)),
        [[i, i + 2, i + 4] for i in range(5)],
        UNKNOWN_CARDINALITY,
    ),
    "window with gaps": (
        R(10).window(2, shift=4).flat_map(lambda w: w.batch(2)),
        [[0, 1], [4, 5], [8, 9]],
        UNKNOWN_CARDINALITY,
    ),
    "padded_batch": (
        R(1, 5).map(lambda n: np.arange(int(n))).padded_batch(2),
        [[[0, 0], [0, 1]], [[0, 1, 2, 0], [0, 1, 2, 3]]],
    ),
    "padded_batch to a shape": (
        R(1, 4).map(lambda n: (n, np.ones(int(n)))).padded_batch(
            2, padded_shapes=((), (3,)), padding_values=(0, -1.0), drop_remainder=True
        ),
        [([1, 2], [[1, -1, -1], [1, 1, -1]])],
    ),
    "generator": (
        Dataset.from_generator(
            lambda: ((i, [i, i + 0.5]) for i in range(3)),
            output_signature=(TensorSpec((), "int32"), TensorSpec((None,), "float32")),
        ),
        [(i, [i, i + 0.5]) for i in range(3)],
        UNKNOWN_CARDINALITY,
    ),
    "generator with arguments": (
        Dataset.from_generator(lambda n: iter(range(n)), output_types="int64", args=(4,)),
        [0, 1, 2, 3],
        UNKNOWN_CARDINALITY,
    ),
    "cache": (R(5).map(lambda a: a + 1).cache().repeat(2), [1, 2, 3, 4, 5] * 2),
    "prefetch": (R(5).prefetch(AUTOTUNE), [0, 1, 2, 3, 4]),
    "apply": (R(5).apply(lambda d: d.skip(3)), [3, 4]),
    "text": (Dataset.from_tensor_slices(["a", "bc"]).map(lambda s: s + "!"), ["a!", "bc!"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_stage(case):
    dataset, expected, *length = CASES[case]
    assert plain(dataset) == expected
    assert plain(dataset) == expected  # again
    assert int(dataset.cardinality()) == (length[0] if length else len(expected))


def test_elements_are_tensors():
    (x, y), *_ = Dataset.from_tensor_slices((F, X))
    assert isinstance(x, pyclr.Tensor) and x.dtype == "float32" and x.shape == (2,)
    assert isinstance(y, pyclr.Tensor) and y.dtype == "int64" and y.shape == ()


@pytest.mark.parametrize(
    "value, dtype",
    [([1, 2], "int32"), ([1.5], "float32"), ([True], "bool"), (np.zeros(1), "float64"),
     (np.zeros(1, "int8"), "int32"), ([2**40], "int64"), (np.zeros(1, "uint8"), "uint8")],
)  # fmt: skip
def test_dtypes(value, dtype):
    assert next(iter(Dataset.from_tensor_slices(value))).dtype == dtype


def test_element_spec():
    data = Dataset.from_tensor_slices({"a": F, "b": X})
    assert data.element_spec == {"a": TensorSpec((2,), "float32"), "b": TensorSpec((), "int64")}
    assert data.batch(4).element_spec["a"] == TensorSpec((None, 2), "float32")
    assert data.batch(4, drop_remainder=True).element_spec["a"] == TensorSpec((4, 2), "float32")
    assert R(3).map(lambda a: a * 0.5).batch(2).element_spec == TensorSpec((None,), "float32")


def test_length():
    assert len(R(10).batch(4)) == 3
    with pytest.raises(TypeError, match="infinite"):
        len(R(3).repeat())
    with pytest.raises(TypeError, match="unknown"):
        len(R(3).filter(lambda a: a > 0))
    assert int(R(3).repeat().cardinality()) == INFINITE_CARDINALITY


def test_reduce_and_single_element():
    assert int(R(5).reduce(np.int64(0), lambda total, i: total + i)) == 10
    assert int(R(1).get_single_element()) == 0
    with pytest.raises(ValueError, match="one element"):
        R(2).get_single_element()


# --- Order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("buffer_size", [1, 5, 22, 23, 1000, None])
def test_shuffle_draws_from_a_buffer(buffer_size):
    order = plain(Dataset.from_tensor_slices(X).shuffle(buffer_size, seed=3))
    assert sorted(order) == X.tolist()
    size = buffer_size or 1000
    # The element at place i was among the first i + size.
    assert all(value < i + size for i, value in enumerate(order))
    if size == 1:
        assert order == X.tolist()
    elif size > 1:
        assert order != X.tolist()


def test_shuffle_is_fair():
    """All orders of three elements are equally likely, in each of 3000 epochs."""
    stage = Dataset.range(3).shuffle(3, seed=1).stage
    counts = {}
    for epoch in range(3000):
        order = tuple(int(e) for e in stage.iterate((epoch,)))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    # Five standard deviations of a binomial count.
    assert all(abs(n - 500) < 5 * np.sqrt(3000 * 1 / 6 * 5 / 6) for n in counts.values())


def test_loops_are_epochs():
    data = R(20).shuffle(20, seed=1)
    first, second = plain(data), plain(data)
    assert first != second
    again = R(20).shuffle(20, seed=1)
    assert [plain(again), plain(again)] == [first, second]
    assert plain(R(20).shuffle(20, seed=2)) != first
    fixed = R(20).shuffle(20, seed=1, reshuffle_each_iteration=False)
    assert plain(fixed) == plain(fixed)


def test_the_global_seed_decides():
    orders = []
    for seed in (1, 1, 2):
        pyclr.utils.set_random_seed(seed)
        orders.append(plain(R(20).shuffle(20)))
    assert orders[0] == orders[1] != orders[2]


def test_repetitions_are_shuffled_anew():
    order = plain(R(20).shuffle(20, seed=1).repeat(2))
    assert order[:20] != order[20:] and sorted(order[:20]) == sorted(order[20:])


def test_cache_keeps_the_first_order():
    data = R(20).shuffle(20, seed=1).cache()
    assert plain(data) == plain(data)
    data = R(20).cache().shuffle(20, seed=1)
    assert plain(data) != plain(data)


def test_random():
    data = Dataset.random(seed=4).take(1000)
    values = plain(data)
    assert values == plain(data) and len(set(values)) > 990
    assert all(0 <= value < 2**32 for value in values)
    again = Dataset.random(seed=4, rerandomize_each_iteration=True).take(5)
    assert plain(again) != plain(again)


# --- Rows in an order, which C++ gathers ----------------------------------------------------------

ROWS = {
    "batch": lambda d: d.batch(5),
    "whole batches": lambda d: d.batch(5, drop_remainder=True),
    "shuffle": lambda d: d.shuffle(100, seed=1).batch(5),
    "small buffer": lambda d: d.shuffle(4, seed=1).batch(5),
    "repeat before batch": lambda d: d.shuffle(100, seed=1).repeat(3).batch(5),
    "repeat before shuffle": lambda d: d.repeat(3).shuffle(30, seed=1).batch(5),
    "repeat batches": lambda d: d.shuffle(9, seed=1).batch(5).repeat(2),
    "take and skip": lambda d: d.skip(2).take(17).shuffle(5, seed=2).skip(1).batch(4),
    "take and skip batches": lambda d: d.batch(4).repeat(2).skip(3).take(5),
    "skip whole passes": lambda d: d.batch(4).repeat(3).skip(13),
    "shard": lambda d: d.repeat(2).shard(4, 3).batch(3),
    "concatenate": lambda d: d.take(5).concatenate(d.skip(20)).batch(3),
    "cache": lambda d: d.shuffle(9, seed=1).cache().batch(5).prefetch(2),
    "cache batches": lambda d: d.shuffle(9, seed=1).batch(5).cache().repeat(2),
    "without end": lambda d: d.shuffle(9, seed=1).repeat().batch(5).take(20),
    "nothing": lambda d: d.take(0).batch(4),
    "two shuffles": lambda d: d.shuffle(9, seed=1).shuffle(9, seed=2).batch(5),
}


def drawn(source, epoch, limit=None):
    """The batches of an epoch, and how long the stretches were."""
    source.begin(epoch)
    batches, counts = [], []
    while (stretch := source.next(limit)) is not None:
        counts.append(stretch.count)
        batches.append([np.asarray(t).copy() for t in stretch.tensors()])
        source.advance(1)
    return batches, counts


@pytest.mark.parametrize("case", ROWS)
def test_rows_are_what_the_stages_give(case):
    fast = ROWS[case](Dataset.from_tensor_slices((F, X)))
    slow = ROWS[case](Dataset.from_tensor_slices((F, X)).map(lambda x, y: (x, y)))
    source, other = dataset_source(fast), dataset_source(slow)
    assert isinstance(source, RowSource) and not isinstance(other, RowSource)
    assert source.steps == other.steps
    for epoch in (0, 3, 1, 0):
        (batches, _), (expected, _) = drawn(source, epoch), drawn(other, epoch)
        assert len(batches) == len(expected)
        for one, two in zip(batches, expected):
            for a, b in zip(one, two):
                np.testing.assert_array_equal(a, b)
    assert int(fast.cardinality()) == int(slow.cardinality())


def test_stretches_are_long():
    source = dataset_source(Dataset.from_tensor_slices((F, X)).shuffle(99).batch(4))
    assert drawn(source, 0)[1] == [5, 4, 3, 2, 1, 1]
    assert drawn(source, 0, limit=2)[1] == [2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d.map(lambda x, y: (x, y)).batch(4),
        lambda d: d.batch(4).map(lambda x, y: (x, y)),
        lambda d: d.batch(4).shuffle(3),
        lambda d: d.batch(2).batch(2),
        lambda d: d.enumerate().batch(4),
        lambda d: d.batch(4).shard(2, 1),
        lambda d: d.take(4).concatenate(Dataset.from_tensor_slices((F, X))).batch(4),
    ],
)
def test_what_is_no_rows_in_an_order_is_a_stream(make):
    assert not isinstance(dataset_source(make(Dataset.from_tensor_slices((F, X)))), RowSource)


def test_zip_of_arrays_is_one_table():
    data = Dataset.zip((Dataset.from_tensor_slices(F), Dataset.from_tensor_slices(X))).batch(4)
    source = dataset_source(data)
    assert isinstance(source, RowSource)
    np.testing.assert_array_equal(drawn(source, 0)[0][1][1], X[4:8])


# --- Laziness, errors -----------------------------------------------------------------------------


def test_elements_are_made_when_they_are_asked_for():
    made = []

    def count():
        for i in itertools.count():
            made.append(i)
            yield i

    data = Dataset.from_generator(count).map(lambda i: i).batch(2).take(3)
    iterator = iter(data)
    assert made == []
    next(iterator)
    assert len(made) == 2
    assert len(list(iterator)) == 2 and len(made) == 6


@pytest.mark.parametrize("stages", [
    lambda d: d, lambda d: d.prefetch(3), lambda d: d.map(lambda i: i, num_parallel_calls=3),
    lambda d: d.shuffle(4), lambda d: d.batch(2), lambda d: d.repeat(), lambda d: d.padded_batch(2),
    lambda d: d.filter(lambda i: True), lambda d: d.window(2), lambda d: d.enumerate(),
    lambda d: d.skip(1), lambda d: d.cache(), lambda d: d.batch(2).unbatch(),
    lambda d: R(1).flat_map(lambda _: d), lambda d: d.concatenate(d), lambda d: d.take_while(bool),
])  # fmt: skip
def test_a_loop_that_is_left_closes_the_generator_and_threads(stages):
    closed = []

    def count():
        try:
            yield from range(1, 100)
        finally:
            closed.append(True)

    before = threading.active_count()
    for _ in stages(Dataset.from_generator(count)):
        break
    assert closed == [True]
    assert threading.active_count() == before


def test_errors_name_the_stage():
    def halve(i):
        return 1 / (3 - int(i))

    with pytest.raises(StageError, match=r"`map\(halve\)` failed at element 3: ZeroDivisionError"):
        list(R(9).map(halve))
    with pytest.raises(StageError, match=r"`map\(halve\)`") as error:
        list(R(9).map(halve, num_parallel_calls=2).prefetch(2).batch(2))
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    with pytest.raises(StageError, match=r"`filter\(halve\)`"):
        list(R(9).filter(halve))
    with pytest.raises(StageError, match="must return a Dataset"):
        list(R(9).flat_map(lambda i: i))
    with pytest.raises(StageError, match="must return tensors"):
        list(R(9).map(lambda i: None))


SIGNATURE = TensorSpec((2,), "float32")
ERRORS = {
    "lengths": (lambda: Dataset.from_tensor_slices((X, F[:3])), "same number of rows"),
    "scalar": (lambda: Dataset.from_tensor_slices(3), "same number of rows"),
    "batch size": (lambda: R(3).batch(0), "`batch_size`"),
    "buffer size": (lambda: R(3).shuffle(0), "`buffer_size`"),
    "shard": (lambda: R(3).shard(2, 2), "`index`"),
    "no dataset": (lambda: Dataset.zip((R(3), 3)), "takes datasets"),
    "no function": (lambda: Dataset.from_generator([1, 2]), "`generator`"),
    "ragged": (lambda: list(R(3).map(lambda n: np.ones(int(n))).batch(2)), "same shape"),
    "shape": (
        lambda: list(Dataset.from_generator(lambda: iter([[1.0]]), output_signature=SIGNATURE)),
        r"shape \(2,\).*element 0 of shape \(1,\)",
    ),
    "structure": (
        lambda: list(
            Dataset.from_generator(lambda: iter([1.0]), output_signature=(SIGNATURE, SIGNATURE))
        ),
        "structure of its signature",
    ),
    "too large": (
        lambda: list(R(3).map(lambda n: np.ones(int(n))).padded_batch(3, padded_shapes=(1,))),
        "larger than `padded_shapes`",
    ),
    "none": (lambda: Dataset.from_tensors(None), "None"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    function, words = ERRORS[case]
    with pytest.raises((ValueError, TypeError), match=words):
        function()


def test_programs_written_for_tensorflow():
    from pyclr.compat.facade import import_module

    tf = import_module("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, F))
    data = data.map(
        lambda x, f: (tf.cast(x, tf.float32) / 2, f), num_parallel_calls=tf.data.AUTOTUNE
    )
    assert plain(data.batch(23).prefetch(tf.data.experimental.AUTOTUNE)) == [
        ((X / 2).tolist(), F.tolist())
    ]
    signature = (tf.TensorSpec(shape=(), dtype=tf.int32), tf.TensorSpec([None], tf.float32))
    data = tf.data.Dataset.from_generator(lambda: iter([(1, [2.0])]), output_signature=signature)
    assert data.element_spec == (TensorSpec((), "int32"), TensorSpec((None,), "float32"))
    data = tf.data.Dataset.from_generator(
        lambda: iter([1.0]), output_types=tf.float32, output_shapes=()
    )
    assert plain(data) == [1.0]
    assert tf.keras.preprocessing.sequence.pad_sequences([[1], [2, 3]]).tolist() == [[0, 1], [2, 3]]
    assert tf.keras.utils.Sequence is pyclr.utils.PyDataset
