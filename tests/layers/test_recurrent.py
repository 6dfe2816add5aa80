"""Recurrent layers: states, masks, dropout, unknown lengths; embeddings."""

import os

import numpy as np
import pytest

import pyclr
from pyclr import layers, ops
from pyclr.testing import assert_replays

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

# Of JAX, which draws for Keras' NumPy backend.

X = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
KINDS = pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])


def pair(kind, *args, **kwargs):
    ours, theirs = (
        getattr(layers, kind)(*args, **kwargs),
        getattr(keras.layers, kind)(*args, **kwargs),
    )
    ours(X), theirs(X)
    ours.set_weights(theirs.get_weights())
    return ours, theirs


@KINDS
@pytest.mark.parametrize("activation", ["tanh", "softsign"])  # the engine's sequences, and steps
def test_initial_states(kind, activation):
    ours, theirs = pair(kind, 2, activation=activation, return_state=True)
    count = 2 if kind == "LSTM" else 1
    states = [np.full((3, 2), 0.5 + i, "float32") for i in range(count)]
    found, expected = ours(X, initial_state=states), theirs(X, initial_state=states)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a.numpy(), b, atol=1e-5)


@KINDS
def test_stateful(kind):
    ours, theirs = pair(kind, 2)
    whole = getattr(layers, kind)(2, stateful=True)
    whole(X)
    whole.set_weights(ours.get_weights())
    whole.reset_states()
    whole(X[:, :2])
    np.testing.assert_allclose(whole(X[:, 2:]).numpy(), theirs(X), atol=1e-5)
    whole.reset_states()
    np.testing.assert_allclose(whole(X).numpy(), theirs(X), atol=1e-5)
    assert [w.name for w in whole.weights] == [w.name for w in theirs.weights]
    with pytest.raises(ValueError, match="every batch must be as large"):
        whole(X[:2])


@KINDS
@pytest.mark.parametrize("size", [None, 3])
def test_a_model_with_a_stateful_layer(kind, size):
    """What a batch begins with is what the one before has ended with, also when it is replayed."""
    x = np.random.default_rng(1).normal(size=(12, 5, 2)).astype("float32")
    layer = getattr(layers, kind)(4, stateful=True)
    model = pyclr.Sequential([pyclr.Input((5, 2), batch_size=size), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, 0, :1], batch_size=3, epochs=2, shuffle=False, verbose=0)
    layer.reset_states()
    found = model.predict(x, batch_size=3, verbose=0)
    whole = getattr(layers, kind)(4)
    plain = pyclr.Sequential([pyclr.Input((None, 2)), whole, layers.Dense(1)])
    plain.set_weights(model.get_weights())
    for last in range(1, 5):  # the rows i, i + 3, ... are one sequence in parts
        parts = [x[3 * part : 3 * part + 3] for part in range(last)]
        expected = plain(np.concatenate(parts, axis=1)).numpy()
        np.testing.assert_allclose(found[3 * last - 3 : 3 * last], expected, atol=1e-5)


def test_a_stateful_layer_replays():
    layer = layers.GRU(2, stateful=True)
    layer(X)

    def function(x):
        layer.reset_states()
        layer(x)
        return layer(x)

    assert_replays(function, X)


@KINDS
def test_dropout_is_the_same_in_all_steps_of_a_batch(kind):
    x = np.ones((2, 5, 300), "float32")
    layer = getattr(layers, kind)(
        1, dropout=0.5, kernel_initializer="ones", recurrent_initializer="zeros", seed=1,
        activation="linear", return_sequences=True, return_state=True,
        **({} if kind == "SimpleRNN" else {"recurrent_activation": "linear"}),
    )  # fmt: skip
    plain = layer(x, training=False)[0].numpy()
    found = layer(x, training=True)[0].numpy()
    assert not np.allclose(found, plain)
    if kind == "SimpleRNN":  # no memory: each step shows its mask
        np.testing.assert_array_equal(found, found[:, :1].repeat(5, axis=1))
        assert (np.abs(found / 300 - 1) < 0.3).all() and found[0, 0] != found[1, 0]
    assert not np.allclose(layer(x, training=True)[0].numpy(), found)


@KINDS
def test_recurrent_dropout(kind):
    layer = getattr(layers, kind)(8, recurrent_dropout=0.5, seed=2)
    first, second = layer(X, training=True).numpy(), layer(X, training=True).numpy()
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(layer(X).numpy(), layer(X, training=False).numpy())


@KINDS
def test_masked_steps_are_as_if_absent(kind):
    layer = getattr(layers, kind)(3)
    x = X.copy()
    x[:, 2] = x[:, 5] = 0
    model = pyclr.Sequential([layers.Input((6, 4)), layers.Masking(), layer])
    expected = layer(np.delete(x, [2, 5], axis=1)).numpy()
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)


def test_masked_steps_of_images_are_as_if_absent():
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 5, 1)).astype("float32")
    layer = layers.ConvLSTM2D(2, 2)
    mask = np.array([[1, 1, 0, 1]] * 2, bool)
    expected = layer(np.delete(x, 2, axis=1)).numpy()
    np.testing.assert_allclose(layer(x, mask=mask).numpy(), expected, atol=1e-6)


