"""Boston housing: 506 districts in the 1970s, 13 numbers each, and the median price of a house."""

from . import _files, _tables

_FILE = _files.DataFile(
    "boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
)


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """Loads the Boston housing data.

    Harrison and Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978. One column,
    "B", is built on the share of Black residents and supposes that segregation raises prices:
    prefer `california_housing`. If it is not on this machine it is downloaded.

    Args:
        path: Name of the file in the folders of `pyclr.datasets`, or its path.
        test_split: Number in [0, 1), the share of the test set.
        seed: Integer, from which the order follows, as in Keras.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float arrays of shapes `(n, 13)` and `(n,)`, the
        targets in thousands of dollars.

    Raises:
        ValueError: if `test_split` is out of range, or the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.
    """
    return _tables.read("boston_housing", _FILE, path, test_split, seed)
