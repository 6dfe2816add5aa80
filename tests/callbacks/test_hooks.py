"""Which hooks run, in which order, with which logs."""

import copy
import inspect
import io
import os
import pickle

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.utils.progbar import Progbar

os.environ.setdefault("KERAS_BACKEND", "numpy")

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2


def make():
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


class Note(pyclr.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_") and not name.startswith("on_batch"):
            calls = self.calls
            return lambda *args: calls.append((name[3:], *args[:-1], sorted(args[-1] or {})))
        return super().__getattribute__(name)


# Every hook counts as overridden.
for hook in [name for name in vars(pyclr.callbacks.Callback) if name.startswith("on_")]:
    setattr(Note, hook, lambda self, *args, **kwargs: None)

LOGS, BATCH_LOGS = ["acc", "loss"], ["acc", "batch_loss", "loss"]


def test_fit_with_validation():
    note = Note()
    make().fit(X, Y, batch_size=10, epochs=2, verbose=0, validation_data=(X, Y),
               validation_batch_size=20, callbacks=[note])  # fmt: skip
    epoch = [
        ("train_batch_begin", 0, []), ("train_batch_end", 0, BATCH_LOGS),
        ("train_batch_begin", 1, []), ("train_batch_end", 1, BATCH_LOGS),
        ("test_begin", []), ("test_batch_begin", 0, []), ("test_batch_end", 0, BATCH_LOGS),
        ("test_end", LOGS),
    ]  # fmt: skip
    every = ["acc", "loss", "val_acc", "val_loss"]
    assert note.calls == [
        ("train_begin", []),
        ("epoch_begin", 0, []), *epoch, ("epoch_end", 0, every),
        ("epoch_begin", 1, []), *epoch, ("epoch_end", 1, every),
        ("train_end", every),
    ]  # fmt: skip


def test_evaluate_and_predict():
    note = Note()
    model = make()
    model.evaluate(X, Y, batch_size=20, verbose=0, callbacks=[note])
    assert [call[0] for call in note.calls] == [
        "test_begin", "test_batch_begin", "test_batch_end", "test_end",
    ]  # fmt: skip
    note.calls.clear()
    model.predict(X, batch_size=20, verbose=0, callbacks=[note])
    assert note.calls == [
        ("predict_begin", []), ("predict_batch_begin", 0, []),
        ("predict_batch_end", 0, ["outputs"]), ("predict_end", []),
    ]  # fmt: skip


def test_old_names_of_batch_hooks():
    class Old(pyclr.callbacks.Callback):
        seen = 0

        def on_batch_end(self, batch, logs=None):
            Old.seen += 1
            assert isinstance(logs["loss"], float)

    make().fit(X, Y, batch_size=5, verbose=0, callbacks=[Old()])
    assert Old.seen == 4


def test_batch_hooks_change_no_bits():
    class Batch(pyclr.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    weights = []
    for callbacks in ([], [Batch()]):
        pyclr.utils.set_random_seed(4)
        model = make()
        model.fit(X, Y, batch_size=3, epochs=3, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights))


def test_running_metrics_are_the_means_so_far():
    seen = []

    class Batch(pyclr.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    model = make()
    model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[Batch()])
    for count, loss in zip((5, 10, 15, 20), seen):
        assert loss == pytest.approx(model.test_on_batch(X[:count], Y[:count])[0], rel=1e-5)


class BatchLogs(pyclr.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.train, self.test = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.train.append(logs)

    def on_test_batch_end(self, batch, logs=None):
        self.test.append(logs)


@pytest.mark.parametrize("eager", [False, True])
def test_batch_hooks_get_the_loss_of_the_batch_alone(eager):
    """Batch hooks get both `loss` (running) and `batch_loss`."""
    model = make()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=eager)
    note = BatchLogs()
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[note])
    for epoch in range(3):
        logs = note.train[3 * epoch : 3 * epoch + 3]  # of 8, 8 and 4 samples
        losses = [log["batch_loss"] for log in logs]
        for count, log in enumerate(logs, 1):
            mean = np.average(losses[:count], weights=[8, 8, 4][:count])
            assert log["loss"] == pytest.approx(mean, rel=1e-6) and type(log["loss"]) is float
    rows = [slice(0, 8), slice(8, 16), slice(16, 20)]
    expected = [model.test_on_batch(X[r], Y[r]) for r in rows]
    assert [log["batch_loss"] for log in note.test[-3:]] == expected
    assert note.test[0]["batch_loss"] != note.test[1]["batch_loss"]


