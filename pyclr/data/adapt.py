"""Which source serves which kind of data."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset
from .dataset_source import dataset_source
from .py_dataset import PyDataset, PyDatasetSource
from .rows import ArrayData
from .source import Source
from .streams import IterableSource, IteratorSource


def as_source(
    x, y=None, sample_weight=None, batch_size=None, weights=None, seed=0, inputs_only=False
):
    """Returns the `Source` of what `fit`, `evaluate` or `predict` was given.

    Args:
        x: Arrays; or a `Dataset`, `PyDataset`, generator or any other iterable of batches.
        y, sample_weight: Arrays, for arrays `x` only.
        batch_size: Integer or `None`; has no effect when `x` gives batches, as in Keras 3.
        weights: `ClassWeights` or `None`.
        seed: Integer, decides the order of shuffled epochs.
        inputs_only: Boolean, whether only `x` of the batches is used.

    Raises:
        ValueError: if arguments do not fit each other.
    """
    if isinstance(x, Source):
        return x
    if not gives_batches(x):
        data = ArrayData(x, y, sample_weight, batch_size, seed)
        return data if weights is None else with_class_weights(data, weights)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"Argument `{name}` must not be given when `x` gives batches: a batch is (x, y) or "
                f"(x, y, sample_weight). Received: x of type {type(x).__name__}"
            )
    if isinstance(x, Dataset):
        return dataset_source(x, weights, inputs_only)
    if isinstance(x, PyDataset):
        source = PyDatasetSource(x, weights, seed)
    elif iter(x) is x:
        source = IteratorSource(x, weights)
    else:
        source = IterableSource(x, weights)
    source.inputs_only = inputs_only
    return source


def gives_batches(x):
    """Returns whether `x` is an iterable of batches, and not arrays."""
    if isinstance(x, (Dataset, PyDataset)) or hasattr(x, "__next__"):
        return True
    if isinstance(x, (np.ndarray, list, tuple, dict, str, bytes)) or np.isscalar(x) or x is None:
        return False
    arrays = ("__array__", "__array_interface__", "to_numpy", "shape")
    return hasattr(x, "__iter__") and not any(hasattr(x, name) for name in arrays)


def with_class_weights(data, weights):
    """Returns array data with the sample weights that class weights make."""
    if data.y is None:
        raise ValueError("Argument `class_weight` needs labels `y`.")
    return data.with_sample_weight(weights.of(data.y, whole=True))


def validation_source(data, batch_size):
    """Returns the `Source` of `fit`'s argument `validation_data`."""
    if isinstance(data, (tuple, list)):
        if len(data) not in (1, 2, 3) or gives_batches(data[0]):
            raise ValueError(
                "Argument `validation_data` must be a tuple (x, y) or (x, y, sample_weight) of "
                f"arrays. Received: a {type(data).__name__} of {len(data)} elements"
            )
        return as_source(*data, batch_size=batch_size)
    if not gives_batches(data):
        raise ValueError(
            "Argument `validation_data` must be a tuple (x, y) or (x, y, sample_weight), or give "
            f"batches. Received: {type(data).__name__}"
        )
    return as_source(data)
