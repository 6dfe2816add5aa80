import inspect
import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import activations
from pyclr.testing import check_gradients

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

ARGUMENTS = {
    "celu": [{"alpha": 0.5}],
    "elu": [{"alpha": 0.5}],
    "gelu": [{"approximate": True}],
    "glu": [{"axis": 0}],
    "hard_shrink": [{"threshold": 1.0}],
    "leaky_relu": [{"negative_slope": 0.5}],
    "log_softmax": [{"axis": 0}],
    "relu": [
        {"negative_slope": 0.25},
        {"max_value": 1.0},
        {"max_value": 6},
        {"threshold": 0.5},
        {"negative_slope": 0.25, "max_value": 2.0, "threshold": 0.5},
    ],
    "soft_shrink": [{"threshold": 0.25}],
    "softmax": [{"axis": 0}, {"axis": 1}],
    "sparsemax": [{"axis": 0}],
    "squareplus": [{"b": 1.0}],
    "threshold": [{"threshold": 0.5, "default_value": -3.0}],
}
NAMES = [
    name for name, function in vars(activations).items()
    if inspect.isfunction(function) and name not in ("get", "serialize", "deserialize")
]  # fmt: skip
CASES = [
    (name, kwargs)
    for name in NAMES
    for kwargs in ([] if name == "threshold" else [{}]) + ARGUMENTS.get(name, [])
]
cases = pytest.mark.parametrize("name, kwargs", CASES)
X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32") * 3


@pytest.mark.parametrize("name, kwargs", [case for case in CASES if case[0] != "sparsemax"])
def test_same_as_keras(name, kwargs):
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    expected = np.asarray(theirs(keras.ops.convert_to_tensor(X), **kwargs))
    found = ours(pyclr.layers.Flatten()(X), **kwargs)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found.numpy(), expected, rtol=3e-6, atol=3e-6)
    np.testing.assert_array_equal(np.asarray(ours(X, **kwargs)), found.numpy())


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_is_the_nearest_distribution(axis):
    # Not compared with Keras 3.15, whose results do not sum to 1 when several are positive.
    found = activations.sparsemax(X, axis=axis).numpy()
    low, high = X.max(axis, keepdims=True) - 1, X.max(axis, keepdims=True)
    for _ in range(60):
        middle = (low + high) / 2
        too_low = np.maximum(X - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    np.testing.assert_allclose(found, np.maximum(X - low, 0), rtol=0, atol=2e-6)
    np.testing.assert_allclose(found.sum(axis), 1, rtol=2e-6)


@cases
def test_gradients(name, kwargs):
    check_gradients(lambda x: getattr(activations, name)(x, **kwargs), [X.astype("float64")])


@pytest.mark.parametrize("name", NAMES)
def test_names_and_configs(name):
    function = getattr(activations, name)
    assert activations.get(name) is function
    assert activations.get(function) is function
    assert activations.serialize(function) == function.__name__
    assert keras.activations.serialize(getattr(keras.activations, name)) == function.__name__
    assert activations.deserialize(function.__name__) is function


def test_every_name_of_keras_exists():
    for name in dir(keras.activations):
        assert name.startswith("_") or hasattr(activations, name)


def test_defaults_are_those_of_keras():
    for name in NAMES:
        ours, theirs = (
            {p.name: p.default for p in inspect.signature(getattr(m, name)).parameters.values()}
            for m in (activations, keras.activations)
        )
        assert ours == theirs


@pytest.mark.parametrize("x", [0.5, 0.0, -0.5])
def test_relu_at_its_kinks(x):
    # The threshold itself counts as below.
    y = activations.relu(np.array([x], "float32"), threshold=0.5, negative_slope=0.25)
    assert y.numpy() == np.float32(0.25 * (x - 0.5))


def test_large_inputs_stay_finite():
    x = np.array([-1e4, -100.0, 100.0, 1e4], "float32")
    for name in NAMES:
        if name not in ("exponential", "threshold", "glu"):
            assert np.isfinite(np.asarray(getattr(activations, name)(x))).all(), name


def test_logits_are_remembered():
    x = pyclr._core.tensor(X)
    assert activations.softmax(x)._softmax_logits is x
    assert activations.sigmoid(x)._sigmoid_logits is x
    assert not hasattr(activations.softmax(x, axis=0), "_softmax_logits")


def test_none_is_linear_and_helpers_are_not_found():
    assert activations.get(None) is activations.linear
    for name in ("convert_to_tensor", "get", "serialize", "ops"):
        with pytest.raises(ValueError, match="Could not interpret activation function identifier"):
            activations.get(name)


def test_custom_functions():
    @pyclr.saving.register_keras_serializable(package="test_activations")
    def thrice(x):
        return 3 * x

    config = json.loads(json.dumps(activations.serialize(thrice)))
    assert config["config"] == "test_activations>thrice"
    assert activations.get(config) is thrice
    layer = pyclr.layers.Dense(2, activation=thrice)
    assert pyclr.layers.Dense.from_config(layer.get_config()).activation is thrice


def test_layers_can_be_activations():
    layer = pyclr.layers.Activation(pyclr.layers.LeakyReLU(0.5))
    assert layer(np.array([-2.0], "float32")).numpy() == -1
    config = json.loads(json.dumps(layer.get_config()))
    restored = pyclr.layers.Activation.from_config(config)
    assert restored.activation.negative_slope == 0.5


def test_glu_needs_halves():
    with pytest.raises(ValueError, match=r"must be even. Received: axis=-1, shape=\(2, 3\)"):
        activations.glu(np.ones((2, 3)))
