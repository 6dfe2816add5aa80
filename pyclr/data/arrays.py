"""Arrays as training data: what `fit`, `evaluate` and `predict` accept, made into batches."""

from __future__ import annotations

import numpy as np

from .. import _core, config
from .._feed import Feeder, tensor_dtype
from .._tensor import Tensor
from ..utils import tree
from ..variables import Variable


def as_arrays(name, value):
    """Returns data as a nested structure of arrays, each with one entry a sample.

    Args:
        name: String, the argument's name for messages.
        value: Array, tensor, pandas DataFrame or Series, (nested) list of numbers, or a list, tuple
            or dictionary of arrays for several inputs.

    Raises:
        ValueError: if it holds objects, text, or no samples.
    """
    if isinstance(value, dict):
        return {key: as_arrays(f"{name}[{key!r}]", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(_is_array(item) for item in value):
        items = [as_arrays(f"{name}[{i}]", item) for i, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, (Tensor, Variable)):
        value = np.asarray(value)
    if hasattr(value, "to_numpy"):
        value = _from_pandas(name, value)
    array = value if isinstance(value, np.ndarray) else _array_of(name, value)
    if array.dtype.kind in "OSUV" or tensor_dtype(array) is None:
        raise ValueError(
            f"Argument `{name}` must hold numbers. Received: an array with dtype={array.dtype}"
            + (" (rows of different lengths, None or text?)" if array.dtype.kind == "O" else "")
        )
    if array.ndim == 0:
        raise ValueError(
            f"Argument `{name}` must have a first axis of samples. Received: {name}={array!r}"
        )
    return array


def _is_array(item):
    return (
        isinstance(item, (np.ndarray, Tensor, Variable))
        and np.ndim(item) > 0
        or hasattr(item, "to_numpy")
    )


def _array_of(name, value):
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"Argument `{name}` must hold numbers, in rows of equal length. "
            f"Received: a {type(value).__name__} that NumPy can not make an array of ({error})"
        ) from None


def _from_pandas(name, value):
    if hasattr(value, "columns"):
        for column, dtype in zip(value.columns, value.dtypes):
            if getattr(dtype, "kind", "O") not in "biuf":
                raise ValueError(
                    f"Argument `{name}` must have numeric columns. "
                    f"Received: column {column!r} with dtype={dtype}"
                )
    return value.to_numpy()


def check_lengths(**arrays):
    """Raises a ValueError unless all have the same number of samples, at least one."""
    lengths = {
        name: sorted({len(a) for a in tree.flatten(value) if a is not None})
        for name, value in arrays.items()
        if value is not None
    }
    counts = {length for found in lengths.values() for length in found}
    text = ", ".join(f"{name}: {' and '.join(map(str, found))}" for name, found in lengths.items())
    if len(counts) > 1:
        raise ValueError(
            f"All data must have the same number of samples. Received numbers of samples: {text}"
        )
    if counts == {0} or not counts:
        raise ValueError(f"The data holds no samples. Received numbers of samples: {text}")


def class_weights(class_weight, y):
    """Returns the weight of every sample: `class_weight[label]`, and 1 for other labels.

    Args:
        class_weight: Dictionary of integer class to number.
        y: Integer labels `(n,)` or `(n, 1)`, or one-hot labels `(n, classes)`.

    Raises:
        ValueError: if a key is no class of the labels, or a weight no number.
    """
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    classes = y.shape[-1] if y.ndim > 1 and y.shape[-1] > 1 else int(labels.max()) + 1
    weights = np.ones(len(y), "float32")
    for key, weight in class_weight.items():
        if isinstance(key, bool) or key != int(key) or not 0 <= key < classes:
            raise ValueError(
                f"The keys of `class_weight` must be classes: integers from 0 to {classes - 1}. "
                f"Received: class_weight={class_weight}"
            )
        if not np.isfinite(weight) or weight < 0:
            raise ValueError(
                "The weights in `class_weight` must be finite and not negative. "
                f"Received: class_weight={class_weight}"
            )
        weights[labels == int(key)] = weight
    return weights


class ArrayData:
    """Arrays in memory (or mapped from a file), gathered into batches without copies of the whole.

    Args:
        x, y, sample_weight: Nested structures of arrays; `y` and `sample_weight` may be `None`.
        batch_size: Integer. Defaults to 32.
    """

    def __init__(self, x, y=None, sample_weight=None, batch_size=None):
        x = as_arrays("x", x)
        y = None if y is None else as_arrays("y", y)
        sample_weight = None if sample_weight is None else as_arrays("sample_weight", sample_weight)
        check_lengths(x=x, y=y, sample_weight=sample_weight)
        self.x, self.y, self.sample_weight = x, y, sample_weight
        self.batch_size = _batch_size(32 if batch_size is None else batch_size)
        self.nest = (x, y, sample_weight)
        arrays = [a for a in tree.flatten(self.nest) if a is not None]
        self.rows = len(arrays[0])
        self._feeder = Feeder(arrays, floatx=config.floatx())
        self._specs = [(a.shape[1:], d) for a, d in zip(arrays, self._feeder.dtypes)]
        self._token = repr(tree.map_structure(lambda a: a is not None, self.nest))

    @property
    def steps(self):
        """Batches in an epoch."""
        return -(-self.rows // self.batch_size)

    def set_order(self, order):
        """Sets the sample at each place of the epoch (`None`: as they stand)."""
        self._feeder.set_order(order)

    @property
    def signature(self):
        """What distinguishes the shape of a sample."""
        return self._token, tuple(self._specs)

    def batch_rows(self, step):
        """Samples in batch `step`."""
        return min(self.batch_size, self.rows - step * self.batch_size)

    def key(self, step):
        """What distinguishes the shape of a batch; equal keys may share a program."""
        rows = self.batch_rows(step)
        return self._token, tuple(((rows,) + shape, dtype) for shape, dtype in self._specs)

    def batch(self, step, rows=None):
        """Batch `step` (or its first rows) as a list of tensors, ordered as `nest`'s leaves."""
        count = self.batch_rows(step) if rows is None else rows
        return [_core.alias(a) for a in self._feeder.batch(step * self.batch_size, count)]

    def source(self, step, steps):
        """A source for `Program.replay` that begins at batch `step`."""
        return self._feeder.source_at(step * self.batch_size, self.batch_rows(step), steps)

    def equal_steps(self, step):
        """How many batches from `step` on have its size."""
        return (
            self.rows // self.batch_size - step if self.batch_rows(step) == self.batch_size else 1
        )

    def pack(self, tensors):
        """Returns the tensors as (x, y, sample_weight); absent ones are `None`."""
        return pack(self.nest, tensors)

    def split(self, fraction):
        """Returns this data without its last rows, and those: the share `fraction` of all."""
        at = self.rows - int(self.rows * fraction)
        if not 0 < at < self.rows:
            raise ValueError(
                f"`validation_split={fraction}` of {self.rows} samples leaves no samples for "
                f"{'training' if at <= 0 else 'validation'}."
            )
        parts = []
        for rows in (slice(None, at), slice(at, None)):
            nest = tree.map_structure(lambda a: None if a is None else a[rows], self.nest)  # noqa: B023
            parts.append(ArrayData(*nest, batch_size=self.batch_size))
        return parts


def pack(nest, tensors):
    """Returns the structure `nest` with tensors for its leaves; `None` leaves stay."""
    iterator = iter(tensors)
    return tree.map_structure(lambda a: None if a is None else next(iterator), nest)


def _batch_size(value):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(
            f"Argument `batch_size` must be a positive integer. Received: batch_size={value!r}"
        )
    return int(value)


def shuffled(rows, seed, epoch):
    """Returns the order of an epoch: a permutation that depends on the arguments only."""
    key = np.array([seed, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(rows)
