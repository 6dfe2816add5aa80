"""Numbers: one-hot labels, normalising."""

from __future__ import annotations

import numpy as np


def to_categorical(x, num_classes=None):
    """Returns one-hot labels, a float64 array `(..., num_classes)`.

    Args:
        x: Integer labels, an array of any shape (a last axis of 1 is dropped).
        num_classes: Integer. Defaults to the largest label + 1.

    Raises:
        ValueError: if a label is negative or not less than `num_classes`.
    """
    labels = np.asarray(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max()) + 1 if num_classes is None else int(num_classes)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"Labels must be from 0 to {classes - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    return np.eye(classes)[labels]


def normalize(x, axis=-1, order=2):
    """Returns an array divided by its norms along an axis; where a norm is 0, unchanged.

    Args:
        x: Array.
        axis: Integer.
        order: The norm: a number, as in `np.linalg.norm`.
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
