"""CIFAR-100: 60,000 small colour images in 100 classes, which form 20 groups."""

from . import _cifar, _files

_FILE = _files.DataFile(
    "cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ("cifar-100-python-target_archive",),  # in Keras' cache
)


def load_data(label_mode="fine"):
    """Loads CIFAR-100.

    Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. If it is not on this
    machine it is downloaded (170 MB).

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes `(50000, 32, 32, 3)`,
        `(50000, 1)`, `(10000, 32, 32, 3)` and `(10000, 1)`.

    Raises:
        ValueError: if `label_mode` is neither, or the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            f"Argument `label_mode` must be 'fine' or 'coarse'. Received: label_mode={label_mode!r}"
        )
    parts = [["train"], ["test"]]
    return _cifar.read("cifar100", _FILE, "cifar-100-python", parts, f"{label_mode}_labels")
