"""A run that stops and goes on with the states of its callbacks is the run that never stopped."""

import json
import time

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers
from pyclr.optimizers import SGD

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2

# What the callbacks see as "signal" after each epoch.
SIGNALS = {
    "best before the break": [1.0, 0.2, 0.9, 0.8, 0.7, 0.6],
    "best after the break": [1.0, 0.9, 0.95, 0.5, 0.6, 0.7],
    "flat": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "not finite": [np.nan, 0.5, np.nan, 0.6, np.inf, 0.4],
}


class Signal(callbacks.Callback):
    """Adds the signal to the logs."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["signal"] = self.values[epoch]


MONITOR = dict(monitor="signal", mode="min")

KINDS = {
    "EarlyStopping": lambda folder: [callbacks.EarlyStopping(**MONITOR, patience=3)],
    "EarlyStopping, restoring": lambda folder: [
        callbacks.EarlyStopping(**MONITOR, patience=4, restore_best_weights=True)
    ],
    "ReduceLROnPlateau": lambda folder: [
        callbacks.ReduceLROnPlateau(**MONITOR, patience=2, cooldown=1, factor=0.5)
    ],
    "LearningRateScheduler": lambda folder: [
        callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9)
    ],
    "ModelCheckpoint, best": lambda folder: [
        callbacks.ModelCheckpoint(folder / "best.keras", **MONITOR, save_best_only=True)
    ],
    "ModelCheckpoint, last": lambda folder: [
        callbacks.ModelCheckpoint(folder / "{epoch}.keras", keep_last=2),
        callbacks.ModelCheckpoint(folder / "{epoch}-all.keras", every_n_epochs=2),
    ],
    "ModelCheckpoint, batches": lambda folder: [
        callbacks.ModelCheckpoint(folder / "{epoch}-{batch}.weights.h5", save_weights_only=True,
                                  save_freq=5)
    ],
    "loggers": lambda folder: [
        callbacks.CSVLogger(folder / "log.csv"), callbacks.JSONLogger(folder / "log.jsonl")
    ],
    "SwapEMAWeights": lambda folder: [
        callbacks.SwapEMAWeights(swap_on_epoch=True),
        callbacks.ModelCheckpoint(folder / "{epoch}.keras"),
    ],
    "RollbackOnNaN": lambda folder: [callbacks.RollbackOnNaN()],
    "TerminateOnNaN": lambda folder: [callbacks.TerminateOnNaN()],
}  # fmt: skip


def make(**options):
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile(SGD(0.1, 0.5, **options), "sparse_categorical_crossentropy", metrics=["acc"])
    return model


def run(model, own, values, epochs, first=0, states=None):
    """Trains and returns the `CallbackList`."""
    listed = callbacks.CallbackList(
        [Signal(values), *own], add_history=True, model=model, epochs=6, steps=4, verbose=0,
        do_validation=True,
    )  # fmt: skip
    if states is not None:
        listed.set_state(states)
    model.fit(X, Y, batch_size=5, shuffle=False, initial_epoch=first, epochs=epochs, verbose=0,
              validation_data=(X, Y), callbacks=listed)  # fmt: skip
    return listed


def through_files(states, folder):
    """The states as another process would read them: numbers from JSON, arrays from npz."""
    arrays, plain = {}, {}
    for name, state in states.items():
        for key, value in state.items():
            place = arrays if isinstance(value, np.ndarray) else plain
            place[f"{name}/{key}"] = value
    np.savez(folder / "state.npz", **arrays)
    text = json.dumps(plain)
    with np.load(folder / "state.npz") as file:
        read = {**json.loads(text), **file}
    result = {name: {} for name in states}
    for place, value in read.items():
        name, _, key = place.partition("/")
        result[name][key] = value
    return result


def files(folder):
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".keras", ".h5"):
            model = make() if path.suffix == ".h5" else pyclr.saving.load_model(path)
            model.load_weights(path)
            found[path.name] = [weight.tobytes() for weight in model.get_weights()]
        else:
            found[path.name] = path.read_bytes()
    return found


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_decisions_and_files(tmp_path, kind, signal):
    """Every built-in callback has `get_state()/set_state()`; the epoch at which training stops, and
    the best file, are the same with and without an interruption. After a resume, a best file is
    never overwritten by a worse one, and log files go on without a second header or repeated
    epochs."""
    values = SIGNALS[signal]
    options = {"use_ema": True} if "EMA" in kind else {}
    folders = [tmp_path / name for name in ("whole", "parts", "state")]
    for folder in folders:
        folder.mkdir()
    whole = make(**options)
    expected = run(whole, KINDS[kind](folders[0]), values, epochs=6)

    before = make(**options)
    saved = {}

    class Save(callbacks.Callback):
        """What a backup does after the third epoch; the run goes on and is lost."""

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                weights = [v.numpy() for v in before.variables + before.optimizer.variables]
                factor = before.optimizer.rate_factor
                saved.update(
                    weights=weights, factor=factor, states=first.get_state(),
                    stopped=before.stop_training,
                )  # fmt: skip

    own = KINDS[kind](folders[1])
    first = callbacks.CallbackList(
        [Signal(values), *own], add_history=True, model=before, epochs=6, steps=4, verbose=0,
        do_validation=True,
    )  # fmt: skip
    first.append(Save())
    before.fit(X, Y, batch_size=5, shuffle=False, epochs=4, verbose=0, validation_data=(X, Y),
               callbacks=first)  # fmt: skip
    assert not saved["stopped"]

    after = make(**options)
    after.optimizer.build(after.trainable_variables)
    for variable, value in zip(after.variables + after.optimizer.variables, saved["weights"]):
        variable.assign(value)
    after.optimizer.rate_factor = saved["factor"]
    resumed = run(after, KINDS[kind](folders[1]), values, epochs=6, first=3,
                  states=through_files(saved["states"], folders[2]))  # fmt: skip

    for ours, theirs in zip(after.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    assert files(folders[1]) == {**files(folders[1]), **files(folders[0])}
    history, other = resumed.history, expected.history
    assert history.epoch == other.epoch and history.rates == other.rates
    np.testing.assert_equal(history.history, other.history)
    np.testing.assert_array_equal(
        history.step_rates["learning_rate"], other.step_rates["learning_rate"]
    )


def test_state_holds_for_one_fit():
    """A state applies to one `fit` only; the next one begins anew."""
    stop = callbacks.EarlyStopping(**MONITOR, patience=5)
    model = make()
    run(model, [stop], SIGNALS["flat"], epochs=3)
    assert stop.wait == 2
    again = callbacks.EarlyStopping(**MONITOR, patience=5)
    again.set_state(stop.get_state())
    run(model, [again], SIGNALS["flat"], epochs=5, first=3)
    assert again.wait == 4 and not again.resumed
    run(model, [again], SIGNALS["flat"], epochs=3)
    assert again.wait == 2


def test_rates_of_a_state_inside_an_epoch():
    """The steps since the epoch's beginning are in the state, and are not counted twice."""
    model = make()
    states = []

    class Take(callbacks.TimeBudget):  # which leaves the rates alone: they are noted late
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                states.append(listed.get_state())

    listed = callbacks.CallbackList([Take(9)], add_history=True, model=model, epochs=2, verbose=0)
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=listed)
    assert [len(state["History"]["step_learning_rate"]) for state in states] == [3, 7]
    assert len(listed.history.step_rates["learning_rate"]) == 8
    listed.set_state(states[0])
    assert len(listed.history.step_rates["learning_rate"]) == 3
    listed.history.note_steps()
    assert len(listed.history.step_rates["learning_rate"]) == 3


