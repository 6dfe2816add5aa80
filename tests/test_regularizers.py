import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import ops, regularizers
from pyclr.testing import check_gradients

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.5}),
    ("L1", {"l1": None}),
    ("L2", {}),
    ("L2", {"l2": 0.25}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.5, "l2": 0.25}),
    ("L1L2", {"l2": 3}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@pytest.mark.parametrize("name, kwargs", REGULARIZERS)
def test_same_as_keras(name, kwargs):
    ours, theirs = (getattr(m, name)(**kwargs) for m in (regularizers, keras.regularizers))
    found = ours(X)
    assert found.shape == () and found.dtype == "float32"
    if kwargs.get("mode") == "columns":  # fails in Keras for NumPy arrays
        expected = keras.regularizers.OrthogonalRegularizer(kwargs["factor"])(X.T)
    else:
        expected = theirs(X)
    np.testing.assert_allclose(float(found), float(expected), rtol=1e-6)
    np.testing.assert_allclose(float(ours(pyclr.Variable(X))), float(found), rtol=1e-6)
    # Keras keeps some of the factors in float32.
    for key, value in theirs.get_config().items():
        assert ours.get_config()[key] == pytest.approx(value) if key != "mode" else value
    config = json.loads(json.dumps(keras.regularizers.serialize(theirs)))
    assert type(regularizers.deserialize(config)) is type(ours)
    assert regularizers.get(regularizers.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.parametrize("name, kwargs", [case for case in REGULARIZERS if case != ("L1L2", {})])
def test_gradients(name, kwargs):
    check_gradients(getattr(regularizers, name)(**kwargs), [X.astype("float64")])


def test_zero_vectors_have_no_direction():
    x = np.zeros((3, 2), "float32")
    assert float(regularizers.OrthogonalRegularizer()(x)) == 0


@pytest.mark.parametrize(
    "identifier, expected",
    [
        ("l1", {"l1": 0.01}),
        ("L2", {"l2": 0.01}),
        ("l1_l2", {"l1": 0.01, "l2": 0.01}),
        ("orthogonal_regularizer", {"factor": 0.01, "mode": "rows"}),
        (regularizers.L2, {"l2": 0.01}),
        ({"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.0}}, {"l1": 0.5, "l2": 0.0}),
    ],
)
def test_get(identifier, expected):
    assert regularizers.get(identifier).get_config() == expected


def test_every_name_of_keras_exists():
    for name in dir(keras.regularizers):
        assert name.startswith("_") or hasattr(regularizers, name)


def test_get_of_functions_and_nothing():
    def penalty(x):
        return ops.sum(x)

    assert regularizers.get(None) is None
    assert regularizers.get(penalty) is penalty
    with pytest.raises(ValueError, match="Could not interpret regularizer identifier"):
        regularizers.get("l3")


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), "big"])
def test_factors_are_checked(value):
    for make in (regularizers.L1, regularizers.L2, regularizers.L1L2):
        with pytest.raises(ValueError, match="must be a finite number, at least 0. Received: l"):
            make(value)
    with pytest.raises(ValueError, match="`factor` must be a finite number"):
        regularizers.OrthogonalRegularizer(value)


def test_orthogonal_regularizer_checks_mode_and_rank():
    with pytest.raises(ValueError, match="`mode` must be 'rows' or 'columns'"):
        regularizers.OrthogonalRegularizer(mode="diagonals")
    with pytest.raises(ValueError, match=r"must be a matrix. Received: shape=\(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2)))


def test_base_class():
    with pytest.raises(NotImplementedError, match="must override `__call__"):
        regularizers.Regularizer()(X)
