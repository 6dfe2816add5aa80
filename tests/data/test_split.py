"""validation_split: which rows it takes, and what it warns of."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.data.rows import ArrayData
from pyclr.data.split import split

Y = np.repeat([0, 1, 2], [50, 30, 20])
X = np.arange(200, dtype="float32").reshape(100, 2)


def make():
    pyclr.utils.set_random_seed(1)
    model = pyclr.Sequential([pyclr.Input((2,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def rows_of(part):
    return (part.x[:, 0] // 2).astype(int).tolist()


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("labels", ["integers", "column", "one-hot"])
def test_parts(shuffle, stratify, labels):
    y = {"integers": Y, "column": Y[:, None], "one-hot": np.eye(3)[Y]}[labels]
    data = ArrayData(X, y, seed=4)
    train, rest = split(data, 0.2, shuffle, stratify)
    assert sorted(rows_of(train) + rows_of(rest)) == list(range(100))
    assert len(rows_of(rest)) == 20
    if not shuffle and not stratify:
        assert rows_of(rest) == list(range(80, 100))
    if stratify:
        assert np.bincount(Y[rows_of(rest)]).tolist() == [10, 6, 4]
    if shuffle:
        other = split(ArrayData(X, y, seed=5), 0.2, shuffle, stratify)[1]
        assert rows_of(other) != rows_of(rest)
    assert rows_of(split(data, 0.2, shuffle, stratify)[1]) == rows_of(rest)
    np.testing.assert_array_equal(rest.y, y[rows_of(rest)])


def test_the_last_rows_are_views():
    x = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
    train, rest = split(ArrayData(x, x[:, 0]), 0.3)
    assert np.shares_memory(train.x, x) and np.shares_memory(rest.x, x)
    assert train.rows == 7 and rest.rows == 3


def test_sorted_labels_warn():
    with pytest.warns(UserWarning, match="training part has no sample of the classes 2, and"):
        make().fit(X, Y, validation_split=0.2, verbose=0)
    with pytest.warns(UserWarning, match="validation part has no sample of the classes 0"):
        make().fit(X, Y, validation_split=0.4, verbose=0)


def test_what_does_not_warn():
    order = np.random.default_rng(0).permutation(100)
    make().fit(X[order], Y[order], validation_split=0.2, verbose=0)
    make().fit(X[order], Y[order], validation_split=0.02, verbose=0)  # two samples can not tell
    make().fit(X, Y, validation_split=0.2, validation_shuffle=True, verbose=0)
    make().fit(X, Y, validation_split=0.2, stratify=True, verbose=0)
    model = pyclr.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")  # sorted numbers are no classes
    model.fit(X / 200, np.arange(100) / 100, validation_split=0.2, verbose=0)


def test_stratify_needs_classes():
    with pytest.raises(ValueError, match="`stratify` needs one label"):
        split(ArrayData(X), 0.2, stratify=True)
