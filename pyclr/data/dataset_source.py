"""A dataset as training data: rows in an order are gathered in C++, the rest comes as a stream."""

from __future__ import annotations

from .. import tree
from .rows import RowSource
from .stages import INFINITE
from .streams import BatchSource


def dataset_source(dataset, class_weights=None, inputs_only=False):
    """Returns the `Source` of a `Dataset` of batches."""
    stage = dataset.stage
    if stage.batch_size is not None:
        nest = _nest_of(stage.table.data, inputs_only)
        if nest is not None:
            return BatchedRows(stage, nest, class_weights)
    return DatasetBatches(stage, class_weights, inputs_only)


def _nest_of(data, inputs_only):
    """(x, y, sample_weight) of the table's arrays; `None` when they can not be gathered so."""
    parts = data if isinstance(data, tuple) else (data,)
    if not 1 <= len(parts) <= 3 or any(leaf.dtype.kind in "OSUV" for leaf in tree.flatten(data)):
        return None
    return (parts[0], None, None) if inputs_only else tuple(parts) + (None,) * (3 - len(parts))


class BatchedRows(RowSource):
    """Batches of a table's rows in the order that a dataset says."""

    def __init__(self, stage, nest, class_weights=None):
        if class_weights is not None:
            x, y, weight = nest
            if weight is not None:
                raise ValueError(
                    "Only one of `class_weight` and sample weights can be given. The dataset has "
                    "sample weights."
                )
            if y is None:
                raise ValueError("Argument `class_weight` needs labels `y`.")
            nest = x, y, class_weights.of(y, whole=True)
        super().__init__(nest, stage.batch_size)
        self._stage = stage
        length = stage.length()
        self.steps = length if length >= 0 else None
        self.endless = length == INFINITE

    def orders(self, epoch, shuffle):
        return self._stage.orders((epoch,))


class DatasetBatches(BatchSource):
    """Batches that are the elements of a dataset."""

    def __init__(self, stage, class_weights=None, inputs_only=False):
        super().__init__("The dataset", class_weights)
        self.inputs_only = inputs_only
        self._stage = stage
        length = stage.length()
        self.steps = length if length >= 0 else None
        self.endless = length == INFINITE

    def open(self, epoch, shuffle):
        return self._stage.iterate((epoch,))
