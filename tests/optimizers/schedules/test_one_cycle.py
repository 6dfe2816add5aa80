"""One cycle against a plain loop over its phases (Smith & Topin, arXiv 1708.07120)."""

import json
import math

import numpy as np
import pytest

from pyclr.optimizers import schedules
from pyclr.optimizers.schedules import OneCycle, OneCycleMomentum


def on_the_way(start, end, part, anneal):
    if anneal == "linear":
        return start + (end - start) * part
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def table(phases, steps, anneal):
    """`phases`: (length, value at its start, value at its end), in order."""
    rates = []
    for step in range(steps):
        begin = 0
        for length, start, end in phases:
            if step < begin + length:
                rates.append(on_the_way(start, end, (step - begin) / length, anneal))
                break
            begin += length
        else:
            rates.append(phases[-1][2])  # past the end
    return rates


@pytest.mark.parametrize("anneal", ["cos", "linear"])
def test_two_phases(anneal):
    cycle = OneCycle(0.5, 40, 0.1, 0.001, warmup=0.25, anneal=anneal)
    expected = table([(10, 0.1, 0.5), (30, 0.5, 0.001)], 60, anneal)
    np.testing.assert_allclose(cycle(np.arange(60)), expected, rtol=1e-6)
    assert cycle(10) == np.float32(0.5) and cycle(40) == cycle(10**6) == np.float32(0.001)
    expected = table([(10, 0.95, 0.85), (30, 0.85, 0.95)], 60, anneal)
    np.testing.assert_allclose(cycle.momentum()(np.arange(60)), expected, rtol=1e-6)


@pytest.mark.parametrize("anneal", ["cos", "linear"])
def test_three_phases(anneal):
    cycle = OneCycle(0.5, 40, 0.1, 0.001, warmup=0.4, anneal=anneal, three_phase=True)
    expected = table([(16, 0.1, 0.5), (16, 0.5, 0.1), (8, 0.1, 0.001)], 60, anneal)
    np.testing.assert_allclose(cycle(np.arange(60)), expected, rtol=1e-6)
    momentum = cycle.momentum(0.9, 0.8)
    expected = table([(16, 0.9, 0.8), (16, 0.8, 0.9), (8, 0.9, 0.9)], 60, anneal)
    np.testing.assert_allclose(momentum(np.arange(60)), expected, rtol=1e-6)


@pytest.mark.parametrize("anneal", ["cos", "linear"])
@pytest.mark.parametrize("three_phase", [False, True])
def test_the_momentum_stays_between_its_bounds(anneal, three_phase):
    """cycled momentum stays inside its two bounds for all steps."""
    momentum = OneCycle(0.5, 97, anneal=anneal, three_phase=three_phase).momentum(0.95, 0.85)
    values = momentum(np.arange(1000))
    assert values.min() >= np.float32(0.85) and values.max() <= np.float32(0.95)


def test_defaults_and_no_warm_up():
    cycle = OneCycle(0.5, 10)
    assert cycle(0) == np.float32(0.02) and cycle(3) == np.float32(0.5)
    assert cycle(10) == np.float32(2e-6)
    assert OneCycle(0.5, 10, warmup=0)(0) == np.float32(0.5)


def test_length_from_the_training():
    cycle = OneCycle(0.5)
    for schedule in (cycle, cycle.momentum()):
        with pytest.raises(ValueError, match="how long the training is: give `total_steps`"):
            schedule(0)
        with pytest.raises(ValueError, match="how long the training is"):
            schedule.resolve(8)
            schedule(0)
        schedule.resolve(8, 5)
    np.testing.assert_array_equal(cycle(np.arange(50)), OneCycle(0.5, 40)(np.arange(50)))
    assert cycle.get_config()["total_steps"] is None
    cycle.resolve(4, 5)  # another training
    np.testing.assert_array_equal(cycle(np.arange(50)), OneCycle(0.5, 20)(np.arange(50)))
    by_epoch = OneCycle(0.5, 5, unit="epoch")
    by_epoch.resolve(8, 1000)
    np.testing.assert_array_equal(by_epoch(np.arange(50)), OneCycle(0.5, 40)(np.arange(50)))


@pytest.mark.parametrize(
    "schedule",
    [
        OneCycle(0.5),
        OneCycle(0.5, 3, 0.2, 0.1, 0.4, "linear", True, "mine", unit="epoch"),
        OneCycle(0.5, 30).momentum(0.9, 0.8),
        OneCycleMomentum(),
    ],
)
def test_round_trips(schedule):
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    assert written["module"] == "pyclr.optimizers.schedules"
    read = schedules.deserialize(written)
    assert read.get_config() == schedule.get_config()
    for one in (read, schedule):
        one.resolve(10, 4)
    np.testing.assert_array_equal(read(np.arange(50)), schedule(np.arange(50)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"total_steps": 0}, "`total_steps` must be positive"),
        ({"warmup": 1.0}, "`warmup` must be at least 0 and below 1. Received: warmup=1.0"),
        ({"warmup": 0.5, "three_phase": True}, "below 0.5 with three phases"),
        ({"anneal": "exp"}, "`anneal` must be 'cos' or 'linear'"),
        ({"initial_learning_rate": "low"}, "`initial_learning_rate` must be a finite number"),
        ({"unit": "batch"}, "`unit` must be 'step' or 'epoch'"),
    ],
)
def test_mistakes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        OneCycle(0.5, **arguments)
