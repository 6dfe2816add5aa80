"""The optimizers' contract; their arithmetic is checked in tests/test_golden.py and tests/cases."""

import numpy as np
import pytest

import pyclr
from pyclr import optimizers
from pyclr.testing import check_optimizer

CASES = [
    (optimizers.SGD, {}),
    (optimizers.SGD, {"momentum": 0.9}),
    (optimizers.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (optimizers.RMSprop, {}),
    (optimizers.RMSprop, {"momentum": 0.5, "centered": True, "clipnorm": 0.1}),
    (optimizers.Adam, {"learning_rate": 0.01}),
    (optimizers.Adam, {"amsgrad": True, "clipvalue": 0.05}),
    (optimizers.Adam, {"global_clipnorm": 0.1}),
]


@pytest.mark.parametrize(("cls", "arguments"), CASES)
def test_contract(cls, arguments):
    check_optimizer(cls, arguments)


def apply(optimizer, value, gradient):
    variable = pyclr.Variable(np.asarray(value, "float32"))
    optimizer.apply([pyclr.ops.convert_to_tensor(np.asarray(gradient, "float32"))], [variable])
    return variable.numpy()


def test_clipping():
    gradient = [3.0, 4.0]
    assert np.allclose(apply(optimizers.SGD(1.0, clipvalue=3.5), [0, 0], gradient), [-3, -3.5])
    assert np.allclose(apply(optimizers.SGD(1.0, clipnorm=1.0), [0, 0], gradient), [-0.6, -0.8])
    assert np.allclose(apply(optimizers.SGD(1.0, clipnorm=9.0), [0, 0], gradient), [-3, -4])
    a, b = (pyclr.Variable(np.zeros(1, "float32")) for _ in range(2))
    optimizer = optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.apply(
        [pyclr.ops.convert_to_tensor([3.0]), pyclr.ops.convert_to_tensor([4.0])], [a, b]
    )
    assert np.allclose([a.numpy()[0], b.numpy()[0]], [-0.6, -0.8])


def test_weight_decay_is_decoupled():
    assert np.allclose(apply(optimizers.SGD(0.1, weight_decay=0.5), [2.0], [1.0]), 1.9 - 0.1)


def test_constraints_hold_after_an_update():
    variable = pyclr.Variable(np.ones(2, "float32"), constraint=pyclr.constraints.NonNeg())
    optimizers.SGD(1.0).apply([pyclr.ops.convert_to_tensor([5.0, 0.5])], [variable])
    assert np.array_equal(variable.numpy(), [0, 0.5])


def test_bad_gradients():
    a, b = (pyclr.Variable(np.zeros(1, "float32"), name=name) for name in "ab")
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="one gradient for each variable"):
        optimizer.apply([None], [a, b])
    with pytest.raises(ValueError, match="does not depend on any"):
        optimizer.apply([None, None], [a, b])
    with pytest.warns(UserWarning, match=r"\['b'\]; they are not updated"):
        optimizer.apply([pyclr.ops.convert_to_tensor([1.0]), None], [a, b])
    other = pyclr.Variable(np.zeros(1, "float32"), name="other")
    with pytest.raises(ValueError, match="no state for 'other'"):
        optimizer.apply([pyclr.ops.convert_to_tensor([1.0])], [other])
    assert int(optimizer.iterations) == 1 and a.numpy()[0] != 0


def test_learning_rate_is_a_number_whatever_sets_it():
    optimizer = optimizers.Adam(0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = optimizers.schedules.TriangularCyclicalLearningRate(0.1, 0.3, 2)
    optimizer.iterations.assign(1)
    assert float(optimizer.learning_rate) == pytest.approx(0.2)
    optimizer.learning_rate = 1  # an integer becomes a float
    assert float(optimizer.learning_rate) == 1.0
