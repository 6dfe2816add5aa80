"""A run that is stopped anywhere and started again ends with the bits of one that was not."""

import os
import signal
import time

import numpy as np
import pytest

import pyclr
from pyclr import layers

from . import killed_runs as runs

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are made by fork")


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C raises, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The result of a run that is never stopped, and its seconds, by the kind of data."""
    known = {}

    def get(kind):
        if kind not in known:
            seconds = []
            for _ in range(3):  # the shortest is that of a process that had its time
                folder = str(tmp_path_factory.mktemp("undisturbed"))
                start = time.perf_counter()
                net, history = runs.train(folder, kind)
                seconds.append(time.perf_counter() - start)
            known[kind] = runs.result(folder, net, history), min(seconds)
        return known[kind]

    return get


@needs_fork
@pytest.mark.parametrize(
    "kind",
    [
        "arrays", "class weights", "dataset", "mapped dataset", "sequence",
        "validation within epochs",
    ],
)  # fmt: skip
def test_killed_at_any_moment_and_started_again(kind, undisturbed, tmp_path):
    """For a kill at any batch, rerunning the same script gives the same weights,
    slots, History, CSV and checkpoints; each batch is seen once."""
    expected, seconds = undisturbed(kind)
    killed = 0
    for seed in range(20):
        found, count = runs.train_with_kills(
            str(tmp_path / str(seed)), kind, kills=12, seed=seed, duration=seconds
        )
        assert_equal(found, expected)
        killed += count
        if killed >= 12:
            break
    assert killed >= 10  # of each kind: more than 50 in all


@needs_fork
def test_with_another_number_of_threads_after_each_kill(undisturbed, tmp_path):
    expected, seconds = undisturbed("arrays")
    found, _ = runs.train_with_kills(
        str(tmp_path), "arrays", kills=6, seed=5, duration=seconds, threads=lambda n: 1 + n % 2
    )
    assert_equal(found, expected)


@needs_fork
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_killed_while_saving(call, undisturbed, tmp_path, monkeypatch):
    """A kill while a file is written leaves the one before."""
    expected, _ = undisturbed("arrays")
    folder = str(tmp_path)

    def script(dies_at):
        original, calls = getattr(os, call), []

        def dying(*args):
            calls.append(args)
            if len(calls) == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args)

        setattr(os, call, dying)
        net, history = runs.train(folder)
        np.savez(os.path.join(folder, "result.npz"), **runs.result(folder, net, history))

    for dies_at in (1, 2, 3, 5, 8):
        assert not runs.run_and_kill(None, script, dies_at)
    assert runs.run_and_kill(None, script, 10**9)
    with np.load(os.path.join(folder, "result.npz")) as found:
        assert_equal(dict(found), expected)


class StopAt(pyclr.callbacks.Callback):
    """Raises an error at a batch, as a lost connection would."""

    def __init__(self, epoch, batch, error=RuntimeError):
        super().__init__()
        self.at, self.epoch, self.error = (epoch, batch), 0, error

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise self.error("stopped by the test")


def fit(net, folder, callbacks=(), epochs=4, **options):
    return net.fit(
        runs.X, runs.Y, batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks),
        resume=folder, **options,
    )  # fmt: skip


def test_the_number_of_updates_is_that_of_one_run(tmp_path):
    net = runs.model()
    with pytest.raises(RuntimeError, match="stopped by the test"):
        fit(net, tmp_path, [StopAt(1, 5)], resume_save_freq=1)
    again = runs.model()
    history = fit(again, tmp_path, resume_save_freq=1)
    assert int(again.optimizer.iterations) == 4 * 12
    assert history.epoch == [0, 1, 2, 3]


def test_the_next_fit_trains_all_its_epochs(tmp_path):
    """What was resumed applies to one call of fit."""
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path, [StopAt(2, 0)])
    net = runs.model()
    assert len(fit(net, tmp_path).epoch) == 4
    assert len(net.fit(runs.X, runs.Y, epochs=3, verbose=0).epoch) == 3


def test_a_finished_run_is_not_trained_again_and_can_be_made_longer(tmp_path):
    first = runs.model()
    history = fit(first, tmp_path).history
    again = runs.model()
    assert fit(again, tmp_path).history == history
    for a, b in zip(first.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    longer = runs.model()
    assert fit(longer, tmp_path, epochs=6).epoch == list(range(6))
    direct = runs.model()
    fit(direct, tmp_path / "direct", epochs=6)
    for a, b in zip(longer.get_weights(), direct.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_early_stopping_stops_where_it_would_have(tmp_path):
    """The epoch at which training stops is the same with an interruption."""

    def stopping():
        return pyclr.callbacks.EarlyStopping("loss", patience=3, min_delta=10.0)

    assert len(fit(runs.model(), tmp_path / "a", [stopping()], epochs=20).epoch) == 4
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path / "b", [stopping(), StopAt(2, 3)], epochs=20)
    assert len(fit(runs.model(), tmp_path / "b", [stopping()], epochs=20).epoch) == 4
    # It had been stopped: it stays so.
    assert len(fit(runs.model(), tmp_path / "b", [stopping()], epochs=20).epoch) == 4


class CtrlC(pyclr.callbacks.Callback):
    """Presses Ctrl-C in hooks, at times that they count from 0."""

    def __init__(self, **times):
        super().__init__()
        self.times, self.counts = times, dict.fromkeys(times, 0)
        for hook in times:
            setattr(self, hook, lambda *arguments, hook=hook: self.press(hook))

    def press(self, hook):
        if self.counts[hook] == self.times[hook]:
            signal.raise_signal(signal.SIGINT)
        self.counts[hook] += 1


def ema_model():
    net = runs.model()
    net.compile(pyclr.optimizers.Adam(0.02, use_ema=True), "sparse_categorical_crossentropy")
    return net


def fit_best(net, folder, *more, **options):
    """The best weights are restored in the end; what is saved before are those of the batch."""
    best = pyclr.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)
    return runs.result_of_training(net, fit(net, folder, [best, *more], **options))


PRESSED = {
    "in a batch": {"on_train_batch_end": 17},
    "at an epoch's beginning": {"on_epoch_begin": 2},
    "at an epoch's end": {"on_epoch_end": 1},
    "in a validation": {"on_test_begin": 1},
    "in the last epoch": {"on_epoch_end": 3},
}


@pytest.mark.parametrize("on_interrupt", ["raise", "stop"])
@pytest.mark.parametrize("pressed", PRESSED)
def test_ctrl_c_ends_the_batch_saves_and_raises_or_stops(pressed, on_interrupt, tmp_path):
    """The first Ctrl-C ends the current batch, runs `on_train_end`, saves the run state and raises
    `KeyboardInterrupt` with `model.history` filled (or returns, with `on_interrupt="stop"`)."""
    options = dict(on_interrupt=on_interrupt, validation_data=(runs.X, runs.Y))
    ended = []
    end = pyclr.callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(True))
    net = ema_model()
    more = [CtrlC(**PRESSED[pressed]), end]
    if on_interrupt == "raise":
        with pytest.raises(KeyboardInterrupt):
            fit_best(net, tmp_path / "run", *more, **options)
    else:
        fit_best(net, tmp_path / "run", *more, **options)
        assert net.stop_training
    assert ended == [True]
    done = {"in a batch": 1, "in the last epoch": 4}.get(pressed, 2)
    assert net.history.epoch == list(range(done))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if done < 4:  # or training was complete
        expected = fit_best(ema_model(), tmp_path / "direct", **options)
        assert_equal(fit_best(ema_model(), tmp_path / "run", **options), expected)


@pytest.mark.parametrize("on_interrupt", ["raise", "stop"])
@pytest.mark.parametrize("second", ["on_train_batch_end", "on_train_end"])
def test_a_second_ctrl_c_raises_at_once(second, on_interrupt, tmp_path):
    """And leaves the states that were saved before."""
    presses = CtrlC(on_train_batch_begin=17, **{second: 0 if second == "on_train_end" else 17})
    with pytest.raises(KeyboardInterrupt):
        fit_best(ema_model(), tmp_path / "run", presses, on_interrupt=on_interrupt)
    expected = fit_best(ema_model(), tmp_path / "direct")
    assert_equal(fit_best(ema_model(), tmp_path / "run"), expected)


class Clock(pyclr.callbacks.Callback):
    """Makes every batch, and the end of every epoch, take a second."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def on_train_batch_end(self, batch, logs=None):
        self.now += 1

    def on_epoch_end(self, epoch, logs=None):
        self.now += 1


