"""Layers of vocabularies and hashes. Keras' need TensorFlow: the expected values are what Keras
3.15 gave with TensorFlow 2."""

import json

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.layers.fingerprint import bucket
from pyclr.testing import assert_replays

TEXTS = np.array(["The cat, the dog!", "a cat it's", "dog dog"])


@pytest.mark.parametrize(
    "text, fast, strong",
    [
        ("", 377723, 953272),
        ("a", 291400, 554259),
        ("keras", 937843, 404555),
        ("x" * 20, 268677, 994951),
        ("y" * 50, 847376, None),
        ("z" * 200, 958584, None),
    ],
)
def test_buckets_are_those_of_tensorflow(text, fast, strong):
    assert bucket(text, 1000003) == fast
    if strong is not None:
        assert bucket(text, 1000003, (133, 137)) == strong


def test_hashing():
    x = np.array([[1, 2], [3, 40]])
    assert layers.Hashing(7)(x).numpy().tolist() == [[5, 5], [2, 5]]
    assert layers.Hashing(7, mask_value=2, salt=5)(x).numpy().tolist() == [[2, 0], [2, 5]]
    letters = [["A"], ["B"], ["C"], ["D"], ["E"]]
    assert layers.Hashing(3)(letters).numpy().tolist() == [[1], [0], [1], [1], [2]]
    hot = layers.Hashing(3, output_mode="one_hot")(letters).numpy()
    np.testing.assert_array_equal(hot.argmax(-1), [1, 0, 1, 1, 2])
    counts = layers.Hashing(3, output_mode="count")([["A", "C", "E"]]).numpy()
    assert counts.tolist() == [[0, 2, 1]]


def test_string_lookup():
    layer = layers.StringLookup(num_oov_indices=3, vocabulary=["a", "b"])
    assert layer(np.array([["a", "q"], ["b", "zz"]])).numpy().tolist() == [[3, 2], [4, 1]]
    inverse = layers.StringLookup(vocabulary=["a", "b"], invert=True)
    assert inverse(np.array([[0, 1, 2, 5]])).tolist() == [["[UNK]", "a", "b", "[UNK]"]]
    masked = layers.StringLookup(vocabulary=["a", "b"], mask_token="", output_mode="multi_hot")
    assert masked(np.array([["a", ""], ["x", "x"]])).numpy().tolist() == [[0, 1, 0], [1, 0, 0]]
    assert layers.StringLookup(vocabulary=["a"])([b"a", "b"]).numpy().tolist() == [1, 0]


def test_integer_lookup():
    layer = layers.IntegerLookup(mask_token=0, num_oov_indices=2)
    layer.adapt(np.array([[3, 3, 3, 5], [5, 7, 0, 0]]))
    assert layer.get_vocabulary() == [0, -1, -1, 3, 5, 7]
    assert layer(np.array([[3, 0, 9, 8, 7]])).numpy().tolist() == [[3, 0, 2, 1, 5]]
    counts = layers.IntegerLookup(output_mode="count", vocabulary=[4, 5])
    assert counts(np.array([[4, 4, 9], [5, 1, 1]])).numpy().tolist() == [[1, 2, 0], [2, 0, 1]]
    padded = layers.IntegerLookup(
        max_tokens=5, pad_to_max_tokens=True, vocabulary=[4, 5], output_mode="one_hot"
    )
    assert padded(np.array([5, 6])).numpy().tolist() == [[0, 0, 1, 0, 0], [1, 0, 0, 0, 0]]
    inverse = layers.IntegerLookup(vocabulary=[12, 36], invert=True)
    assert inverse(np.array([0, 1, 2])).numpy().tolist() == [-1, 12, 36]


def test_integer_lookup_is_part_of_graphs_and_replays():
    layer = layers.IntegerLookup(vocabulary=[4, 5], output_mode="multi_hot")
    inputs = layers.Input((3,), dtype="int32")
    model = pyclr.Model(inputs, layers.Dense(2)(layer(inputs)))
    x = np.array([[4, 5, 6], [4, 4, 4]], "int32")
    expected = np.array([[1, 1, 1], [0, 1, 0]]) @ model.get_weights()[0]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)
    assert_replays(layer, x)


