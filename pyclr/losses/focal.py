"""Focal crossentropies: what is predicted well counts less (Lin et al., arXiv 1708.02002)."""

from __future__ import annotations

from .. import ops
from .crossentropy import check_classes, positive, shares, yes_no_entropy
from .inputs import checked_smoothing, same_shape, smoothed
from .loss import LossFunctionWrapper


def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Returns the mean over `axis` of `(1 - p)**gamma * crossentropy`, where `p` is the probability
    given to the true answer: `y_pred` for the label 1, `1 - y_pred` for 0.

    Args:
        y_true: Labels in [0, 1], `(batch, ..., d)`.
        y_pred: Probabilities, or logits if `from_logits`, of the same shape.
        apply_class_balancing: Boolean, whether the label 1 is weighted by `alpha` and the label 0
            by `1 - alpha`.
        alpha: Number in [0, 1].
        gamma: Number, 0 for no focus.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are moved that much towards 0.5.
        axis: Integer, the axis that is averaged.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("binary_focal_crossentropy", y_true, y_pred)
    y_true = smoothed(y_true, label_smoothing, 2)
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    missed = 1.0 - (y_true * p + (1.0 - y_true) * (1.0 - p))
    loss = ops.power(positive(missed), gamma) * yes_no_entropy(y_true, p)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(loss, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Crossentropy of yes/no labels that counts what is predicted well less (Lin et al., arXiv
    1708.02002); see `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: Boolean, whether the label 1 is weighted by `alpha` and the label 0
            by `1 - alpha`.
        alpha: Number in [0, 1].
        gamma: Number, 0 for no focus.
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        label_smoothing: Number in [0, 1], how far the labels are moved towards 0.5.
        axis: Integer, the axis that is averaged.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=checked_smoothing(label_smoothing), axis=axis,
        )  # fmt: skip


def categorical_focal_crossentropy(
    y_true,
    y_pred,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Returns `-sum(alpha * (1 - y_pred)**gamma * y_true * log(y_pred), axis)`.

    Args:
        y_true: One-hot labels or probabilities, `(batch, ..., classes)`.
        y_pred: Probabilities (they are divided by their sum), or logits if `from_logits`, of the
            same shape.
        alpha: Number, or one for each class (with the classes last).
        gamma: Number, 0 for no focus.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are mixed with that much of the uniform
            distribution.
        axis: Integer, the axis of the classes.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("categorical_focal_crossentropy", y_true, y_pred)
    check_classes("categorical_focal_crossentropy", y_pred, axis)
    y_true = smoothed(y_true, label_smoothing, y_pred.shape[axis])
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = shares(y_pred, axis)
    focus = ops.power(1.0 - p, gamma) * ops.cast(alpha, y_pred.dtype)
    return -ops.sum(focus * y_true * ops.log(p), axis=axis)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot labels that counts what is predicted well less (Lin et al., arXiv
    1708.02002); see `categorical_focal_crossentropy`.

    Args:
        alpha: Number, or a list of one for each class (with the classes last).
        gamma: Number, 0 for no focus.
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        label_smoothing: Number in [0, 1], the share of the uniform distribution in the labels.
        axis: Integer, the axis of the classes.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=checked_smoothing(label_smoothing), axis=axis,
        )  # fmt: skip
