"""Files of Keras 3 load here, and ours load in Keras 3."""

import io
import json
import os
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from layers.cases import LAYERS

import pyclr
from pyclr import layers, losses, metrics, optimizers, tree
from pyclr.models import load_model

FOLDER = Path(__file__).parent / "golden"
MODELS = ["conv", "sequence", "nested", "plain"]
COMPILED = ["conv", "sequence", "nested"]


@pytest.fixture(scope="module")
def expected():
    with np.load(FOLDER / "expected.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    return pytest.importorskip("keras")


def state_in(path):
    """The arrays of a file by their places, read without pyclr."""
    data = Path(path).read_bytes()
    if zipfile.is_zipfile(path):
        data = zipfile.ZipFile(path).read("model.weights.h5")
    arrays = {}
    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if hasattr(item, "shape") else None
        )
    return arrays


def optimizer_state(arrays):
    count = sum(name.startswith("optimizer/vars/") for name in arrays)
    return [arrays[f"optimizer/vars/{i}"] for i in range(count)]


# --- Files made with Keras, kept beside this test ------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_predictions(name, expected):
    model = load_model(FOLDER / f"{name}.keras")
    prediction = model.predict(expected[f"{name}/x"], verbose=0)
    np.testing.assert_allclose(prediction, expected[f"{name}/prediction"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["sequence", "nested"])
def test_training_goes_on(name, expected):
    model = load_model(FOLDER / f"{name}.keras")
    model.train_on_batch(expected[f"{name}/x"], expected[f"{name}/y"])
    for i, weight in enumerate(model.get_weights()):
        np.testing.assert_allclose(weight, expected[f"{name}/after_{i}"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", COMPILED)
def test_optimizer_state(name):
    model = load_model(FOLDER / f"{name}.keras")
    saved = optimizer_state(state_in(FOLDER / f"{name}.keras"))
    assert len(saved) == len(model.optimizer.variables) > 2
    for variable, value in zip(model.optimizer.variables, saved):
        assert np.array_equal(variable.numpy(), value), variable.path
    assert int(model.optimizer.iterations) == 3


def test_compile_arguments():
    conv, sequence, nested = (load_model(FOLDER / f"{name}.keras") for name in COMPILED)

    optimizer = conv.optimizer
    assert type(optimizer) is optimizers.RMSprop
    assert (optimizer.momentum, optimizer.centered) == (0.5, True)
    assert float(optimizer.learning_rate) == np.float32(0.002)
    assert conv.loss == "sparse_categorical_crossentropy"
    results = conv.evaluate(np.zeros((2, 9, 8, 2)), np.zeros(2), verbose=0, return_dict=True)
    assert list(results) == ["loss", "accuracy", "sparse_categorical_crossentropy"]

    optimizer = sequence.optimizer
    assert type(optimizer) is optimizers.Adam
    assert (optimizer.beta_1, optimizer.amsgrad, optimizer.clipnorm) == (0.8, True, 0.5)
    assert type(sequence.loss) is losses.MeanSquaredError

    optimizer = nested.optimizer
    assert type(optimizer) is optimizers.SGD
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert nested.loss.get_config()["label_smoothing"] == 0.1
    assert [layer.trainable for layer in nested.layers] == [True, False, True]


def test_compile_can_be_left_out():
    model = load_model(FOLDER / "conv.keras", compile=False)
    assert not model.compiled
    assert model.optimizer is None


@pytest.mark.parametrize("file", ["plain.weights.h5", "plain.keras"])
def test_weights_alone(file, expected):
    model = pyclr.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.build((None, 3))
    model.load_weights(FOLDER / file)
    prediction = model.predict(expected["plain/x"], verbose=0)
    np.testing.assert_allclose(prediction, expected["plain/prediction"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", COMPILED)
def test_what_is_saved_again_has_the_places_and_arrays_of_keras(name, tmp_path):
    path = tmp_path / "again.keras"
    load_model(FOLDER / f"{name}.keras").save(path)
    theirs, ours = state_in(FOLDER / f"{name}.keras"), state_in(path)
    random = {place for place in ours if "seed_generator" in place}
    assert ours.keys() - random == theirs.keys()
    for place, value in theirs.items():
        assert np.array_equal(ours[place], value), place

    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert "keras_version" in json.loads(archive.read("metadata.json"))


# --- Keras itself --------------------------------------------------------------------------------


def make_trained(optimizer):
    pyclr.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    model = pyclr.Sequential(
        [
            pyclr.Input((8, 6, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            pyclr.Sequential([layers.Flatten(), layers.Dense(5), layers.PReLU()]),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(
        optimizer,
        loss=losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", metrics.SparseCategoricalAccuracy(name="same")],
        weighted_metrics=["sparse_categorical_crossentropy"],
    )
    x = rng.random((12, 8, 6, 2), "float32")
    model.fit(x, rng.integers(0, 4, 12), batch_size=4, epochs=2, verbose=0)
    return model, x


OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.02),
    "momentum": lambda: optimizers.SGD(0.02, momentum=0.9, nesterov=True, weight_decay=1e-4),
    "rmsprop": lambda: optimizers.RMSprop(0.002, rho=0.8, clipvalue=0.5),
    "rmsprop_all": lambda: optimizers.RMSprop(0.002, momentum=0.5, centered=True),
    "adam": lambda: optimizers.Adam(0.002, global_clipnorm=1.0),
    "amsgrad": lambda: optimizers.Adam(0.002, amsgrad=True),
}

# Of JAX, which convolves for Keras' NumPy backend.


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_trained_model_in_keras_and_back(keras, optimizer, tmp_path):
    model, x = make_trained(OPTIMIZERS[optimizer]())
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")

    prediction = model.predict(x, verbose=0)
    np.testing.assert_allclose(theirs.predict(x, verbose=0), prediction, rtol=1e-5, atol=1e-6)
    assert len(theirs.optimizer.variables) == len(model.optimizer.variables)
    for ours, other in zip(model.optimizer.variables, theirs.optimizer.variables):
        assert np.array_equal(ours.numpy(), np.asarray(other)), ours.path
    assert int(theirs.optimizer.iterations) == 6
    config, known = theirs.optimizer.get_config(), model.optimizer.get_config()
    assert {key: config[key] for key in known} == known
    assert isinstance(theirs.loss, keras.losses.SparseCategoricalCrossentropy)

    theirs.save(tmp_path / "theirs.keras")
    back = load_model(tmp_path / "theirs.keras")
    for ours, other in zip(model.weights, back.weights):
        assert np.array_equal(ours.numpy(), other.numpy()), ours.path
    for ours, other in zip(model.optimizer.variables, back.optimizer.variables):
        assert np.array_equal(ours.numpy(), other.numpy()), ours.path
    assert back.optimizer.get_config() == model.optimizer.get_config()


def test_weights_in_keras_and_back(keras, tmp_path):
    model, x = make_trained("adam")
    model.save(tmp_path / "ours.keras")
    model.save_weights(tmp_path / "ours.weights.h5")
    theirs = keras.models.load_model(tmp_path / "ours.keras", compile=False)
    for variable in theirs.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    theirs.load_weights(tmp_path / "ours.weights.h5")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    back = load_model(tmp_path / "ours.keras", compile=False)
    back.set_weights([np.zeros(w.shape) for w in back.weights])
    back.load_weights(tmp_path / "theirs.weights.h5")
    assert np.array_equal(back.predict(x, verbose=0), model.predict(x, verbose=0))


def composite(package):
    """The same subclassed model in either library, its layers in attributes and containers."""
    dense = package.layers.Dense

    class Block(package.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.wide = dense(2 * units)
            self.stack = [dense(units, activation="tanh"), {"inner": dense(units)}]
            self._last = dense(units)

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, x):
            x = self.wide(x * self.scale)
            return self._last(self.stack[1]["inner"](self.stack[0](x)))

    class Net(package.Model):
        def __init__(self):
            super().__init__()
            self.hidden = dense(3)
            self.out = dense(2)
            self.block = Block(4)
            self.tail = [dense(3), dense(1)]

        def call(self, x):
            x = self.block(self.hidden(x))
            return self.tail[1](self.tail[0](self.out(x)))

    return Net()


def test_subclassed_model_has_the_places_of_keras(keras, tmp_path):
    x = np.random.default_rng(1).random((3, 5), "float32")
    theirs, ours = composite(keras), composite(pyclr)
    prediction = np.asarray(theirs(x))
    ours(x)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(ours(x).numpy(), prediction, rtol=1e-5, atol=1e-6)

    ours.save_weights(tmp_path / "ours.weights.h5")
    places = state_in(tmp_path / "theirs.weights.h5").keys()
    assert state_in(tmp_path / "ours.weights.h5").keys() == places


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_every_layer_both_ways(keras, case, tmp_path):
    if case.name == "Softmax" and case.kwargs.get("axis") == (1, 2):
        pytest.skip("Keras on NumPy can not run a Softmax over several axes that it loaded")
    arguments = tree.map_structure(lambda x: pyclr.Input(x.shape[1:], dtype=x.dtype), case.data())
    outputs = case.make(layers)(*arguments)
    ours = pyclr.Model(tree.flatten(arguments), outputs)
    ours.set_weights(case.weights([w.shape for w in ours.weights]))
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    back = load_model(tmp_path / "theirs.keras")

    x = tree.flatten(case.data())
    predictions = [tree.flatten(model.predict(x, verbose=0)) for model in (ours, theirs, back)]
    for prediction, of_keras, again in zip(*predictions):
        np.testing.assert_allclose(of_keras, prediction, rtol=1e-4, atol=1e-5)
        assert np.array_equal(again, prediction)
