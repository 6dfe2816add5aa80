import copy
import json
import pickle
from fractions import Fraction

import numpy as np
import pytest

from pyclr import _core
from pyclr.optimizers import schedules
from pyclr.optimizers.schedules import (
    CyclicalLearningRate,
    ExponentialCyclicalLearningRate,
    Triangular2CyclicalLearningRate,
    TriangularCyclicalLearningRate,
)
from pyclr.saving import (
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    object_registration,
    register_keras_serializable,
    serialize_keras_object,
)

LOW, HIGH, STEP_SIZE, GAMMA = 1e-4, 1e-2, 937, 0.9999


@pytest.fixture(autouse=True)
def clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def paper(step, scale, step_size=STEP_SIZE):
    """Smith's formula (arXiv 1506.01186, section 3) in exact rational arithmetic."""
    step = Fraction(step)
    cycle = (1 + step / (2 * step_size)).__floor__()
    x = abs(step / step_size - 2 * cycle + 1)
    rate = Fraction(LOW) + (Fraction(HIGH) - Fraction(LOW)) * max(0, 1 - x) * scale(cycle, step)
    return np.float32(float(rate))


def sine(cycle):
    return 0.5 * (1 + np.sin(cycle * np.pi / 2.0))


ARGUMENTS = (LOW, HIGH, STEP_SIZE)
CASES = {
    "triangular": (TriangularCyclicalLearningRate(*ARGUMENTS), lambda cycle, step: 1),
    "triangular2": (
        Triangular2CyclicalLearningRate(*ARGUMENTS),
        lambda cycle, step: Fraction(1, 2 ** (cycle - 1)),
    ),
    "exponential": (
        ExponentialCyclicalLearningRate(*ARGUMENTS, gamma=GAMMA),
        lambda cycle, step: Fraction(GAMMA ** float(step)),
    ),
    "exponential by cycle": (
        ExponentialCyclicalLearningRate(*ARGUMENTS, scale_mode="cycle", gamma=0.9),
        lambda cycle, step: Fraction(0.9**cycle),
    ),
    "own function": (
        CyclicalLearningRate(*ARGUMENTS, sine),
        lambda cycle, step: Fraction(float(sine(cycle))),
    ),
    "own lambda by iterations": (
        CyclicalLearningRate(*ARGUMENTS, lambda x: 1 / (5 ** (x * 1e-6)), "iterations"),
        lambda cycle, step: Fraction(1 / (5 ** (float(step) * 1e-6))),
    ),
}
# 100 steps: the first ones, the corners of four cycles, and far ones up to beyond 2**24.
STEPS = sorted(
    [*range(20)]
    + [k * STEP_SIZE + d for k in range(1, 9) for d in (-1, 0, 1)]
    + [int(1.25**k) for k in range(14, 67)]
    + [2**24 - 1, 2**24 + 1, 10**7]
)
assert len(set(STEPS)) >= 95
assert STEPS[-1] < 2**24 + 10**7

