"""Accuracies: the share of labels that predictions meet."""

from __future__ import annotations

from .. import ops
from .metric import MeanMetricWrapper


def accuracy(y_true, y_pred):
    """Returns 1 where label and prediction are equal, else 0."""
    return ops.cast(ops.cast(y_true, y_pred.dtype) == y_pred, "float32")


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Returns the share of the last axis where `y_pred > threshold` is the label."""
    y_pred = ops.convert_to_tensor(y_pred)
    met = ops.cast(y_true, y_pred.dtype) == ops.cast(y_pred > threshold, y_pred.dtype)
    return ops.mean(ops.cast(met, "float32"), axis=-1)


def categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the one-hot label, else 0."""
    met = ops.argmax(y_true, axis=-1) == ops.argmax(y_pred, axis=-1)
    return ops.cast(met, "float32")


def sparse_categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the integer label, else 0."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    return ops.cast(ops.cast(y_true, "int32") == ops.argmax(y_pred, axis=-1), "float32")


class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their label.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of yes/no labels that predictions meet.

    Args:
        name: String.
        dtype: String.
        threshold: Number: a prediction above it means yes. Defaults to 0.5.
    """

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of one-hot labels that the largest prediction meets.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of integer labels that the largest prediction meets.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        # Integer labels have one axis less than the scores: no alignment.
        super(MeanMetricWrapper, self).update_state(
            sparse_categorical_accuracy(y_true, y_pred), sample_weight
        )