def test_unknown_length_in_a_functional_model():
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.GRU(2, reset_after=False)(x)
    model = pyclr.Model(inputs, layers.Dense(1)(x))
    assert model.output_shape == (None, 1)
    model.compile("sgd", "mse")
    data = np.random.default_rng(0).integers(0, 9, (8, 5))
    history = model.fit(data, np.ones((8, 1)), epochs=3, batch_size=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.predict(data[:, :3], verbose=0).shape == (8, 1)


def test_encoder_and_decoder():
    source, target = layers.Input((None, 4)), layers.Input((None, 3))
    _, *states = layers.LSTM(5, return_state=True)(source)
    decoded = layers.LSTM(5, return_sequences=True)(target, initial_state=states)
    model = pyclr.Model([source, target], decoded)
    y = np.ones((3, 2, 3), "float32")
    base = model.predict([X, y], verbose=0)
    assert base.shape == (3, 2, 5)
    assert not np.allclose(base, model.predict([X + 1, y], verbose=0))


def test_weights_in_files_of_keras(tmp_path):
    def model(package):
        return package.Sequential(
            [
                package.layers.Input((6,), dtype="int32"),
                package.layers.Embedding(7, 4),
                package.layers.Bidirectional(package.layers.LSTM(3, return_sequences=True)),
                package.layers.GRU(2, dropout=0.1),
            ]
        )

    ours, theirs = model(pyclr), model(keras)
    x = np.random.default_rng(0).integers(0, 7, (3, 6))
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-6)
    ours.set_weights([w + 0.1 for w in ours.get_weights()])
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-6)


class Accumulate(layers.Layer):
    """A cell of a user: the sum of the inputs so far."""

    state_size = 4

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


def test_cells_of_users():
    layer = layers.RNN(Accumulate(), return_sequences=True)
    np.testing.assert_allclose(layer(X).numpy(), X.cumsum(1), atol=1e-5)
    both = layers.RNN([Accumulate(), layers.LSTMCell(2)])
    assert both(layers.Input((None, 4))).shape == (None, 2)
    assert both(X).shape == (3, 2)


class Doubled(layers.LSTMCell):
    def call(self, inputs, states, training=False):
        h, states = super().call(inputs, states, training)
        return h * 2, states


def test_a_cell_that_overrides_call_is_called():
    plain, doubled = layers.RNN(layers.LSTMCell(2)), layers.RNN(Doubled(2))
    plain(X), doubled(X)
    doubled.set_weights(plain.get_weights())
    np.testing.assert_allclose(doubled(X).numpy(), 2 * plain(X).numpy(), rtol=1e-5)


def test_bidirectional_with_own_layers_states_and_weights():
    def make(package):
        backward = package.layers.GRU(3, go_backwards=True, return_state=True, name="b")
        return package.layers.Bidirectional(
            package.layers.GRU(2, return_state=True, name="f"), backward_layer=backward, name="l"
        )

    ours, theirs = make(pyclr), make(keras)
    ours(X), theirs(X)
    ours.set_weights(theirs.get_weights())
    states = [np.ones((3, 2), "float32"), np.ones((3, 3), "float32")]
    for a, b in zip(ours(X, initial_state=states), theirs(X, initial_state=states)):
        np.testing.assert_allclose(a.numpy(), b, atol=1e-5)
    weights = theirs.get_weights()
    given = layers.Bidirectional(
        layers.GRU(2, return_state=True), weights=weights,
        backward_layer=layers.GRU(3, go_backwards=True, return_state=True),
    )  # fmt: skip
    np.testing.assert_array_equal(given(X)[0].numpy(), ours(X)[0].numpy())


def test_reversible_embedding():
    make = {"tie_weights": False, "logit_soft_cap": 2.0}
    ours, theirs = (p.layers.ReversibleEmbedding(5, 3, **make) for p in (pyclr, keras))
    tokens = np.array([[1, 4]])
    ours(tokens), theirs(tokens)
    ours.set_weights(theirs.get_weights())
    hidden = X[:, :, :3]
    np.testing.assert_allclose(
        ours(hidden, reverse=True).numpy(), theirs(hidden, reverse=True), atol=1e-6
    )


def test_embedding_takes_weights_and_says_which_index_is_wrong():
    table = np.arange(6.0).reshape(3, 2)
    layer = layers.Embedding(3, 2, weights=table)
    np.testing.assert_array_equal(layer(np.array([2, 0], "uint8")).numpy(), table[[2, 0]])
    with pytest.raises(ValueError, match=r"input_dim=3.*Received: 3"):
        layer(np.array([3]))


def test_time_distributed_normalizes_each_step():
    layer = layers.TimeDistributed(layers.BatchNormalization(momentum=0.5))
    expected = (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3)
    np.testing.assert_allclose(layer(X, training=True).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: layers.LSTM(0), "`units`"),
        (lambda: layers.GRU(2, use_cudnn=True), "`use_cudnn`"),
        (lambda: layers.LSTM(2)(np.ones((2, 3), "float32")), "ndim"),
        (lambda: layers.RNN(layers.Dense(2)), "`cell`"),
        (lambda: layers.Bidirectional(layers.GRU(2), merge_mode="max"), "`merge_mode`"),
        (
            lambda: layers.Bidirectional(layers.GRU(2), backward_layer=layers.GRU(2)),
            "`go_backwards`",
        ),
        (lambda: layers.TimeDistributed(3), "`layer`"),
        (lambda: layers.TimeDistributed(layers.Dense(2))(ops.ones((2, 3))), "at least 3 axes"),
        (lambda: layers.ConvLSTM2D(2, 3, strides=2, dilation_rate=2), "must not both"),
        (lambda: layers.Embedding(0, 2), "`input_dim`"),
    ],
)
def test_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()
