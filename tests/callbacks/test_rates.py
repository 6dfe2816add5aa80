"""Learning rates: set by callbacks, with and without schedules, and recorded."""

import json
import pickle

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers
from pyclr.optimizers import SGD, schedules

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2
DATA = dict(x=X, y=Y, batch_size=5, verbose=0)  # four steps an epoch


def make(rate=0.1, optimizer=SGD, **kwargs):
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile(optimizer(rate, **kwargs), "sparse_categorical_crossentropy")
    return model


class Sawtooth(schedules.LearningRateSchedule):
    """0.1, 0.2, 0.3, 0.4, and again."""

    def __call__(self, step):
        return 0.1 * (step % 4 + 1)


TEETH = np.array([0.1, 0.2, 0.3, 0.4])
FLAT = dict(monitor="loss", patience=1, min_delta=100)  # never improves after the first epoch


# --- LearningRateScheduler -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda epoch, lr: lr * 0.5,
        lambda epoch: 0.05 / 2**epoch,
        lambda epoch, lr: np.float32(lr * 0.5),
        lambda epoch, lr: lr * pyclr.ops.exp(-np.log(2.0)),
        lambda epoch, lr: pyclr.Variable(lr * 0.5),
    ],
)
def test_scheduler(function):
    model = make()
    history = model.fit(**DATA, epochs=3, callbacks=[callbacks.LearningRateScheduler(function)])
    expected = [0.05, 0.025, 0.0125]
    assert history.history["learning_rate"] == pytest.approx(expected)
    assert list(history.history) == ["loss", "learning_rate"]
    np.testing.assert_allclose(history.step_rates["learning_rate"], np.repeat(expected, 4))
    assert float(model.optimizer.learning_rate) == pytest.approx(expected[-1])


def test_rates_are_floats_also_from_integers():
    """Rates are always float."""
    model = make(rate=1)
    history = model.fit(
        **DATA, epochs=2, callbacks=[callbacks.LearningRateScheduler(lambda epoch: epoch + 1)]
    )
    assert history.history["learning_rate"] == [1.0, 2.0]
    assert all(type(rate) is float for rate in history.history["learning_rate"])
    model = make(rate=1)
    history = model.fit(**DATA, epochs=3, callbacks=[callbacks.ReduceLROnPlateau(**FLAT)])
    assert history.history["learning_rate"] == pytest.approx([1, 1, 0.1])


def test_errors_of_the_function_are_its_own():
    def wrong(epoch, lr):
        return lr + "0.1"

    with pytest.raises(TypeError, match="unsupported operand"):
        make().fit(**DATA, callbacks=[callbacks.LearningRateScheduler(wrong)])
    for returned in (None, "0.1", [0.1, 0.2], True):
        schedule = callbacks.LearningRateScheduler(lambda epoch, lr, returned=returned: returned)
        with pytest.raises(ValueError, match="must return a number"):
            make().fit(**DATA, callbacks=[schedule])
    with pytest.raises(ValueError, match="must be a function"):
        callbacks.LearningRateScheduler(0.1)


def test_verbose(capsys):
    reduce = callbacks.ReduceLROnPlateau(**FLAT, verbose=1)
    make().fit(**DATA, epochs=2, callbacks=[reduce])
    make().fit(**DATA, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.5, verbose=1)])
    assert [line for line in capsys.readouterr().out.split("\n") if line] == [
        "Epoch 2: ReduceLROnPlateau reduces the learning rate to 0.01.",
        "Epoch 1: LearningRateScheduler sets the learning rate to 0.5.",
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [({"factor": 1.0}, "`factor`"), ({"factor": -0.1}, "`factor`"), ({"min_lr": -1}, "`min_lr`")],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ReduceLROnPlateau(**arguments)
    assert callbacks.ReduceLROnPlateau(epsilon=0.3).min_delta == 0.3


# --- With a schedule -----------------------------------------------------------------------------


def test_plateau_multiplies_a_schedule():
    """The effective rate is `schedule(step) * plateau_factor` with the floor `min_lr`."""
    model = make(Sawtooth())
    reduce = callbacks.ReduceLROnPlateau(**FLAT, factor=0.5, min_lr=0.06)
    history = model.fit(**DATA, epochs=4, callbacks=[reduce])
    expected = [TEETH, TEETH, TEETH / 2, TEETH / 4]
    np.testing.assert_allclose(
        history.step_rates["learning_rate"], np.maximum(np.concatenate(expected), 0.06)
    )
    np.testing.assert_allclose(history.rates["learning_rate"], [0.4, 0.4, 0.2, 0.1])
    assert isinstance(model.optimizer.learning_rate_schedule, Sawtooth)


def test_scheduler_multiplies_a_schedule():
    model = make(Sawtooth())
    scheduler = callbacks.LearningRateScheduler(lambda epoch, lr: lr if epoch == 0 else lr / 2)
    history = model.fit(**DATA, epochs=3, callbacks=[scheduler])
    expected = np.concatenate([TEETH, TEETH / 2, TEETH / 4])
    np.testing.assert_allclose(history.step_rates["learning_rate"], expected)


def test_recorded_rates_are_those_of_the_updates():
    """`history.step_rates` equals the value the kernel used: with SGD and a constant gradient the
    weights are their sum."""
    model = pyclr.Sequential([pyclr.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(SGD(Sawtooth()), loss=lambda y, p: p)
    reduce = callbacks.ReduceLROnPlateau("loss", mode="max", patience=1, factor=0.3)
    history = model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=2, epochs=5, verbose=0,
                        callbacks=[reduce])  # fmt: skip
    rates = history.step_rates["learning_rate"]
    assert len(rates) == 20 and len(set(np.round(rates, 6))) > 8
    np.testing.assert_allclose(model.get_weights()[0], -rates.sum(), rtol=1e-6)


def test_a_combination_that_can_not_work_names_both():
    """A combination that cannot work is rejected before the first batch naming both objects."""
    model = make(schedules.PolynomialDecay(0.0, 10, 0.1))
    with pytest.raises(ValueError, match="LearningRateScheduler and the schedule PolynomialDecay"):
        model.fit(**DATA, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.1)])
    assert int(model.optimizer.iterations) == 0


