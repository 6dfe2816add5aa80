"""Class weights, made into sample weights."""

from __future__ import annotations

import numpy as np


def check_one_weighting(class_weight, sample_weight):
    """Raises a ValueError if both are given."""
    if class_weight is not None and sample_weight is not None:
        raise ValueError(
            "Only one of `class_weight` and `sample_weight` can be given: multiply the class "
            "weights into the sample weights."
        )


class ClassWeights:
    """The weight of a sample by its label.

    Args:
        class_weight: Dictionary of integer class to number; the other classes weigh 1.
            `"balanced"`: each class weighs `samples / (classes * samples of the class)`, which
            needs all labels at once. For several outputs, a dictionary of the labels' name to such
            weights, or a list of them (`None` for an output without).
    """

    def __init__(self, class_weight):
        self._given = class_weight
        self._classes = 0  # by all labels, when they were seen at once
        if isinstance(class_weight, str):
            if class_weight != "balanced":
                raise ValueError(
                    "Argument `class_weight` must be a dictionary or 'balanced'. "
                    f"Received: class_weight={class_weight!r}"
                )
            self._tables = "balanced"
        elif isinstance(class_weight, dict) and not _per_output(class_weight.values()):
            self._tables = _table(class_weight)
        elif isinstance(class_weight, dict):
            self._tables = {name: ClassWeights(w) for name, w in class_weight.items() if w}
        elif isinstance(class_weight, (list, tuple)) and _per_output(class_weight):
            self._tables = [ClassWeights(w) if w else None for w in class_weight]
        else:
            raise ValueError(
                "Argument `class_weight` must be a dictionary of class to weight. "
                f"Received: class_weight={class_weight!r}"
            )

    def of(self, y, whole=False):
        """Returns the weights of samples, in the structure of the labels.

        Args:
            y: Integer labels `(n,)` or `(n, 1)`, or one-hot labels `(n, classes)`: arrays.
            whole: Boolean, whether these are all labels: the classes are known by them.

        Raises:
            ValueError: if the labels have another structure.
        """
        if isinstance(self._tables, dict):
            if not isinstance(y, dict) or not set(self._tables) <= set(y):
                raise ValueError(
                    "The keys of `class_weight` must be classes, or names of the labels in a "
                    f"dictionary `y`. Received: class_weight={self._given}"
                    + (f", labels {sorted(y)}" if isinstance(y, dict) else "")
                )
            return {
                name: self._tables[name].of(part, whole) if name in self._tables else None
                for name, part in y.items()
            }
        if isinstance(self._tables, list):
            if not isinstance(y, (list, tuple)) or len(y) != len(self._tables):
                raise ValueError(
                    "A list of `class_weight` must have one entry for each array of labels. "
                    f"Received: class_weight={self._given}"
                )
            return type(y)(t.of(part, whole) if t else None for t, part in zip(self._tables, y))
        if not isinstance(y, np.ndarray):
            raise ValueError("Argument `class_weight` needs labels `y`, one array of them.")
        one_hot = y.ndim > 1 and y.shape[-1] > 1
        if y.ndim > 2:
            raise ValueError(
                "Argument `class_weight` needs one label a sample. "
                f"Received: labels of shape {y.shape}"
            )
        labels = y.argmax(-1) if one_hot else y.reshape(len(y)).astype("int64")
        if isinstance(self._tables, str):
            if not whole:
                raise ValueError(
                    "`class_weight='balanced'` needs all labels at once, as arrays. For other data "
                    "give a dictionary of class to weight."
                )
            counts = np.bincount(labels, minlength=y.shape[-1] if one_hot else 0)
            present = np.count_nonzero(counts)
            return (len(y) / (present * np.maximum(counts, 1)))[labels].astype("float32")
        if whole:
            self._classes = y.shape[-1] if one_hot else int(labels.max()) + 1
        table = self._tables
        inside = (labels >= 0) & (labels < len(table))
        return np.where(inside, table[np.where(inside, labels, 0)], np.float32(1))

    def check(self, output):
        """Raises a ValueError if a key is no class of a model with this output, a tensor, nor of
        the labels seen."""
        classes = max(self._classes, output.shape[-1]) if hasattr(output, "shape") else 0
        if isinstance(self._tables, np.ndarray) and 1 < classes <= max(self._given):
            raise ValueError(
                f"The keys of `class_weight` must be classes: integers from 0 to {classes - 1}. "
                f"Received: class_weight={self._given}"
            )


def _per_output(values):
    return any(isinstance(value, (dict, str)) for value in values)


def _table(class_weight):
    """The weights by class, 1 where none is given."""
    if not class_weight:
        raise ValueError("Argument `class_weight` must not be empty.")
    for key, weight in class_weight.items():
        if isinstance(key, (bool, str)) or key != int(key) or key < 0:
            raise ValueError(
                "The keys of `class_weight` must be classes: integers, at least 0. "
                f"Received: class_weight={class_weight}"
            )
        if not np.isfinite(weight) or weight < 0:
            raise ValueError(
                "The weights in `class_weight` must be finite and not negative. "
                f"Received: class_weight={class_weight}"
            )
    table = np.ones(int(max(class_weight)) + 1, "float32")
    for key, weight in class_weight.items():
        table[int(key)] = weight
    return table
