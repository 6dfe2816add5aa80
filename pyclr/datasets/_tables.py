"""Tables of numbers with a target, in an NPZ file with `x` and `y`."""

import io

import numpy as np

from . import _files


def read(dataset, file, path, test_split, seed, rows=None):
    """Returns `(x_train, y_train), (x_test, y_test)` of a table, shuffled as Keras does.

    Args:
        dataset: String, the data set's name.
        file: A `DataFile`.
        path, test_split, seed: Arguments of `load_data`.
        rows: Optional integer, how many of the first rows count.
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            f"Argument `test_split` must be in [0, 1). Received: test_split={test_split}"
        )
    with np.load(io.BytesIO(_files.read(dataset, file, path=path))) as data:
        x, y = data["x"][:rows], data["y"][:rows]
    order = shuffled(len(x), np.random.RandomState(seed))
    train, test = np.split(order, [int(len(x) * (1 - test_split))])
    return (x[train], y[train]), (x[test], y[test])


def shuffled(count, generator):
    """Returns the numbers below `count` in the order in which Keras' data sets put samples."""
    order = np.arange(count)
    generator.shuffle(order)
    return order
