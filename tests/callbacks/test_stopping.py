"""Callbacks that end a run, or take it back."""

import time

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers
from pyclr.optimizers import SGD, Adam, schedules

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X @ np.array([[1.0], [2.0], [3.0]], "float32")
BAD = X.copy()
BAD[13] = 1e30  # in the third batch of five: its loss overflows


def make(optimizer=None):
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(1, name="only")])
    model.compile(optimizer or SGD(0.01), "mse")
    return model


def fit(model, x=X, **arguments):
    arguments = {"batch_size": 5, "verbose": 0, "shuffle": False, **arguments}
    return model.fit(x, Y, **arguments)


# --- TerminateOnNaN ------------------------------------------------------------------------------


def test_terminate_on_nan_reports_the_first_bad_batch_and_weights(capsys):
    """`TerminateOnNaN` reports the first bad batch and tensor."""
    model = make()
    history = fit(model, BAD, epochs=5, callbacks=[callbacks.TerminateOnNaN()])
    assert history.epoch == [0] and int(model.optimizer.iterations) == 3
    assert capsys.readouterr().out == (
        "Batch 2: Invalid loss, inf; of the weights, not finite are only/kernel. "
        "Training is ended.\n"
    )


def test_terminate_on_nan_can_raise():
    model = make()
    with pytest.raises(RuntimeError, match="Batch 2: Invalid loss, inf"):
        fit(model, BAD, epochs=5, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])
    assert int(model.optimizer.iterations) == 3


def test_infinite_losses_end_training(capsys):
    model = make(SGD(1e30))
    history = fit(model, epochs=5, callbacks=[callbacks.TerminateOnNaN()])
    assert history.epoch == [0]
    out = capsys.readouterr().out
    assert out.startswith("Batch 1: Invalid loss, inf; ") and out.count("\n") == 1


# --- RollbackOnNaN -------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_rollback_restores_the_last_finite_state_and_scales_the_rate(optimizer):
    """A rollback policy restores the last finite state, scales the rate, and goes on."""
    model = make(optimizer(0.01))
    fit(model, epochs=2)
    before = model.get_weights()
    state = [variable.numpy() for variable in model.optimizer.variables]
    back = callbacks.RollbackOnNaN(factor=0.1, verbose=0)
    seen = []

    class See(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                seen.append(model.get_weights())
                seen.append([variable.numpy() for variable in model.optimizer.variables])

    history = fit(model, BAD, callbacks=[back, See()])
    for ours, kept in zip(seen[0], before):
        np.testing.assert_array_equal(ours, kept)
    for i, (ours, kept) in enumerate(zip(seen[1], state)):
        np.testing.assert_allclose(ours, 0.001 if i == 1 else kept, rtol=1e-6)
    assert back.rollbacks == 1 and float(model.optimizer.learning_rate) == pytest.approx(0.001)
    # The batch after the bad one trained, and the loss of the epoch is its own.
    assert np.isfinite(model.get_weights()[0]).all() and np.isfinite(history.history["loss"]).all()
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_rollback_gives_up_in_a_finite_state(capsys):
    model = make()
    back = callbacks.RollbackOnNaN(max_rollbacks=2)
    history = fit(model, BAD, epochs=9, callbacks=[back])
    assert len(history.epoch) == 3 and back.rollbacks == 2
    assert np.isfinite(model.get_weights()[0]).all()
    assert "in the last finite state" in capsys.readouterr().out
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01 / 4)


def test_rollback_of_a_state_that_was_never_finite(capsys):
    model = make()
    model.set_weights([np.full((3, 1), np.nan), np.zeros(1)])
    history = fit(model, epochs=9, callbacks=[callbacks.RollbackOnNaN()])
    assert history.epoch == [0] and "was never finite" in capsys.readouterr().out


def test_rates_of_the_steps_after_a_rollback_are_recorded():
    history = fit(make(), BAD, callbacks=[callbacks.RollbackOnNaN(verbose=0)])
    rates = history.step_rates["learning_rate"]
    np.testing.assert_allclose(rates, [0.01, 0.01, 0.01, 0.005], rtol=1e-6)


def test_rollback_multiplies_a_schedule():
    model = make(SGD(schedules.ExponentialDecay(0.01, 4, 0.5)))
    fit(model, BAD, callbacks=[callbacks.RollbackOnNaN(factor=0.5, verbose=0)])
    assert model.optimizer.rate_factor == 0.5


@pytest.mark.parametrize("arguments", [{"factor": 0}, {"factor": 2}, {"max_rollbacks": -1}])
def test_wrong_arguments_of_rollback(arguments):
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}`"):
        callbacks.RollbackOnNaN(**arguments)


# --- TimeBudget ----------------------------------------------------------------------------------


def test_time_budget_stops_within_one_batch(monkeypatch, capsys):
    """`TimeBudget(seconds)` stops within one batch and leaves a resumable state."""
    clock = [50.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    class Slow(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            clock[0] += 1

    model = make()
    budget = callbacks.TimeBudget(6, verbose=1)
    history = fit(model, epochs=9, callbacks=[Slow(), budget], validation_data=(X, Y))
    assert int(model.optimizer.iterations) == 6  # of four an epoch
    assert len(history.history["val_loss"]) == 2  # the epoch was brought to its end
    assert capsys.readouterr().out == "\nTraining is ended after 6.0 of 6 seconds.\n"
    # Another run begins anew; one that goes on from a state has no time left.
    assert len(fit(model, epochs=1, callbacks=[Slow(), budget]).epoch) == 1
    assert budget.elapsed == 4
    resumed = callbacks.TimeBudget(6)
    resumed.set_state(budget.get_state())
    fit(model, epochs=9, callbacks=[Slow(), resumed])
    assert int(model.optimizer.iterations) == 6 + 4 + 2


def test_wrong_time():
    with pytest.raises(ValueError, match="`seconds`"):
        callbacks.TimeBudget(0)


# --- Interruptions -------------------------------------------------------------------------------


def test_ctrl_c_runs_on_train_end_of_every_callback_with_history_filled():
    """Ctrl-C ends the batch, runs `on_train_end` and raises `KeyboardInterrupt` with
    `model.history` filled."""
    ended = []

    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 10:
                raise KeyboardInterrupt

    def note(name):
        return callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(name))

    def fails(logs):
        ended.append("fails")
        raise RuntimeError("in on_train_end")

    model = make()
    with pytest.raises(KeyboardInterrupt):
        fit(model, epochs=9, callbacks=[note(1), Interrupt(), note(2)])
    assert ended == [1, 2] and model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2
    assert len(model.history.step_rates["learning_rate"]) == 10
    with pytest.raises(RuntimeError, match="in on_train_end"):
        fit(model, callbacks=[callbacks.LambdaCallback(on_train_end=fails), note(3)])
    assert ended == [1, 2, "fails", 3]


def test_epoch_1_loss_is_what_evaluate_gives_before_training():
    """With batch = whole set, epoch-1 `loss` equals `evaluate` before training."""
    model = make()
    before = model.evaluate(X, Y, batch_size=20, verbose=0)
    assert fit(model, batch_size=20).history["loss"] == [before]
