"""Counts of true and false positives and negatives at many thresholds in one pass.

Each prediction falls into a bin: the number of thresholds below it. A histogram of the bins,
weighted, for each of the two labels says how many predictions are above each threshold: the sum of
the bins beyond. The cost is that of the batch plus that of the thresholds, not their product.
"""

from __future__ import annotations

import math

import numpy as np

from .. import _core, config, ops
from ..losses.reduction import align
from .weighting import broadcast_weight, check_same_shape

# Below all thresholds: what predictions that are not among the `top_k` are set to.
NEG_INF = -1e10


def checked_thresholds(thresholds, default):
    """Returns thresholds given as a number, a list or `None` as a list of numbers in [0, 1]."""
    if thresholds is None:
        return [default]
    items = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    invalid = [t for t in items if t is None or not 0 <= t <= 1]
    if invalid or not items:
        raise ValueError(
            "Argument `thresholds` must be a number in [0, 1] or a list of them. "
            f"Received: thresholds={thresholds}"
        )
    return items


def spread_thresholds(count):
    """Returns `count` thresholds, at least two, from 0 to 1 at equal distances."""
    inner = [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]
    return [0.0, *inner, 1.0]


class ConfusionCounter:
    """Counts, for each threshold, the predictions above and not above it by label.

    Args:
        thresholds: List of numbers, in any order.
        dtype: String, the dtype of the counts.
        multi_label: Boolean, whether the columns of labels are counted apart.
        top_k: Integer or `None`: only the `top_k` largest predictions of the last axis may be
            positive.
        class_id: Integer or `None`, the only index of the last axis that counts.
    """

    def __init__(self, thresholds, dtype, multi_label=False, top_k=None, class_id=None):
        values = np.asarray(thresholds, dtype)
        count = len(values)
        self._thresholds = values
        self._dtype = dtype
        self._multi_label = multi_label
        self._top_k, self._class_id = top_k, class_id
        even = np.arange(count, dtype="float32") / max(count - 1, 1)
        # Then the bin is found by arithmetic instead of comparisons.
        self._evenly = count > 2 and np.allclose(values, even, atol=config.epsilon())
        # A threshold that was moved below 0 is met by a prediction of 0 too.
        self._first_bin = 1 if thresholds[0] < 0 else 0
        padding = 2 ** count.bit_length() - 1 - count
        self._padded = np.concatenate([np.sort(values), np.full(padding, np.inf, dtype)])
        rank = np.argsort(np.argsort(values, kind="stable"))
        above = np.arange(count + 1)[:, None] > rank
        self._bins_above = _core.tensor(above.astype(dtype))
        self._bins_below = _core.tensor((~above).astype(dtype))

    def __call__(self, states, y_true, y_pred, sample_weight=None, label_weights=None):
        """Adds a batch to the counts.

        Args:
            states: Dictionary from some of `"true_positives"`, `"false_positives"`,
                `"true_negatives"`, `"false_negatives"` to the variable `(thresholds,)`, or
                `(thresholds, labels)` with `multi_label`.
            y_true: Labels; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights.
            label_weights: Optional weights of the last axis.

        Raises:
            ValueError: if the shapes do not fit.
        """
        y_pred = ops.convert_to_tensor(y_pred, self._dtype)
        y_true = ops.convert_to_tensor(y_true, self._dtype)
        y_pred, y_true = align(y_pred, y_true)
        check_same_shape("confusion counts", y_true, y_pred)
        if self._top_k is not None:
            y_pred = _filter_top_k(y_pred, self._top_k)
        if self._class_id is not None:
            if y_pred.ndim < 2:
                raise ValueError(
                    "With `class_id`, predictions must have shape (batch, ..., classes). "
                    f"Received: y_pred.shape={y_pred.shape}"
                )
            y_true = y_true[..., self._class_id, None]
            y_pred = y_pred[..., self._class_id, None]
        weights = self._weights(y_pred.shape, sample_weight, label_weights)
        histogram = self._histogram(y_true, y_pred, weights)
        above = below = None
        for name, variable in states.items():
            if name.endswith("positives"):
                if above is None:
                    above = ops.matmul(histogram, self._bins_above)
                counts = above
            else:
                if below is None:
                    below = ops.matmul(histogram, self._bins_below)
                counts = below
            positive = name in ("true_positives", "false_negatives")
            counts = counts[1 if positive else 0]
            counts = ops.transpose(counts) if self._multi_label else counts[0]
            variable.assign_add(counts)

    def _weights(self, shape, sample_weight, label_weights):
        weights = None
        if sample_weight is not None:
            weights = ops.convert_to_tensor(sample_weight, self._dtype)
            weights = broadcast_weight(weights, shape)
        if label_weights is not None:
            by_label = ops.broadcast_to(ops.cast(label_weights, self._dtype), shape)
            weights = by_label if weights is None else weights * by_label
        return ops.ones(shape, self._dtype) if weights is None else weights

    def _histogram(self, y_true, y_pred, weights):
        """Sums of weights by (negative or positive label, column of labels or all, bin)."""
        bins = len(self._thresholds) + 1
        columns = y_pred.shape[-1] if self._multi_label else 1
        index = ops.cast(y_true != 0, "int32") * (columns * bins) + self._bin(y_pred)
        if self._multi_label:
            index = index + np.arange(columns, dtype="int32") * bins
        sums = _core.ops.scatter_add(
            ops.reshape(weights, (-1,)), ops.reshape(index, (-1,)), axis=0,
            shape=[2 * columns * bins],
        )  # fmt: skip
        return ops.reshape(sums, (2, columns, bins))

    def _bin(self, y_pred):
        """The number of thresholds below each prediction; NaN is above none."""
        if self._evenly:
            share = ops.where(y_pred > 0, ops.minimum(y_pred, 1.0), 0.0)
            steps = ops.ceil(share * float(len(self._thresholds) - 1))
            return ops.maximum(ops.cast(steps, "int32"), self._first_bin)
        # Binary search, all predictions at once.
        half = (len(self._padded) + 1) // 2
        below = ops.cast(y_pred > self._padded[half - 1], "int32") * half
        while half > 1:
            half //= 2
            pivot = ops.take(self._padded, below + (half - 1))
            below = below + ops.cast(y_pred > pivot, "int32") * half
        return below


def _filter_top_k(y_pred, k):
    """The predictions with all but the `k` largest of the last axis (the first of equal ones)
    moved below all thresholds."""
    classes = y_pred.shape[-1]
    rest, lowest = y_pred, ops.full((), -math.inf, y_pred.dtype)
    for _ in range(min(k, classes)):
        largest = ops.one_hot(ops.argmax(rest, axis=-1), classes, dtype="bool")
        rest = ops.where(largest, lowest, rest)
    return ops.where(rest == lowest, y_pred, NEG_INF)
