"""Layers that change images at random: with factors that leave no choice they are Keras'."""

import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.testing import assert_replays

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

X = np.random.default_rng(0).uniform(0, 255, (3, 8, 6, 2)).astype("float32")

FIXED = [
    ("RandomTranslation", {"height_factor": (0.25, 0.25), "width_factor": (-0.5, -0.5)}),
    (
        "RandomTranslation",
        {"height_factor": (0.2, 0.2), "width_factor": (0.1, 0.1), "fill_mode": "constant",
         "fill_value": 7.0},
    ),
    ("RandomRotation", {"factor": (0.1, 0.1), "fill_mode": "nearest"}),
    ("RandomRotation", {"factor": (-0.3, -0.3), "interpolation": "nearest", "fill_mode": "wrap"}),
    ("RandomZoom", {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2)}),
    ("RandomZoom", {"height_factor": (-0.5, -0.5), "fill_mode": "constant"}),
    ("RandomBrightness", {"factor": (0.25, 0.25)}),
    ("RandomBrightness", {"factor": (-0.5, -0.5), "value_range": [10.0, 200.0]}),
]  # fmt: skip
RANDOM = [
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "vertical", "seed": 3}),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": (-0.1, 0.3)}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.4, "width_factor": 0.3}),
    ("RandomContrast", {"factor": 0.3}),
    ("RandomContrast", {"factor": (0.1, 0.4), "value_range": (0, 1), "seed": 5}),
    ("RandomBrightness", {"factor": 0.3}),
    ("RandomCrop", {"height": 5, "width": 4, "seed": 2}),
]
every = pytest.mark.parametrize(
    "name, kwargs", [*FIXED, *RANDOM], ids=lambda value: str(value)[:40]
)


@pytest.mark.parametrize("name, kwargs", FIXED, ids=lambda value: str(value)[:40])
def test_values(name, kwargs):
    found = getattr(layers, name)(**kwargs)(X, training=True)
    expected = np.asarray(getattr(keras.layers, name)(**kwargs)(X, training=True))
    np.testing.assert_allclose(found.numpy(), expected, atol=255 * 3e-5)


@every
def test_configs(name, kwargs):
    ours = getattr(layers, name)(name="layer", **kwargs)
    theirs = getattr(keras.layers, name)(name="layer", **kwargs)
    config = json.loads(json.dumps(theirs.get_config()))
    assert json.loads(json.dumps(ours.get_config())) == config
    again = layers.deserialize(json.loads(json.dumps(keras.layers.serialize(theirs))))
    assert json.loads(json.dumps(again.get_config())) == config


@every
def test_a_seed_decides_and_images_differ(name, kwargs):
    kwargs = {**kwargs, "seed": 11}
    first, second = (getattr(layers, name)(**kwargs) for _ in range(2))
    images = np.repeat(X[:1], 16, axis=0)
    a, b = first(images).numpy(), second(images).numpy()
    np.testing.assert_array_equal(a, b)
    if (name, {**kwargs, "seed": None}) not in [(n, {**k, "seed": None}) for n, k in FIXED]:
        assert not np.array_equal(first(images).numpy(), a)  # another draw
        assert name == "RandomCrop" or not (a == a[:1]).all()
    assert first(X[0]).shape == first(X).shape[1:]


@every
def test_nothing_happens_in_inference(name, kwargs):
    found = getattr(layers, name)(**kwargs)(X, training=False).numpy()
    np.testing.assert_array_equal(found, X[:, 1:6, 1:5] if name == "RandomCrop" else X)


@every
def test_replays(name, kwargs):
    layer = getattr(layers, name)(**kwargs)
    state = layer.generator.state

    def function(x):
        state.assign([11, 0])
        return layer(x, training=True)

    assert_replays(function, X)


def test_flips():
    images = np.repeat(X, 30, axis=0)
    found = layers.RandomFlip(seed=1)(images).numpy()
    options = [images, images[:, :, ::-1], images[:, ::-1], images[:, ::-1, ::-1]]
    counts = [sum(np.array_equal(a, b) for a, b in zip(found, each)) for each in options]
    assert sum(counts) == len(images) and min(counts) > 8


def test_contrast_keeps_the_mean():
    x = X / 4 + 96
    found = layers.RandomContrast(0.2, seed=1)(x).numpy()
    mean = x.mean((1, 2), keepdims=True)
    factors = (found - mean) / (x - mean)
    np.testing.assert_allclose(factors, factors[:, :1, :1, :1] + 0 * factors, rtol=1e-2)
    assert (np.abs(factors - 1) < 0.21).all()


def test_random_crops_are_parts():
    found = layers.RandomCrop(5, 4, seed=3)(X).numpy()
    windows = [X[:, i : i + 5, j : j + 4] for i in range(4) for j in range(3)]
    assert any(np.array_equal(found, window) for window in windows)


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: layers.RandomFlip("diagonal"), "`mode`"),
        (lambda: layers.RandomRotation(2.0), "`factor`"),
        (lambda: layers.RandomZoom(0.1, fill_mode="mirror"), "`fill_mode`"),
        (lambda: layers.RandomBrightness(0.1, value_range=3), "`value_range`"),
        (lambda: layers.RandomFlip()(np.ones((2, 3), "float32")), "must have the shape"),
    ],
)
def test_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_in_a_model():
    model = pyclr.Sequential(
        [layers.Input((8, 6, 2)), layers.RandomFlip(), layers.RandomCrop(5, 4)]
    )
    assert model.output_shape == (None, 5, 4, 2)
    assert model.predict(X, verbose=0).shape == (3, 5, 4, 2)
