"""Every function of `pyclr.ops` against Keras: names, values, dtypes and shapes; gradients against
differences; and replays."""

import inspect
import os

import numpy as np
import pytest

from pyclr import _core as core
from pyclr import ops, tree
from pyclr.testing import assert_replays, check_gradients

from .keras_cases import CASES

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

# Of Keras' NumPy backend: NumPy's warnings, and JAX, which convolves for it.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = [
    pytest.param(name, *row, id=f"{name}-{i}" if i else name)
    for name, rows in CASES.items()
    for i, row in enumerate(rows)
]


def named(package, name):
    for part in name.split("."):
        package = getattr(package, part)
    return package


def arrays_in(structure):
    return [leaf for leaf in tree.flatten(structure) if isinstance(leaf, np.ndarray)]


def as_given(array, dtype):
    return array.astype(dtype) if array.dtype == "float64" else array


def with_arrays(structure, arrays):
    """The structure with its arrays replaced."""
    arrays = iter(arrays)
    return tree.map_structure(
        lambda leaf: next(arrays) if isinstance(leaf, np.ndarray) else leaf, structure
    )


def outputs(result):
    leaves = tree.flatten(result)
    return [leaf for leaf in leaves if leaf is not None]


@pytest.mark.parametrize(
    "name, arguments, keywords, options", [row for row in ROWS if "k" not in row.values[3]]
)
def test_value(name, arguments, keywords, options):
    arrays = [as_given(a, "float32") for a in arrays_in((arguments, keywords))]
    # Copies: Keras' scatter_update writes into its argument.
    args, kwargs = with_arrays((arguments, keywords), [a.copy() for a in arrays])
    expected = outputs(named(keras.ops, name)(*args, **kwargs))
    tensors = [core.tensor(a) for a in arrays]
    args, kwargs = with_arrays((arguments, keywords), tensors)
    found = outputs(named(ops, name)(*args, **kwargs))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        theirs = np.asarray(theirs)
        assert np.shape(ours) == theirs.shape
        if "d" not in options:
            assert str(ours.dtype) == str(theirs.dtype)
        if "v" not in options:
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_arguments_have_the_names_of_keras(name):
    theirs = inspect.signature(named(keras.ops, name)).parameters
    ours = inspect.signature(named(ops, name)).parameters
    wanted = {
        p: v.default for p, v in theirs.items() if v.kind is not inspect.Parameter.VAR_KEYWORD
    }
    assert list(ours)[: len(wanted)] == list(wanted)
    for parameter, default in wanted.items():
        assert ours[parameter].default == default, parameter


def floating_arrays(arguments, keywords):
    return [a for a in arrays_in((arguments, keywords)) if a.dtype == "float64"]


GRADIENT_ROWS = [
    row for row in ROWS if "g" not in row.values[3] and floating_arrays(*row.values[1:3])
]


@pytest.mark.parametrize("name, arguments, keywords, options", GRADIENT_ROWS)
def test_gradient(name, arguments, keywords, options):
    every = arrays_in((arguments, keywords))

    def function(*tensors):
        given = iter(tensors)
        filled = [next(given) if a.dtype == "float64" else a for a in every]
        args, kwargs = with_arrays((arguments, keywords), filled)
        return [y for y in outputs(named(ops, name)(*args, **kwargs)) if "float" in y.dtype]

    check_gradients(function, floating_arrays(arguments, keywords), tolerance=1e-5)


REPLAY_ROWS = [row for row in ROWS if "r" not in row.values[3] and arrays_in(row.values[1:3])]


@pytest.mark.parametrize("name, arguments, keywords, options", REPLAY_ROWS)
def test_replays(name, arguments, keywords, options):
    def function(*tensors):
        args, kwargs = with_arrays((arguments, keywords), tensors)
        return named(ops, name)(*args, **kwargs)

    assert_replays(function, *arrays_in((arguments, keywords)))