@pytest.mark.parametrize("backup", [False, True])
@pytest.mark.parametrize("seconds", [5, 12, 13, 30])  # in an epoch, at its end, after it
def test_a_run_that_gets_more_time_goes_on(seconds, backup, tmp_path, monkeypatch):
    """`TimeBudget(seconds)` stops within one batch and leaves a resumable state."""

    def train(folder, seconds):
        net = ema_model()
        budget = pyclr.callbacks.TimeBudget(seconds)
        log = pyclr.callbacks.CSVLogger(folder + ".csv")
        callbacks = [Clock(monkeypatch), budget, log]
        if backup:
            callbacks.append(pyclr.callbacks.BackupAndRestore(folder))
        found = fit_best(net, None if backup else folder, *callbacks)
        with open(folder + ".csv") as file:
            return {**found, "csv": np.array(file.read())}

    expected = train(str(tmp_path / "direct"), 999)
    folder = str(tmp_path / "run")
    assert len(train(folder, seconds)["epochs"]) < 4
    train(folder, seconds)  # no time left: nothing is done
    train(folder, seconds + 9)
    assert_equal(train(folder, 999), expected)
    assert os.path.exists(folder) != backup


def test_ctrl_c_at_the_very_end():
    """Nothing is left to stop; it is not swallowed."""
    with pytest.raises(KeyboardInterrupt):
        fit_best(ema_model(), None, CtrlC(on_train_end=0))
    net = ema_model()
    fit_best(net, None, CtrlC(on_train_end=0), on_interrupt="stop")
    assert net.history.epoch == [0, 1, 2, 3]


