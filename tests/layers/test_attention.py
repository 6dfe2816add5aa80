"""Attention: masks, scores, causality, dropout."""

import os

import numpy as np
import pytest

import pyclr
from pyclr import layers

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

# Of JAX, which draws for Keras' NumPy backend.

RNG = np.random.default_rng(0)
QUERY, VALUE = (RNG.normal(size=shape).astype("float32") for shape in ((2, 4, 6), (2, 5, 6)))
SEEN = RNG.random((2, 4, 5)) < 0.6
QUERY_MASK, VALUE_MASK = RNG.random((2, 4)) < 0.7, RNG.random((2, 5)) < 0.7
HEADED = [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "sliding_window": 2, "use_gate": True}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
]
CALLS = [
    {"use_causal_mask": True},
    {"attention_mask": SEEN},
    {"attention_mask": SEEN, "use_causal_mask": True, "return_attention_scores": True},
    {"return_attention_scores": True},
]


def assert_same(found, expected):
    found = found if isinstance(found, (tuple, list)) else [found]
    expected = expected if isinstance(expected, (tuple, list)) else [expected]
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a.numpy(), b, atol=1e-5)


def built(name, kwargs, *inputs):
    ours, theirs = getattr(layers, name)(**kwargs), getattr(keras.layers, name)(**kwargs)
    ours(*inputs), theirs(*inputs)
    ours.set_weights(theirs.get_weights())
    return ours, theirs


@pytest.mark.parametrize("name, kwargs", HEADED, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: "-".join(call))
def test_masks_and_scores(name, kwargs, call):
    ours, theirs = built(name, kwargs, QUERY, VALUE)
    assert_same(ours(QUERY, VALUE, **call), theirs(QUERY, VALUE, **call))


def test_masks_of_the_inputs():
    ours, theirs = built("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, QUERY, VALUE)
    masks = {"value_mask": VALUE_MASK, "key_mask": np.roll(VALUE_MASK, 1)}
    assert_same(ours(QUERY, VALUE, **masks), theirs(QUERY, VALUE, **masks))


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("causal", [False, True])
def test_plain_attention(name, causal):
    inputs = [QUERY, VALUE, VALUE[:, ::-1].copy()]
    ours, theirs = built(name, {}, inputs)
    call = {
        "mask": [QUERY_MASK, VALUE_MASK],
        "use_causal_mask": causal,
        "return_attention_scores": True,
    }
    assert_same(ours(inputs, **call), theirs(inputs, **call))


@pytest.mark.parametrize("name, kwargs", HEADED, ids=lambda value: str(value)[:50])
def test_weights_in_files_of_keras(name, kwargs, tmp_path):
    def model(package):
        x = package.layers.Input((4, 6))
        y = getattr(package.layers, name)(name="attention", **kwargs)(x, x)
        return package.Model(x, y)

    ours, theirs = model(pyclr), model(keras)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    expected = theirs.predict(QUERY, verbose=0)
    np.testing.assert_allclose(ours.predict(QUERY, verbose=0), expected, atol=1e-5)


def test_dropout_of_weights():
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    first = layer(QUERY, VALUE, training=True).numpy()
    assert not np.allclose(first, layer(QUERY, VALUE, training=True).numpy())
    np.testing.assert_array_equal(layer(QUERY, VALUE).numpy(), layer(QUERY, VALUE).numpy())


def test_symbolic_scores_of_unknown_lengths():
    x = layers.Input((None, 6))
    y, scores = layers.MultiHeadAttention(2, 3)(x, x, return_attention_scores=True)
    assert y.shape == (None, None, 6) and scores.shape == (None, 2, None, None)
    out, weights = layers.Attention()([x, x], return_attention_scores=True)
    assert out.shape == (None, None, 6) and weights.shape == (None, None, None)


def test_a_mask_of_the_query_goes_on():
    inputs = layers.Input((4,), dtype="int32")
    x = layers.Embedding(9, 6, mask_zero=True)(inputs)
    y = layers.MultiHeadAttention(2, 3)(x, x)
    model = pyclr.Model(inputs, layers.GlobalAveragePooling1D()(y))
    padded, plain = np.array([[3, 5, 0, 0]]), np.array([[3, 5]])
    short = pyclr.Model(model.input, model.output)
    expected = layers.GlobalAveragePooling1D()(
        model.layers[2](*[model.layers[1](plain)] * 2)
    ).numpy()
    np.testing.assert_allclose(short.predict(padded, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: layers.MultiHeadAttention(0, 2), "`num_heads`"),
        (lambda: layers.MultiHeadAttention(2, 2, flash_attention=True), "`flash_attention`"),
        (lambda: layers.MultiHeadAttention(2, 2)(QUERY, VALUE, VALUE[:, 1:]), "same shape"),
        (lambda: layers.GroupQueryAttention(2, 3, 2), "multiple"),
        (lambda: layers.Attention(score_mode="cosine"), "`score_mode`"),
        (lambda: layers.Attention()(QUERY), "list of 2 or 3"),
        (lambda: layers.EinsumDense("ab->ab", 3), "`equation`"),
        (lambda: layers.EinsumDense("ab,bc->ad", 3), "of the output must"),
        (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="b"), "`bias_axes`"),
    ],
)
def test_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()
