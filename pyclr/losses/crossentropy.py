"""Crossentropies: minus the logarithm of the probability that was given to the truth.

Where predictions come straight from a softmax or sigmoid activation, the loss is computed from the
logits it was given: without clipping, and with a gradient however far off the prediction is.
"""

from __future__ import annotations

from .. import config, ops
from .._warn import warn
from .inputs import (
    checked_smoothing,
    class_numbers,
    floats,
    same_shape,
    smoothed,
    takes_class_numbers,
    to_last_axis,
)
from .loss import LossFunctionWrapper


def shares(y_pred, axis):
    """Returns class probabilities divided by their sum and clipped."""
    return clipped(y_pred / ops.sum(y_pred, axis=axis, keepdims=True))


def clipped(probabilities):
    """Returns probabilities clipped to [epsilon(), 1 - epsilon()]."""
    epsilon = config.epsilon()
    return ops.clip(probabilities, epsilon, 1.0 - epsilon)


def check_classes(name, y_pred, axis):
    """Warns where there is one class only: its probability is 1, whatever is learned."""
    if y_pred.shape[axis] == 1:
        warn(
            f"The loss '{name}' needs scores of two classes or more. Received: "
            f"y_pred.shape={y_pred.shape}. For two classes with one score, use "
            "'binary_crossentropy' with a sigmoid activation.",
            SyntaxWarning,
        )


def _class_logits(y_pred, from_logits, axis):
    """The logits with the classes last: predictions themselves, or what their softmax was made of.
    `None` if there are none."""
    logits = y_pred
    if not from_logits:
        logits = getattr(y_pred, "_softmax_logits", None)
        if logits is None or axis % y_pred.ndim != y_pred.ndim - 1:
            return None
    return to_last_axis(logits, axis)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy between distributions: `-sum(y_true * log(y_pred), axis)`.

    Args:
        y_true: One-hot labels or probabilities, `(batch, ..., classes)`.
        y_pred: Probabilities (they are divided by their sum), or logits if `from_logits`, of the
            same shape.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are mixed with that much of the uniform
            distribution.
        axis: Integer, the axis of the classes.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("categorical_crossentropy", y_true, y_pred)
    check_classes("categorical_crossentropy", y_pred, axis)
    y_true = smoothed(y_true, label_smoothing, y_pred.shape[axis])
    logits = _class_logits(y_pred, from_logits, axis)
    if logits is not None:
        y_true = to_last_axis(y_true, axis)
        return ops.categorical_crossentropy(y_true, logits, from_logits=True)
    return -ops.sum(y_true * ops.log(shares(y_pred, axis)), axis=axis)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy between one-hot labels (or distributions) and class probabilities:
    `-sum(y_true * log(y_pred))`.

    Args:
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        label_smoothing: Number in [0, 1], the share of the uniform distribution in the labels.
        axis: Integer, the axis of the classes.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.

    Example:

    ```python
    loss = pyclr.losses.CategoricalCrossentropy(from_logits=True)
    value = loss([[0.0, 1.0, 0.0]], [[1.0, 4.0, 2.0]])
    ```
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=checked_smoothing(label_smoothing), axis=axis,
        )  # fmt: skip


