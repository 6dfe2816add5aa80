"""Every layer of the table against Keras: outputs, weights, shapes, configs, both ways."""

import json
import os

import numpy as np
import pytest

import pyclr.layers
import pyclr.ops
from pyclr import tree
from pyclr.saving import deserialize_keras_object, serialize_keras_object

from .cases import LAYERS

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")
from keras.src.backend.common.masking import get_keras_mask, set_keras_mask  # noqa: E402

# In Keras' configs, but modes that pyclr has not: it accepts the default and does not write it.
NOT_WRITTEN = {
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}

# Of JAX, which convolves for Keras' NumPy backend.

cases = pytest.mark.parametrize("case", LAYERS, ids=str)


def make(case, package):
    return getattr(package, case.name)(**{"name": "layer", **case.arguments(package)})


def built_pair(case):
    """The layer in pyclr and in Keras, built, with the same weights."""
    layer, reference = make(case, pyclr.layers), make(case, keras.layers)
    layer(*case.data()), reference(*case.data())
    values = case.weights([w.shape for w in reference.weights])
    reference.set_weights(values)
    if hasattr(reference, "finalize_state"):
        reference.finalize_state()  # Normalization works with copies of its weights
    layer.set_weights(values)
    return layer, reference


def unknown_batch(shape):
    return (None, *shape[1:])


def plain(shapes):
    """Shapes, or a structure of them, as lists."""
    return json.loads(json.dumps(shapes))


def as_json(config):
    return json.loads(json.dumps(config))


def known_part(config):
    """A config without the keys that only Keras writes, and the batch sizes that layers inside
    others were built with."""
    if isinstance(config, list):
        return [known_part(item) for item in config]
    if not isinstance(config, dict):
        return config
    assert all(config[key] == value for key, value in NOT_WRITTEN.items() if key in config)
    left_out = {*NOT_WRITTEN, "build_config"}
    return {key: known_part(value) for key, value in config.items() if key not in left_out}


def assert_close(found, expected, data):
    found, expected = tree.flatten(found), tree.flatten(expected)
    assert len(found) == len(expected)
    numbers = [x.astype("float32") for x in tree.flatten(data) if x.dtype.kind in "fiu"]
    largest = max((np.abs(x).max(initial=0) for x in numbers), default=0)
    for ours, theirs in zip(found, map(np.asarray, expected)):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype.name
        # Sums of at most 100 products.
        scale = max(1, np.abs(theirs.astype("float64")).max(initial=0), largest)
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=0, atol=100 * 1.2e-7 * scale)


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
    assert_close(layer(*data), reference(*data), data)
    assert_close(layer(*data, training=False), reference(*data, training=False), data)


@cases
def test_outputs_in_training(case):
    layer, reference = built_pair(case)
    if case.random:
        pytest.skip("other random numbers")
    data = case.data()
    assert_close(layer(*data, training=True), reference(*data, training=True), data)
    for found, expected in zip(layer.weights, reference.weights):
        assert_close(found, expected, data)


@cases
def test_masks(case):
    if case.name.startswith("ConvLSTM"):
        pytest.skip("Keras' NumPy backend takes the mask for a row of the image")
    if case.name == "GroupQueryAttention" or (
        case.name == "MultiHeadAttention" and len(case.inputs[0]) > 3
    ):
        pytest.skip("Keras' layer fails or warns")
    layer, reference = built_pair(case)
    assert layer.supports_masking == reference.supports_masking
    sequences = [len(x.shape) > 2 for x in tree.flatten(case.data())]
    if not layer.supports_masking or not all(sequences) or "axis" in case.kwargs:
        pytest.skip("no masks of steps")
    rng = np.random.default_rng(0)
    flat = tree.flatten(case.data())
    masks = [rng.random(x.shape[:2]) < 0.6 for x in flat]
    theirs = [x.copy() for x in flat]
    ours = [pyclr.ops.convert_to_tensor(x) for x in flat]
    for x, y, mask in zip(ours, theirs, masks):
        x._keras_mask = pyclr.ops.convert_to_tensor(mask)
        set_keras_mask(y, mask)
    training = not case.random
    try:
        expected = reference(*tree.pack_like(case.data(), theirs), training=training)
    except ValueError:  # a mask that does not fit
        with pytest.raises(ValueError):
            layer(*tree.pack_like(case.data(), ours), training=training)
        return
    found = layer(*tree.pack_like(case.data(), ours), training=training)
    assert_close(found, expected, case.data())
    for x, y in zip(tree.flatten(found), tree.flatten(expected)):
        x, y = getattr(x, "_keras_mask", None), get_keras_mask(y)
        assert (x is None) == (y is None)
        if y is not None:
            np.testing.assert_array_equal(x.numpy(), y)


