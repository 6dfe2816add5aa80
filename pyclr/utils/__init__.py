"""Utilities."""

from ..layers.layer import reset_names as _reset_names
from ..random.seed import set_random_seed as set_random_seed
from ..saving.object_registration import get_custom_objects as get_custom_objects
from ..saving.object_registration import get_registered_name as get_registered_name
from ..saving.object_registration import get_registered_object as get_registered_object
from ..saving.object_registration import register_keras_serializable as register_keras_serializable
from ..saving.serialization import deserialize_keras_object as deserialize_keras_object
from ..saving.serialization import serialize_keras_object as serialize_keras_object
from .progbar import Progbar as Progbar


def clear_session():
    """Forgets the names given to layers so far, so that numbering starts again."""
    _reset_names()


def to_categorical(x, num_classes=None):
    """Returns one-hot labels, a float64 array `(..., num_classes)`.

    Args:
        x: Integer labels, an array of any shape (a last axis of 1 is dropped).
        num_classes: Integer. Defaults to the largest label + 1.

    Raises:
        ValueError: if a label is negative or not less than `num_classes`.
    """
    import numpy as np

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