def test_the_loss_of_a_batch_is_in_no_other_logs(tmp_path, monkeypatch):
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("pyclr.utils.progbar._INTERVAL", 0.0)
    model, note = make(), BatchLogs()
    log = pyclr.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(X, Y, batch_size=5, validation_data=(X, Y), callbacks=[note, log])
    results = model.evaluate(X, Y, callbacks=[note], return_dict=True)
    assert set(results) == {"loss", "acc"} == set(model.train_on_batch(X, Y, return_dict=True))
    assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
    assert "batch_loss" not in out.getvalue() + (tmp_path / "log.csv").read_text()
    assert len(note.train) == 4 and out.getvalue().count("- loss: ") >= 5


def test_a_step_of_ones_own_has_its_own_logs():
    class Own(pyclr.Sequential):
        def train_step(self, data):
            return {"mine": pyclr.ops.sum(data[0]), "batch_loss": pyclr.ops.ones(())}

    note = BatchLogs()
    model = Own([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(X, Y, batch_size=5, verbose=0, callbacks=[note])
    assert [set(log) for log in note.train] == [{"mine", "batch_loss"}] * 4
    assert history.history["batch_loss"] == [1.0]


def test_scripts_of_keras_find_its_names(monkeypatch):
    import pyclr.compat

    monkeypatch.setattr(pyclr.compat, "is_installed", lambda: True)
    note = BatchLogs()
    make().fit(X, Y, verbose=0, callbacks=[note])
    assert set(note.train[0]) == {"loss", "acc"}


def test_stop_training_in_a_batch_ends_after_it():
    class Stop(pyclr.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = make()
    history = model.fit(X, Y, batch_size=5, epochs=5, verbose=0, validation_data=(X, Y),
                        callbacks=[Stop()])  # fmt: skip
    assert history.epoch == [0] and int(model.optimizer.iterations) == 2
    assert "val_loss" in history.history


def test_stop_training_ends_after_the_epoch():
    class Stop(pyclr.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert make().fit(X, Y, epochs=5, verbose=0, callbacks=[Stop()]).epoch == [0, 1]


def test_stop_training_keeps_the_program():
    model = make()
    for _ in range(3):
        model.fit(X, Y, batch_size=5, verbose=0)
    assert model.explain_step().startswith("The step is replayed")


# --- The list ------------------------------------------------------------------------------------


def test_every_callback_of_keras_is_there():
    """All of them but those that need other libraries."""
    keras = pytest.importorskip("keras")
    theirs = {name for name in dir(keras.callbacks) if name[0].isupper()}
    assert theirs - {"BackupAndRestore", "OrbaxCheckpoint"} <= set(dir(pyclr.callbacks))
    for name in theirs & set(dir(pyclr.callbacks)):
        names = inspect.signature(getattr(keras.callbacks, name).__init__).parameters
        ours = inspect.signature(getattr(pyclr.callbacks, name).__init__).parameters
        assert set(names) - {"kwargs"} <= set(ours), name


def test_a_run_that_does_not_begin_leaves_the_history():
    model = make()
    history = model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="'lost', which the logs do not hold"):
        model.fit(X, Y, verbose=0, callbacks=[pyclr.callbacks.EarlyStopping("lost")])
    assert model.history is history


def test_list_of_lists_and_append():
    first, second, third = Note(), Note(), Note()
    listed = pyclr.callbacks.CallbackList([first, [second]], model=make(), epochs=1)
    listed.append(third)
    assert third.model is first.model and third.params == {"epochs": 1}
    listed.on_epoch_begin(0)
    assert first.calls == second.calls == third.calls == [("epoch_begin", 0, [])]
    assert listed.callbacks == [first, second, third]
    with pytest.raises(TypeError, match="must hold instances"):
        listed.append(print)
    for no_callback in (len, None, pyclr.callbacks.TerminateOnNaN):
        with pytest.raises(TypeError, match="must hold instances"):
            pyclr.callbacks.CallbackList([no_callback])


def test_what_one_callback_adds_to_the_logs_the_next_ones_see():
    seen = []
    add = pyclr.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(new=1.0))
    see = pyclr.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["new"]))
    history = make().fit(X, Y, verbose=0, callbacks=[add, see])
    assert seen == [1.0] and history.history["new"] == [1.0]