def test_a_keyboard_interrupt_of_a_callback_saves_no_half_step(tmp_path):
    stop = StopAt(2, 5, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        fit_best(ema_model(), tmp_path / "run", stop, on_interrupt="stop")
    expected = fit_best(ema_model(), tmp_path / "direct")
    assert_equal(fit_best(ema_model(), tmp_path / "run"), expected)


@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "empty"])
def test_a_damaged_state_is_named_and_the_one_before_is_used(damage, tmp_path):
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path, [StopAt(2, 3)])
    newest = max(tmp_path.glob("*.run"))
    data = bytearray(newest.read_bytes())
    if damage == "bit flipped":
        data[len(data) // 2] ^= 1
    newest.write_bytes({"truncated": data[:-7], "empty": b""}.get(damage, data))
    net = runs.model()
    with pytest.warns(UserWarning, match=f"{newest.name}.* is damaged"):
        fit(net, tmp_path)
    direct = runs.model()
    fit(direct, tmp_path / "direct")
    for a, b in zip(net.get_weights(), direct.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_metrics_that_are_made_by_the_first_batch(tmp_path):
    """Their variables are in the state, and it fits the model of the next process."""

    def train(folder, *more):
        net, labels = runs.model(), np.eye(3, dtype="float32")[runs.Y]
        several = [
            pyclr.metrics.F1Score(name="f1"),
            pyclr.metrics.AUC(multi_label=True),
            pyclr.metrics.R2Score(),
        ]
        net.compile("adam", "categorical_crossentropy", metrics=several)
        history = net.fit(runs.X, labels, batch_size=8, epochs=3, verbose=0, resume=folder,
                          resume_save_freq=5, callbacks=list(more))  # fmt: skip
        return runs.result_of_training(net, history)

    expected = train(tmp_path / "direct")
    with pytest.raises(RuntimeError):
        train(tmp_path / "run", StopAt(1, 8))
    assert_equal(train(tmp_path / "run"), expected)


def test_the_state_of_another_model_is_refused(tmp_path):
    fit(runs.model(), tmp_path)
    other = pyclr.Sequential([pyclr.Input((6,)), layers.Dense(3, activation="softmax")])
    other.compile("sgd", "sparse_categorical_crossentropy")
    before = other.get_weights()
    with pytest.raises(ValueError, match="is that of another model"):
        fit(other, tmp_path)
    for a, b in zip(before, other.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_place_within_an_epoch_is_that_of_the_same_data(tmp_path):
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path, [StopAt(1, 8)], resume_save_freq=5)
    for options in ({"batch_size": 16}, {"steps_per_epoch": 6}):
        arguments = {"batch_size": 8, "epochs": 4, "verbose": 0, "resume": tmp_path, **options}
        net = runs.model()
        before = net.get_weights()
        with pytest.raises(ValueError, match="stands after batch 5 of 12 in epoch 2, .* has 6 bat"):
            net.fit(runs.X, runs.Y, **arguments)
        for a, b in zip(before, net.get_weights()):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path / "edge", [StopAt(1, 0)])
    net = runs.model()
    net.fit(runs.X, runs.Y, batch_size=16, epochs=4, verbose=0, resume=tmp_path / "edge")
    assert int(net.optimizer.iterations) == 12 + 3 * 6


def test_nan_does_not_replace_the_last_finite_state(tmp_path):
    """After a NaN stop the last finite state is still there."""

    class Poison(pyclr.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                weight = self.model.trainable_weights[0]
                weight.assign(np.full(weight.shape, np.nan))

    with pytest.warns(UserWarning, match="no state of the run is saved"):
        fit(runs.model(), tmp_path, [Poison(), pyclr.callbacks.TerminateOnNaN()])
    again = runs.model()
    history = fit(again, tmp_path)
    assert history.epoch == [0, 1, 2, 3]
    assert np.isfinite(history.history["loss"]).all()


def test_backup_and_restore_removes_its_folder_on_success_only(tmp_path):
    folder = tmp_path / "backup"

    def run(*more, **options):
        net = runs.model()
        backup = pyclr.callbacks.BackupAndRestore(str(folder), save_freq=4, **options)
        net.fit(runs.X, runs.Y, batch_size=8, epochs=3, verbose=0, callbacks=[backup, *more])
        return net

    with pytest.raises(RuntimeError):
        run(StopAt(1, 6))
    assert any(folder.iterdir())
    net = runs.model()
    backup = pyclr.callbacks.BackupAndRestore(str(folder), save_freq=4)
    net.fit(runs.X, runs.Y, batch_size=8, epochs=3, verbose=0, on_interrupt="stop",
            callbacks=[backup, CtrlC(on_train_batch_end=0)])  # fmt: skip
    assert any(folder.iterdir())
    resumed = run()
    assert not folder.exists()
    direct = run(delete_checkpoint=False)
    assert folder.exists()
    for a, b in zip(resumed.get_weights(), direct.get_weights()):
        np.testing.assert_array_equal(a, b)


def rates(net, folder, **options):
    return fit(net, folder, **options).step_rates["learning_rate"]


@pytest.mark.parametrize("value", [0.125, pyclr.schedules.ExponentialDecay(0.5, 10, 0.5)])
def test_a_run_goes_on_with_another_rate(value, tmp_path):
    """Resume has `override={"learning_rate": ...}`."""
    number = value == 0.125
    change = {"resume_override": {"learning_rate": value}}
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path, [StopAt(1, 6)], resume_save_freq=6)
    before = runs.model().optimizer.learning_rate_schedule(np.arange(18)).astype("float32")
    after = np.full(30, 0.125) if number else value(np.arange(18, 48))
    found = rates(runs.model(), tmp_path, **change)
    np.testing.assert_allclose(found, np.concatenate([before, after]), rtol=1e-6)
    # It stays so, without saying it again: a number is the run's, a schedule the script's.
    longer = fit(runs.model(), tmp_path, epochs=5, **({} if number else change))
    expected = [0.125] * 12 if number else value(np.arange(48, 60))
    np.testing.assert_allclose(longer.step_rates["learning_rate"][48:], expected, rtol=1e-6)


def test_an_override_is_given_once(tmp_path):
    """The script that is started again with it goes on as if it had not been stopped."""

    def train(folder, *more, **options):
        net = runs.model()
        reduce = pyclr.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=99)
        override = {"learning_rate": 0.01, "beta_1": 0.8, **options}
        history = fit(net, folder, [reduce, *more], resume_override=override)
        return runs.result_of_training(net, history)

    expected = train(tmp_path / "direct")
    with pytest.raises(RuntimeError):
        train(tmp_path / "run", StopAt(2, 3))
    assert_equal(train(tmp_path / "run"), expected)
    np.testing.assert_allclose(expected["history learning_rate"], [0.01, 0.01, 0.005, 0.0025])
    # Another value is a new one.
    with pytest.raises(RuntimeError):
        train(tmp_path / "other", StopAt(3, 0))
    found = train(tmp_path / "other", learning_rate=0.3)
    np.testing.assert_allclose(found["history learning_rate"], [0.01, 0.01, 0.005, 0.3])


