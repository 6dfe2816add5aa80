"""ModelCheckpoint: its files."""

import pathlib
import time

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.callbacks import ModelCheckpoint

from .driving import drive

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2


def make():
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "template", ["mymodel_{epoch}", "ckpt-loss={loss:.2f}", "{epoch:02d}.keras"]
)
def test_models_are_saved_under_any_name(tmp_path, template):
    """Paths with and without suffix are read back by `load_model`."""
    model = make()
    saved = []
    note = pyclr.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: saved.append(template.format(epoch=epoch + 1, **logs))
    )
    path = tmp_path / "new" / "folder" / template
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[ModelCheckpoint(path), note])
    assert names(path.parent) == sorted(set(saved))
    loaded = pyclr.models.load_model(path.parent / saved[-1])
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations)


@pytest.mark.parametrize("name", ["cp-{epoch:04d}.ckpt", "weights", "w.weights.h5"])
def test_weights_are_saved_under_any_name(tmp_path, name):
    model = make()
    save = ModelCheckpoint(tmp_path / name, save_weights_only=True, verbose=0)
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[save])
    other = make()
    other.load_weights(tmp_path / name.format(epoch=1))
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_best_file_is_that_of_the_best_epoch(tmp_path):
    model = make()
    save = ModelCheckpoint(tmp_path / "{val_loss:.6f}.keras", save_best_only=True)
    history = model.fit(
        X, Y, epochs=4, verbose=0, validation_data=(X, Y), validation_freq=2, callbacks=[save]
    )
    best = min(history.history["val_loss"])
    loaded = pyclr.models.load_model(tmp_path / f"{best:.6f}.keras")
    assert loaded.evaluate(X, Y, verbose=0)[0] == pytest.approx(best)
    assert len(names(tmp_path)) == 2  # the epochs without validation saved nothing


def test_running_loss_in_the_name(tmp_path):
    """With an integer save_freq the loss in the name is the running loss."""
    running = []

    class Note(pyclr.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            running.append(logs["loss"])

    save = ModelCheckpoint(tmp_path / "{epoch}-{batch}-{loss:.5f}", save_freq=3)
    make().fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[save, Note()])
    assert names(tmp_path) == [f"1-3-{running[2]:.5f}", f"2-2-{running[5]:.5f}"]


def test_every_n_epochs_and_keep_last(tmp_path):
    """`every_n_epochs`, `every_n_steps`, `every_n_seconds`, `keep_last` are separate arguments."""
    save = ModelCheckpoint(tmp_path / "{epoch}.keras", every_n_epochs=2, keep_last=2)
    make().fit(X, Y, epochs=9, verbose=0, callbacks=[save])
    assert names(tmp_path) == ["6.keras", "8.keras"]
    # By the number of the epoch, not by the epochs of this `fit`.
    make().fit(X, Y, epochs=11, initial_epoch=9, verbose=0, callbacks=[save])
    assert names(tmp_path) == ["10.keras", "8.keras"]


def test_keep_last_forgives_files_that_are_gone(tmp_path):
    save = ModelCheckpoint(tmp_path / "{epoch}.keras", keep_last=1)
    remove = pyclr.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (tmp_path / f"{epoch + 1}.keras").unlink()
    )
    make().fit(X, Y, epochs=2, verbose=0, callbacks=[save, remove])


def test_every_n_steps_is_save_freq():
    files = [
        drive(ModelCheckpoint("{epoch}-{batch}", **{name: 5}), [1.0] * 6, batches=4).files
        for name in ("save_freq", "every_n_steps")
    ]
    assert files[0] == files[1] == ["2-1", "3-2", "4-3", "5-4"]


def test_every_n_seconds(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    save = ModelCheckpoint("{epoch}-{batch}", every_n_seconds=2.5)
    save.on_train_batch_begin = lambda *args: clock.__setitem__(0, clock[0] + 1)
    assert drive(save, [1.0, 1.0], batches=5).files == ["1-3", "2-1", "2-4"]


def test_only_batch_frequencies_listen_to_batches():
    def listens(callback):
        return pyclr.callbacks.CallbackList([callback]).listens("on_train_batch_end")

    class Mine(ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)

    assert not listens(ModelCheckpoint("a.keras"))
    assert not listens(ModelCheckpoint("a.keras", every_n_epochs=2))
    assert listens(ModelCheckpoint("a.keras", save_freq=2))
    assert listens(ModelCheckpoint("a.keras", every_n_seconds=2))
    assert listens(Mine("a.keras"))


def test_says_what_it_does(tmp_path, capsys):
    save = ModelCheckpoint(tmp_path / "a", "loss", save_best_only=True, verbose=1)
    drive(save, [1.0, 2.0, 0.5])
    lines = [line for line in capsys.readouterr().out.split("\n") if line]
    assert [line.partition(", saved")[0] for line in lines] == [
        "Epoch 1: loss improved from None to 1.00000",
        "Epoch 2: loss did not improve from 1.00000",
        "Epoch 3: loss improved from 1.00000 to 0.50000",
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"filepath": "a.h5"}, "must not end in '.h5'"),
        ({"filepath": "a.keras", "save_weights_only": True}, "must end in '.weights.h5'"),
        ({"filepath": "{}.keras"}, "must have names"),
        ({"filepath": "{epoch.keras"}, "braces"),
        ({"filepath": "a", "save_freq": "batch"}, "Received: save_freq='batch'"),
        ({"filepath": "a", "save_freq": 0}, "Received: save_freq=0"),
        ({"filepath": "a", "every_n_epochs": 1.5}, "`every_n_epochs` must be a positive integer"),
        ({"filepath": "a", "every_n_seconds": -1}, "`every_n_seconds` must be a positive number"),
        ({"filepath": "a", "keep_last": 0}, "`keep_last`"),
        (
            {"filepath": "a", "save_freq": 2, "every_n_epochs": 3},
            "Received: save_freq=2, every_n_epochs=3",
        ),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint(**arguments)


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "a.keras").mkdir()
    with pytest.raises(ValueError, match="must be the name of a file"):
        make().fit(X, Y, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "a.keras")])


def test_unknown_field(tmp_path):
    with pytest.raises(KeyError, match="can not fill in 'rank'.*Available are: .*epoch"):
        drive(ModelCheckpoint("{rank}.keras"), [1.0])
    with pytest.raises(ValueError, match="if it saves after batches.*{epoch}-{batch}.keras"):
        ModelCheckpoint("{epoch}-{batch}.keras")
    assert isinstance(ModelCheckpoint(pathlib.Path("a.keras")).filepath, str)
