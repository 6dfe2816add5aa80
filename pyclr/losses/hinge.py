"""Hinge losses: predictions shall be on the right side of a margin."""

from __future__ import annotations

from .. import ops
from .inputs import same_shape
from .loss import LossFunctionWrapper


def _margins(name, y_true, y_pred):
    """How far predictions fall short of the margin: `max(1 - y_true * y_pred, 0)`."""
    y_true, y_pred = same_shape(name, y_true, y_pred)
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    y_true = ops.where(binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true, y_pred):
    """Returns `mean(max(1 - y_true * y_pred, 0), axis=-1)`.

    Args:
        y_true: Labels -1 or 1, `(batch, ..., d)`. If all labels given are 0 or 1, 0 means -1.
        y_pred: Predictions of the same shape.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    return ops.mean(_margins("hinge", y_true, y_pred), axis=-1)


class Hinge(LossFunctionWrapper):
    """How far predictions fall short of the margin: `mean(max(1 - y_true * y_pred, 0))`, for
    labels -1 and 1 (or 0 and 1).

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


def squared_hinge(y_true, y_pred):
    """Returns `mean(max(1 - y_true * y_pred, 0)**2, axis=-1)`.

    Args, returns and raises: As `hinge`.
    """
    return ops.mean(ops.square(_margins("squared_hinge", y_true, y_pred)), axis=-1)


class SquaredHinge(LossFunctionWrapper):
    """Squares of how far predictions fall short of the margin:
    `mean(max(1 - y_true * y_pred, 0)**2)`, for labels -1 and 1 (or 0 and 1).

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


def categorical_hinge(y_true, y_pred):
    """Returns `max(1 + max((1 - y_true) * y_pred) - sum(y_true * y_pred), 0)`, over the last axis.

    Args:
        y_true: One-hot labels, `(batch, ..., classes)`.
        y_pred: Class scores of the same shape.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("categorical_hinge", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class CategoricalHinge(LossFunctionWrapper):
    """How far the score of the labelled class falls short of the largest other score plus 1.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)
