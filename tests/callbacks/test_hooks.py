"""Which hooks run, in which order, with which logs."""

import io

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.utils.progbar import Progbar

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

LOGS = ["acc", "loss"]


def test_fit_with_validation():
    note = Note()
    make().fit(X, Y, batch_size=10, epochs=2, verbose=0, validation_data=(X, Y),
               validation_batch_size=20, callbacks=[note])  # fmt: skip
    epoch = [
        ("train_batch_begin", 0, []), ("train_batch_end", 0, LOGS),
        ("train_batch_begin", 1, []), ("train_batch_end", 1, LOGS),
        ("test_begin", []), ("test_batch_begin", 0, []), ("test_batch_end", 0, LOGS),
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
