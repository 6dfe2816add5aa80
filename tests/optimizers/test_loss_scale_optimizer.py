"""LossScaleOptimizer, by its rules and against the inner optimizer alone."""

import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import optimizers
from pyclr.optimizers import LossScaleOptimizer, schedules

from .test_optimizers import data, net, tensor

INNER = {
    "SGD": lambda: optimizers.SGD(0.1, momentum=0.9),
    "Nadam": lambda: optimizers.Nadam(0.1, gradient_accumulation_steps=2, use_ema=True),
    "Lamb": lambda: optimizers.Lamb(0.1, use_ema=True, ema_overwrite_frequency=2),
    "Lamb, accumulating": lambda: optimizers.Lamb(0.1, gradient_accumulation_steps=2),
}


@pytest.mark.parametrize("inner", INNER)
def test_steps_that_are_not_finite_are_left_out(inner):
    optimizer = LossScaleOptimizer(INNER[inner](), initial_scale=64.0, dynamic_growth_steps=3)
    alone = INNER[inner]()
    constraint = pyclr.constraints.MaxNorm(2.0)
    ours, expected = (
        [pyclr.Variable(np.full((2, 3), 0.5, "float32"), constraint=constraint)] for _ in range(2)
    )
    scale, count = 64.0, 0
    for step in range(14):
        gradient = np.random.default_rng(step).normal(size=(2, 3)).astype("float32")
        gradient[1, 1] = {5: np.inf, 6: np.nan, 11: -np.inf}.get(step, gradient[1, 1])
        finite = np.isfinite(gradient).all()
        assert float(optimizer.scale_loss(tensor(1.0))) == scale
        optimizer.apply([tensor(gradient * np.float32(scale))], ours)
        if finite:
            alone.apply([tensor(gradient)], expected)
            count += 1
            if count == 3:
                scale, count = scale * 2, 0
        else:
            scale, count = scale / 2, 0
        assert (float(optimizer.dynamic_scale), int(optimizer.step_counter)) == (scale, count)
        assert int(optimizer.iterations) == int(alone.iterations)
        pairs = zip(ours + optimizer.inner_optimizer.variables, expected + alone.variables)
        for one, other in pairs:
            np.testing.assert_array_equal(one.numpy(), other.numpy())


def bad_batch():
    x, y = data()
    x[17] = 1e30  # in the third batch: its gradients overflow
    return x, y


@pytest.mark.parametrize("inner", INNER)
def test_eager_and_replayed_alike(inner):
    weights = []
    for eager in (False, True):
        optimizer = LossScaleOptimizer(INNER[inner](), dynamic_growth_steps=4)
        model = net(optimizer, run_eagerly=eager)
        model.fit(*bad_batch(), batch_size=8, epochs=4, shuffle=False, verbose=0)
        weights.append([*model.get_weights(), *(v.numpy() for v in optimizer.variables)])
        assert eager or model.explain_step().startswith("The step is replayed")
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)
    assert np.isfinite(weights[0][0]).all()


def test_a_schedule_goes_by_the_steps_that_were_done():
    """Which are not known beforehand, so that such a step stays eager."""
    rate = schedules.ExponentialDecay(0.1, 2, 0.5)
    model = net(LossScaleOptimizer(optimizers.SGD(rate)))
    model.fit(*bad_batch(), batch_size=8, epochs=3, shuffle=False, verbose=0)
    assert "schedules can not know beforehand" in model.explain_step()
    assert int(model.optimizer.iterations) == 12
    assert float(model.optimizer.learning_rate) == float(rate(12))


def test_it_stands_for_the_inner_optimizer():
    inner = optimizers.SGD(schedules.OneCycle(0.5), loss_scale_factor=8.0)
    optimizer = LossScaleOptimizer(inner)
    assert inner.loss_scale_factor is None
    optimizer.resolve(2, 5)
    assert float(optimizer.learning_rate) == np.float32(0.02)
    assert optimizer.learning_rate_schedule is inner.learning_rate_schedule
    optimizer.rate_factor, optimizer.minimum_rate = 0.5, 0.1
    assert (inner.rate_factor, inner.minimum_rate) == (0.5, 0.1)
    assert optimizer.current_hyper(3)["learning_rate"] == 0.25
    with pytest.warns(UserWarning, match="replaces the schedule OneCycle"):
        optimizer.learning_rate = 0.125
    assert float(inner.learning_rate) == 0.125
    optimizer.iterations = 3
    assert int(inner.iterations) == 3
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    variable = pyclr.Variable(np.ones(1), name="bias")
    assert not inner._decays(variable)


def test_state_and_config():
    optimizer, fresh = (LossScaleOptimizer(optimizers.Adam(0.1), 8.0, 50) for _ in range(2))
    before, after = {}, {}
    optimizer.save_own_variables(before)
    variable = pyclr.Variable(np.ones(3, "float32"))
    for _ in range(3):
        optimizer.apply([tensor(np.ones(3))], [variable])
    optimizer.save_own_variables(after)
    fresh.build([variable])
    fresh.load_own_variables(after)
    assert int(fresh.step_counter) == 3 and int(fresh.iterations) == 3
    for one, other in zip(fresh.variables, optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    fresh.load_own_variables(before)
    assert int(fresh.step_counter) == 0 and float(fresh.dynamic_scale) == 8.0
    assert not fresh.inner_optimizer.variables[2].numpy().any()
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert again.get_config() == optimizer.get_config()


def test_keras_has_the_same_config_and_state():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras")
    ours = LossScaleOptimizer(optimizers.Adam(name="adam"), name="mine")
    theirs = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(name="adam"), name="mine")
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    ours.build([pyclr.Variable(np.ones((2, 3), "float32"), name="k")])
    theirs.build([keras.Variable(np.ones((2, 3)), name="k")])
    found = [(v.name, v.shape) for v in ours.variables]
    assert found == [(v.name, v.shape) for v in theirs.variables]


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="`inner_optimizer` must be an optimizer"):
        LossScaleOptimizer("adam")
    with pytest.raises(ValueError, match="does not take `clipnorm`; give it to"):
        LossScaleOptimizer(optimizers.Adam(), clipnorm=1.0)
    assert LossScaleOptimizer(optimizers.Adam(), clipnorm=None, use_ema=False).name
