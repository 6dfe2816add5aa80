"""Losses as functions: one value per sample, the last axis reduced."""

from __future__ import annotations

from .. import _core, config, ops
from .loss import align, check_same_shape


def _prepared(name, y_true, y_pred):
    y_pred = ops.convert_to_tensor(y_pred)
    y_pred = y_pred if "float" in y_pred.dtype else ops.cast(y_pred, "float32")
    y_true, y_pred = align(ops.convert_to_tensor(y_true), y_pred)
    check_same_shape(name, y_true, y_pred)
    return ops.cast(y_true, y_pred.dtype), y_pred


def mean_squared_error(y_true, y_pred):
    """Returns `mean((y_true - y_pred)**2, axis=-1)`.

    Args:
        y_true: Labels, `(batch, ..., d)`.
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = _prepared("mean_squared_error", y_true, y_pred)
    return _core.ops.squared_error(y_pred, y_true)


mse = MSE = mean_squared_error


def mean_absolute_error(y_true, y_pred):
    """Returns `mean(|y_true - y_pred|, axis=-1)`.

    Args:
        y_true: Labels, `(batch, ..., d)`.
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = _prepared("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


mae = MAE = mean_absolute_error


def _to_last_axis(tensor, axis):
    axis %= tensor.ndim
    if axis == tensor.ndim - 1:
        return tensor
    return ops.transpose(tensor, [a for a in range(tensor.ndim) if a != axis] + [axis])


def _logits(y_pred, from_logits):
    """The logits behind predictions: themselves, or what a softmax or sigmoid was made of."""
    return y_pred if from_logits else getattr(y_pred, "_keras_logits", None)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Crossentropy between integer labels and class probabilities: `-log(y_pred[y_true])`.

    Args:
        y_true: Integer labels in [0, classes), `(batch, ...)` or `(batch, ..., 1)`. Floats that are
            whole numbers are accepted.
        y_pred: Probabilities, or logits if `from_logits`, `(batch, ..., classes)`.
        from_logits: Boolean.
        ignore_class: Integer label whose loss is 0, or `None`.
        axis: Integer, the axis of the classes.

    Returns:
        The loss of every label, `(batch, ...)`.

    Raises:
        ValueError: if a label is out of range, or the shapes do not fit.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    logits = _logits(y_pred, from_logits)
    y_pred = _to_last_axis(y_pred, axis)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if y_true.shape != y_pred.shape[:-1]:
        raise ValueError(
            "The loss 'sparse_categorical_crossentropy' needs one integer label for each vector "
            f"of class scores. Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    labels = y_true if y_true.dtype in ("int32", "int64", "uint8") else ops.cast(y_true, "int64")
    kept = None
    if ignore_class is not None:
        kept = labels != ignore_class
        labels = ops.where(kept, labels, 0)
    if logits is not None:
        loss, _ = _core.ops.softmax_cross_entropy(_to_last_axis(logits, axis), labels)
    else:
        epsilon = config.epsilon()
        share = y_pred / ops.sum(y_pred, axis=-1, keepdims=True)
        scores = ops.log(ops.clip(share, epsilon, 1 - epsilon))
        loss = -ops.sum(ops.one_hot(labels, scores.shape[-1], dtype=scores.dtype) * scores, axis=-1)
    if kept is not None:
        loss = ops.where(kept, loss, 0.0)
        loss._keras_mask = kept
    return loss


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy between distributions: `-sum(y_true * log(y_pred), axis)`.

    Args:
        y_true: One-hot labels or probabilities, `(batch, ..., classes)`.
        y_pred: Probabilities, or logits if `from_logits`, of the same shape.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are mixed with that much of the uniform
            distribution.
        axis: Integer, the axis of the classes.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    check_same_shape("categorical_crossentropy", y_true, y_pred)
    logits = _logits(y_pred, from_logits)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_pred.shape[axis]
    y_true = _to_last_axis(y_true, axis)
    if logits is not None:
        return _core.ops.softmax_cross_entropy_dense(_to_last_axis(logits, axis), y_true)[0]
    epsilon = config.epsilon()
    y_pred = _to_last_axis(y_pred, axis)
    share = y_pred / ops.sum(y_pred, axis=-1, keepdims=True)
    return -ops.sum(y_true * ops.log(ops.clip(share, epsilon, 1 - epsilon)), axis=-1)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy of independent yes/no labels:
    `-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred), axis)`.

    Args:
        y_true: Labels in [0, 1], `(batch, ..., d)`.
        y_pred: Probabilities, or logits if `from_logits`, of the same shape.
        from_logits: Boolean.
        label_smoothing: Number in [0, 1]: the labels are moved that much towards 0.5.
        axis: Integer, the axis that is averaged.
    """
    logits = _logits(ops.convert_to_tensor(y_pred), from_logits)
    y_true, y_pred = _prepared("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if logits is not None:
        values = _core.ops.sigmoid_cross_entropy(ops.reshape(logits, y_pred.shape), y_true)
    else:
        epsilon = config.epsilon()
        p = ops.clip(y_pred, epsilon, 1 - epsilon)
        values = -(y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p))
    return ops.mean(values, axis=axis)
