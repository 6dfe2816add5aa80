"""Learning rates and other hyper-parameters: numbers and schedules, set at any time."""

import json

import numpy as np
import pytest

import pyclr
from pyclr import optimizers
from pyclr.optimizers import schedules
from pyclr.optimizers.hyper import names_of
from pyclr.testing import check_optimizer

from .cases import OPTIMIZERS
from .test_optimizers import apply, data, net, tensor

FALLING = schedules.ExponentialDecay(0.9, 5, 0.5)
# Each of them as a schedule that stays in its range.
SCHEDULED = [
    (name, hyper, schedules.ExponentialDecay(-0.7, 50, 0.9) if hyper in NEGATIVE else
     schedules.ExponentialDecay(0.5, 50, 0.9))
    for NEGATIVE in [("learning_rate_power", "beta_2_decay")]
    for name in OPTIMIZERS
    for hyper in names_of(getattr(optimizers, name))
]  # fmt: skip


@pytest.mark.parametrize(("name", "hyper", "schedule"), SCHEDULED)
def test_every_one_may_be_a_schedule(name, hyper, schedule):
    cls = getattr(optimizers, name)
    optimizer = cls(0.1, **{hyper: schedule})
    assert getattr(optimizer, hyper) == pytest.approx(float(schedule(0)))
    optimizer.iterations = 7
    assert getattr(optimizer, hyper) == pytest.approx(float(schedule(7)))
    assert set(optimizer.current_hyper()) == {"learning_rate", hyper}
    config = json.loads(json.dumps(optimizer.get_config()))
    again = cls.from_config(config)
    assert again.get_config() == optimizer.get_config()
    assert again.current_hyper(3) == optimizer.current_hyper(3)
    # Set step by step, it does the same.
    rng = np.random.default_rng(0)
    scheduled, by_hand = (
        [pyclr.Variable(np.ones((3, 4), "float32")), pyclr.Variable(np.ones(2, "float32"))]
        for _ in range(2)
    )
    optimizer, other = cls(0.1, **{hyper: schedule}), cls(0.1, **{hyper: float(schedule(0))})
    for step in range(4):
        grads = [tensor(rng.normal(size=v.shape)) for v in scheduled]
        optimizer.apply(grads, scheduled)
        setattr(other, hyper, float(schedule(step)))
        other.apply(grads, by_hand)
    for one, expected in zip(scheduled, by_hand):
        np.testing.assert_array_equal(one.numpy(), expected.numpy())


@pytest.mark.parametrize(
    "arguments",
    [
        {"momentum": schedules.OneCycleMomentum(0.95, 0.85, 10)},
        {"weight_decay": schedules.ExponentialDecay(0.5, 3, 0.5), "momentum": 0.9},
    ],
)
def test_scheduled_ones_replay(arguments):
    check_optimizer(optimizers.SGD, arguments)


def test_one_cycle_over_a_training():
    cycle = schedules.OneCycle(0.1)
    weights = []
    for eager in (False, True):
        model = net(optimizers.SGD(cycle, momentum=cycle.momentum()), run_eagerly=eager)
        model.fit(*data(), batch_size=8, epochs=6, shuffle=False, verbose=0)  # 5 steps each
        weights.append(model.get_weights())
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)
    expected = schedules.OneCycle(0.1, 30)
    assert float(model.optimizer.learning_rate) == float(expected(30))
    found = model.optimizer.current_hyper(np.arange(30).reshape(5, 6))
    np.testing.assert_array_equal(found["learning_rate"], expected(np.arange(30).reshape(5, 6)))
    np.testing.assert_array_equal(found["momentum"].ravel(), expected.momentum()(np.arange(30)))


def test_training_beyond_the_end_of_a_cycle_warns_once():
    """OneCycle takes its length from `fit` when not given and holds its final value
    past the end (one warning)."""
    cycle = schedules.OneCycle(0.1)
    model = net(optimizers.SGD(cycle, momentum=cycle.momentum()))
    fit = dict(batch_size=8, verbose=0)  # 5 steps an epoch
    model.fit(*data(), epochs=2, **fit)
    model.fit(*data(), initial_epoch=2, epochs=3, **fit)  # of three epochs: it is longer now
    message = "OneCycle ends at step 15, and .* stands at step 15, goes on"
    with pytest.warns(UserWarning, match=message) as caught:
        history = model.fit(*data(), epochs=3, **fit)
    assert len(caught) == 1
    assert set(history.step_rates["learning_rate"]) == {float(cycle(15))}
    model = net(optimizers.SGD(schedules.OneCycle(0.1, 12)))
    with pytest.warns(UserWarning, match="ends at step 12, and .* stands at step 0"):
        history = model.fit(*data(), epochs=4, **fit)
    assert set(history.step_rates["learning_rate"][12:]) == {float(cycle(15))}


