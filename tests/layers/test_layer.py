"""The base class: tracking, training mode, input checks, losses, configs."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.testing import check_layer


class Block(layers.Layer):
    """A user's layer with layers inside, whose call does not mention `training`."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)
        self.normalization = layers.BatchNormalization()
        self.dropout = layers.Dropout(0.5, seed=1)

    def call(self, inputs):
        return self.dropout(self.normalization(self.dense(inputs)))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)


class Recorder(layers.Layer):
    """Remembers the mode it was called in."""

    seen = None

    def call(self, inputs, training=False):
        type(self).seen = training
        return inputs


class Outer(layers.Layer):
    def __init__(self, inner_training="not given"):
        super().__init__()
        self.inner = Recorder()
        self.inner_training = inner_training

    def call(self, inputs):
        if self.inner_training == "not given":
            return self.inner(inputs)
        return self.inner(inputs, training=self.inner_training)


X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def test_layers_inside_a_layer_know_the_mode():
    block = Block()
    assert (block(X, training=True).numpy() == 0).any()
    assert not (block(X, training=False).numpy() == 0).any()
    assert not (block(X).numpy() == 0).any()
    # It does not outlive the call.
    assert not (block.dropout(X).numpy() == 0).any()


@pytest.mark.parametrize("training", [True, False])
def test_mode_of_the_outer_layer_is_the_default(training):
    Outer()(X, training=training)
    assert Recorder.seen is training
    Outer(inner_training=not training)(X, training=training)
    assert Recorder.seen is not training
    Outer(inner_training=None)(X, training=training)
    assert Recorder.seen is training
    Outer()(X)
    assert Recorder.seen is False
    Recorder()(X, training)  # by position
    assert Recorder.seen is training


def test_mode_is_restored_after_an_error():
    class Failing(layers.Layer):
        def call(self, inputs):
            raise RuntimeError("as planned")

    with pytest.raises(RuntimeError, match="as planned"):
        Failing()(X, training=True)
    Outer()(X)
    assert Recorder.seen is False


def test_users_layer_keeps_the_contract():
    layer = check_layer(
        Block,
        {"units": 2},
        input_shape=(5, 4),
        expected_output_shape=(5, 2),
        expected_num_weights=6,
        expected_num_trainable_weights=4,
    )
    assert [w.name for w in layer.weights] == [
        "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"
    ]  # fmt: skip


def test_trainable_reaches_all_layers_inside():
    block = Block()
    block(X)
    assert len(block.trainable_weights) == 4
    block.trainable = False
    assert block.trainable_weights == []
    assert len(block.non_trainable_weights) == 6
    before = block.normalization.moving_mean.numpy()
    block(X, training=True)  # frozen: moving statistics stay, and are used
    np.testing.assert_array_equal(block.normalization.moving_mean.numpy(), before)


def test_get_weights_and_set_weights():
    layer = layers.Dense(3)
    layer(X)
    other = layers.Dense(3)
    other(X)
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(X).numpy(), other(X).numpy())
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"has shape \(3,\). Received: an array of shape \(4,\)"):
        other.set_weights([np.ones((4, 3)), np.ones(4)])
    with pytest.raises(ValueError, match="has 2 weights. Received: a list of 1"):
        other.set_weights([np.ones((4, 3))])
    for found, expected in zip(other.get_weights(), before):
        np.testing.assert_array_equal(found, expected)


def test_losses():
    layer = layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l1")
    y = layer(X).numpy()
    activity, regularization = layer.losses
    np.testing.assert_allclose(float(activity), 0.01 * np.abs(y).sum() / len(X), rtol=1e-6)
    expected = 0.01 * np.square(layer.kernel.numpy()).sum()
    np.testing.assert_allclose(float(regularization), expected, rtol=1e-6)
    layer(X)
    assert len(layer.losses) == 2  # those of the last call only


def test_activity_regularizer_is_saved_for_every_layer():
    layer = layers.ReLU(activity_regularizer="l2")
    assert layers.ReLU.from_config(layer.get_config()).activity_regularizer.l2 == 0.01