FORMS = {
    "int": int,
    "float": float,
    "int32": np.int32,
    "int64": np.int64,
    "uint64": np.uint64,
    "float64": np.float64,
    "rank 0": np.asarray,
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_table_of_numbers(case, form):
    schedule, scale = CASES[case]
    for step in STEPS:
        rate = schedule(FORMS[form](step))
        assert type(rate) is np.float32
        # One rounding to float32; `rtol` covers float64's inside.
        np.testing.assert_allclose(rate, paper(step, scale), rtol=1.2e-7, atol=0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["int32", "int64", "float64", None])
def test_table_of_arrays(case, dtype):
    schedule, scale = CASES[case]
    expected = [paper(step, scale) for step in STEPS]
    steps = STEPS if dtype is None else np.array(STEPS, dtype)
    rates = schedule(steps)
    assert rates.dtype == np.float32
    np.testing.assert_allclose(rates, expected, rtol=1.2e-7, atol=0)
    square = np.reshape(steps[:100], (4, -1))
    np.testing.assert_array_equal(schedule(square), rates[:100].reshape(4, -1))
    np.testing.assert_array_equal(schedule(np.array([], "int64")), np.zeros(0, "float32"))


@pytest.mark.parametrize("case", CASES)
def test_float32_steps(case):
    """float32 holds whole numbers up to 2**24 and half of those beyond."""
    schedule, scale = CASES[case]
    steps = np.array(STEPS, "float32")
    expected = [paper(float(step), scale) for step in steps]
    np.testing.assert_allclose(schedule(steps), expected, rtol=1.2e-7, atol=0)
    np.testing.assert_array_equal([schedule(step) for step in steps], schedule(steps))


def test_fractional_step_size():
    schedule = TriangularCyclicalLearningRate(LOW, HIGH, 2.5)
    expected = [paper(step, lambda cycle, step: 1, Fraction(5, 2)) for step in range(30)]
    np.testing.assert_allclose(schedule(range(30)), expected, rtol=1.2e-7, atol=0)


@pytest.mark.parametrize("case", CASES)
def test_starts_and_ends_at_initial(case):
    schedule, _ = CASES[case]
    np.testing.assert_array_equal(schedule(np.arange(5) * 2 * STEP_SIZE), [np.float32(LOW)] * 5)


@pytest.mark.parametrize(("low", "high"), [(1e-4, 1e-2), (0.1, 0.3), (1e-3, 0.006), (1.0, 0.25)])
def test_peaks(low, high):
    peaks = np.arange(1, 8, 2) * STEP_SIZE
    triangular = TriangularCyclicalLearningRate(low, high, STEP_SIZE)
    np.testing.assert_array_equal(triangular(peaks), [np.float32(high)] * 4)
    halving = Triangular2CyclicalLearningRate(low, high, STEP_SIZE)
    assert halving(STEP_SIZE) == np.float32(high)
    heights = halving(peaks).astype("float64") - low
    np.testing.assert_allclose(heights[1:] / heights[:-1], 0.5, rtol=1e-4)
    decaying = ExponentialCyclicalLearningRate(low, high, STEP_SIZE, gamma=GAMMA)
    heights = decaying(peaks).astype("float64") - low
    np.testing.assert_allclose(heights, (high - low) * GAMMA**peaks, rtol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_tensor_in_tensor_out(case):
    schedule, _ = CASES[case]
    for step in (np.int64(1234), np.float32(1234), np.arange(4000, 4010)):
        rate = schedule(_core.tensor(step))
        assert type(rate) is _core.Tensor and rate.dtype == "float32"
        np.testing.assert_allclose(np.asarray(rate), schedule(step), rtol=1.2e-7)


def test_signatures_are_those_of_addons():
    """tensorflow_addons/optimizers/cyclical_learning_rate.py, version 0.23."""
    import inspect

    start = "(initial_learning_rate, maximal_learning_rate, step_size, "
    expected = {
        "CyclicalLearningRate": "scale_fn, scale_mode='cycle', ",
        "TriangularCyclicalLearningRate": "scale_mode='cycle', ",
        "Triangular2CyclicalLearningRate": "scale_mode='cycle', ",
        "ExponentialCyclicalLearningRate": "scale_mode='iterations', gamma=1.0, ",
    }
    for name, middle in expected.items():
        signature = inspect.signature(getattr(schedules, name))
        assert str(signature) == f"{start}{middle}name='{name}', *, unit='step')"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"step_size": 0}, "`step_size` must be positive. Received: step_size=0"),
        ({"step_size": -5.0}, "`step_size` must be positive"),
        ({"step_size": float("nan")}, "`step_size` must be a finite number"),
        ({"step_size": "2000"}, "`step_size` must be a finite number. Received: .*'2000'"),
        ({"initial_learning_rate": None}, "`initial_learning_rate` must be a finite number"),
        ({"maximal_learning_rate": float("inf")}, "`maximal_learning_rate` must be a finite"),
        ({"maximal_learning_rate": [1, 2]}, "`maximal_learning_rate` must be a finite"),
        ({"maximal_learning_rate": lambda: 1.0}, "`maximal_learning_rate` must be a finite"),
        ({"scale_mode": "cycles"}, "'cycle' or 'iterations'. Received: scale_mode='cycles'"),
    ],
)
def test_mistakes_are_refused(arguments, message):
    good = {"initial_learning_rate": 0.1, "maximal_learning_rate": 1.0, "step_size": 10}
    for cls in (TriangularCyclicalLearningRate, ExponentialCyclicalLearningRate):
        with pytest.raises(ValueError, match=message):
            cls(**{**good, **arguments})
    with pytest.raises(ValueError, match="`gamma` must be a finite number"):
        ExponentialCyclicalLearningRate(**good, gamma=None)
    with pytest.raises(ValueError, match="`scale_fn` must be a function"):
        CyclicalLearningRate(**good, scale_fn=1.0)


