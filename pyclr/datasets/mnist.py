"""MNIST: 70,000 grey images of handwritten digits."""

import io

import numpy as np

from . import _files

_FILE = _files.DataFile(
    "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
)


def load_data(path="mnist.npz"):
    """Loads MNIST.

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998; licence CC BY-SA 3.0. If it is not on this machine it is downloaded (11 MB).

    Args:
        path: Name of the file in the folders of `pyclr.datasets`, or its path.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes `(60000, 28, 28)`,
        `(60000,)`, `(10000, 28, 28)` and `(10000,)`.

    Raises:
        ValueError: if the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = pyclr.datasets.mnist.load_data()
    ```
    """
    with np.load(io.BytesIO(_files.read("mnist", _FILE, path=path))) as data:
        return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
