"""The decay schedules against Keras' own, and the restarts against a plain loop."""

import json
import math
import os

import numpy as np
import pytest

from pyclr import Variable, _core
from pyclr.optimizers import schedules
from pyclr.saving import deserialize_keras_object, serialize_keras_object

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

CASES = {
    "exponential": ("ExponentialDecay", {"decay_steps": 700, "decay_rate": 0.9}),
    "exponential staircase": (
        "ExponentialDecay",
        {"decay_steps": 700, "decay_rate": 0.9, "staircase": True},
    ),
    "inverse time": ("InverseTimeDecay", {"decay_steps": 700, "decay_rate": 0.5}),
    "inverse time staircase": (
        "InverseTimeDecay",
        {"decay_steps": 300, "decay_rate": 0.5, "staircase": True},
    ),
    "piecewise": (
        "PiecewiseConstantDecay",
        {"boundaries": [100, 450, 1000], "values": [0.1, 0.03, 0.01, 0.001]},
    ),
    "one piece": ("PiecewiseConstantDecay", {"boundaries": [7], "values": [1.0, 0.5]}),
    "linear": ("PolynomialDecay", {"decay_steps": 900}),
    "square root": (
        "PolynomialDecay",
        {"decay_steps": 900, "end_learning_rate": 0.01, "power": 0.5},
    ),
    "polynomial cycle": ("PolynomialDecay", {"decay_steps": 90, "power": 2.0, "cycle": True}),
    "cosine": ("CosineDecay", {"decay_steps": 1000}),
    "cosine to a floor": ("CosineDecay", {"decay_steps": 1000, "alpha": 0.1}),
    "cosine after a warm-up": (
        "CosineDecay",
        {"decay_steps": 1000, "warmup_target": 0.2, "warmup_steps": 64, "alpha": 0.05},
    ),
    "cosine without a target": ("CosineDecay", {"decay_steps": 1000, "warmup_steps": 64}),
    "restarts": ("CosineDecayRestarts", {"first_decay_steps": 100}),
    "restarts, longer and lower": (
        "CosineDecayRestarts",
        {"first_decay_steps": 130, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.02},
    ),
    "restarts of one length": (
        "CosineDecayRestarts",
        {"first_decay_steps": 128, "t_mul": 1.0, "m_mul": 0.9},
    ),
}
STEPS = sorted({*range(20), *range(60, 70), *(k * 100 + d for k in range(25) for d in (1, 50, 99))})


def pair(case):
    name, arguments = CASES[case]
    if name != "PiecewiseConstantDecay":
        arguments = {"initial_learning_rate": 0.1, **arguments}
    return getattr(schedules, name)(**arguments), getattr(keras.optimizers.schedules, name)(
        **arguments
    )


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_keras(case):
    schedule, reference = pair(case)
    expected = [float(reference(step)) for step in STEPS]
    for form in (int, np.int64, float, np.float32, np.asarray):
        rates = [schedule(form(step)) for step in STEPS]
        assert all(type(rate) is np.float32 for rate in rates)
        # Keras divides, raises and takes cosines in float32, here with a slope up to 1e-2 a step.
        np.testing.assert_allclose(rates, expected, rtol=2e-5, atol=1e-7)
    rates = schedule(np.array(STEPS))
    assert rates.dtype == np.float32
    np.testing.assert_allclose(rates, expected, rtol=2e-5, atol=1e-7)
    for step in (3, 64, 101, 1050):
        for tensor in (_core.tensor(step), Variable(np.int64(step))):
            rate = schedule(tensor)
            assert type(rate) is _core.Tensor and rate.dtype == "float32" and rate.shape == ()
            np.testing.assert_allclose(float(rate), float(reference(step)), rtol=2e-5, atol=1e-7)
    tensor = schedule(_core.tensor(np.array(STEPS).reshape(1, -1)))
    np.testing.assert_allclose(tensor.numpy(), [rates], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_configs_are_those_of_keras(case):
    schedule, reference = pair(case)
    assert schedule.get_config() == reference.get_config()
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    assert written == keras.optimizers.schedules.serialize(reference)
    read = schedules.deserialize(written)
    np.testing.assert_array_equal(read(STEPS), schedule(STEPS))
    back = keras.optimizers.schedules.deserialize(serialize_keras_object(read))
    assert back.get_config() == reference.get_config()


@pytest.mark.parametrize(("t_mul", "first"), [(1.0, 5), (1.5, 64), (2.0, 10), (3.0, 7)])
def test_restarts_fall_on_their_steps(t_mul, first):
    schedule = schedules.CosineDecayRestarts(1.0, first, t_mul=t_mul, m_mul=0.9)
    expected, begin, length, height = [], 0.0, float(first), 1.0
    for step in range(2000):
        if step >= begin + length:
            begin, length, height = begin + length, length * t_mul, height * 0.9
        expected.append(height * 0.5 * (1 + math.cos(math.pi * (step - begin) / length)))
    np.testing.assert_allclose(schedule(np.arange(2000)), expected, rtol=1e-6, atol=1e-7)


def test_lengths_in_epochs():
    inner = {"initial_learning_rate": 0.1, "unit": "epoch"}
    pairs = [
        (schedules.ExponentialDecay(decay_steps=2, decay_rate=0.5, **inner),
         schedules.ExponentialDecay(0.1, 14, 0.5)),
        (schedules.CosineDecay(decay_steps=3, warmup_target=0.3, warmup_steps=0.5, **inner),
         schedules.CosineDecay(0.1, 21, warmup_target=0.3, warmup_steps=3.5)),
        (schedules.CosineDecayRestarts(first_decay_steps=1, **inner),
         schedules.CosineDecayRestarts(0.1, 7)),
        (schedules.PolynomialDecay(decay_steps=4, **inner), schedules.PolynomialDecay(0.1, 28)),
        (schedules.PiecewiseConstantDecay([1, 2], [3, 2, 1], unit="epoch"),
         schedules.PiecewiseConstantDecay([7, 14], [3, 2, 1])),
        (schedules.TriangularCyclicalLearningRate(0.1, 0.5, 2, unit="epoch"),
         schedules.TriangularCyclicalLearningRate(0.1, 0.5, 14)),
    ]  # fmt: skip
    for by_epoch, by_step in pairs:
        with pytest.raises(ValueError, match=r"train with `fit`, or call `schedule.resolve\("):
            by_epoch(0)
        read = deserialize_keras_object(serialize_keras_object(by_epoch))
        for schedule in (by_epoch, read):
            schedule.resolve(7, 100)
            np.testing.assert_array_equal(schedule(np.arange(60)), by_step(np.arange(60)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: s.ExponentialDecay(0.1, 0, 0.9), "`decay_steps` must be positive"),
        (lambda s: s.ExponentialDecay(0.1, 10, None), "`decay_rate` must be a finite number"),
        (lambda s: s.PolynomialDecay(0.1, -1), "`decay_steps` must be positive"),
        (lambda s: s.CosineDecay("0.1", 10), "`initial_learning_rate` must be a finite number"),
        (lambda s: s.CosineDecay(0.1, 10, unit="epochs"), "`unit` must be 'step' or 'epoch'"),
        (lambda s: s.CosineDecayRestarts(0.1, 10, t_mul=0.5), "`t_mul` must be at least 1"),
        (lambda s: s.PiecewiseConstantDecay([1], [1.0]), "one element less than `values`"),
        (lambda s: s.PiecewiseConstantDecay([2, 1], [3, 2, 1]), "must hold growing numbers"),
    ],
)
def test_mistakes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(schedules)
