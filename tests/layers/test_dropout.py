"""What the random layers do in training."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.random.seed import set_random_seed


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_and_scale(rate):
    y = layers.Dropout(rate, seed=1)(np.ones((100, 1000)), training=True).numpy()
    values = np.unique(y)
    np.testing.assert_allclose(values, [0, 1 / (1 - rate)], rtol=1e-6)
    deviation = np.sqrt(rate * (1 - rate) / y.size)
    assert abs((y == 0).mean() - rate) < 4 * deviation


def test_off_in_inference_and_without_rate():
    x = pyclr._core.tensor(np.ones((2, 3), "float32"))
    layer = layers.Dropout(0.5)
    assert layer(x) is x
    assert layer(x, training=False) is x
    assert layers.Dropout(0)(x, training=True) is x


def test_rate_one_gives_zeros():
    y = layers.Dropout(1)(np.full((3, 4), 5.0), training=True).numpy()
    np.testing.assert_array_equal(y, np.zeros((3, 4)))


def test_noise_shape_is_shared():
    layer = layers.Dropout(0.5, noise_shape=(None, 1, 3), seed=2)
    y = layer(np.ones((50, 4, 3)), training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert 0 < (y == 0).mean() < 1


@pytest.mark.parametrize(
    "layer, shape",
    [
        (layers.SpatialDropout1D, (300, 5, 4)),
        (layers.SpatialDropout2D, (300, 5, 3, 4)),
        (layers.SpatialDropout3D, (300, 2, 5, 3, 4)),
    ],
)
def test_spatial_dropout_drops_channels(layer, shape):
    y = layer(0.5, seed=2)(np.ones(shape), training=True).numpy().reshape(300, -1, 4)
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    # Channels by themselves: every combination occurs.
    assert len(np.unique(y[:, 0], axis=0)) == 2**4


def test_seed_decides_and_every_call_differs():
    x = np.ones((20, 20))
    one, two, other = (layers.Dropout(0.5, seed=seed) for seed in (3, 3, 4))
    first, second = one(x, training=True).numpy(), one(x, training=True).numpy()
    np.testing.assert_array_equal(first, two(x, training=True).numpy())
    np.testing.assert_array_equal(second, two(x, training=True).numpy())
    assert (first != second).any()
    assert (first != other(x, training=True).numpy()).any()


def test_global_seed_decides_without_one():
    def draw():
        set_random_seed(11)
        return layers.Dropout(0.5)(np.ones((20, 20)), training=True).numpy()

    np.testing.assert_array_equal(draw(), draw())


def test_same_for_any_number_of_threads(threads):
    x = np.ones((300, 700), "float32")

    def draw(count):
        threads(count)
        return layers.Dropout(0.3, seed=5)(x, training=True).numpy()

    np.testing.assert_array_equal(draw(1), draw(3))


def test_gradient_passes_where_the_output_is_not_zero():
    x = pyclr.Variable(np.ones((30, 30)), dtype="float32")
    with pyclr.gradient_tape.GradientTape() as tape:
        y = layers.Dropout(0.5, seed=1)(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), y.numpy())


def test_state_is_a_variable_and_no_weight():
    layer = layers.Dropout(0.5, seed=9)
    assert layer.weights == []
    (state,) = layer.variables
    np.testing.assert_array_equal(state.numpy(), [9, 0])
    layer(np.ones(3), training=True)
    np.testing.assert_array_equal(state.numpy(), [9, 1])


@pytest.mark.parametrize("rate", [-0.1, 1.5, "half", None, True])
def test_rate_is_checked(rate):
    with pytest.raises(ValueError, match=r"`rate` must be a number in \[0, 1\]. Received: rate="):
        layers.Dropout(rate)


@pytest.mark.parametrize("noise_shape", ["ab", 3, (0, 1), (1.5,), (-1,)])
def test_noise_shape_is_checked(noise_shape):
    with pytest.raises(ValueError, match="`noise_shape` must be a tuple of positive integers"):
        layers.Dropout(0.5, noise_shape=noise_shape)
    with pytest.raises(ValueError, match="`noise_shape` must have as many entries"):
        layers.Dropout(0.5, noise_shape=(1, 2))(np.ones((1, 2, 3)), training=True)
