"""Every layer of the table against Keras: outputs, weights, shapes, configs, both ways."""

import json
import os

import numpy as np
import pytest

import pyclr.layers
from pyclr.saving import deserialize_keras_object, serialize_keras_object

from .cases import LAYERS

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

# In Keras' configs, but modes that pyclr has not: it accepts the default and does not write it.
NOT_WRITTEN = {
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}

# Of JAX, which convolves for Keras' NumPy backend.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

cases = pytest.mark.parametrize("case", LAYERS, ids=str)


def make(case, package):
    return getattr(package, case.name)(**{"name": "layer", **case.kwargs})


def built_pair(case):
    """The layer in pyclr and in Keras, built, with the same weights."""
    layer, reference = make(case, pyclr.layers), make(case, keras.layers)
    shape = (None, *case.input_shape[1:])
    layer.build_for(shape)
    if not reference.built:
        reference.build(shape)
    values = case.weights([w.shape for w in reference.weights])
    reference.set_weights(values)
    layer.set_weights(values)
    return layer, reference


def as_json(config):
    return json.loads(json.dumps(config))


def known_part(config):
    """A config of Keras without the keys that pyclr does not write."""
    kept = {}
    for key, value in as_json(config).items():
        if key in NOT_WRITTEN:
            assert value == NOT_WRITTEN[key]
        else:
            kept[key] = value
    return kept


def assert_close(found, expected, data):
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype.name
    # Sums of at most 100 products.
    scale = max(1, np.abs(expected).max(initial=0), np.abs(data.astype("float32")).max(initial=0))
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=100 * 1.2e-7 * scale)


@cases
def test_weights(case):
    layer, reference = built_pair(case)
    assert [w.name for w in layer.weights] == [w.name for w in reference.weights]
    assert [w.shape for w in layer.weights] == [tuple(w.shape) for w in reference.weights]
    assert [w.dtype for w in layer.weights] == [w.dtype for w in reference.weights]
    assert len(layer.trainable_weights) == len(reference.trainable_weights)
    assert layer.count_params() == reference.count_params()


@cases
def test_outputs_in_inference(case):
    layer, reference = built_pair(case)
    data = case.data()
    assert_close(layer(data), reference(data), data)
    assert_close(layer(data, training=False), reference(data, training=False), data)


@cases
def test_outputs_in_training(case):
    layer, reference = built_pair(case)
    if "Dropout" in case.name and case.kwargs["rate"]:
        pytest.skip("other random numbers")
    data = case.data()
    assert_close(layer(data, training=True), reference(data, training=True), data)
    for found, expected in zip(layer.weights, reference.weights):
        assert_close(found, expected, data)


@cases
def test_losses(case):
    layer, reference = built_pair(case)
    data = case.data()
    layer(data), reference(data)
    # Keras puts its own first, whatever its order here; the sum is what counts.
    found = sum(float(loss) for loss in layer.losses)
    np.testing.assert_allclose(found, sum(float(loss) for loss in reference.losses), rtol=1e-5)
    assert len(layer.losses) == len(reference.losses)


@cases
def test_output_shapes(case):
    layer, reference = built_pair(case)
    for shape in (case.input_shape, (None, *case.input_shape[1:])):
        expected = tuple(reference.compute_output_shape(shape))
        assert layer.compute_output_shape(shape) == expected


@cases
def test_output_shapes_of_unknown_sizes(case):
    if case.name in ("Dense", "LayerNormalization", "BatchNormalization", "PReLU"):
        pytest.skip("sizes of weights")
    layer, reference = make(case, pyclr.layers), make(case, keras.layers)
    shape = (None, *(None for _ in case.input_shape[1:-1]), *case.input_shape[1:][-1:])
    try:
        expected = tuple(reference.compute_output_shape(shape))
    except TypeError:
        pytest.skip("not in Keras")
    assert layer.compute_output_shape(shape) == expected


@cases
def test_configs_are_equal(case):
    layer, reference = make(case, pyclr.layers), make(case, keras.layers)
    assert as_json(layer.get_config()) == known_part(reference.get_config())
    layer, reference = built_pair(case)
    assert as_json(layer.get_config()) == known_part(reference.get_config())


@cases
def test_keras_restores_ours_and_the_other_way(case):
    layer, reference = built_pair(case)
    ours = as_json(serialize_keras_object(layer))
    theirs = as_json(keras.saving.serialize_keras_object(reference))
    assert {key: ours[key] for key in ("module", "class_name", "registered_name")} == {
        key: theirs[key] for key in ("module", "class_name", "registered_name")
    }
    from_ours = keras.saving.deserialize_keras_object(ours)
    from_theirs = deserialize_keras_object(theirs)
    assert as_json(from_ours.get_config()) == as_json(reference.get_config())
    assert as_json(from_theirs.get_config()) == as_json(layer.get_config())


ALIASES = [
    name for name in dir(pyclr.layers)
    if isinstance(getattr(pyclr.layers, name), type) and name != "InputLayer"
]  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_names_are_those_of_keras(name):
    ours, theirs = getattr(pyclr.layers, name), getattr(keras.layers, name)
    assert ours.__name__ == theirs.__name__


def test_every_layer_has_a_case():
    covered = {case.name for case in LAYERS} | {"Layer", "InputLayer", "InputSpec"}
    assert {getattr(pyclr.layers, name).__name__ for name in ALIASES} <= covered


@pytest.mark.parametrize(
    "arguments, kwargs",
    [
        (((28, 28, 1),), {}),
        ((), {"shape": (28, 28, 1), "batch_size": 4, "name": "pixels"}),
        ((), {"batch_shape": (None, 5), "dtype": "int32"}),
        ((), {"batch_input_shape": (2, 5)}),
    ],
)
def test_input_layer(arguments, kwargs):
    kwargs = {"name": "input", **kwargs}
    ours = pyclr.layers.InputLayer(*arguments, **kwargs)
    theirs = keras.layers.InputLayer(*arguments, **kwargs)
    assert as_json(ours.get_config()) == as_json(theirs.get_config())
    assert ours.batch_shape == theirs.batch_shape
    config = as_json(keras.saving.serialize_keras_object(theirs))
    assert deserialize_keras_object(config).get_config() == ours.get_config()
    assert (ours.output.shape, ours.output.dtype) == (theirs.output.shape, theirs.output.dtype)
