"""What the layers of noise do in training."""

import numpy as np
import pytest

import pyclr
from pyclr import layers

SIZE = (200, 1000)


def in_training(layer, value=0.0):
    return layer(np.full(SIZE, value, "float32"), training=True).numpy().astype("float64")


def assert_moments(values, mean, variance):
    """Of normal deviates, within four standard deviations of the estimates."""
    n = values.size
    assert abs(values.mean() - mean) < 4 * np.sqrt(variance / n)
    assert abs(values.var() - variance) < 4 * variance * np.sqrt(2 / n)


@pytest.mark.parametrize("stddev", [0.1, 1])
def test_gaussian_noise_is_added(stddev):
    assert_moments(in_training(layers.GaussianNoise(stddev, seed=1), 3.0), 3.0, stddev**2)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_gaussian_dropout_multiplies(rate):
    values = in_training(layers.GaussianDropout(rate, seed=1), 2.0)
    assert_moments(values / 2, 1.0, rate / (1 - rate))


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    x = np.random.default_rng(0).normal(size=SIZE)
    y = layers.AlphaDropout(rate, seed=1)(x, training=True).numpy().astype("float64")
    assert abs(y.mean()) < 0.02 and abs(y.var() - 1) < 0.03
    # What is dropped has one value, the image of the limit of "selu".
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / y.size - rate) < 4 * np.sqrt(rate * (1 - rate) / y.size)
    scale = ((1 - rate) * (1 + rate * 1.7580993408473766**2)) ** -0.5
    dropped = -1.7580993408473766 * scale * (1 - rate)
    np.testing.assert_allclose(values[counts.argmax()], dropped, rtol=1e-5)
    kept = y != values[counts.argmax()]
    shift = 1.7580993408473766 * scale * rate
    np.testing.assert_allclose(y[kept], (x * scale + shift)[kept], rtol=0, atol=1e-5)


def test_noise_shape_of_alpha_dropout():
    layer = layers.AlphaDropout(0.5, noise_shape=(None, 1, 3), seed=2)
    y = layer(np.ones((50, 4, 3)), training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))


@pytest.mark.parametrize(
    "make",
    [layers.GaussianNoise, layers.GaussianDropout, layers.AlphaDropout, layers.SpatialDropout1D],
)
def test_off_in_inference_seeded_and_new_each_call(make):
    x = np.ones((20, 20, 3), "float32")
    for layer in (make(0.5), make(0)):
        np.testing.assert_array_equal(layer(x).numpy(), x)
        np.testing.assert_array_equal(layer(x, training=False).numpy(), x)
    np.testing.assert_array_equal(make(0)(x, training=True).numpy(), x)
    one, two, other = (make(0.5, seed=seed) for seed in (3, 3, 4))
    first, second = one(x, training=True).numpy(), one(x, training=True).numpy()
    np.testing.assert_array_equal(first, two(x, training=True).numpy())
    np.testing.assert_array_equal(second, two(x, training=True).numpy())
    assert (first != second).any()
    assert (first != other(x, training=True).numpy()).any()


@pytest.mark.parametrize("name", ["GaussianNoise", "GaussianDropout", "AlphaDropout"])
def test_gradients_are_those_of_the_noise_drawn(name):
    x = np.random.default_rng(0).normal(size=(3, 4))

    def function(x):
        # A layer of its own for each call draws the same numbers.
        return getattr(layers, name)(0.5, seed=1, dtype="float64")(x, training=True)

    pyclr.testing.check_gradients(function, [x])


@pytest.mark.parametrize("rate", [-0.1, 1, "half", None, True])
@pytest.mark.parametrize("make", [layers.GaussianDropout, layers.AlphaDropout])
def test_rates_are_checked(make, rate):
    with pytest.raises(ValueError, match=r"`rate` must be a number in \[0, 1\). Received: rate="):
        make(rate)


def test_stddev_is_checked():
    with pytest.raises(ValueError, match=r"`stddev` must be a number in \[0, 1\]. Received"):
        layers.GaussianNoise(2)
