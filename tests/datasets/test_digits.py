import numpy as np
import pytest

from pyclr.datasets import digits


def test_shapes_values_and_order():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1438, 8, 8)
    assert x_test.shape == (359, 8, 8)
    assert y_train.shape == (1438,)
    assert y_test.shape == (359,)
    assert {array.dtype.name for array in (x_train, y_train, x_test, y_test)} == {"uint8"}
    assert x_train.max() == 16
    x_train[0] = 0  # the arrays belong to the caller
    again = digits.load_data()
    assert not np.array_equal(again[0][0], x_train)
    np.testing.assert_array_equal(again[0][1], y_train)
    assert not np.array_equal(digits.load_data(seed=1)[0][1], y_train)


def test_it_is_the_uci_set():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = datasets.load_digits()
    (x, y), (none, _) = digits.load_data(test_split=0)
    assert len(none) == 0
    ours = sorted((image.tobytes(), int(label)) for image, label in zip(x, y, strict=True))
    images = theirs.images.astype("uint8")
    expected = zip(images, theirs.target, strict=True)
    assert ours == sorted((image.tobytes(), int(label)) for image, label in expected)


def test_split_keeps_every_image_once():
    (x, y), _ = digits.load_data(test_split=0)
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_split=0.5)
    assert len(x_test) == 898
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y)
    # Class counts of optdigits.tes, from its documentation at UCI.
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    np.testing.assert_array_equal(np.bincount(y), counts)


def test_global_random_state_is_left_alone():
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    digits.load_data()
    assert np.random.rand() == expected


@pytest.mark.parametrize("test_split", [-0.1, 1.5, float("nan")])
def test_bad_split(test_split):
    with pytest.raises(ValueError, match=r"`test_split` must be from 0 to 1. Received: "):
        digits.load_data(test_split=test_split)


def test_bad_seed():
    with pytest.raises(ValueError, match="`seed` must be an integer"):
        digits.load_data(seed=None)
