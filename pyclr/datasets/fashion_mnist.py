"""Fashion-MNIST: 70,000 grey images of clothes in 10 classes."""

import numpy as np

from . import _files

# The copy that Keras uses, then the authors'.
_MIRRORS = (
    _files.KERAS,
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_TRAIN_IMAGES = _files.DataFile(
    "train-images-idx3-ubyte.gz",
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
)
_TRAIN_LABELS = _files.DataFile(
    "train-labels-idx1-ubyte.gz",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
)
_TEST_IMAGES = _files.DataFile(
    "t10k-images-idx3-ubyte.gz",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
)
_TEST_LABELS = _files.DataFile(
    "t10k-labels-idx1-ubyte.gz",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)


def load_data():
    """Loads Fashion-MNIST.

    The four files are read from `$PYCLR_DATASETS` or `~/.keras/datasets` (that folder, or
    `fashion-mnist` in it) or `~/.pyclr/datasets/fashion-mnist`; what is missing is downloaded into
    the latter (30 MB). Every file is checked against its known SHA-256.

    The classes are 0 T-shirt/top, 1 Trouser, 2 Pullover, 3 Dress, 4 Coat, 5 Sandal, 6 Shirt,
    7 Sneaker, 8 Bag, 9 Ankle boot. Xiao, Rasul and Vollgraf, arXiv 1708.07747; copyright Zalando
    SE, MIT licence.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes `(60000, 28, 28)`,
        `(60000,)`, `(10000, 28, 28)` and `(10000,)`.

    Raises:
        ValueError: if a file is damaged.
        ConnectionError: if a file is not found and cannot be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = pyclr.datasets.fashion_mnist.load_data()
    ```
    """
    return (
        (_images(_TRAIN_IMAGES), _labels(_TRAIN_LABELS)),
        (_images(_TEST_IMAGES), _labels(_TEST_LABELS)),
    )


def _images(file):
    return _idx(file, header=16).reshape(-1, 28, 28)


def _labels(file):
    return _idx(file, header=8)


def _idx(file, header):
    """The data of an IDX file; the header needs no look, as the checksum has covered it."""
    content = _files.read("fashion-mnist", file, _MIRRORS)
    return np.frombuffer(content, np.uint8, offset=header).copy()  # a copy can be written to
