"""Wrapper and SpectralNormalization."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.testing import check_layer


class Twice(layers.Wrapper):
    def call(self, inputs):
        return self.layer(inputs) * 2

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


def test_a_wrapper_tracks_and_saves_its_layer():
    layer = check_layer(
        Twice, {"layer": layers.Dense(3)}, input_shape=(2, 4), expected_num_weights=2
    )
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(layer(x).numpy(), 2 * layer.layer(x).numpy())


def test_only_layers_are_wrapped():
    with pytest.raises(ValueError, match="`layer` must be a layer. Received: layer=3"):
        Twice(3)


def test_the_largest_singular_value_becomes_one():
    layer = layers.SpectralNormalization(layers.Dense(6), power_iterations=40)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    layer(x, training=True)
    values = np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)
    np.testing.assert_allclose(values[0], 1, rtol=1e-3)
    before = layer.layer.kernel.numpy()
    layer(x)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), before)


def test_a_kernel_of_zeros_stays():
    dense = layers.Dense(3, kernel_initializer="zeros")
    layer = layers.SpectralNormalization(dense)
    assert not layer(np.ones((2, 4)), training=True).numpy().any()
    assert not dense.kernel.numpy().any() and np.isfinite(layer.vector_u.numpy()).all()


def test_training_replays_as_it_runs():
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")

    def weights(eager):
        pyclr.utils.set_random_seed(3)
        model = pyclr.Sequential([layers.SpectralNormalization(layers.Dense(3))])
        model.compile("sgd", "mse", run_eagerly=eager)
        model.fit(x, x[:, :3], batch_size=8, epochs=2, verbose=0)
        return model.get_weights()

    for one, other in zip(weights(True), weights(False)):
        np.testing.assert_array_equal(one, other)


def test_spectral_normalization_refuses():
    with pytest.raises(ValueError, match="must have a kernel or embeddings"):
        layers.SpectralNormalization(layers.ReLU())(np.ones((2, 3)))
    with pytest.raises(ValueError, match="`power_iterations` must be a positive integer"):
        layers.SpectralNormalization(layers.Dense(2), power_iterations=0)
