"""What users can rely on, one promise a test: what silently goes wrong elsewhere does not here."""

import gc
import json
import os
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers, optimizers, schedules
from pyclr.models import load_model

rng = np.random.default_rng(3)
X = rng.normal(size=(32, 4)).astype("float32")
Y = (X.sum(-1) > 0).astype("int64") + (X[:, 0] > 0.5)  # three classes
EPOCHS, STEPS = 6, 4
DATA = {"x": X, "y": Y, "batch_size": 8, "verbose": 0}


def make(optimizer="adam", seed=7, loss="sparse_categorical_crossentropy", **options):
    pyclr.utils.clear_session()  # a script that is started again makes the same names
    pyclr.utils.set_random_seed(seed)
    model = pyclr.Sequential(
        [
            pyclr.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss, **options)
    return model


def same(one, other):
    return all(map(np.array_equal, one.get_weights(), other.get_weights()))


class Stop(callbacks.Callback):
    """Ends a run as a lost connection would."""

    def __init__(self, epoch, batch=None):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.at == (epoch, None):
            raise ConnectionError

    def on_train_batch_end(self, batch, logs=None):
        if self.at == (self.epoch, batch):
            raise ConnectionError


class Values(callbacks.Callback):
    """Gives the logs of each epoch a value."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["value"] = self.values[epoch]


def interrupted(fit, *where):
    """Runs `fit(callbacks)` up to an error, and again; returns what it returns then."""
    with pytest.raises(ConnectionError):
        fit([Stop(*where)])
    return fit([])


# --- A run that is stopped goes on as if it had not been ------------------------------------------


@pytest.mark.parametrize("where", [(3,), (2, 1)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_a_resumed_run_is_the_same_run(tmp_path, where, shuffle):
    """Weights and the order of shuffled data are restored, at an epoch's edge and inside."""

    def fit(more):
        model = make()
        backup = callbacks.BackupAndRestore(tmp_path / "run", save_freq=1)
        model.fit(**DATA, epochs=EPOCHS, shuffle=shuffle, callbacks=[backup, *more])
        return model

    resumed = interrupted(fit, *where)
    assert same(resumed, fit([]))
    assert int(resumed.optimizer.iterations) == EPOCHS * STEPS  # none twice, none left out


def test_what_was_resumed_applies_to_one_fit(tmp_path):
    def fit(more):
        model = make()
        model.fit(**DATA, epochs=EPOCHS, callbacks=[callbacks.BackupAndRestore(tmp_path), *more])
        return model

    model = interrupted(fit, 3)
    assert model.fit(**DATA, epochs=3).epoch == [0, 1, 2]


@pytest.mark.parametrize("break_at", range(1, 6))
def test_patience_is_counted_over_interruptions(tmp_path, break_at):
    def fit(more):
        listed = [
            Values([1.0, 0.5, 0.6, 0.6, 0.6, 0.6, 0.4, 0.4, 0.4]),
            callbacks.EarlyStopping("value", mode="min", patience=4),
        ]
        return make().fit(**DATA, epochs=9, callbacks=[*listed, *more], resume=tmp_path).epoch

    assert interrupted(fit, break_at) == list(range(6))


def test_a_resumed_run_does_not_replace_the_best_file_by_a_worse_one(tmp_path):
    path = tmp_path / "best.weights.h5"

    def fit(more):
        best = callbacks.ModelCheckpoint(path, "value", save_best_only=True, mode="min",
                                         save_weights_only=True)  # fmt: skip
        listed = [Values([1.0, 0.2, 0.9, 0.8, 0.7, 0.6]), best, *more]
        make().fit(**DATA, epochs=EPOCHS, callbacks=listed, resume=tmp_path / "run")

    with pytest.raises(ConnectionError):
        fit([Stop(3)])
    best = path.read_bytes()
    fit([])
    assert path.read_bytes() == best


def test_a_run_that_ends_in_nan_keeps_its_last_finite_state(tmp_path):
    """The message names it, and it goes on from there."""

    class Poison(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.layers[0].kernel.assign(np.full((4, 8), np.nan))

    def fit(more):
        model = make()
        model.fit(**DATA, epochs=EPOCHS, callbacks=[callbacks.BackupAndRestore(tmp_path), *more])
        return model

    with pytest.warns(UserWarning, match=r"not finite.*state-00000001\.run', stays"):
        fit([Poison(), callbacks.TerminateOnNaN()])
    assert (tmp_path / "state-00000001.run").exists()
    resumed = fit([])
    assert same(resumed, make_and_fit(EPOCHS))


def make_and_fit(epochs):
    model = make()
    model.fit(**DATA, epochs=epochs)
    return model


@pytest.mark.parametrize("first", [1, 2])
def test_a_schedule_goes_on_where_it_was(tmp_path, first):
    """One fit, two fits, and two with a file between them use the same rates."""
    cycle = schedules.TriangularCyclicalLearningRate(1e-3, 1e-2, step_size=5)
    rates = []
    for way in ("once", "twice", "file"):
        model = make(optimizers.Adam(cycle))
        history = model.fit(**DATA, epochs=3 if way == "once" else first)
        found = list(history.step_rates["learning_rate"])
        if way == "file":
            model.save(tmp_path / "model.keras")
            model = load_model(tmp_path / "model.keras")
        if way != "once":
            history = model.fit(**DATA, epochs=3 - first)
            found += list(history.step_rates["learning_rate"])
        rates.append(found)
    assert rates[0] == rates[1] == rates[2]
    np.testing.assert_allclose(rates[0], cycle(np.arange(12)), rtol=1e-7)


@pytest.mark.parametrize("order", ["model first", "state first"])
def test_no_update_uses_another_rate_after_a_state_is_loaded(tmp_path, order):
    """Whether the schedule is set before or after the state is loaded."""
    cycle = schedules.TriangularCyclicalLearningRate(1e-3, 1e-1, step_size=5)
    model = make(optimizers.Adam(cycle))
    model.fit(**DATA)
    model.save_weights(tmp_path / "model.weights.h5")
    other = make(optimizers.Adam(cycle if order == "model first" else 0.5))
    other.load_weights(tmp_path / "model.weights.h5")
    if order == "state first":
        other.optimizer.learning_rate = cycle
    assert float(other.optimizer.learning_rate) == float(cycle(STEPS))
    for ours, theirs in zip(other.optimizer.variables, model.optimizer.variables):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    rates = other.fit(**DATA).step_rates["learning_rate"]
    np.testing.assert_allclose(rates, cycle(np.arange(STEPS, 2 * STEPS)), rtol=1e-7)


# --- Not a number ---------------------------------------------------------------------------------

FIRST_NAN = [np.nan, 1.0, 0.5, 0.4, 0.3, 0.1]


def test_early_stopping_goes_on_after_nan():
    """NaN is no best value: what comes after it is better."""
    stop = callbacks.EarlyStopping("value", mode="min", patience=1, restore_best_weights=True)
    history = make().fit(**DATA, epochs=EPOCHS, callbacks=[Values(FIRST_NAN), stop])
    assert len(history.epoch) == EPOCHS and stop.best == 0.1 and stop.best_epoch == 5


def test_checkpoints_go_on_after_nan(tmp_path):
    best = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", "value", save_best_only=True,
                                     mode="min")  # fmt: skip
    make().fit(**DATA, epochs=EPOCHS, callbacks=[Values(FIRST_NAN), best])
    assert sorted(os.listdir(tmp_path)) == [f"{epoch}.keras" for epoch in range(2, 7)]


# --- Learning rates -------------------------------------------------------------------------------


def warm_up():
    return schedules.LinearWarmup(schedules.CosineDecay(0.1, 40), 8)


def test_plateau_and_schedule_multiply():
    """The callback scales the schedule, warm-up included; neither overwrites the other."""
    plateau = callbacks.ReduceLROnPlateau("value", mode="min", patience=1, factor=0.5)
    history = make(optimizers.SGD(warm_up())).fit(
        **DATA, epochs=EPOCHS, callbacks=[Values([1.0] * EPOCHS), plateau]
    )
    factors = np.repeat([1, 1, 0.5, 0.25, 0.125, 0.0625], STEPS)
    expected = warm_up()(np.arange(EPOCHS * STEPS)) * factors
    np.testing.assert_allclose(history.step_rates["learning_rate"], expected, rtol=1e-6)


def test_scheduler_callback_and_schedule_work_together():
    scheduler = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    model = make(optimizers.SGD(warm_up()))
    rates = model.fit(**DATA, epochs=3, callbacks=[scheduler]).step_rates["learning_rate"]
    # In the first epoch the rate that the scheduler is given, that of the first step, is 0.
    factors = rates[STEPS:] / warm_up()(np.arange(STEPS, 12))
    np.testing.assert_allclose(factors, np.repeat([0.9, 0.81], STEPS), rtol=1e-5)


def test_the_rate_is_in_the_history_without_asking():
    rates = make(optimizers.SGD(warm_up())).fit(**DATA, epochs=2).rates["learning_rate"]
    assert len(rates) == 2 and all(type(rate) is float for rate in rates)
    assert type(float(make(optimizers.SGD(warm_up())).optimizer.learning_rate)) is float


def test_one_cycle_past_its_end_holds_its_last_rate():
    cycle = schedules.OneCycle(0.1, total_steps=2 * STEPS)
    with pytest.warns(UserWarning, match="OneCycle ends at step 8"):
        history = make(optimizers.SGD(cycle)).fit(**DATA, epochs=4)
    rates = history.step_rates["learning_rate"]
    assert len(set(rates[2 * STEPS :])) == 1 and rates[-1] == np.float32(cycle(2 * STEPS))


class Scaled(schedules.LearningRateSchedule):
    """A schedule of a user's, with a function as its argument."""

    def __init__(self, rate, scale_fn):
        super().__init__()
        self.rate, self.scale_fn = rate, scale_fn

    def __call__(self, step):
        return self.rate * self.scale_fn(step + 1.0)

    def get_config(self):
        return {"rate": self.rate, "scale_fn": self.scale_fn}


def inverse(x):
    return 1.0 / x


@pytest.mark.parametrize(
    "make_schedule",
    [Scaled, lambda rate, scale_fn: schedules.CyclicalLearningRate(rate, 1.0, 5, scale_fn)],
    ids=["of one's own", "cyclical"],
)
def test_functions_in_schedules_are_saved_or_refused(tmp_path, make_schedule):
    """A lambda is refused when the model is saved, not dropped; a named function comes back."""
    path = tmp_path / "model.keras"
    with pytest.raises(ValueError, match="@pyclr.saving.register_keras_serializable"):
        make(optimizers.SGD(make_schedule(0.1, lambda x: 1.0 / x))).save(path)
    assert not path.exists()
    model = make(optimizers.SGD(make_schedule(0.1, inverse)))
    model.fit(**DATA)
    model.save(path)
    loaded = load_model(path, custom_objects={"Scaled": Scaled, "inverse": inverse})
    rates = [m.fit(**DATA).step_rates["learning_rate"].tolist() for m in (model, loaded)]
    assert rates[0] == rates[1]


# --- What is wrong with the data or the callbacks is said before anything is trained --------------

REFUSED = {
    "labels that would be broadcast": ({"loss": "mse"}, {"y": Y[:, None]}, "shape"),
    "labels that are no classes": ({}, {"y": Y + 11}, "labels from 0 to 2"),
    "weights of a class that there is not": ({}, {"class_weight": {0: 5, 7: 2}}, "7"),
    "a monitor that there is not": (
        {},
        {"callbacks": [callbacks.EarlyStopping("val_AUC", mode="max")]},
        "val_AUC",
    ),
    "validation without data": (
        {},
        {"callbacks": [callbacks.ModelCheckpoint("a.keras", "val_loss", save_best_only=True)]},
        "val_loss",
    ),
    "validation after batches": (
        {},
        {
            "callbacks": [callbacks.ModelCheckpoint("a{val_loss}.keras", save_freq=2)],
            "validation_data": (X, Y),
        },
        "val_loss",
    ),
    "a direction that can not be told": (
        {"metrics": [pyclr.metrics.MeanMetricWrapper(lambda y, p: p[:, 0], name="mine")]},
        {"callbacks": [callbacks.EarlyStopping("mine")]},
        "mode",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_mistakes_are_refused_before_the_first_update(mistake):
    options, arguments, message = REFUSED[mistake]
    model = make(**options)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(**{**DATA, **arguments})
    assert int(model.optimizer.iterations) == 0
    assert all(map(np.array_equal, model.get_weights(), before))


# --- Logs -----------------------------------------------------------------------------------------


def test_logs_hold_what_there_is_and_are_plain(tmp_path):
    """No columns are invented, and histories go through JSON and pickle."""
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    history = make(metrics=["accuracy"]).fit(**DATA, epochs=2, callbacks=[log])
    header, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert header == "epoch,accuracy,loss" and len(rows) == 2
    assert json.loads(json.dumps(history.history)) == history.history
    assert pickle.loads(pickle.dumps(history)).history == history.history


def test_train_on_batch_reports_that_batch_alone():
    model = make(optimizers.SGD(0.0))
    losses = [float(model.train_on_batch(X[:8], Y[:8])) for _ in range(2)]
    alone = make(optimizers.SGD(0.0))
    alone.train_on_batch(X[:8], Y[:8])
    second = float(alone.train_on_batch(X[:8], Y[:8]))
    assert losses[1] == second != np.mean(losses)


def test_the_best_weights_are_restored_at_the_end_of_training():
    class Note(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.best = self.model.get_weights()

    note = Note()
    stop = callbacks.EarlyStopping("value", mode="min", patience=9, restore_best_weights=True)
    model = make()
    model.fit(**DATA, epochs=4, callbacks=[Values([1.0, 0.1, 0.5, 0.5]), note, stop])
    assert all(map(np.array_equal, model.get_weights(), note.best))


# --- The same seed, the same result ---------------------------------------------------------------


class Order(layers.Layer):
    """Notes the rows that come in training."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x, training=None):
        if training:
            self.seen.append(np.asarray(x)[:, 0].astype(int))
        return x


def orders(seed, epochs=2):
    pyclr.utils.set_random_seed(seed)
    note = Order()
    model = pyclr.Sequential([pyclr.Input((1,)), note, layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(np.arange(16.0)[:, None], np.zeros(16), batch_size=4, epochs=epochs, verbose=0)
    rows = np.concatenate(note.seen)
    return [tuple(rows[i * 16 : (i + 1) * 16]) for i in range(epochs)]


def test_the_seed_decides_the_order_of_the_data():
    assert orders(1) == orders(1)
    assert len({*orders(1), *orders(2)}) == 4
    assert all(sorted(order) == list(range(16)) for order in orders(1))


def test_no_call_touches_the_random_states_of_others(tmp_path):
    np.random.seed(5)
    random.seed(5)
    before = pickle.dumps((np.random.get_state(), random.getstate()))
    model = make()
    model.fit(**DATA, validation_split=0.25, epochs=2)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    load_model(tmp_path / "model.keras").train_on_batch(X, Y)
    assert pickle.dumps((np.random.get_state(), random.getstate())) == before


def test_training_has_the_same_bits_at_any_number_of_threads(threads):
    def train(count):
        threads(count)
        pyclr.utils.set_random_seed(0)
        model = pyclr.Sequential([pyclr.Input((784,)), layers.Dense(256, "relu"), layers.Dense(10)])
        model.compile("sgd", pyclr.losses.SparseCategoricalCrossentropy(from_logits=True))
        data = np.random.default_rng(0)
        x, y = data.normal(size=(640, 784)).astype("float32"), data.integers(0, 10, 640)
        model.fit(x, y, epochs=1, verbose=0)
        return model

    one = train(1)
    assert all(same(one, train(count)) for count in (2, 3, 8))


@pytest.mark.parametrize("batch_size", [1, 5, 32, 256])
def test_the_prediction_of_a_row_does_not_depend_on_its_batch(batch_size):
    pyclr.utils.set_random_seed(0)
    model = pyclr.Sequential([pyclr.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10)])
    x = np.random.default_rng(0).normal(size=(70, 784)).astype("float32")
    whole = model.predict(x, batch_size=batch_size, verbose=0)
    for i in (0, 1, 33, 69):
        assert np.array_equal(model.predict(x[i : i + 1], verbose=0)[0], whole[i])
        assert np.array_equal(model(x[i : i + 1]).numpy()[0], whole[i])


# --- Memory, threads, processes -------------------------------------------------------------------

COUNT_MEMORY = """
import gc, os, resource
import numpy as np, pyclr
from pyclr import layers

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20

def make():
    model = pyclr.Sequential([pyclr.Input((32,)), layers.Dense(64, "relu"), layers.Dense(4)])
    model.compile("adam", "mse")
    return model

def growth(function, count):
    for _ in range(count // 4):
        function()
    before = resident()
    for _ in range(count):
        function()
    return resident() - before
"""

PREDICT = """
model = make()
x = np.ones((7, 32), "float32")
grown = growth(lambda: (model.predict(x, verbose=0), model.predict(x[:1], verbose=0)), 1000)
assert grown < 1, f"{grown:.1f} MB"
"""

BUILD = """
x, y = np.ones((64, 32), "float32"), np.ones((64, 4), "float32")
grown = growth(lambda: make().fit(x, y, batch_size=16, epochs=2, verbose=0), 60)
assert grown < 2, f"{grown:.1f} MB"
"""

DATA_IN_PLACE = """
import sys, tracemalloc
x = np.zeros((1 << 16, 512), "float32")  # 128 MB
x += 1
if sys.argv[1] == "mapped":
    x.tofile("x.bin")
    x = np.memmap("x.bin", "float32", "r", shape=x.shape)
model = pyclr.Sequential([pyclr.Input((512,)), layers.Dense(2)])
model.compile("sgd", "mse")
y = np.zeros((len(x), 2), "float32")
model.fit(x[:256], y[:256], batch_size=64, verbose=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tracemalloc.start()
model.fit(x, y, batch_size=64, verbose=0, validation_split=0.1)
allocated = tracemalloc.get_traced_memory()[1] / 2**20
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
assert allocated < 8, f"{allocated:.1f} MB"
assert sys.argv[1] == "mapped" or grown < 16, f"{grown:.1f} MB"
"""


def run_script(script, folder, *arguments):
    path = Path(folder) / "script.py"
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path), *arguments],
        capture_output=True, text=True, cwd=folder, timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(pyclr.__file__).parent.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the memory in use is not known")
@pytest.mark.parametrize("script", [PREDICT, BUILD], ids=["predict", "build, fit and delete"])
def test_memory_does_not_grow(script, tmp_path):
    run_script(COUNT_MEMORY + script, tmp_path)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the memory in use is not known")
@pytest.mark.parametrize("kind", ["array", "mapped"])
def test_fit_does_not_copy_the_data(kind, tmp_path):
    run_script(COUNT_MEMORY + DATA_IN_PLACE, tmp_path, kind)


def test_nothing_is_printed_to_stderr(tmp_path):
    """Importing, training, saving and loading say nothing there."""
    script = """
import numpy as np, pyclr
model = pyclr.Sequential([pyclr.Input((4,)), pyclr.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(np.ones((64, 4)), np.arange(64) % 2, epochs=2, validation_split=0.25)
model.evaluate(np.ones((4, 4)), np.arange(4) % 2)
model.predict(np.ones((4, 4)))
model.save("model.keras")
pyclr.models.load_model("model.keras").summary()
"""
    assert run_script(script, tmp_path)


@pytest.mark.parametrize("rows", [1, 40])
def test_threads_may_share_a_model(rows):
    """Predictions of 16 threads are those of one."""
    model = make()
    inputs = [np.random.default_rng(i).normal(size=(rows, 4)) for i in range(16)]
    expected = [model.predict(x, verbose=0) for x in inputs]
    found, errors = [None] * 16, []

    def work(i):
        try:
            for _ in range(20):
                found[i] = model.predict(inputs[i], verbose=0, batch_size=8)
                assert np.array_equal(found[i], expected[i])
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not errors and all(map(np.array_equal, found, expected))


FORKED = """
import multiprocessing, warnings
import numpy as np, pyclr
warnings.simplefilter("ignore")  # Python warns of forks beside threads
pyclr.config.set_num_threads(2)
model = pyclr.Sequential([pyclr.Input((300,)), pyclr.layers.Dense(300, "relu"),
                          pyclr.layers.Dense(2)])
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(size=(200, 300)).astype("float32")
expected = model.predict(x, verbose=0)

def work(_):
    same = np.array_equal(model.predict(x, verbose=0), expected)
    model.fit(x, np.ones((200, 2)), verbose=0)
    return same

with multiprocessing.get_context("fork").Pool(3) as pool:
    assert pool.map(work, range(6), chunksize=1)[:1] == [True]
assert np.array_equal(model.predict(x, verbose=0), expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_processes_may_be_forked_after_a_prediction(tmp_path):
    """As web servers do that load the model first."""
    run_script(FORKED, tmp_path)


def test_models_are_pickled_whole():
    model = make()
    model.fit(**DATA)
    again = pickle.loads(pickle.dumps(model))
    assert int(again.optimizer.iterations) == STEPS
    for each in (model, again):
        each.fit(**DATA, epochs=2)
    assert same(model, again)


def test_a_deleted_model_is_gone():
    import weakref

    model = make()
    model.fit(**DATA)
    model.predict(X, verbose=0)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


# --- Estimators -----------------------------------------------------------------------------------


def test_estimators_take_what_the_models_take():
    """Callbacks, weights of classes, dropout and an activation for each layer."""
    pytest.importorskip("sklearn")

    def build(X, y):
        return make(loss="categorical_crossentropy", metrics=["accuracy"])

    seen = Values([0.5] * 3)
    estimator = pyclr.wrappers.SKLearnClassifier(
        build, fit_kwargs={"epochs": 3, "verbose": 0, "callbacks": [seen],
                           "class_weight": "balanced"},
    )  # fmt: skip
    estimator.fit(X, Y)
    assert estimator.history_["value"] == [0.5] * 3
    assert estimator.predict(X).shape == Y.shape