def test_numpy_scalars_and_a_falling_cycle_are_accepted():
    schedule = TriangularCyclicalLearningRate(np.float32(0.5), np.array(0.25), np.int64(2))
    np.testing.assert_array_equal(schedule(range(5)), np.float32([0.5, 0.375, 0.25, 0.375, 0.5]))
    assert json.loads(json.dumps(schedule.get_config()))["step_size"] == 2


def equal(one, other):
    steps = np.arange(10000)
    return type(one) is type(other) and np.array_equal(one(steps), other(steps))


@pytest.mark.parametrize("case", ["triangular", "triangular2", "exponential"])
def test_round_trips(case):
    schedule, _ = CASES[case]
    config = json.loads(json.dumps(schedule.get_config()))
    assert equal(type(schedule).from_config(config), schedule)
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    assert written["module"] == "pyclr.optimizers.schedules"
    assert written["registered_name"] == f"pyclr>{type(schedule).__name__}"
    read = schedules.deserialize(written)
    assert equal(read, schedule)
    assert read.get_config() == schedule.get_config()
    assert equal(deserialize_keras_object(written), schedule)
    assert equal(pickle.loads(pickle.dumps(schedule)), schedule)
    assert equal(copy.deepcopy(schedule), schedule)


def test_name_is_kept():
    schedule = TriangularCyclicalLearningRate(*ARGUMENTS, name="mine")
    assert schedules.deserialize(schedules.serialize(schedule)).name == "mine"


def test_registered_function_round_trips():
    register_keras_serializable("my_package")(sine)
    schedule = CyclicalLearningRate(*ARGUMENTS, sine, "iterations")
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    assert written["config"]["scale_fn"]["config"] == "my_package>sine"
    read = schedules.deserialize(written)
    assert read.scale_fn is sine
    assert equal(read, schedule)


def test_module_level_function_is_found_as_a_custom_object():
    schedule = CyclicalLearningRate(*ARGUMENTS, sine)
    written = serialize_keras_object(schedule)
    with pytest.raises(TypeError, match=r"register_keras_serializable\(\)(.|\n)*'sine': sine"):
        schedules.deserialize(written)
    assert equal(schedules.deserialize(written, custom_objects={"sine": sine}), schedule)
    with custom_object_scope({"sine": sine}):
        assert equal(schedules.deserialize(written), schedule)


class Halving:
    """A scaling that is an object with a config."""

    def __init__(self, base=2.0):
        self.base = base

    def __call__(self, x):
        return self.base ** (1 - x)

    def get_config(self):
        return {"base": self.base}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def test_callable_object_round_trips():
    register_keras_serializable()(Halving)
    schedule = CyclicalLearningRate(*ARGUMENTS, Halving(3.0))
    read = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert equal(read, schedule)


def test_lambda_and_local_function_are_refused_when_saving():
    def local(x):
        return 1.0

    for function, name in [(lambda x: 1.0, "my_function"), (local, "local")]:
        schedule = CyclicalLearningRate(*ARGUMENTS, function)
        with pytest.raises(ValueError, match="Cannot save the function") as error:
            schedules.serialize(schedule)
        assert f"@pyclr.saving.register_keras_serializable()\n    def {name}(" in str(error.value)
        assert "Triangular2CyclicalLearningRate" in str(error.value)
    register_keras_serializable()(local)
    schedule = CyclicalLearningRate(*ARGUMENTS, local)
    assert schedules.deserialize(schedules.serialize(schedule)).scale_fn is local


def test_lambda_under_compat(monkeypatch):
    monkeypatch.setattr(object_registration, "allow_unregistered_functions", True)
    schedule = CyclicalLearningRate(*ARGUMENTS, lambda x: 1.0)
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    monkeypatch.undo()
    read = schedules.deserialize(written)
    assert read.step_size == STEP_SIZE
    with pytest.raises(ValueError, match=r"`<lambda>` \(defined at test_cyclical.py:\d+\)"):
        read(0)
    assert schedules.serialize(read) == written
    repaired = schedules.deserialize(written, custom_objects={"<lambda>": schedule.scale_fn})
    assert equal(repaired, schedule)


def test_base_class():
    with pytest.raises(NotImplementedError, match="must override `__call__"):
        schedules.LearningRateSchedule()(0)
    with pytest.raises(NotImplementedError, match="must override `get_config"):
        schedules.LearningRateSchedule().get_config()
    with pytest.raises(ValueError, match="learning rate schedule identifier"):
        schedules.deserialize("triangle")
