"""EarlyStopping, ReduceLROnPlateau and ModelCheckpoint: what they decide, beside Keras."""

import os

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers

from .driving import Model, drive

os.environ.setdefault("KERAS_BACKEND", "numpy")

FALLING = [1.0, 0.9, 0.7, 0.5, 0.3]
FLAT = [1.0] * 9
BUMPY = [1.0, 0.6, 0.8, 0.9, 0.4, 0.5, 0.45, 0.7, 0.2, 0.9, 0.9, 0.9]
SLOW = [1.0, 0.97, 0.94, 0.91, 0.88, 0.85, 0.82, 0.79, 0.76]

STOPPING = [
    (FALLING, {}),
    (FLAT, {}),
    (FLAT, {"patience": 1}),
    (FLAT, {"patience": 3}),
    (BUMPY, {"patience": 0}),
    (BUMPY, {"patience": 1}),
    (BUMPY, {"patience": 2}),
    (BUMPY, {"patience": 3, "restore_best_weights": True}),
    (BUMPY, {"patience": 20, "restore_best_weights": True}),
    (BUMPY, {"patience": 2, "mode": "max"}),
    (BUMPY, {"patience": 2, "mode": "max", "restore_best_weights": True}),
    (SLOW, {"min_delta": 0.05}),
    (SLOW, {"min_delta": 0.05, "patience": 2}),
    (SLOW, {"min_delta": -0.05, "patience": 2}),
    (SLOW, {"min_delta": 0.2, "patience": 3, "restore_best_weights": True}),
    (BUMPY, {"baseline": 0.5, "patience": 2}),
    (BUMPY, {"baseline": 0.5, "patience": 4}),
    (BUMPY, {"baseline": 0.1, "patience": 3, "restore_best_weights": True}),
    (FLAT, {"baseline": 0.5, "patience": 2, "restore_best_weights": True}),
    (BUMPY, {"start_from_epoch": 3}),
    (BUMPY, {"start_from_epoch": 2, "patience": 2, "restore_best_weights": True}),
    (FLAT, {"start_from_epoch": 20}),
]

PLATEAU = [
    (FLAT, {"patience": 1}),
    (FLAT, {"patience": 2}),
    (FLAT, {"patience": 0}),
    (FLAT, {"patience": 1, "cooldown": 1}),
    (FLAT, {"patience": 2, "cooldown": 2, "factor": 0.5}),
    (FLAT, {"patience": 1, "cooldown": 3, "factor": 0.2}),
    (FLAT, {"patience": 1, "min_lr": 0.03, "factor": 0.5}),
    (FLAT, {"patience": 2, "min_lr": 0.001}),
    (BUMPY, {"patience": 2, "factor": 0.5}),
    (BUMPY, {"patience": 1, "mode": "max"}),
    (BUMPY, {"patience": 1, "cooldown": 1, "factor": 0.7}),
    (SLOW, {"patience": 1, "min_delta": 0.05}),
    (SLOW, {"patience": 2, "min_delta": 0.1}),
    (SLOW, {"patience": 1, "min_delta": 0.5, "cooldown": 2}),
]

SAVING = [
    (BUMPY, {}),
    (BUMPY, {"save_best_only": True}),
    (BUMPY, {"save_best_only": True, "mode": "max"}),
    (BUMPY, {"save_best_only": True, "initial_value_threshold": 0.5}),
    (BUMPY, {"save_freq": 2}),
    (BUMPY, {"save_freq": 7}),
    (BUMPY, {"save_freq": 5, "save_best_only": True}),
    (SLOW, {"save_freq": 3, "save_weights_only": True}),
]


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.mark.parametrize("values, arguments", STOPPING)
def test_early_stopping_is_keras(keras, values, arguments):
    """Keras 3 semantics with a truth table: patience, min_delta, mode, baseline, start_from_epoch,
    restore_best_weights."""
    ours = drive(callbacks.EarlyStopping("loss", **arguments), values)
    theirs = drive(keras.callbacks.EarlyStopping("loss", **arguments), values)
    assert (ours.last, ours.weights) == (theirs.last, theirs.weights)
    for name in ("stopped_epoch", "best", "wait"):
        assert getattr(ours.callback, name) == getattr(theirs.callback, name)