def test_states_are_copies():
    stop = callbacks.EarlyStopping(**MONITOR, patience=5, restore_best_weights=True)
    listed = run(make(), [stop], SIGNALS["flat"], epochs=2)
    state = listed.get_state()
    state["History"]["history"]["loss"].append(0.0)
    state["EarlyStopping"]["weight_0"][...] = 0
    assert len(listed.history.history["loss"]) == 2 and stop.best_weights[0].any()


def test_two_of_a_kind_have_states_of_their_own():
    pair = [callbacks.EarlyStopping("a"), callbacks.EarlyStopping("b")]
    pair[1].wait = 7
    states = callbacks.CallbackList(pair).get_state()
    assert list(states) == ["EarlyStopping", "EarlyStopping_1"]
    fresh = [callbacks.EarlyStopping("a"), callbacks.EarlyStopping("b")]
    callbacks.CallbackList(fresh).set_state(states)
    assert [callback.wait for callback in fresh] == [0, 7]


def test_a_logger_whose_file_is_gone_begins_a_new_one(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    run(make(), [logger], SIGNALS["flat"], epochs=2)
    again = callbacks.CSVLogger(tmp_path / "log.csv")
    (tmp_path / "log.csv").unlink()
    again.set_state(logger.get_state())
    run(make(), [again], SIGNALS["flat"], epochs=3, first=2)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,acc,loss") and lines[1].startswith("2,") and len(lines) == 2


def test_seconds_of_a_checkpoint_go_on(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    save = callbacks.ModelCheckpoint("a.keras", every_n_seconds=10)
    save.on_train_begin()
    clock[0] = 7.0
    again = callbacks.ModelCheckpoint("a.keras", every_n_seconds=10)
    again.set_state(save.get_state())
    clock[0] = 100.0
    again.on_train_begin()
    saved = []
    monkeypatch.setattr(again, "_save", lambda *arguments: saved.append(clock[0]))
    again.on_train_batch_end(0)
    clock[0] = 103.0
    again.on_train_batch_end(1)
    again.on_train_batch_end(2)
    assert saved == [103.0]


def test_every_state_is_plain():
    """`get_state()` holds plain values and NumPy arrays only."""
    for kind in vars(callbacks).values():
        if not isinstance(kind, type) or not issubclass(kind, callbacks.Callback):
            continue
        arguments = {
            "CSVLogger": ["a"], "JSONLogger": ["a"], "LearningRateScheduler": [float],
            "ModelCheckpoint": ["a"], "Notifier": ["http://a"], "TimeBudget": [1],
            "BackupAndRestore": ["a"],
        }.get(kind.__name__, [])  # fmt: skip
        callback = kind(*arguments)
        state = callback.get_state()
        json.dumps({k: v for k, v in state.items() if not isinstance(v, np.ndarray)})
        callback.set_state(state)
