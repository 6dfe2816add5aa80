"""Optical digits: 1,797 grey images of handwritten digits, 8 x 8 pixels; comes with pyclr."""

from pathlib import Path

import numpy as np

from ..random.seed import check_seed, numpy_generator


def load_data(test_split=0.2, seed=113):
    """Loads the optical digits, shuffled and split. Needs no network.

    The images are the test set of "Optical Recognition of Handwritten Digits" (Alpaydin and
    Kaynak, 1998, UCI Machine Learning Repository, doi 10.24432/C50P49, licence CC BY 4.0). A
    pixel counts the dark pixels, 0 to 16, of a 4 x 4 block of the scan.

    Args:
        test_split: Number from 0 to 1, the part of the images that goes into the test set.
            Defaults to `0.2`.
        seed: Integer, from which the order of the images follows. Defaults to `113`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(n, 8, 8)` and labels of shape
        `(n,)`, all uint8.

    Raises:
        ValueError: if `test_split` or `seed` is out of range.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = pyclr.datasets.digits.load_data()
    x_train = x_train.reshape(-1, 64) / 16.0
    ```
    """
    if not 0 <= test_split <= 1:
        raise ValueError(
            f"Argument `test_split` must be from 0 to 1. Received: test_split={test_split}"
        )
    generator = numpy_generator(check_seed(seed))
    with np.load(Path(__file__).parent / "_data" / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    # Sorting raw words: unlike a Generator's permutation, the same in every version of NumPy.
    order = np.argsort(generator.bit_generator.random_raw(len(images)), kind="stable")
    train, test = np.split(order, [len(images) - round(len(images) * test_split)])
    return (images[train], labels[train]), (images[test], labels[test])
