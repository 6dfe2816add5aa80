"""California housing: 20,640 districts in 1990, 8 numbers each, and the median price of a house."""

from . import _files, _tables

_FILE = _files.DataFile(
    "california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
)


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """Loads the California housing data.

    The columns are median income, median age of houses, rooms and bedrooms a household, population,
    people a household, latitude, longitude. Pace and Barry, "Sparse spatial autoregressions", 1997.
    If it is not on this machine it is downloaded.

    Args:
        version: `"large"`, or `"small"` for the first 600 districts.
        path: Name of the file in the folders of `pyclr.datasets`, or its path.
        test_split: Number in [0, 1), the share of the test set.
        seed: Integer, from which the order follows, as in Keras.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float arrays of shapes `(n, 8)` and `(n,)`, the
        targets in dollars.

    Raises:
        ValueError: if `version` is neither, `test_split` is out of range, or the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.
    """
    if version not in ("small", "large"):
        raise ValueError(
            f"Argument `version` must be 'small' or 'large'. Received: version={version!r}"
        )
    rows = 600 if version == "small" else None
    return _tables.read("california_housing", _FILE, path, test_split, seed, rows)
