"""Losses of segmentation: how little predicted and true regions overlap."""

from __future__ import annotations

from .. import config, ops
from .inputs import same_shape
from .loss import LossFunctionWrapper


def dice(y_true, y_pred, axis=None):
    """Returns `1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Args:
        y_true: Labels in [0, 1], any shape.
        y_pred: Probabilities of the same shape.
        axis: Integer or several, what is summed over. Defaults to all axes: one number for the
            batch. `(1, 2, 3)` gives a value for each image.

    Returns:
        The loss, in the shape of the axes that remain.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("dice", y_true, y_pred)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    size = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * overlap / (size + config.epsilon())


class Dice(LossFunctionWrapper):
    """One minus Dice's coefficient of the overlap; see `dice`.

    Args:
        reduction: See `Loss`.
        name: String.
        axis: Integer or several, what is summed over. Defaults to all axes: one number for the
            batch, which cannot be weighted by sample. `(1, 2, 3)` gives a value for each image.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Returns `1 - overlap / (overlap + alpha * missed + beta * wrong)` (Salehi et al., arXiv
    1706.05721), with `overlap = sum(y_true * y_pred)`, `missed = sum(y_true * (1 - y_pred))` and
    `wrong = sum((1 - y_true) * y_pred)`.

    Args:
        y_true: Labels in [0, 1], any shape.
        y_pred: Probabilities of the same shape.
        alpha: Number, the weight of what was missed.
        beta: Number, the weight of what was wrongly found.
        axis: Integer or several, what is summed over. Defaults to all axes: one number for the
            batch. `(1, 2, 3)` gives a value for each image.

    Returns:
        The loss, in the shape of the axes that remain.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("tversky", y_true, y_pred)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    wrong = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - overlap / (overlap + missed * alpha + wrong * beta + config.epsilon())


class Tversky(LossFunctionWrapper):
    """One minus Tversky's index of the overlap (Salehi et al., arXiv 1706.05721); see `tversky`.
    With `alpha = beta = 0.5` it is `Dice`.

    Args:
        alpha: Number, the weight of what was missed.
        beta: Number, the weight of what was wrongly found.
        reduction: See `Loss`.
        name: String.
        axis: Integer or several, what is summed over. Defaults to all axes: one number for the
            batch, which cannot be weighted by sample. `(1, 2, 3)` gives a value for each image.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        alpha=0.5,
        beta=0.5,
        reduction="sum_over_batch_size",
        name="tversky",
        axis=None,
        dtype=None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
