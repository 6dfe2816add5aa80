"""CIFAR-10: 60,000 small colour images in 10 classes."""

from . import _cifar, _files

_FILE = _files.DataFile(
    "cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),  # in Keras' cache
)


def load_data():
    """Loads CIFAR-10.

    The classes are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship,
    9 truck. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. If it is not
    on this machine it is downloaded (170 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes `(50000, 32, 32, 3)`,
        `(50000, 1)`, `(10000, 32, 32, 3)` and `(10000, 1)`.

    Raises:
        ValueError: if the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.
    """
    train = [f"data_batch_{i}" for i in range(1, 6)]
    return _cifar.read("cifar10", _FILE, "cifar-10-batches-py", [train, ["test_batch"]], "labels")
