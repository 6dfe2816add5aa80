"""Every loss of the table against Keras: values, reductions, weights, masks, configs, names."""

import inspect
import json
import os

import numpy as np
import pytest

from pyclr import losses, ops
from pyclr.losses.reduction import REDUCTIONS

from .cases import LOSSES

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

cases = pytest.mark.parametrize("case", LOSSES, ids=str)
TOLERANCE = 1e-6  # Keras clips the probabilities behind logits


def make(package, case, **kwargs):
    return getattr(package, case.name)(**{**case.kwargs, "dtype": "float64", **kwargs})


def reference(case, y_true, y_pred, weight=None, **kwargs):
    """What Keras gives; its NumPy backend divides by zero before it looks."""
    with np.errstate(all="ignore"):
        return make(keras.losses, case, **kwargs)(y_true, y_pred, weight)


def assert_close(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def weights_for(values, rng):
    """Weights in every shape that fits; those Keras refuses, beside a shape that means the same."""
    yield None, None
    yield 0.7, 0.7
    if values.ndim:
        by_sample = rng.uniform(0.0, 2.0, values.shape[0])
        column = by_sample.reshape((-1,) + (1,) * (values.ndim - 1))
        yield by_sample, column
        yield by_sample[:, None], by_sample[:, None]
        by_value = rng.uniform(0.0, 2.0, values.shape)
        yield by_value, by_value
        yield by_value[:1], by_value[:1]


@cases
def test_values_reductions_and_weights(case, rng):
    y_true, y_pred = case.data()
    values = reference(case, y_true, y_pred, reduction=None)
    masks_itself = case.name == "Circle" or "ignore_class" in case.kwargs
    for weight, theirs in weights_for(values, rng):
        if masks_itself and np.ndim(theirs) <= values.ndim and theirs is not None:
            theirs = np.broadcast_to(theirs, values.shape).copy()  # else Keras on NumPy fails
        for reduction in REDUCTIONS:
            found = make(losses, case, reduction=reduction)(y_true, y_pred, weight)
            expected = reference(case, y_true, y_pred, theirs, reduction=reduction)
            assert_close(found, expected)


@cases
def test_masks(case, rng):
    y_true, y_pred = case.data()
    values = reference(case, y_true, y_pred, reduction=None)
    if values.ndim == 0:
        return  # nothing to leave out
    mask = rng.integers(0, 2, values.shape).astype(bool)
    weight = rng.uniform(0.5, 2.0, values.shape)
    for kept in (mask, np.zeros_like(mask)):
        for reduction in REDUCTIONS:
            for one in (None, weight):
                masked, theirs = ops.convert_to_tensor(y_pred), y_pred.copy()
                masked._keras_mask = ops.convert_to_tensor(kept)
                keras.src.backend.set_keras_mask(theirs, kept)
                found = make(losses, case, reduction=reduction)(y_true, masked, one)
                expected = reference(case, y_true, theirs, one, reduction=reduction)
                assert_close(found, expected)


@cases
def test_function(case):
    y_true, y_pred = case.data()
    loss = make(losses, case, reduction=None)
    arguments = dict(case.kwargs)
    if "Generalized" in case.name:
        arguments.setdefault("q", 0.5)  # the function has no default
    found = getattr(losses, loss.fn.__name__)(y_true, y_pred, **arguments)
    assert found.dtype == "float64"
    np.testing.assert_array_equal(found.numpy(), loss(y_true, y_pred).numpy())
    theirs = getattr(keras.losses, loss.fn.__name__)
    assert str(inspect.signature(theirs)) == str(inspect.signature(loss.fn))
    with np.errstate(all="ignore"):
        assert_close(found, theirs(y_true, y_pred, **arguments))


@cases
def test_float32_is_the_default(case):
    y_true, y_pred = case.data()
    y_pred = y_pred.astype("float32")
    found = make(losses, case, dtype=None)(y_true, y_pred)
    assert found.dtype == "float32"
    expected = reference(case, y_true, y_pred, dtype=None)
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-5, atol=1e-6)


@cases
def test_configs_both_ways(case):
    ours, theirs = (
        getattr(package, case.name)(**case.kwargs, reduction="sum")
        for package in (losses, keras.losses)
    )
    config = ours.get_config()
    # Keras leaves some arguments out, such as Huber's delta, and takes them.
    assert theirs.get_config().items() <= config.items()
    assert config.keys() <= inspect.signature(type(theirs)).parameters.keys()
    assert type(ours).from_config(config).get_config() == config
    assert type(theirs).from_config(config).get_config() == theirs.get_config()

    from_us = json.loads(json.dumps(losses.serialize(ours)))
    from_keras = json.loads(json.dumps(keras.losses.serialize(theirs)))
    assert {**from_us, "config": None} == {**from_keras, "config": None}
    restored = keras.saving.deserialize_keras_object(from_us)
    assert type(restored) is type(theirs)
    assert as_json(restored.get_config()) == as_json(theirs.get_config())
    assert type(losses.deserialize(from_keras)) is type(ours)
    assert as_json(losses.deserialize(from_us).get_config()) == as_json(config)


def as_json(config):
    return json.loads(json.dumps(config))


def signature(cls):
    return str(inspect.signature(cls))


@pytest.mark.parametrize("name", sorted({case.name for case in LOSSES}))
def test_class(name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    assert signature(ours) == signature(theirs)
    assert ours().name == theirs().name
    assert type(losses.get(name)) is ours
    assert type(losses.get({"class_name": name, "config": {}})) is ours
    function = ours().fn
    assert losses.get(function.__name__) is function
    assert getattr(keras.losses, function.__name__).__name__ == function.__name__


def test_every_loss_has_a_case():
    classes = {name for name in dir(keras.losses) if inspect.isclass(getattr(keras.losses, name))}
    assert classes - {"Loss"} == {case.name for case in LOSSES}
    functions = {name for name in dir(keras.losses) if not name.startswith("_")} - classes
    assert not [name for name in functions if not callable(getattr(losses, name, None))]


def test_every_alias_of_keras():
    from keras._tf_keras.keras import losses as legacy
    from keras.src.losses import ALL_OBJECTS_DICT as names

    for name in [*dir(legacy), *names]:
        theirs = getattr(legacy, name, None) or names.get(name)
        if name in ("get", "serialize", "deserialize"):
            assert callable(getattr(losses, name))
        elif inspect.isfunction(theirs):
            assert losses.get(name).__name__ == theirs.__name__
        elif inspect.isclass(theirs):
            assert getattr(losses, name).__name__ == theirs.__name__


def test_logits_out_of_reach():
    """Labels that do not fit into the time: a large loss, as in Keras, not an infinite one."""
    y_true, y_pred = np.array([[1, 2, 2, 2], [3, 1, 3, 4]]), np.ones((2, 3, 5))
    np.testing.assert_allclose(
        losses.ctc(y_true, y_pred).numpy(), keras.losses.ctc(y_true, y_pred), rtol=1e-6
    )