def test_input_spec():
    class Images(layers.Layer):
        def __init__(self):
            super().__init__(name="images")
            self.input_spec = layers.InputSpec(shape=(None, 28, 28, 1))

        def call(self, inputs):
            return inputs

    layer = Images()
    layer(np.ones((5, 28, 28, 1)))
    with pytest.raises(ValueError, match=r"layer 'images'.*expected shape=\(None, 28, 28, 1\)"):
        layer(np.ones((5, 28, 27, 1)))
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=3"):
        layer(np.ones((5, 28, 28)))


@pytest.mark.parametrize(
    "spec, fits, does_not",
    [
        ({"ndim": 2}, (None, 3), (3,)),
        ({"min_ndim": 2}, (1, 2, 3), (1,)),
        ({"max_ndim": 2}, (1, 2), (1, 2, 3)),
        ({"axes": {-1: 3}}, (None, 3), (None, 4)),
        ({"axes": {1: 3}}, (None, None), (None, 4)),
        ({"shape": (None, 3, 1), "allow_last_axis_squeeze": True}, (2, 3), (2, 4)),
        ({"shape": (None, 3), "allow_last_axis_squeeze": True}, (2, 3, 1), (2, 3, 2)),
    ],
)
def test_input_spec_fits(spec, fits, does_not):
    spec = layers.InputSpec.from_config(layers.InputSpec(**spec).get_config())
    assert spec.mismatch(fits) is None
    assert "expected" in spec.mismatch(does_not)


def test_inputs_are_cast_to_the_layers_dtype():
    layer = layers.Dense(2, dtype="float64")
    y = layer(X)
    assert y.dtype == layer.kernel.dtype == layer.compute_dtype == "float64"
    expected = X.astype("float64") @ layer.kernel.numpy()
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-12)
    assert layers.Flatten()(np.ones((2, 3), "uint8")).dtype == "uint8"
    assert layers.Rescaling(2.0)(np.ones((2, 3), "uint8")).dtype == "float32"
    assert layers.InputLayer((3,), dtype="int32")(np.ones((2, 3))).dtype == "int32"


def test_batch_normalization_follows_the_batches():
    layer = layers.BatchNormalization(momentum=0.75, epsilon=1e-3)
    x = 3 + 2 * X
    y = layer(x, training=True).numpy()
    mean, variance = x.mean(0), x.var(0)
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.25 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.75 + 0.25 * variance, rtol=1e-5)


def test_softmax_mask():
    mask = np.array([[True, True, False, True], [False] * 4])
    y = layers.Softmax()(X[:2], mask=mask).numpy()
    kept = np.exp(X[0, mask[0]])
    np.testing.assert_allclose(y[0, mask[0]], kept / kept.sum(), rtol=1e-6)
    assert y[0, 2] == 0 and (y[1] == 0).all()


def test_input_tensor():
    x = layers.Input((28, 28), batch_size=3, name="pixels", dtype="uint8")
    assert (x.shape, x.dtype, x.name, x.ndim) == ((3, 28, 28), "uint8", "pixels", 3)
    layer, _, _ = x._keras_history
    assert isinstance(layer, layers.InputLayer) and layer.output is x
    with pytest.raises(ValueError, match="symbolic"):
        np.asarray(x)
    with pytest.raises(TypeError, match="can not be used as a boolean"):
        bool(x)


def test_serialize_and_deserialize():
    layer = layers.Conv2D(3, 2, activation="relu", name="conv")
    copy = layers.deserialize(layers.serialize(layer))
    assert type(copy) is layers.Conv2D and copy.get_config() == layer.get_config()


def test_layers_in_containers_and_replaced_ones():
    class Blocks(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.blocks = []
            for _ in range(2):
                self.blocks.append(pyclr.layers.Dense(3))
            self.heads = {"b": pyclr.layers.Dense(1), 1: [pyclr.layers.Dense(2)]}
            self.last = pyclr.layers.Dense(7)
            self.last = pyclr.layers.Dense(4)

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return pyclr.ops.concatenate([self.heads["b"](x), self.last(self.heads[1][0](x))], -1)

    model = Blocks()
    x = np.ones((2, 3), "float32")
    assert model(x).shape == (2, 5)
    shapes = sorted(w.shape for w in model.get_weights() if w.ndim == 2)
    assert shapes == [(2, 4), (3, 1), (3, 2), (3, 3), (3, 3)]
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, np.zeros((2, 5)), verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights()) if a.ndim == 2)
    model.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 10