def test_adapt_takes_the_most_frequent():
    layer = layers.StringLookup(max_tokens=3)
    layer.adapt(batch for batch in (["b", "a", "b"], ["c", "c", "a", "c"]))
    assert layer.get_vocabulary() == ["[UNK]", "c", "b"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["c", "b"]
    assert layer.vocabulary_size() == 3


def test_text_vectorization():
    layer = layers.TextVectorization()
    layer.adapt(TEXTS)
    assert layer.get_vocabulary() == ["", "[UNK]", "dog", "the", "cat", "its", "a"]
    assert layer(np.array(["The dog  bird", "cat"])).numpy().tolist() == [[3, 2, 1], [4, 0, 0]]
    assert layer("dog").numpy().tolist() == [2]
    short = layers.TextVectorization(output_sequence_length=2, vocabulary=["a", "b"])
    assert short([["b a b"], ["c"]]).numpy().tolist() == [[3, 2], [1, 0]]


def test_text_vectorization_by_tf_idf():
    layer = layers.TextVectorization(ngrams=2, output_mode="tf_idf")
    layer.adapt(TEXTS)
    words = ["[UNK]", "dog", "the", "cat", "the dog", "the cat", "its", "dog dog", "cat the"]
    assert layer.get_vocabulary() == [*words, "cat its", "a cat", "a"]
    expected = np.zeros((2, 12))
    expected[0, [0, 1, 2, 4]] = (
        1.7514384984970093,
        0.6931471824645996,
        0.9162907600402832,
        0.91629076,
    )
    expected[1, 3] = 0.6931471824645996
    found = layer(np.array(["The dog  bird", "cat"])).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_own_standardization_and_split():
    layer = layers.TextVectorization(
        standardize=np.char.upper, split=lambda text: text.split("-"), vocabulary=["A", "B"]
    )
    assert layer(["a-b-c"]).numpy().tolist() == [[2, 3, 1]]
    letters = layers.TextVectorization(split="character", standardize=None, vocabulary=["x", "Y"])
    assert letters(["xYz"]).numpy().tolist() == [[2, 3, 1]]


@pytest.mark.parametrize(
    "layer",
    [
        layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=2),
        layers.IntegerLookup(vocabulary=[4, 5], mask_token=0),
        layers.TextVectorization(vocabulary=["a", "b"], ngrams=2, output_sequence_length=3),
        layers.Hashing(7, salt=(1, 2)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_restored_from_json(layer):
    again = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    assert again.get_config() == layer.get_config()
    data = np.array([4, 0, 9]) if isinstance(layer, layers.IntegerLookup) else ["a", "b", "c d"]
    np.testing.assert_array_equal(again(data).numpy(), layer(data).numpy())


def test_an_adapted_vocabulary_is_in_the_config():
    layer = layers.TextVectorization()
    layer.adapt(TEXTS)
    again = layers.TextVectorization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(TEXTS).numpy(), layer(TEXTS).numpy())


@pytest.mark.parametrize(
    "make, error, match",
    [
        (lambda: layers.StringLookup()(["a"]), ValueError, "has no vocabulary"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), ValueError, "must not repeat"),
        (lambda: layers.StringLookup(vocabulary=[]), ValueError, "must not be empty"),
        (
            lambda: layers.StringLookup(max_tokens=2, vocabulary=["a", "b"]),
            ValueError,
            "max_tokens",
        ),
        (
            lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
            ValueError,
            "must be in the vocabulary",
        ),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), ValueError, "does not adapt"),
        (lambda: layers.IntegerLookup(output_mode="bits"), ValueError, "`output_mode`"),
        (lambda: layers.IntegerLookup(pad_to_max_tokens=True), ValueError, "`max_tokens`"),
        (lambda: layers.TextVectorization(ragged=True), ValueError, "`ragged`"),
        (lambda: layers.TextVectorization(split="lines"), ValueError, "`split`"),
        (
            lambda: layers.TextVectorization()(layers.Input((1,))),
            TypeError,
            "not inside of a model",
        ),
        (lambda: layers.Hashing(0), ValueError, "`num_bins`"),
        (lambda: layers.Hashing(3)(layers.Input((1,))), TypeError, "not inside of a model"),
    ],
)
def test_errors(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_normalization_adapts_to_arrays_and_batches():
    data = np.random.default_rng(0).normal(3, 2, (50, 4)).astype("float32")
    for source in (data, [data[:20], data[20:]], ((x, None) for x in np.split(data, 5))):
        layer = layers.Normalization()
        layer.adapt(source)
        expected = (data - data.mean(0)) / data.std(0)
        np.testing.assert_allclose(layer(data).numpy(), expected, atol=2e-5)
    inverse = layers.Normalization(invert=True)
    inverse.adapt(data)
    np.testing.assert_allclose(inverse(layer(data)).numpy(), data, atol=1e-4)
    with pytest.raises(ValueError, match="must have the shape"):
        layer.adapt(data[:, :2])
    with pytest.raises(ValueError, match="given together"):
        layers.Normalization(mean=1.0)


def test_discretization_adapts_as_keras():
    reference = pytest.importorskip("keras.src.layers.preprocessing.discretization")
    data = np.random.default_rng(1).normal(size=(300, 2)).astype("float32")
    layer = layers.Discretization(num_bins=5)
    for source in ([data], [data[:100], data[100:]]):
        layer.adapt(source if len(source) > 1 else data)
        summary = np.zeros((2, 0), "float32")
        for batch in source:
            summary = reference.merge_summaries(reference.summarize(batch, 0.01), summary, 0.01)
        expected = reference.get_bin_boundaries(summary, 5)
        np.testing.assert_allclose(layer.bin_boundaries, expected, rtol=1e-6)
        np.testing.assert_array_equal(layer(data).numpy(), np.digitize(data, expected))
    again = layers.Discretization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(data).numpy(), layer(data).numpy())
    with pytest.raises(ValueError, match="only one with `num_bins`"):
        layers.Discretization(bin_boundaries=[1.0]).adapt(data)
