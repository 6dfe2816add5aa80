"""Lambda: functions as layers."""

import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import layers, ops

X = np.arange(6, dtype="float32").reshape(2, 3)


@pyclr.saving.register_keras_serializable(package="test_lambda")
def scaled(x, factor=2.0):
    return x * factor


@pyclr.saving.register_keras_serializable(package="test_lambda")
def doubled_shape(shape):
    return (shape[0], 2 * shape[1])


def test_function_and_arguments():
    layer = layers.Lambda(lambda x: x**2)
    np.testing.assert_array_equal(layer(X).numpy(), X**2)
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    np.testing.assert_array_equal(layers.Lambda(scaled, arguments={"factor": 3})(X).numpy(), 3 * X)
    two = layers.Lambda(lambda xs: xs[0] + xs[1])
    np.testing.assert_array_equal(two([X, X]).numpy(), 2 * X)


def test_training_and_mask_are_given():
    layer = layers.Lambda(lambda x, training: x + 1 if training else x)
    np.testing.assert_array_equal(layer(X, training=True).numpy(), X + 1)
    np.testing.assert_array_equal(layer(X).numpy(), X)
    x = ops.convert_to_tensor(np.ones((1, 2, 3), "float32"))
    x._keras_mask = ops.convert_to_tensor(np.array([[True, False]]))
    layer = layers.Lambda(lambda x, mask: ops.where(mask[:, :, None], x, 0.0), mask=lambda x, m: m)
    np.testing.assert_array_equal(layer(x).numpy()[0, :, 0], [1, 0])
    np.testing.assert_array_equal(layer(x)._keras_mask.numpy(), [[1, 0]])
    with pytest.warns(UserWarning, match="does not support masks"):
        layers.Lambda(lambda x: x + 1)(x)


@pytest.mark.parametrize("output_shape", [None, (3,), doubled_shape])
def test_saved_and_restored(output_shape, tmp_path):
    layer = layers.Lambda(scaled, output_shape=output_shape, arguments={"factor": 0.5})
    config = json.loads(json.dumps(pyclr.saving.serialize_keras_object(layer)))
    again = pyclr.saving.deserialize_keras_object(config)
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(X).numpy(), 0.5 * X)
    expected = doubled_shape((None, 3)) if callable(output_shape) else (None, 3)
    assert again.compute_output_shape((None, 3)) == expected
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Lambda(scaled)])
    model.save(tmp_path / "model.keras")
    restored = pyclr.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.predict(X, verbose=0), 2 * X)


def test_config_is_that_of_keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras")
    arguments = {"output_shape": (3,), "arguments": {"factor": 3}, "name": "layer"}
    ours, theirs = (m.layers.Lambda(scaled, **arguments).get_config() for m in (pyclr, keras))
    # The function is registered with pyclr only.
    assert ours.pop("function")["config"] == "test_lambda>scaled"
    assert theirs.pop("function")["config"] == "scaled"
    assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs))


def test_python_lambdas_are_trained_and_not_saved():
    model = pyclr.Sequential([layers.Lambda(lambda x: x * 2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    with pytest.raises(ValueError, match="Cannot save the function `<lambda>`"):
        model.layers[0].get_config()


def test_what_is_no_function():
    with pytest.raises(ValueError, match="`function` must be a function of tensors. Received: 3"):
        layers.Lambda(3)