@takes_class_numbers
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Crossentropy between integer labels and class probabilities: `-log(y_pred[y_true])`.

    Args:
        y_true: Integer labels in [0, classes), `(batch, ...)` or `(batch, ..., 1)`. Floats that are
            whole numbers are accepted.
        y_pred: Probabilities (they are divided by their sum), or logits if `from_logits`,
            `(batch, ..., classes)`.
        from_logits: Boolean.
        ignore_class: Integer label whose loss is 0, and which does not count in means; or `None`.
        axis: Integer, the axis of the classes.

    Returns:
        The loss of every label, `(batch, ...)`.

    Raises:
        ValueError: if the shapes do not fit; with logits (or predictions that come from a softmax
            activation), also if a label is out of range.
    """
    y_pred = floats(y_pred)
    check_classes("sparse_categorical_crossentropy", y_pred, axis)
    labels = class_numbers("sparse_categorical_crossentropy", y_true, y_pred, axis)
    kept = None
    if ignore_class is not None:
        labels = ops.cast(labels, "int64")  # for labels below 0
        kept = ops.not_equal(labels, ignore_class)
        labels = ops.where(kept, labels, 0)
    logits = _class_logits(y_pred, from_logits, axis)
    if logits is not None:
        loss = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    else:
        share = to_last_axis(y_pred / ops.sum(y_pred, axis=axis, keepdims=True), axis)
        chosen = ops.one_hot(labels, share.shape[-1], dtype=share.dtype)
        loss = -ops.log(clipped(ops.sum(chosen * share, axis=-1)))
    if kept is not None:
        loss = ops.where(kept, loss, 0.0)
        loss._keras_mask = kept
    return loss


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy between integer labels and class probabilities: `-log(y_pred[y_true])`.

    Args:
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        ignore_class: Integer label whose loss is 0, and which does not count in means; or `None`.
        reduction: See `Loss`.
        axis: Integer, the axis of the classes.
        name: String.
        dtype: See `Loss`.

    Example:

    ```python
    loss = pyclr.losses.SparseCategoricalCrossentropy(from_logits=True)
    value = loss([1, 2], [[1.0, 4.0, 2.0], [0.0, 0.0, 3.0]])
    ```
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip


@takes_class_numbers
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """Returns `(1 - y_pred[y_true]**q) / q`, a loss for labels some of which are wrong (Zhang &
    Sabuncu, arXiv 1805.07836).

    Args:
        y_true: Integer labels in [0, classes), `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Probabilities, `(batch, ..., classes)`.
        q: Number in (0, 1): near 0 it is the crossentropy, near 1 the mean absolute error.

    Returns:
        The loss of every label, `(batch, ...)`.

    Raises:
        ValueError: if the shapes do not fit.
    """
    y_pred = floats(y_pred)
    labels = class_numbers("categorical_generalized_cross_entropy", y_true, y_pred)
    chosen = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    return (1.0 - ops.power(positive(ops.sum(chosen * y_pred, axis=-1)), q)) / q


def positive(x):
    """Returns `x` with values that are not positive set to the smallest positive float: its powers
    then have finite gradients."""
    return ops.maximum(x, 2.0**-126)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Crossentropy that bears wrong labels: `(1 - y_pred[y_true]**q) / q` (Zhang & Sabuncu,
    arXiv 1805.07836).

    Args:
        q: Number in (0, 1): near 0 it is the crossentropy, near 1 the mean absolute error.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.

    Raises:
        ValueError: if `q` is not in (0, 1).
    """

    def __init__(
        self,
        q=0.5,
        reduction="sum_over_batch_size",
        name="categorical_generalized_cross_entropy",
        dtype=None,
    ):
        if not 0 < q < 1:
            raise ValueError(f"Argument `q` must be in (0, 1). Received: q={q!r}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy of independent yes/no labels:
    `-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred), axis)`.

    Args:
        y_true: Labels in [0, 1], `(batch, ..., d)`.
        y_pred: Probabilities, or logits if `from_logits`, of the same shape.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are moved that much towards 0.5.
        axis: Integer, the axis that is averaged.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("binary_crossentropy", y_true, y_pred)
    y_true = smoothed(y_true, label_smoothing, 2)
    logits = y_pred if from_logits else getattr(y_pred, "_sigmoid_logits", None)
    if logits is not None:
        return ops.mean(ops.binary_crossentropy(y_true, logits, from_logits=True), axis=axis)
    return ops.mean(yes_no_entropy(y_true, y_pred), axis=axis)


def yes_no_entropy(y_true, y_pred):
    """Returns the crossentropy of every yes/no label and its clipped probability."""
    p = clipped(y_pred)
    return -(y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p))


bce = BCE = binary_crossentropy


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of independent yes/no labels:
    `-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))`.

    Args:
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        label_smoothing: Number in [0, 1], how far the labels are moved towards 0.5.
        axis: Integer, the axis that is averaged.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=checked_smoothing(label_smoothing), axis=axis,
        )  # fmt: skip