def test_setting_one_does_not_stop_replay():
    model = net(optimizers.Adam(0.01, weight_decay=0.1))
    model.fit(*data(), batch_size=8, verbose=0)
    optimizer = model.optimizer
    for name, value in [("beta_1", 0.8), ("epsilon", 1e-3), ("weight_decay", None),
                        ("learning_rate", 0.5), ("weight_decay", FALLING),
                        ("learning_rate", FALLING)]:  # fmt: skip
        setattr(optimizer, name, value)
        program = model._steps["train"]._last.program
        model.train_on_batch(*(array[:8] for array in data()))
        assert program is not None and model._steps["train"]._last.program is program


def test_learning_rate_is_a_number_whatever_sets_it():
    optimizer = optimizers.Adam(0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = schedules.TriangularCyclicalLearningRate(0.1, 0.3, 2)
    optimizer.iterations.assign(1)
    assert float(optimizer.learning_rate) == pytest.approx(0.2)
    optimizer.iterations = 2
    assert float(optimizer.learning_rate) == pytest.approx(0.3)
    optimizer.override({"learning_rate": 1})  # an integer becomes a float
    assert float(optimizer.learning_rate) == 1.0
    optimizer.lr = pyclr.ops.convert_to_tensor(0.125)
    assert float(optimizer.lr) == 0.125
    optimizer.learning_rate = schedules.serialize(FALLING)
    assert optimizer.learning_rate_schedule.get_config() == FALLING.get_config()
    with pytest.raises(ValueError, match="`learning_rate` must be a finite number or a Learning"):
        optimizer.learning_rate = float("nan")


class Stairs(schedules.LearningRateSchedule):
    """A user's, for one whole step at a time."""

    def __call__(self, step):
        assert isinstance(step, int)
        return 0.5 if step < 3 else 0.25


@pytest.mark.parametrize("rate", [0.25, FALLING])
def test_the_rate_of_a_loaded_model_can_be_set(rate, tmp_path):
    """`load_model` has `override={"learning_rate": ...}`."""
    model = net(optimizers.SGD(schedules.TriangularCyclicalLearningRate(0.1, 0.3, 2), 0.9))
    model.fit(*data(), batch_size=8, verbose=0)  # 5 steps
    model.save(tmp_path / "model.keras")
    model = pyclr.saving.load_model(tmp_path / "model.keras", override={"learning_rate": rate})
    assert float(model.optimizer.learning_rate) == (0.25 if rate == 0.25 else float(FALLING(5)))
    history = model.fit(*data(), batch_size=8, verbose=0)
    expected = FALLING(np.arange(5, 10)) if rate is FALLING else [rate] * 5
    np.testing.assert_array_equal(history.step_rates["learning_rate"], expected)


@pytest.mark.parametrize("name", ["learning_rate", "lr", "momentum", "weight_decay"])
def test_a_number_that_replaces_a_schedule_is_said(name):
    """`optimizer.learning_rate = x` works at any time: it replaces the schedule, with one
    message."""
    hyper = "learning_rate" if name == "lr" else name
    optimizer = optimizers.SGD(**{hyper: FALLING})
    optimizer.rate_factor, optimizer.minimum_rate = 0.5, 0.25
    with pytest.warns(UserWarning, match=f"`{hyper}` is 0.125 .* schedule ExponentialDecay") as got:
        setattr(optimizer, name, 0.125)
        setattr(optimizer, name, 0.125)
        setattr(optimizer, name, FALLING)
    assert len(got) == 1
    if hyper == "learning_rate":  # what is set is what is used
        assert optimizer.current_hyper() == {hyper: float(FALLING(0))}
    optimizer.override({hyper: 0.0625})  # on purpose: nothing is said
    assert getattr(optimizer, name) == 0.0625


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_override_sets_all_hyper_parameters_or_none(name, wrap):
    cls = getattr(optimizers, name)
    inner = optimizer = cls(FALLING)
    if wrap:
        optimizer = optimizers.LossScaleOptimizer(inner)
    names = ["learning_rate", *names_of(cls)]
    optimizer.override({hyper: 0.5**i for i, hyper in enumerate(names, 1)})
    assert float(optimizer.learning_rate) == 0.5
    assert [getattr(inner, hyper) for hyper in names[1:]] == [
        0.5**i for i in range(2, len(names) + 1)
    ]
    listed = f"hyper-parameters of {name}, which are: {', '.join(names)}. Received: 'rate'"
    for values, message in [
        ({"learning_rate": 0.1, "rate": 0.1}, listed),
        ({"weight_decay": 0.1, "learning_rate": None}, "`learning_rate` must be a finite number"),
        ([0.1], "`override` must be a dictionary"),
    ]:
        with pytest.raises(ValueError, match=message):
            optimizer.override(values)
    assert float(optimizer.learning_rate) == 0.5 and inner.weight_decay == 0.25


def test_override_of_a_loaded_model(tmp_path):
    model = net(optimizers.Adam(FALLING, weight_decay=0.1))
    model.fit(*data(), batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = pyclr.saving.load_model(
        tmp_path / "model.keras", override={"weight_decay": None, "beta_1": 0.5}
    )
    assert (loaded.optimizer.weight_decay, loaded.optimizer.beta_1) == (None, 0.5)
    assert loaded.optimizer.get_config()["learning_rate"] == schedules.serialize(FALLING)
    for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    with pytest.raises(ValueError, match="hyper-parameters of Adam, which are: learning_rate, w"):
        pyclr.saving.load_model(tmp_path / "model.keras", override={"momentum": 0.5})
    with pytest.raises(ValueError, match="`override` needs an optimizer.* compile=False"):
        pyclr.saving.load_model(tmp_path / "model.keras", compile=False, override={"beta_1": 0.5})


def test_a_schedule_of_ones_own():
    optimizer = optimizers.SGD(Stairs())
    assert optimizer.hyper_rows(5)[:, 0].tolist() == [0.5, 0.5, 0.5, 0.25, 0.25]
    variable = pyclr.Variable(np.zeros(1, "float32"))
    for expected in (-0.5, -1.0, -1.5, -1.75):
        optimizer.apply([tensor([1.0])], [variable])
        assert variable.numpy()[0] == expected


@pytest.mark.parametrize("rate", [0.8, FALLING])
def test_rate_factor_and_minimum_rate(rate):
    optimizer = optimizers.SGD(rate)
    before = optimizer.current_hyper(np.arange(30))["learning_rate"]
    optimizer.rate_factor, optimizer.minimum_rate = 0.5, 0.05
    expected = np.maximum(before * 0.5, np.minimum(before, 0.05))
    found = optimizer.current_hyper(np.arange(30))["learning_rate"]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(optimizer.hyper_rows(30)[:, 0], expected)
    assert apply(optimizer, [0.0], [1.0])[0] == np.float32(-expected[0])
    assert float(optimizer.learning_rate) == float(
        np.float32(rate) if rate == 0.8 else rate(1)
    )  # what was set
    assert "rate_factor" not in optimizer.get_config()


def test_a_slot_that_was_not_made_can_not_be_used():
    for cls in (optimizers.SGD, optimizers.RMSprop):
        optimizer = cls(0.1)
        optimizer.momentum = 0.5  # before it is built, all is open
        optimizer.momentum = 0.0
        apply(optimizer, [1.0], [1.0])
        with pytest.raises(ValueError, match="`momentum` can not become other than 0 once"):
            optimizer.momentum = 0.9
        with pytest.raises(ValueError, match="`momentum` can not become other than 0 once"):
            optimizer.override({"learning_rate": 0.5, "momentum": 0.9})
        assert optimizer.momentum == 0 and float(optimizer.learning_rate) == np.float32(0.1)
        optimizer = cls(0.1, momentum=0.5)
        apply(optimizer, [1.0], [1.0])
        optimizer.momentum = 0.0
        optimizer.momentum = FALLING
        assert optimizer.momentum == pytest.approx(float(FALLING(1)))


def test_ranges():
    with pytest.raises(ValueError, match="`beta_1` must be in"):
        optimizers.Lion(beta_1=0)
    with pytest.raises(ValueError, match="`weight_decay` must be a number"):
        optimizers.AdamW(weight_decay=None)
    with pytest.raises(ValueError, match="`learning_rate_power` must be negative or zero"):
        optimizers.Ftrl(learning_rate_power=0.5)
    with pytest.raises(ValueError, match="`initial_accumulator_value` must be positive or zero"):
        optimizers.Ftrl(initial_accumulator_value=-0.5)
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        optimizers.Adam().epsilon = None