def test_under_compat_a_schedule_refuses_as_in_keras(monkeypatch):
    import pyclr.compat

    monkeypatch.setattr(pyclr.compat, "is_installed", lambda: True)
    model = make(Sawtooth())
    with pytest.raises(TypeError, match="ReduceLROnPlateau and the schedule Sawtooth"):
        model.fit(**DATA, epochs=3, callbacks=[callbacks.ReduceLROnPlateau(**FLAT)])
    assert len(model.history.epoch) == 1  # at the first reduction
    model = make(Sawtooth())
    with pytest.raises(TypeError, match="LearningRateScheduler and the schedule Sawtooth"):
        model.fit(**DATA, callbacks=[callbacks.LearningRateScheduler(lambda epoch, lr: lr)])


# --- History -------------------------------------------------------------------------------------


@pytest.mark.parametrize("old_names", [False, True])
def test_rates_set_by_hand_in_a_batch_hook(old_names):
    class ByHand(callbacks.Callback):
        def begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.1 * (batch + 1)

        def end(self, batch, logs=None):
            self.model.optimizer.learning_rate = 9.0

        if old_names:
            on_batch_begin, on_batch_end = begin, end
        else:
            on_train_batch_begin, on_train_batch_end = begin, end

    history = make().fit(**DATA, epochs=2, callbacks=[ByHand()])
    np.testing.assert_allclose(history.step_rates["learning_rate"], np.tile(TEETH, 2), rtol=1e-6)
    assert history.history.keys() == {"loss"}


def test_learning_rate_is_recorded_whatever_sets_it():
    """`history.rates` and a per-step log exist whatever sets the rate; `history` keeps Keras'
    keys."""
    history = make(0.25).fit(**DATA, epochs=2)
    assert history.history.keys() == {"loss"}
    assert history.rates == {"learning_rate": [0.25, 0.25]}
    assert history.step_rates["learning_rate"].tolist() == [0.25] * 8


def test_other_scheduled_hyper_parameters_are_recorded():
    history = make(0.1, momentum=Sawtooth()).fit(**DATA, epochs=2)
    np.testing.assert_allclose(history.step_rates["momentum"], np.tile(TEETH, 2))
    np.testing.assert_allclose(history.rates["momentum"], [0.4, 0.4])


def test_history_is_plain(tmp_path):
    """History is plain floats, `json.dumps` works, and it pickles."""

    def add(epoch, logs):
        logs.update(single=np.float32(0.5), array=np.ones(2), number=np.int64(3))

    note = callbacks.LambdaCallback(on_epoch_end=add)
    history = make().fit(**DATA, epochs=2, validation_data=(X, Y), callbacks=[note])
    parsed = json.loads(json.dumps(history.history))
    assert parsed == history.history
    assert parsed["single"] == [0.5, 0.5] and parsed["array"] == [[1.0, 1.0]] * 2
    assert all(type(value) is float for value in history.history["val_loss"])
    json.dumps(history.rates)
    copy = pickle.loads(pickle.dumps(history))
    assert copy.history == history.history and copy.epoch == [0, 1]
    assert copy.rates == history.rates and copy.model is None


def test_plot():
    pytest.importorskip("matplotlib")
    reduce = callbacks.ReduceLROnPlateau(**FLAT)
    history = make(Sawtooth()).fit(
        **DATA, epochs=4, validation_data=(X, Y), validation_freq=2, callbacks=[reduce]
    )
    panels = {axes.get_ylabel(): axes for axes in history.plot().axes}
    assert list(panels) == ["loss", "learning_rate"]
    training, validation = panels["loss"].lines
    assert training.get_xdata().tolist() == [1, 2, 3, 4]
    assert validation.get_xdata().tolist() == [2, 4]
    assert validation.get_ydata().tolist() == history.history["val_loss"]
    (rates,) = panels["learning_rate"].lines
    np.testing.assert_array_equal(rates.get_ydata(), history.step_rates["learning_rate"])


def test_the_rate_by_hand_between_two_fits():
    """`optimizer.learning_rate = x` works at any time."""
    model = make(Sawtooth())
    model.fit(**DATA)
    with pytest.warns(UserWarning, match="replaces the schedule Sawtooth"):
        model.optimizer.learning_rate = 0.5
    assert model.fit(**DATA).rates == {"learning_rate": [0.5]}


def test_a_callback_that_replaces_the_schedule_is_told_once():
    class ByHand(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.5 / (epoch + 1)

    with pytest.warns(UserWarning, match="is 0.5 from now on.* the schedule Sawtooth") as caught:
        history = make(Sawtooth()).fit(**DATA, epochs=3, callbacks=[ByHand()])
    assert len(caught) == 1
    assert history.rates == {"learning_rate": pytest.approx([0.4, 0.5, 0.25])}