@pytest.mark.parametrize("rate", [0.1, 1])
@pytest.mark.parametrize("values, arguments", PLATEAU)
def test_rate_reductions_are_those_of_keras(keras, values, arguments, rate):
    """A table fixes the epoch of every reduction for (patience, cooldown, min_delta, factor); rates
    are floats also when they begin as an integer."""
    ours = drive(callbacks.ReduceLROnPlateau("loss", **arguments), values, model=Model(rate))
    theirs = drive(keras.callbacks.ReduceLROnPlateau("loss", **arguments), values,
                   model=Model(rate))  # fmt: skip
    assert ours.rates == theirs.rates
    assert len(set(ours.rates)) > 1


@pytest.mark.parametrize("values, arguments", SAVING)
def test_saved_files_are_those_of_keras(keras, values, arguments):
    """`save_freq` counts batches on from epoch to epoch."""
    suffix = ".weights.h5" if "save_weights_only" in arguments else ".keras"
    path = "{epoch:02d}-" + ("{batch}-" if "save_freq" in arguments else "") + "{loss:.2f}" + suffix
    arguments = {"filepath": path, "monitor": "loss", **arguments}
    ours = drive(callbacks.ModelCheckpoint(**arguments), values, batches=3)
    theirs = drive(keras.callbacks.ModelCheckpoint(**arguments), values, batches=3)
    assert ours.files == theirs.files and ours.files
    assert ours.callback.best == theirs.callback.best


# --- What is not finite --------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_never_an_improvement(bad):
    """NaN/Inf never counts as an improvement, and NaN first is never the best."""
    values = [bad, 1.0, bad, 0.1, bad]
    for mode in ("min", "max"):
        stop = drive(
            callbacks.EarlyStopping("loss", patience=2, mode=mode, restore_best_weights=True),
            values,
        )
        assert stop.callback.best == (0.1 if mode == "min" else 1.0)
        assert stop.weights == (3 if mode == "min" else 1)
        assert stop.last == (4 if mode == "min" else 3)
        save = drive(
            callbacks.ModelCheckpoint("{epoch}", "loss", save_best_only=True, mode=mode), values
        )
        assert save.files == (["2", "4"] if mode == "min" else ["2"])
        plateau = drive(
            callbacks.ReduceLROnPlateau("loss", patience=1, mode=mode, factor=0.5), values
        )
        assert np.isfinite(plateau.callback.best)
        assert plateau.rates == pytest.approx(
            [0.1, 0.05, 0.05, 0.025, 0.025] if mode == "min" else [0.1, 0.05, 0.05, 0.025, 0.0125]
        )


def test_all_not_finite_restores_nothing():
    stop = callbacks.EarlyStopping("loss", patience=5, restore_best_weights=True)
    assert drive(stop, [np.nan] * 3).weights == 2


# --- Which names there are -----------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = np.arange(12) % 2
MONITORS = [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau]


def make(model=None, metrics=("acc",)):
    model = model or pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


class Began(callbacks.Callback):
    began = False

    def on_train_begin(self, logs=None):
        self.began = True


@pytest.mark.parametrize("kind", MONITORS)
@pytest.mark.parametrize(
    "name, data, message",
    [
        ("val_AUC", {"validation_data": (X, Y)}, "loss, acc, val_loss, val_acc"),
        ("accuracy", {}, "Available are: loss, acc. "),
        ("val_loss", {}, "There is no validation"),
    ],
)
def test_unknown_monitor_raises_before_the_first_batch(kind, name, data, message):
    """An unknown monitor, or `val_*` without validation data, raises before the first batch and
    lists the available names."""
    first = Began()
    model = make()
    with pytest.raises(ValueError, match=f"{kind.__name__} refers to '{name}'.*{message}"):
        model.fit(X, Y, verbose=0, callbacks=[first, kind(name, mode="min")], **data)
    assert not first.began and int(model.optimizer.iterations) == 0


def test_unknown_names_of_checkpoints_raise_before_the_first_batch(tmp_path):
    for arguments in (
        {"filepath": tmp_path / "a.keras", "save_best_only": True},
        {"filepath": tmp_path / "{val_loss:.2f}.keras"},
        {"filepath": tmp_path / "{mae}.keras"},
    ):
        with pytest.raises(ValueError, match="ModelCheckpoint refers to"):
            make().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(**arguments)])
    # What is not asked for is not missed.
    make().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "b.keras")])


