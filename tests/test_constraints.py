import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import constraints

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 1.5, "rate": 0.25, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": (0, 1)}),
]
W = 2 * np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32")


@pytest.mark.parametrize("name, kwargs", CONSTRAINTS)
def test_same_as_keras(name, kwargs):
    ours, theirs = (getattr(m, name)(**kwargs) for m in (constraints, keras.constraints))
    found = ours(pyclr.Variable(W))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found.numpy(), np.asarray(theirs(W)), rtol=1e-5)
    theirs_config = json.loads(json.dumps(keras.constraints.serialize(theirs)))
    assert json.loads(json.dumps(constraints.serialize(ours))) == theirs_config
    assert constraints.get(theirs_config).get_config() == theirs_config["config"]


@pytest.mark.parametrize("name", ["max_norm", "min_max_norm", "non_neg", "unit_norm", "MaxNorm"])
def test_get(name):
    assert type(constraints.get(name)) is type(constraints.get(getattr(constraints, name)))


def test_every_name_of_keras_exists():
    for name in dir(keras.constraints):
        assert name.startswith("_") or hasattr(constraints, name)


def test_get_of_functions_and_nothing():
    assert constraints.get(None) is None
    assert constraints.get(np.tanh) is np.tanh
    assert constraints.Constraint()(W) is W
    with pytest.raises(ValueError, match="constraint identifier. Did you mean"):
        constraints.get("max_nrom")


def test_zero_weights_stay_zero():
    for constraint in (constraints.MaxNorm(), constraints.UnitNorm(), constraints.MinMaxNorm(1, 2)):
        np.testing.assert_array_equal(constraint(np.zeros((3, 2), "float32")).numpy(), 0)
