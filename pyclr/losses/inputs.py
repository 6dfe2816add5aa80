"""What losses do to labels and predictions before they compare them."""

from __future__ import annotations

from .. import ops
from .reduction import align


def floats(y_pred):
    """Returns predictions as a tensor of floats; integers are cast to float32."""
    y_pred = ops.convert_to_tensor(y_pred)
    return y_pred if "float" in y_pred.dtype else ops.cast(y_pred, "float32")


def same_shape(name, y_true, y_pred):
    """Returns labels and predictions as tensors of one shape and floating point dtype.

    Raises:
        ValueError: where labels would silently be broadcast against predictions.
    """
    y_true, y_pred = align(y_true, floats(y_pred))
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"The loss '{name}' needs labels of the shape of the predictions. Received: "
            f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    return ops.cast(y_true, y_pred.dtype), y_pred


def class_numbers(name, y_true, y_pred, axis=-1):
    """Returns integer labels, one for each vector of class scores, without their axis of size 1.

    Args:
        name: String, the loss.
        y_true: Labels in the shape of `y_pred` without `axis`, or with size 1 there.
        y_pred: Class scores.
        axis: Integer, the axis of the classes.
    """
    y_true = ops.convert_to_tensor(y_true)
    shape = list(y_pred.shape)
    del shape[axis]
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    if y_true.shape != tuple(shape):
        raise ValueError(
            f"The loss '{name}' needs one integer label for each vector of class scores. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    return y_true if "int" in y_true.dtype else ops.cast(y_true, "int64")


def takes_class_numbers(loss):
    """Marks a loss function whose labels are class numbers: `LossFunctionWrapper` leaves these
    integers."""
    loss.integer_labels = True
    return loss


def to_last_axis(x, axis):
    """Returns `x` with an axis moved to the end."""
    axis %= x.ndim
    if axis == x.ndim - 1:
        return x
    return ops.transpose(x, [a for a in range(x.ndim) if a != axis] + [axis])


def smoothed(y_true, label_smoothing, classes):
    """Returns labels mixed with `label_smoothing` of the uniform distribution over `classes`."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def checked_smoothing(label_smoothing):
    """Returns `label_smoothing`; raises a ValueError if it is not in [0, 1]."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            "Argument `label_smoothing` must be in [0, 1]. "
            f"Received: label_smoothing={label_smoothing!r}"
        )
    return label_smoothing
