"""Indexing tensors, against NumPy."""

import numpy as np
import pytest

import pyclr
from pyclr import _core as core
from pyclr.testing import assert_replays, check_gradients

X = np.arange(120.0).reshape(2, 3, 4, 5)
ROWS, COLUMNS = np.array([0, -1, 2]), np.array([[1], [3]])
KEYS = [
    1, -1, (0, ..., 2), (slice(None), None, 1), (..., slice(None, None, -2)), Ellipsis,
    (0, 1, 2, 3), [1, 0, 0], (slice(None), ROWS), (..., ROWS),
    (slice(None), ROWS, COLUMNS), (ROWS[:2], 1),
    (slice(0, 1), ROWS, slice(1, 3), COLUMNS), (1, ROWS), (1, slice(None), COLUMNS),
    (None, ROWS[:2]), (..., ROWS, None, slice(1, None)), (0, ROWS[:2], 1, COLUMNS[:, 0]),
    X > 50, X[:, :, 0, 0] > 30,
    (slice(None), np.array([True, False, True])), (slice(None), [0, 2], slice(None), [1, 3]),
    (np.int64(1), 2), (np.array(1), 2),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing(key):
    np.testing.assert_array_equal(core.tensor(X)[key], X[key])


@pytest.mark.parametrize("wrap", [core.tensor, pyclr.Variable])
def test_indices_that_are_tensors(wrap):
    rows = wrap(ROWS.astype("int32"))
    np.testing.assert_array_equal(core.tensor(X)[:, rows], X[:, ROWS])
    np.testing.assert_array_equal(core.tensor(X)[:, rows, wrap(COLUMNS)], X[:, ROWS, COLUMNS])


def test_gradient_and_replay():
    check_gradients(lambda x: x[:, ROWS, COLUMNS], [X[:1]])
    assert_replays(lambda x, rows: x[:, rows, 1], X, ROWS)


def test_a_boolean_mask_is_not_replayed():
    with pytest.raises(AssertionError, match="a boolean index"):
        assert_replays(lambda x: x[x > 3], X)


@pytest.mark.parametrize("key", [5, (0, 0, 0, 0, 0), (ROWS * 9, 0), (ROWS + 3, COLUMNS)], ids=str)
def test_indices_out_of_range(key):
    with pytest.raises((IndexError, ValueError), match="index|indices|Index"):
        core.tensor(X)[key]


def test_astype():
    assert core.tensor(X).astype(np.int32).dtype == "int32"
    assert core.tensor(X).astype("float32").dtype == "float32"
