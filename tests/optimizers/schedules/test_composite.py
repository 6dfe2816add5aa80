"""Schedules made of schedules, by plain Python formulas."""

import builtins
import json
import math

import numpy as np
import pytest

from pyclr import _core
from pyclr.optimizers import schedules
from pyclr.optimizers.schedules import (
    ConstantWarmup,
    ExponentialDecay,
    InverseSquareRoot,
    Join,
    LearningRateSchedule,
    LinearWarmup,
    OneCycle,
    Product,
)
from pyclr.saving import custom_object_scope

STEPS = np.arange(40)


class Stairs(LearningRateSchedule):
    """A user's, for one step at a time."""

    def __call__(self, step):
        return 1.0 if step < 7 else 0.5

    def get_config(self):
        return {}


DECAY = ExponentialDecay(0.1, 10, 0.5)


def decay(step):
    return 0.1 * 0.5 ** (step / 10)


CASES = {
    "linear": (LinearWarmup(0.3, 8), lambda s: 0.3 * min(s / 8, 1)),
    "linear from a rate to a schedule": (
        LinearWarmup(DECAY, 8, 0.02),
        lambda s: 0.02 + 0.08 * s / 8 if s < 8 else decay(s - 8),
    ),
    "constant": (ConstantWarmup(0.3, 8, 0.01), lambda s: 0.01 if s < 8 else 0.3),
    "constant before a schedule": (
        ConstantWarmup(DECAY, 2.5, 0.01),
        lambda s: 0.01 if s < 2.5 else decay(s - 2.5),
    ),
    "inverse square root": (
        InverseSquareRoot(0.3, 8),
        # Vaswani et al.: d**-0.5 * min(n**-0.5, n * w**-1.5), scaled to 0.3 at its peak n = w
        lambda s: 0.3 * math.sqrt(8) * min((s + 1) ** -0.5, (s + 1) * 8**-1.5),
    ),
    "join": (
        Join([0.5, DECAY, Stairs()], [5, 20]),
        lambda s: 0.5 if s < 5 else decay(s - 5) if s < 20 else 1.0 if s - 20 < 7 else 0.5,
    ),
    "one": (Join([DECAY], []), decay),
    "product": (Product(DECAY, Stairs()), lambda s: decay(s) * (1.0 if s < 7 else 0.5)),
    "times a number": (DECAY * 0.5, lambda s: decay(s) * 0.5),
    "a number times": (2 * Stairs(), lambda s: 2.0 if s < 7 else 1.0),
    "a product of three": (DECAY * DECAY * 3, lambda s: 3 * decay(s) ** 2),
}


@pytest.mark.parametrize("case", CASES)
def test_table(case):
    schedule, formula = CASES[case]
    expected = [formula(int(step)) for step in STEPS]
    np.testing.assert_allclose([schedule(int(step)) for step in STEPS], expected, rtol=1e-6)
    np.testing.assert_allclose(schedule(STEPS), expected, rtol=1e-6)
    assert schedule(STEPS).dtype == np.float32 and type(schedule(3)) is np.float32
    rate = schedule(_core.tensor(np.int64(9)))
    assert rate.dtype == "float32" and float(rate) == pytest.approx(formula(9), rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_round_trips(case):
    schedule, _ = CASES[case]
    written = json.loads(json.dumps(schedules.serialize(schedule)))
    with custom_object_scope({"Stairs": Stairs}):
        read = schedules.deserialize(written)
    assert read.get_config() == schedule.get_config()
    np.testing.assert_array_equal(read(STEPS), schedule(STEPS))


def test_parts_are_resolved():
    made = {
        LinearWarmup(OneCycle(0.5), 1, unit="epoch"): LinearWarmup(OneCycle(0.5, 30), 3),
        ConstantWarmup(OneCycle(0.5), 3, 0.1): ConstantWarmup(OneCycle(0.5, 30), 3, 0.1),
        Join([0.1, OneCycle(0.5)], [2], unit="epoch"): Join([0.1, OneCycle(0.5, 30)], [6]),
        OneCycle(0.5) * 2: OneCycle(0.5, 30) * 2,
        InverseSquareRoot(0.5, 2, unit="epoch"): InverseSquareRoot(0.5, 6),
    }
    for schedule, expected in made.items():
        with pytest.raises(ValueError, match="train with `fit`"):
            schedule(3)
        schedule.resolve(3, 10)
        np.testing.assert_array_equal(schedule(STEPS), expected(STEPS))
    Stairs().resolve(3, 10)  # nothing to do


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearWarmup(None, 3), "`target` must be a finite number"),
        (lambda: LinearWarmup(0.1, 0), "`warmup_steps` must be positive"),
        (lambda: InverseSquareRoot(0.1, -1), "`warmup_steps` must be positive"),
        (lambda: Join([0.1, 0.2], []), "one element less than `schedules`"),
        (lambda: Join([0.1, 0.2, 0.3], [5, 4]), "must hold growing numbers"),
        (lambda: Product(DECAY, "2"), "`b` must be a finite number"),
    ],
)
def test_mistakes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError):
        DECAY * "2"


def test_plot():
    pytest.importorskip("matplotlib").use("agg")
    for schedule, length in [(OneCycle(0.5, 30), 30), (Stairs(), 1000), (DECAY * 2, 40)]:
        (line,) = schedule.plot().lines
        np.testing.assert_array_equal(line.get_xdata(), np.arange(length))
        expected = [float(schedule(step)) for step in range(length)]
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-6)
    axes = schedule.plot(5)
    assert schedule.plot(7, ax=axes) is axes and len(axes.lines) == 2
    import matplotlib.pyplot

    matplotlib.pyplot.close("all")


def test_plot_without_matplotlib(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        DECAY.plot()