@cases
def test_losses(case):
    layer, reference = built_pair(case)
    data = case.data()
    layer(*data), reference(*data)
    # Keras puts its own first, whatever its order here; the sum is what counts.
    found = sum(float(loss) for loss in layer.losses)
    np.testing.assert_allclose(found, sum(float(loss) for loss in reference.losses), rtol=1e-5)
    assert len(layer.losses) == len(reference.losses)


@cases
def test_output_shapes(case):
    layer, reference = built_pair(case)
    for change in (tuple, unknown_batch):
        try:
            expected = reference.compute_output_shape(*case.shapes(change))
        except NotImplementedError:
            pytest.skip("not in Keras")
        assert plain(layer.compute_output_shape(*case.shapes(change))) == plain(expected)


@cases
def test_output_shapes_of_unknown_sizes(case):
    if case.name in ("Dense", "LayerNormalization", "BatchNormalization", "PReLU"):
        pytest.skip("sizes of weights")
    layer, reference = make(case, pyclr.layers), make(case, keras.layers)
    shapes = case.shapes(lambda shape: (None, *(None for _ in shape[1:-1]), *shape[1:][-1:]))
    try:
        expected = reference.compute_output_shape(*shapes)
    except (TypeError, ValueError, NotImplementedError):
        pytest.skip("not in Keras")
    assert plain(layer.compute_output_shape(*shapes)) == plain(expected)


def config_of(layer):
    return known_part(as_json(layer.get_config()))


@cases
def test_configs_are_equal(case):
    assert config_of(make(case, pyclr.layers)) == config_of(make(case, keras.layers))
    layer, reference = built_pair(case)
    assert config_of(layer) == config_of(reference)


@cases
def test_keras_restores_ours_and_the_other_way(case):
    layer, reference = built_pair(case)
    ours = as_json(serialize_keras_object(layer))
    theirs = as_json(keras.saving.serialize_keras_object(reference))
    for key in ("module", "class_name", "registered_name"):
        assert ours[key] == theirs[key]
    from_ours = keras.saving.deserialize_keras_object(ours)
    from_theirs = deserialize_keras_object(theirs)
    assert config_of(from_ours) == config_of(reference)
    assert config_of(from_theirs) == config_of(layer)


ALIASES = [
    name for name in dir(pyclr.layers)
    if isinstance(getattr(pyclr.layers, name), type) and name != "InputLayer"
]  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_names_are_those_of_keras(name):
    ours, theirs = getattr(pyclr.layers, name), getattr(keras.layers, name)
    # Keras calls this one otherwise than its files do.
    expected = {"GroupedQueryAttention": "GroupQueryAttention"}.get(
        theirs.__name__, theirs.__name__
    )
    assert ours.__name__ == expected


def test_every_layer_has_a_case():
    elsewhere = {
        "InputLayer", "InputSpec", "Lambda", "Layer", "Wrapper",
        # on the host, test_lookup_layers.py
        "Hashing", "IntegerLookup", "StringLookup", "TextVectorization",
        # at random, test_augmentation.py
        "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation",
        "RandomTranslation", "RandomZoom",
        "StackedRNNCells",  # inside RNN
    }  # fmt: skip
    covered = {case.name for case in LAYERS} | elsewhere
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