def test_a_wrong_override_changes_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        fit(runs.model(), tmp_path, [StopAt(1, 5)])
    net = runs.model()
    before = net.get_weights()
    with pytest.raises(ValueError, match="hyper-parameters of Adam, which are: learning_rate, w"):
        fit(net, tmp_path, resume_override={"momentum": 0.5})
    for a, b in zip(before, net.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="`resume_override` needs a run that is resumed"):
        fit(net, None, resume_override={"learning_rate": 0.5})


def test_arguments_are_checked(tmp_path):
    for freq in (0, 0.5, True, "batch"):
        with pytest.raises(ValueError, match="`resume_save_freq` must be 'epoch' or an integer"):
            fit(runs.model(), tmp_path, resume_save_freq=freq)
        with pytest.raises(ValueError, match="`save_freq` must be 'epoch' or an integer"):
            fit(runs.model(), None, [pyclr.callbacks.BackupAndRestore(tmp_path, freq)])
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`on_interrupt` must be 'raise' or 'stop'.*=None"):
        fit(runs.model(), None, on_interrupt=None)
    with pytest.raises(ValueError, match="`resume` must be the name of a folder"):
        fit(runs.model(), tmp_path / "file")
    for folder in ("", 3):
        with pytest.raises(ValueError, match="`resume` must be the name of a folder"):
            fit(runs.model(), folder)