def test_lambda_callback():
    calls = []
    hooks = [name for name in dir(pyclr.callbacks.Callback) if name.startswith("on_")]
    assert len(hooks) == 16  # fourteen, and two old names

    def note(name):
        return lambda *args: calls.append(name)

    model = make()
    every = pyclr.callbacks.LambdaCallback(**{name: note(name) for name in hooks})
    model.fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[every])
    model.predict(X, verbose=0, callbacks=[every])
    assert set(calls) == set(hooks) - {"on_batch_begin", "on_batch_end"}
    old = pyclr.callbacks.LambdaCallback(on_batch_end=note("old"))
    model.fit(X, Y, verbose=0, callbacks=[old])
    assert calls[-1] == "old"
    with pytest.raises(TypeError, match="Received: on_epoch_ends="):
        pyclr.callbacks.LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="must be a function. Received: on_epoch_end=3"):
        pyclr.callbacks.LambdaCallback(on_epoch_end=3)


def test_params():
    seen = {}
    note = pyclr.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.update(note.params))
    make().fit(X, Y, batch_size=5, epochs=3, verbose=0, callbacks=[note])
    assert seen == {"verbose": 0, "epochs": 3, "steps": 4, "do_validation": False}


@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau", "TimeBudget", "History"])
def test_no_batch_hook_costs_nothing(kind):
    """Batch hooks cost nothing unless overridden."""
    callback = getattr(pyclr.callbacks, kind)(*[9][: kind == "TimeBudget"])
    listens = pyclr.callbacks.CallbackList([callback]).listens("on_train_batch_end")
    assert listens == (kind == "TimeBudget")


def test_copies_and_pickles_are_without_the_run():
    stop = pyclr.callbacks.EarlyStopping("loss", patience=3)
    make().fit(X, Y, epochs=2, verbose=0, callbacks=[stop])
    for other in (pickle.loads(pickle.dumps(stop)), copy.deepcopy(stop)):
        assert other.patience == 3 and other.best == stop.best and other.model is None


# --- The data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [False, True])
def test_context_has_the_data_and_the_predictions(monkeypatch, split):
    """Callbacks get `self.context` with references to the data, the current batch, and the
    predictions for all validation data, computed once an epoch."""
    model = make()
    predictions = []
    predict = model.predict
    monkeypatch.setattr(
        type(model), "predict", lambda self, *a, **k: predictions.append(1) or predict(*a, **k)
    )
    rows = []

    class See(pyclr.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            x, y, weight = self.context.batch()
            assert x.shape == (5, 3) and weight is None
            rows.extend(int(np.flatnonzero((X == row).all(1))[0]) for row in x)
            np.testing.assert_array_equal(y, Y[rows[-5:]])

        def on_epoch_end(self, epoch, logs=None):
            assert self.context.x is X and self.context.y is Y
            x, y, *_ = self.context.validation_data
            np.testing.assert_array_equal(x, X[-10:])
            first = self.context.validation_predictions()
            assert self.context.validation_predictions() is first
            np.testing.assert_array_equal(first, predict(x, verbose=0))
            assert np.mean(first.argmax(1) == y) == pytest.approx(logs["val_acc"])
            with pytest.raises(RuntimeError, match="only in the hooks of batches"):
                self.context.batch()

    given = {"validation_split": 0.5} if split else {"validation_data": (X[-10:], Y[-10:])}
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[See()], **given)
    assert len(predictions) == 2
    assert sorted(rows) == sorted(2 * list(range(10 if split else 20)))
    assert rows != sorted(rows)


def test_context_without_validation():
    class See(pyclr.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.context.validation_predictions()

    see = See()
    with pytest.raises(ValueError, match="neither `validation_data`"):
        make().fit(X, Y, verbose=0, callbacks=[see])
    assert see.context is None  # nobody keeps the data


# --- The progress bar ----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True

    encoding = "utf-8"


def test_progress_on_a_pipe_is_one_plain_line():
    out = io.StringIO()
    bar = Progbar(4, file=out)
    for step in range(1, 5):
        assert not bar.due(step)
    bar.finish({"loss": 0.5, "tiny": 1e-5})
    text = out.getvalue()
    assert text.count("\n") == 1 and "\r" not in text and text.isascii()
    assert text.startswith("4/4 ") and "loss: 0.5000" in text and "tiny: 1.0000e-05" in text


def test_progress_on_a_terminal_is_redrawn_seldom(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    bar = Progbar(1000, file=out)
    for step in range(1, 1001):
        if bar.due(step):
            bar.update(step, {"loss": 1.0})
    bar.finish({"loss": 1.0})
    assert out.getvalue().count("\r") <= 3 and out.getvalue().endswith("\n")


def test_progress_survives_a_closed_output():
    out = io.StringIO()
    bar = Progbar(1, file=out)
    out.close()
    bar.finish({"loss": 1.0})
