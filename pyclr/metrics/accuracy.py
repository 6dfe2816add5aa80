"""Accuracies: the share of labels that predictions meet."""

from __future__ import annotations

import math

from .. import config, ops
from ..losses.reduction import align
from .reduction import MeanMetricWrapper
from .weighting import check_same_shape


def accuracy(y_true, y_pred):
    """Returns 1 where label and prediction are equal, else 0.

    Args:
        y_true: Labels `(batch, ...)`.
        y_pred: Predictions of the same shape.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = align(ops.convert_to_tensor(y_true, y_pred.dtype), y_pred)
    check_same_shape("accuracy", y_true, y_pred)
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Returns 1 where `y_pred > threshold` is the label, else 0.

    Args:
        y_true: Labels 0 or 1, `(batch, ...)`.
        y_pred: Scores of the same shape.
        threshold: Number.
    """
    y_true, y_pred = align(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    check_same_shape("binary_accuracy", y_true, y_pred)
    decided = ops.cast(y_pred > threshold, y_true.dtype)
    return ops.cast(ops.equal(y_true, decided), config.floatx())


def categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the one-hot label, else 0.

    Args:
        y_true: One-hot labels, `(batch, ..., classes)`.
        y_pred: Scores of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    return sparse_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred)


def sparse_categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the integer label, else 0.

    Args:
        y_true: Integer labels, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Scores, `(batch, ..., classes)`.

    Returns:
        Tensor `(batch, ...)`.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    labels = _one_a_row("sparse_categorical_accuracy", y_true, y_pred)
    matches = ops.cast(ops.equal(labels, ops.argmax(y_pred, axis=-1)), config.floatx())
    return ops.squeeze(matches, -1) if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Returns 1 where the one-hot label is among the `k` largest predictions, else 0.

    Args:
        y_true: One-hot labels, `(batch, ..., classes)`.
        y_pred: Scores of the same shape.
        k: Integer.

    Returns:
        Tensor `(batch, ...)`.
    """
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """Returns 1 where the integer label is among the `k` largest predictions, else 0.

    A score equal to the k-th largest counts as among them.

    Args:
        y_true: Integer labels, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Scores, `(batch, ..., classes)`; with `from_sorted_ids`, the labels of the best
            classes, best first.
        k: Integer.
        from_sorted_ids: Boolean.

    Returns:
        Tensor of the shape of `y_true`.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    labels = _one_a_row("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if from_sorted_ids:
        matches = ops.any(ops.equal(ops.expand_dims(labels, -1), y_pred[..., :k]), axis=-1)
    else:
        is_label = ops.one_hot(ops.cast(labels, "int32"), y_pred.shape[-1], dtype="bool")
        score = ops.max(ops.where(is_label, y_pred, -math.inf), axis=-1, keepdims=True)
        larger = ops.sum(ops.cast(y_pred > score, "int32"), axis=-1)
        # A score that is NaN is not among any.
        matches = ops.logical_and(larger < k, ops.squeeze(ops.equal(score, score), -1))
    matches = ops.cast(matches, config.floatx())
    return matches if matches.ndim == y_true.ndim else ops.expand_dims(matches, -1)


def _one_a_row(name, y_true, y_pred):
    """Integer labels without a last axis of 1."""
    labels = y_true
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(
            f"The metric '{name}' needs one integer label for each vector of class scores. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    return labels


class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their label.

    Args:
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.Accuracy()
    >>> metric.update_state([1, 2, 3, 4], [0, 2, 3, 4])
    >>> float(metric.result())
    0.75
    ```
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of yes/no labels that predictions meet.

    Args:
        name: String.
        dtype: String.
        threshold: Number: a prediction above it means yes. Defaults to 0.5.
    """

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of one-hot labels that the largest prediction meets.

    Args:
        name: String.
        dtype: String.
    """

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of integer labels that the largest prediction meets.

    Args:
        name: String.
        dtype: String.
    """

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of one-hot labels that are among the `k` largest predictions.

    Args:
        k: Integer. Defaults to 5.
        name: String.
        dtype: String.
    """

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of integer labels that are among the `k` largest predictions.

    Args:
        k: Integer. Defaults to 5.
        name: String.
        dtype: String.
        from_sorted_ids: Boolean, whether predictions are not scores but the labels of the best
            classes, best first. Defaults to `False`.
    """

    _direction = "up"

    def __init__(
        self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False
    ):
        super().__init__(
            sparse_top_k_categorical_accuracy, name=name, dtype=dtype, k=k,
            from_sorted_ids=from_sorted_ids,
        )  # fmt: skip

    def get_config(self):
        config = super().get_config()
        if not config["from_sorted_ids"]:  # as Keras writes it
            del config["from_sorted_ids"]
        return config
