"""The names of Keras."""

import inspect
import os
from types import ModuleType

import pytest

import pyclr

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

# Deliberately not there, all for one reason: tensors are real.
ABSENT = {"polar", "view_as_complex", "view_as_real"}
# pyclr's own: what `pyclr.activations` needs beside Keras' functions.
OWN = {"mish"}


def public(module):
    return {name for name in dir(module) if not name.startswith("_")}


@pytest.mark.parametrize(
    "place", ["ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy", "random"]
)
def test_every_name_exists(place):
    theirs, ours = keras, pyclr
    for part in place.split("."):
        theirs, ours = getattr(theirs, part), getattr(ours, part)
    assert public(theirs) - public(ours) <= ABSENT


def test_there_are_no_other_functions():
    functions = {
        name for name in public(pyclr.ops) if not isinstance(getattr(pyclr.ops, name), ModuleType)
    }
    assert functions - public(keras.ops) == OWN


@pytest.mark.parametrize("name", sorted(public(pyclr.ops)))
def test_functions_are_documented(name):
    thing = getattr(pyclr.ops, name)
    assert inspect.getdoc(thing)


@pytest.mark.parametrize("name", sorted(public(keras.random) - {"SeedGenerator"}))
def test_random_functions_take_the_arguments_of_keras(name):
    theirs = inspect.signature(getattr(keras.random, name)).parameters
    ours = inspect.signature(getattr(pyclr.random, name)).parameters
    assert list(ours) == list(theirs)
    assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]


# Functions of functions, and those whose reference is not Keras': tested elsewhere.
OTHERWISE_TESTED = {
    "associative_scan", "cond", "ctc_loss", "custom_gradient", "fori_loop", "jvp", "map", "scan",
    "switch", "vectorize", "vectorized_map", "while_loop",
}  # fmt: skip


def test_every_function_has_a_case():
    from .keras_cases import CASES

    modules = {n for n in public(keras.ops) if isinstance(getattr(keras.ops, n), ModuleType)}
    wanted = public(keras.ops) - modules - ABSENT - OTHERWISE_TESTED
    wanted |= {f"image.{name}" for name in public(keras.ops.image)}
    assert wanted - set(CASES) == set()
