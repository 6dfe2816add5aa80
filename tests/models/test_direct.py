"""Single batches of `predict` that go straight to their program: the same results as ever."""

import threading

import numpy as np
import pytest

import pyclr
from pyclr import layers

X = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")


@pytest.fixture
def model():
    return pyclr.Sequential(
        [pyclr.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(3)]
    )


def warm(model, x, **options):
    """Predicts until the program is known; returns the first result, which ran eagerly."""
    first = model.predict(x, verbose=0, **options)
    for _ in range(4):
        np.testing.assert_array_equal(model.predict(x, verbose=0, **options), first)
    return first


def test_rows_alone_and_together_give_the_same_bits(model):
    whole = model.predict(X, verbose=0)
    for i, row in enumerate(X):
        np.testing.assert_array_equal(warm(model, row[None])[0], whole[i])


def test_new_weights_count_at_once(model):
    before = warm(model, X[:1])
    model.layers[-1].bias.assign(np.ones(3))
    np.testing.assert_allclose(model.predict(X[:1], verbose=0), before + 1, rtol=1e-6)


def test_a_changed_layer_counts_at_once(model):
    warm(model, X[:1])
    model.layers[0].activation = pyclr.activations.tanh
    expected = model(X[:1]).numpy()
    np.testing.assert_array_equal(model.predict(X[:1], verbose=0), expected)


def test_results_are_not_overwritten(model):
    first = warm(model, X[:1])
    kept = first.copy()
    model.predict(X[1:2], verbose=0)
    np.testing.assert_array_equal(first, kept)
    first[:] = 0  # and are the caller's to change
    np.testing.assert_array_equal(model.predict(X[:1], verbose=0), kept)


@pytest.mark.parametrize(
    "x", [X[:4].astype("float64"), X[:4, ::-1], X[:4].astype(">f4"), X[:4].astype("float16")]
)
def test_other_dtypes_and_layouts(model, x):
    expected = model.predict(np.ascontiguousarray(x, dtype="float32"), verbose=0)
    warm(model, np.ascontiguousarray(x, dtype="float32"))
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)


def test_bad_shapes_are_still_refused(model):
    warm(model, X[:1])
    with pytest.raises(ValueError, match="Input 0"):
        model.predict(X[:1, :5], verbose=0)


def test_structures_of_outputs():
    x = pyclr.Input((6,))
    model = pyclr.Model(x, {"a": x * 2.0, "b": [x + 1.0]})
    for _ in range(5):
        found = model.predict(X[:2], verbose=0)
    np.testing.assert_array_equal(found["a"], X[:2] * 2)
    np.testing.assert_array_equal(found["b"][0], X[:2] + 1)


def test_from_many_threads(model):
    expected = [warm(model, row[None]) for row in X]
    failures = []

    def work(offset):
        for i in range(200):
            row = (i + offset) % len(X)
            if not np.array_equal(model.predict(X[row : row + 1], verbose=0), expected[row]):
                failures.append(row)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