@pytest.mark.parametrize("frequency", ["save_freq", "every_n_steps", "every_n_seconds"])
def test_validation_with_a_step_frequency_raises_before_the_first_batch(tmp_path, frequency):
    """Combining a `val_*` monitor with a step frequency raises before the first batch."""
    best = callbacks.ModelCheckpoint(tmp_path / "a.keras", save_best_only=True, **{frequency: 2})
    named = callbacks.ModelCheckpoint(tmp_path / "{val_acc}.keras", **{frequency: 2})
    for callback in (best, named):
        first = Began()
        with pytest.raises(ValueError, match=f"after batches.*{frequency}=2"):
            make().fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[first, callback])
        assert not first.began


class Own(pyclr.Sequential):
    def train_step(self, data):
        return {**super().train_step(data), "own": pyclr.ops.ones(())}


def test_names_of_a_train_step_of_the_users():
    stop = callbacks.EarlyStopping("own", patience=1, mode="min")
    model = make(Own([pyclr.Input((3,)), layers.Dense(2, activation="softmax")]))
    assert len(model.fit(X, Y, epochs=9, verbose=0, callbacks=[stop]).epoch) == 2
    missing = callbacks.EarlyStopping("missing", mode="min")
    with pytest.raises(ValueError, match="Available are: .*own"):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=[missing])
    assert len(model.history.epoch) == 0


def test_names_that_another_callback_adds():
    def add(epoch, logs):
        logs["val_f1"] = float(epoch < 3)

    model = make()
    stop = callbacks.EarlyStopping("val_f1", mode="max")
    note = callbacks.LambdaCallback(on_epoch_end=add)
    assert len(model.fit(X, Y, epochs=9, verbose=0, callbacks=[note, stop]).epoch) == 2
    rate = callbacks.LearningRateScheduler(lambda epoch: 0.1)
    watch = callbacks.EarlyStopping("learning_rate", mode="min")
    assert len(model.fit(X, Y, epochs=9, verbose=0, callbacks=[rate, watch]).epoch) == 2


def test_patience_counts_validated_epochs():
    """With `validation_freq` > 1 the epochs without validation do not count."""
    for patience, epochs in ((1, 4), (2, 6)):
        stop = callbacks.EarlyStopping(patience=patience, min_delta=100)
        history = make().fit(
            X, Y, epochs=20, verbose=0, validation_data=(X, Y), validation_freq=2, callbacks=[stop]
        )
        assert len(history.epoch) == epochs


def test_direction():
    """`mode="auto"` takes the direction from the loss or metric of that name."""
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(1, activation="sigmoid")])

    def own(y_true, y_pred):
        return y_pred

    model.compile("sgd", "mse", metrics=["acc", "mae", own])
    for name, sign in (("loss", -1), ("val_loss", -1), ("acc", 1), ("val_mae", -1)):
        stop = callbacks.EarlyStopping(name)
        model.fit(X, Y[:, None], verbose=0, validation_data=(X, Y[:, None]), callbacks=[stop])
        assert stop._sign == sign
    with pytest.raises(ValueError, match="give `mode='max'` or `mode='min'`"):
        model.fit(X, Y[:, None], verbose=0, callbacks=[callbacks.EarlyStopping("own")])
    with pytest.warns(UserWarning, match="mode='best'"):
        assert callbacks.EarlyStopping("acc", mode="best").mode == "auto"


def test_monitors_need_one_number():
    stop = callbacks.EarlyStopping("loss", mode="min")
    with pytest.raises(ValueError, match="needs one number"):
        drive(stop, [np.ones(3)])


# --- How training ends ---------------------------------------------------------------------------


class EndAt(callbacks.Callback):
    """Ends training in an epoch, by an interruption or as a callback does."""

    def __init__(self, epoch, interrupt):
        super().__init__()
        self.epoch, self.interrupt = epoch, interrupt

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch and self.interrupt:
            raise KeyboardInterrupt
        self.model.stop_training = epoch == self.epoch


@pytest.mark.parametrize("interrupt", [False, True])
def test_best_weights_are_restored_however_training_ends(interrupt):
    """EarlyStopping: stop by another callback, Ctrl-C."""
    model = make()
    stop = callbacks.EarlyStopping("loss", patience=9, mode="max", restore_best_weights=True)
    weights = []
    note = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())
    )
    arguments = dict(epochs=9, verbose=0, callbacks=[stop, note, EndAt(2, interrupt)])
    if interrupt:
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y, **arguments)
    else:
        model.fit(X, Y, **arguments)
    assert len(weights) == 3 and stop.best_epoch == 0
    for ours, best in zip(model.get_weights(), weights[0]):
        np.testing.assert_array_equal(ours, best)
