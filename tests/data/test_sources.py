"""Every kind of data that fit, evaluate and predict take gives what arrays give."""

import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.data import Dataset
from pyclr.data.adapt import as_source
from pyclr.data.source import Continued

RNG = np.random.default_rng(0)
ROWS, SIZE = 53, 8
A = RNG.normal(size=(ROWS, 4)).astype("float32")
B = RNG.normal(size=(ROWS, 3)).astype("float32")
Y = RNG.integers(0, 3, ROWS)
W = RNG.random(ROWS).astype("float32")


class TwoInputs(pyclr.Model):
    """Takes `a` alone, `(a, b)`, `[a, b]` or `{"a": a, "b": b}`."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.drop = layers.Dropout(0.2)
        self.out = layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        if isinstance(inputs, dict):
            inputs = [inputs["a"], inputs["b"]]
        if isinstance(inputs, (list, tuple)):
            inputs = pyclr.ops.concatenate(list(inputs), axis=-1)
        return self.out(self.drop(self.hidden(inputs), training=training))


def make(**kwargs):
    pyclr.utils.set_random_seed(1)
    model = TwoInputs()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **kwargs)
    return model


X = {"one": A, "tuple": (A, B), "dictionary": {"a": A, "b": B}}


def part(structure, rows):
    return pyclr.tree.map_structure(lambda a: a[rows], structure)


def batches(data):
    for i in range(0, ROWS, SIZE):
        yield tuple(part(item, slice(i, i + SIZE)) for item in data)


class Batches(pyclr.utils.PyDataset):
    def __init__(self, data, **kwargs):
        super().__init__(**kwargs)
        self.batches = list(batches(data))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


class Again:
    def __init__(self, data):
        self.data = data

    def __iter__(self):
        return batches(self.data)


class TorchLike:
    """What the batches of a PyTorch DataLoader are made of."""

    def __init__(self, array):
        self._array = array

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self._array

    def __array__(self, dtype=None, copy=None):
        raise TypeError("tensors that have a gradient become no array")


class Loader(Again):
    def __iter__(self):
        for batch in batches(self.data):
            yield [pyclr.tree.map_structure(TorchLike, item) for item in batch]


def slices(data):
    return Dataset.from_tensor_slices(data)


KINDS = {
    "iterable": Again,
    "loader": Loader,
    "float64": lambda data: Again(
        pyclr.tree.map_structure(lambda a: a.astype("float64") if a.dtype.kind == "f" else a, data)
    ),
    "tensors": lambda data: slices(data).batch(SIZE).map(lambda *batch: batch),
    "py dataset": Batches,
    "py dataset, inline": lambda data: Batches(data, workers=0),
    "py dataset, threads": lambda data: Batches(data, workers=3, max_queue_size=2),
    "py dataset, processes": lambda data: Batches(data, workers=2, use_multiprocessing=True),
    "dataset": lambda data: slices(data).batch(SIZE),
    "dataset, prefetched": lambda data: slices(data).cache().batch(SIZE).prefetch(2),
    "dataset, element by element": lambda data: slices(data).map(lambda *e: e).batch(SIZE),
    "dataset of a generator": lambda data: Dataset.from_generator(lambda: batches(data)),
    "dataset in threads": lambda data: (
        slices(data).batch(SIZE).map(lambda *e: e, num_parallel_calls=3).prefetch(2)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inputs", X)
@pytest.mark.parametrize("weighted", [False, True])
def test_same_bits_as_arrays(kind, inputs, weighted):
    x = X[inputs]
    data = (x, Y, W) if weighted else (x, Y)
    given = KINDS[kind](data)
    ours, arrays = make(), make()
    log = ours.fit(given, shuffle=False, epochs=3, verbose=0, validation_data=given).history
    expected = arrays.fit(
        *data[:2], sample_weight=data[2] if weighted else None, validation_data=data,
        batch_size=SIZE, shuffle=False, epochs=3, verbose=0,
    ).history  # fmt: skip
    assert log == expected
    for a, b in zip(ours.get_weights(), arrays.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert ours.explain_step().startswith("The step is replayed")
    assert ours.evaluate(given, verbose=0) == arrays.evaluate(
        *data[:2], sample_weight=data[2] if weighted else None, batch_size=SIZE, verbose=0
    )
    predicted = ours.predict(given, verbose=0)
    np.testing.assert_array_equal(predicted, arrays.predict(x, batch_size=SIZE, verbose=0))
    assert threading.active_count() == 1 and not multiprocessing.active_children()


@pytest.mark.parametrize("inputs", X)
def test_generator(inputs):
    data = (X[inputs], Y)
    ours, arrays = make(), make()
    count = len(list(batches(data)))
    ours.fit(batches(data), shuffle=False, epochs=1, verbose=0, validation_data=batches(data))
    arrays.fit(*data, batch_size=SIZE, shuffle=False, epochs=1, verbose=0)
    assert ours.evaluate(batches(data), verbose=0) == arrays.evaluate(
        *data, batch_size=SIZE, verbose=0
    )
    np.testing.assert_array_equal(
        ours.predict(batches(data), verbose=0), arrays.predict(data[0], verbose=0)
    )
    given = (batch for _ in range(4) for batch in batches(data))
    ours.fit(given, steps_per_epoch=count, epochs=3, verbose=0)
    arrays.fit(*data, batch_size=SIZE, shuffle=False, epochs=3, verbose=0)
    for a, b in zip(ours.get_weights(), arrays.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert len(list(given)) == count  # no batch more than was needed was drawn


def test_torch_data_loader():
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(A), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(tensors, batch_size=SIZE)
    ours, arrays = make(), make()
    ours.fit(loader, epochs=2, verbose=0)
    arrays.fit(A, Y, batch_size=SIZE, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(ours.get_weights(), arrays.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_inputs_alone():
    model = make()
    expected = model.predict(A, verbose=0)
    only = [(a,) for a, _ in batches((A, Y))]
    for given in (
        iter(only),
        iter([a for (a,) in only]),
        slices(A).batch(SIZE),
        slices((A,)).batch(SIZE),
        slices((A, np.array(["text"] * ROWS))).batch(SIZE),
    ):
        np.testing.assert_array_equal(model.predict(given, verbose=0), expected)


def test_predict_with_outputs_of_unknown_number():
    model = make()
    got = model.predict((a for a, _ in batches((A, Y))), verbose=0)
    assert got.shape == (ROWS, 3) and got.base is None or got.shape[0] == ROWS
    assert len(model.predict(Again((A, Y)), steps=2, verbose=0)) == 2 * SIZE


@pytest.mark.parametrize("kind", ["arrays", "dataset", "element by element", "py dataset"])
def test_fit_twice_is_fit_once(kind):
    data = slices((A, Y)).shuffle(9, seed=1)
    given = {
        "arrays": dict(x=A, y=Y, batch_size=SIZE),
        "dataset": dict(x=data.batch(SIZE)),
        "element by element": dict(x=data.map(lambda x, y: (x, y)).batch(SIZE)),
        "py dataset": dict(x=Batches((A, Y), workers=2)),
    }[kind]
    once, twice = make(), make()
    once.fit(**given, epochs=3, verbose=0)
    twice.fit(**given, epochs=1, verbose=0)
    for _ in given["x"]:  # somebody else's loop changes nothing
        break
    twice.fit(**given, epochs=3, initial_epoch=1, verbose=0)
    for a, b in zip(once.get_weights(), twice.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_arrays_of_many_kinds():
    pandas = pytest.importorskip("pandas")
    expected = make().fit(A, Y, verbose=0).history
    for x, y in (
        (A.tolist(), Y.tolist()),
        (pandas.DataFrame(A), pandas.Series(Y)),
        (pyclr.ops.convert_to_tensor(A), pyclr.ops.convert_to_tensor(Y)),
        (np.asfortranarray(A), Y.astype("int16")),
        (A.astype("float64"), Y.astype("uint8")),
        (TorchLike(A), TorchLike(Y)),
    ):
        assert make().fit(x, y, verbose=0).history == expected


def test_on_batch_with_several_inputs():
    fitted, by_hand = make(), make()
    fitted.fit((A, B), Y, sample_weight=W, batch_size=ROWS, shuffle=False, verbose=0)
    by_hand.train_on_batch((A, B), Y, sample_weight=W)
    for a, b in zip(fitted.get_weights(), by_hand.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert by_hand.test_on_batch([A, B], Y) == fitted.evaluate(
        [A, B], Y, batch_size=ROWS, verbose=0
    )
    np.testing.assert_array_equal(
        by_hand.predict_on_batch({"a": A, "b": B}), fitted.predict((A, B), verbose=0)
    )


def test_a_batch_that_is_overwritten_for_the_next():
    """Arrays are read in place, and only while their batch is the present one."""

    def reusing():
        x, y = np.empty((SIZE, 4), "float32"), np.empty(SIZE, "int64")
        for _ in range(2):
            for i in range(0, ROWS - SIZE, SIZE):
                x[...], y[...] = A[i : i + SIZE], Y[i : i + SIZE]
                yield x, y

    count = (ROWS - 1) // SIZE
    ours, arrays = make(), make()
    ours.fit(reusing(), steps_per_epoch=count, epochs=2, verbose=0)
    rows = slice(count * SIZE)
    arrays.fit(A[rows], Y[rows], batch_size=SIZE, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(ours.get_weights(), arrays.get_weights()):
        np.testing.assert_array_equal(a, b)


# --- A source's content is a function of the epoch ------------------------------------------------

SOURCES = {
    "arrays": lambda: as_source(A, Y, batch_size=SIZE, seed=5),
    "dataset": lambda: as_source(slices((A, Y)).shuffle(9, seed=1).batch(SIZE)),
    "small dataset": lambda: as_source(slices((A, Y)).shuffle(9, seed=1).repeat(2).batch(SIZE)),
    "stream": lambda: as_source(
        slices((A, Y)).shuffle(9, seed=1).batch(SIZE).map(lambda x, y: (x, y))
    ),
    "py dataset": lambda: as_source(Batches((A, Y)), seed=5),
    "py dataset in threads": lambda: as_source(Batches((A, Y), workers=2), seed=5),
    "iterable": lambda: as_source(Again((A, Y))),
    "continued arrays": lambda: Continued(as_source(A, Y, batch_size=SIZE, seed=5), 3),
    "continued stream": lambda: Continued(as_source(Again((A, Y))), 3),
    "continued dataset": lambda: Continued(
        as_source(slices((A, Y)).shuffle(9, seed=1).batch(SIZE)), 3
    ),
}


def content(source, limit=None):
    """The batches from where the source stands."""
    found = []
    while (stretch := source.next(1)) is not None and len(found) != limit:
        found.append(b"".join(np.asarray(t).tobytes() for t in stretch.tensors()))
        source.advance(1)
    return found


@pytest.mark.parametrize("case", SOURCES)
def test_epochs_are_a_function_of_their_number(case):
    source = SOURCES[case]()
    expected = []
    for epoch in range(7):
        source.begin(epoch, True)
        expected.append(content(source))
    source.close()
    for epoch in (5, 2, 2, 0, 6, 3, 4):  # in another order, in a used and in a new object
        fresh = SOURCES[case]()
        for one in (fresh, source):
            one.begin(epoch, True)
            one.sample()
            assert content(one) == expected[epoch]
        fresh.close()
    source.close()
    if case not in ("iterable", "continued stream"):
        assert len({tuple(epoch) for epoch in expected}) > 1


@pytest.mark.parametrize("case", SOURCES)
@pytest.mark.parametrize("step", [0, 1, 2])
def test_skip(case, step):
    source = SOURCES[case]()
    source.begin(4, True)
    expected = content(source)
    source.close()
    source = SOURCES[case]()
    source.begin(4, True)
    source.skip(step)
    assert content(source) == expected[step:]
    source.close()
    source.begin(4, True)
    assert content(source, 1) == expected[:1]
    source.skip(step)
    assert content(source) == expected[1 + step :]
    source.close()


def test_an_epoch_left_early_leaves_no_trace():
    source = SOURCES["py dataset in threads"]()
    source.begin(1, True)
    expected = content(source)
    source.begin(0, True)
    content(source, 2)
    source.begin(1, True)
    assert content(source) == expected
    source.close()


@pytest.mark.parametrize("case", ["arrays", "stream", "py dataset", "dataset", "iterable"])
def test_continued_epochs_follow_each_other(case):
    whole = SOURCES[case]()
    parts = Continued(SOURCES[case](), 3, first=10)
    passes = []
    for number in (10, 11):
        whole.begin(number, True)
        passes.append(content(whole))
    found = []
    for epoch in range(10, 16):
        parts.begin(epoch, True)
        found.append(content(parts))
    steps = len(passes[0])  # 7: 3 + 3 + 1
    assert [len(epoch) for epoch in found] == [3, 3, 1] * 2 and steps == 7
    assert sum(found[:3], []) == passes[0] and sum(found[3:], []) == passes[1]


# --- Steps ----------------------------------------------------------------------------------------


def count_of_batches(model, *args, **kwargs):
    counts = []

    class Count(pyclr.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            counts.append(0)

        def on_train_batch_end(self, batch, logs=None):
            counts[-1] = batch + 1

    model.fit(*args, verbose=0, callbacks=[Count()], **kwargs)
    return counts


def test_steps_per_epoch_continues_arrays():
    halves, whole = make(), make()
    rows = slice(6 * SIZE)
    assert (
        count_of_batches(
            halves, A[rows], Y[rows], batch_size=SIZE, steps_per_epoch=3, epochs=4, shuffle=False
        )
        == [3] * 4
    )
    whole.fit(A[rows], Y[rows], batch_size=SIZE, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(halves.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_endless_dataset_with_steps():
    endless, whole = make(), make()
    data = slices((A, Y)).shuffle(99, seed=1).batch(SIZE)
    assert count_of_batches(endless, data.repeat(), steps_per_epoch=5, epochs=4) == [5] * 4
    whole.fit(data.repeat().take(20), verbose=0)
    for a, b in zip(endless.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_short_epochs_warn_with_the_numbers():
    with pytest.warns(UserWarning, match="1 of 3 batches came"):
        assert count_of_batches(make(), A, Y, batch_size=SIZE, steps_per_epoch=3, epochs=4) == [
            3,
            3,
            1,
            3,
        ]
    with pytest.warns(UserWarning, match="7 of 9 batches came"):
        assert count_of_batches(
            make(), slices((A, Y)).batch(SIZE), steps_per_epoch=9, epochs=2
        ) == [7, 7]
    with pytest.warns(UserWarning, match="7 of 9 batches came"):
        make().evaluate(Again((A, Y)), steps=9, verbose=0)


def test_a_generator_that_ends_early_ends_training():
    with pytest.warns(UserWarning, match="3 of 4 batches came.*Training ends"):
        assert count_of_batches(make(), batches((A, Y)), steps_per_epoch=4, epochs=9) == [4, 3]
    with pytest.warns(UserWarning, match="0 of 7 batches came.*Training ends"):
        history = make().fit(batches((A, Y)), steps_per_epoch=7, epochs=9, verbose=0)
    assert history.epoch == [0]


def test_progress_of_an_unknown_number_of_steps(capsys):
    model = make()
    model.fit(Again((A, Y)), epochs=2, verbose=2)
    assert capsys.readouterr().out.count(" 7/7 ") == 2
    assert model.history.params["steps"] == 7


def test_validation_steps_begin_at_the_first():
    model, twin = make(), make()
    data = slices((A, Y)).repeat().batch(SIZE)
    log = model.fit(A, Y, epochs=3, verbose=0, validation_data=data, validation_steps=2).history
    rows = slice(2 * SIZE)
    expected = twin.fit(
        A, Y, epochs=3, verbose=0, validation_data=(A[rows], Y[rows]), validation_batch_size=SIZE
    ).history
    assert log == expected


ENDLESS = slices((A, Y)).repeat().batch(SIZE)
REFUSED = {
    "one pass, several epochs": (dict(x=batches((A, Y)), epochs=2), "come once.*`steps_per_epoch`"),
    "validated twice": (
        dict(x=A, y=Y, validation_data=batches((A, Y)), epochs=2),
        "come once.*`validation_steps`",
    ),
    "no end": (dict(x=ENDLESS), "`steps_per_epoch` is needed"),
    "validation without end": (dict(x=A, y=Y, validation_data=ENDLESS), "`validation_steps` is"),
    "labels beside batches": (dict(x=Again((A, Y)), y=Y), "`y` must not be given"),
    "weights beside batches": (dict(x=Batches((A, Y)), sample_weight=W), "`sample_weight` must"),
    "split of batches": (dict(x=Batches((A, Y)), validation_split=0.2), "needs arrays"),
    "no batch": (dict(x=iter([])), "generator|iterator.*gave no batch"),
    "too many elements": (dict(x=iter([(A, Y, W, W)])), "gave, as batch 0, 4 elements"),
    "other numbers of samples": (dict(x=iter([(A, Y[:5])])), "same number of samples.*(53, 4)"),
    "single samples": (dict(x=slices((A, Y))), "not batches"),
    "text": (dict(x=iter([(np.array(["a"]), Y[:1])])), "must hold numbers"),
    "label out of range": (dict(x=iter([(A, Y + 1)])), "labels from 0 to 2"),
    "steps": (dict(x=Batches((A, Y)), steps_per_epoch=0), "at least 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_the_first_update(case):
    arguments, words = REFUSED[case]
    model = make()
    model.predict(A[:1], verbose=0)  # has weights now
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        model.fit(**arguments, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


# --- PyDataset ------------------------------------------------------------------------------------


def test_py_dataset_is_shuffled_by_batches():
    orders = []
    for workers in (0, 3):
        source = as_source(Batches((A, Y), workers=workers), seed=3)
        source.begin(0, True)
        orders.append(content(source))
        source.close()
    source.begin(0, False)
    plain = content(source)
    source.close()
    assert orders[0] == orders[1] != plain and sorted(orders[0]) == sorted(plain)


class Hooked(Batches):
    """Notes what is called; its batches are those of the epoch that has begun."""

    def __init__(self, **kwargs):
        super().__init__((A, Y), **kwargs)
        self.calls = []

    def __getitem__(self, index):
        self.calls.append(index)
        return super().__getitem__(index)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_py_dataset_hooks():
    data = Hooked(workers=0)
    make().fit(data, epochs=2, shuffle=False, verbose=0)
    epoch = ["begin", *range(7), "end"]
    assert data.calls == [0] + epoch * 2  # the first batch is looked at before
    data = Hooked(workers=3)
    make().fit(data, epochs=2, shuffle=False, verbose=0)
    places = [i for i, call in enumerate(data.calls) if call in ("begin", "end")]
    assert [data.calls[i] for i in places] == ["begin", "end"] * 2
    assert sorted(data.calls[places[0] + 1 : places[1]]) == list(range(7))


class Failing(Batches):
    def __getitem__(self, index):
        if index == 4:
            raise KeyError("batch 4 is broken")
        return super().__getitem__(index)


class Dying(Batches):
    def __getitem__(self, index):
        if index == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_workers_exception_is_raised_in_fit(workers, processes):
    data = Failing((A, Y), workers=workers, use_multiprocessing=processes)
    model = make()
    with pytest.raises(KeyError, match="batch 4 is broken"):
        model.fit(data, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert threading.active_count() == 1 and not multiprocessing.active_children()


def test_a_worker_process_that_dies():
    data = Dying((A, Y), workers=1, use_multiprocessing=True)
    with pytest.raises(RuntimeError, match="ended unexpectedly"):
        make().fit(data, shuffle=False, verbose=0)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("processes", [False, True])
def test_interrupt_leaves_nothing_running(processes):
    class Interrupt(pyclr.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    data = Batches((A, Y), workers=2, use_multiprocessing=processes)
    with pytest.raises(KeyboardInterrupt):
        make().fit(data, verbose=0, callbacks=[Interrupt()], validation_data=data)
    assert threading.active_count() == 1 and not multiprocessing.active_children()


def test_workers_compute_at_a_time():
    """Two batches are in work at once: each waits for the other."""
    barrier = threading.Barrier(2, timeout=20)

    class Meeting(Batches):
        def __getitem__(self, index):
            if index in (1, 2):
                barrier.wait()
            return super().__getitem__(index)

    make().fit(Meeting((A, Y), workers=2), shuffle=False, verbose=0)


def test_endless_py_dataset():
    class Endless(pyclr.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            rows = np.arange(index * SIZE, index * SIZE + SIZE) % ROWS
            return A[rows], Y[rows]

    for workers in (0, 2):
        ours, arrays = make(), make()
        with pytest.raises(ValueError, match="`steps_per_epoch` is needed"):
            ours.fit(Endless(workers=workers), verbose=0)
        ours.fit(Endless(workers=workers), steps_per_epoch=10, epochs=2, verbose=0)
        rows = np.arange(20 * SIZE) % ROWS
        arrays.fit(A[rows], Y[rows], batch_size=SIZE, shuffle=False, verbose=0)
        for a, b in zip(ours.get_weights(), arrays.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_py_dataset_arguments():
    assert pyclr.utils.Sequence is pyclr.utils.PyDataset
    with pytest.raises(ValueError, match="`workers`"):
        Batches((A, Y), workers=-1)
    with pytest.raises(ValueError, match="`max_queue_size`"):
        Batches((A, Y), max_queue_size=0)

    class Careless(pyclr.utils.PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return A, Y

    with pytest.warns(UserWarning, match="does not call `super"):
        make().fit(Careless(), verbose=0)
    with pytest.raises(NotImplementedError, match="__len__"):
        make().fit(pyclr.utils.PyDataset(), verbose=0)


def test_memory_map(tmp_path):
    """Larger data than fit into memory are read batch by batch, never as a whole."""
    A.tofile(tmp_path / "a.bin")
    mapped = np.memmap(tmp_path / "a.bin", "float32", "r", shape=A.shape)
    source = as_source(mapped, Y, batch_size=SIZE)
    assert source.x is mapped
    assert make().fit(mapped, Y, verbose=0).history == make().fit(A, Y, verbose=0).history
