"""GradientTape: nested tapes, Jacobians, and what is watched."""

import numpy as np
import pytest

import pyclr
from pyclr import ops
from pyclr.testing import check_gradients

X = np.array([[0.3, -1.2], [1.1, 0.4]])


def slope(function):
    """The gradient of the sum of a function, itself differentiable."""

    def derivative(x, *rest):
        tape = pyclr.GradientTape()
        tape.watch(x)
        with tape:
            y = function(x, *rest)
        return tape.gradient(y, x)

    return derivative


@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "exp", "mish"]
)
def test_third_derivatives(name):
    function = getattr(ops, name)
    check_gradients(slope(slope(function)), [X])


def test_gradient_penalty_of_a_network():
    rng = np.random.default_rng(0)
    image = rng.normal(size=(2, 5, 5, 2))
    kernel, weights = rng.normal(size=(3, 3, 2, 3)), rng.normal(size=(27, 4))

    def score(x, kernel, weights):
        hidden = ops.tanh(ops.conv(x, kernel))
        flat = ops.reshape(hidden, (2, 27))
        return ops.softmax(ops.relu(ops.matmul(flat, weights)))[:, 0]

    def penalty(x, kernel, weights):
        gradient = slope(score)(x, kernel, weights)
        return ops.mean(ops.square(ops.norm(ops.reshape(gradient, (2, -1)), axis=1) - 1))

    check_gradients(penalty, [image, kernel, weights])


def test_jacobian():
    x = pyclr.Variable(X)
    other = pyclr.Variable(1.0)
    with pyclr.GradientTape() as tape:
        y = ops.stack([x[0, 0] * x[1, 1], ops.sum(x * x), x[0, 1]])
    found, none = tape.jacobian(y, [x, other])
    expected = np.zeros((3, 2, 2))
    expected[0, 0, 0], expected[0, 1, 1] = X[1, 1], X[0, 0]
    expected[1], expected[2, 0, 1] = 2 * X, 1
    np.testing.assert_allclose(found, expected)
    assert none is None


def test_batch_jacobian():
    x = ops.convert_to_tensor(X)
    weights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with pyclr.GradientTape() as tape:
        tape.watch(x)
        y = ops.tanh(ops.matmul(x, weights))
    slopes = 1 - np.tanh(X @ weights) ** 2
    np.testing.assert_allclose(tape.batch_jacobian(y, x), slopes[:, :, None] * weights.T)
    with pytest.raises(ValueError, match="one batch"):
        pyclr.GradientTape().batch_jacobian(x, ops.ones((3, 2)))


def test_watched_variables_are_those_used():
    used, unused = pyclr.Variable(1.0), pyclr.Variable(2.0)
    frozen = pyclr.Variable(3.0, trainable=False)
    with pyclr.GradientTape() as tape:
        used * frozen
    assert len(tape.watched_variables()) == 1
    assert tape.watched_variables()[0] is used
    assert unused is not used


def test_stop_recording_and_reset():
    x = pyclr.Variable(2.0)
    with pyclr.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            z = x * x
        assert tape.gradient(z, x) is None
        assert float(tape.gradient(y, x)) == 4
        tape.reset()
        assert tape.gradient(y, x) is None
        y = x * 3
    assert float(tape.gradient(y, x)) == 3


def test_what_a_tape_refuses():
    x = pyclr.Variable(2.0)
    with pyclr.GradientTape() as tape:
        with pytest.raises(ValueError, match="recording already"), tape:
            pass
        y = x * x
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, x, unconnected_gradients="nothing")
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)
    with pytest.raises(ValueError, match="not recording"), tape.stop_recording():
        pass
