"""Validation data split off training data."""

from __future__ import annotations

import numpy as np

from .. import tree
from .._warn import warn
from .rows import ArrayData, shuffled


def split(data, fraction, shuffle=False, stratify=False):
    """Returns array data in two parts: the last share `fraction` of the rows is the second.

    Args:
        data: `ArrayData`.
        fraction: Number in (0, 1).
        shuffle: Boolean, whether the rows are drawn at random, a function of the data's seed.
        stratify: Boolean, whether every class of the labels has that share.

    Raises:
        ValueError: if a part would be empty, or the data are no arrays.
    """
    if not isinstance(data, ArrayData):
        raise ValueError(
            "Argument `validation_split` needs arrays. For batches give `validation_data`."
        )
    if not 0 < fraction < 1:
        raise ValueError(
            "Argument `validation_split` must be in [0, 1). "
            f"Received: validation_split={fraction!r}"
        )
    if not (shuffle or stratify):
        at = data.rows - int(data.rows * fraction)
        _check_parts(at, data.rows, fraction)
        return data.take_rows(slice(None, at)), data.take_rows(slice(at, None))
    order = shuffled(data.rows, data.seed, 2**32) if shuffle else np.arange(data.rows)
    groups = [order]
    if stratify:
        labels = class_labels(data.y)
        if labels is None:
            raise ValueError("Argument `stratify` needs one label for each sample.")
        groups = [order[labels[order] == label] for label in np.unique(labels)]
    taken = np.zeros(data.rows, bool)
    for rows in groups:
        taken[rows[len(rows) - int(round(len(rows) * fraction)) :]] = True
    _check_parts(data.rows - np.count_nonzero(taken), data.rows, fraction)
    return data.take_rows(np.flatnonzero(~taken)), data.take_rows(np.flatnonzero(taken))


def _check_parts(at, rows, fraction):
    if not 0 < at < rows:
        raise ValueError(
            f"`validation_split={fraction}` of {rows} samples leaves no samples for "
            f"{'training' if at <= 0 else 'validation'}."
        )


def class_labels(y):
    """Returns one label for each sample, or `None` when `y` is something else."""
    arrays = [leaf for leaf in tree.flatten(y) if leaf is not None]
    if len(arrays) != 1 or arrays[0].ndim > 2:
        return None
    (y,) = arrays
    return y.argmax(-1) if y.ndim == 2 and y.shape[-1] > 1 else y.reshape(len(y))


def warn_of_missing_classes(train, validation):
    """Warns when a class is on one side of a split only, unless validation is tiny."""
    labels, others = class_labels(train.y), class_labels(validation.y)
    if labels is None:
        return
    here, there = set(np.unique(labels).tolist()), set(np.unique(others).tolist())
    missing = sorted(there - here), sorted(here - there)
    tiny = len(others) < 2 * len(here | there)
    found = [
        f"the {part} part has no sample of the classes {_shown(classes)}"
        for part, classes in zip(("training", "validation"), missing)
        if classes and not (part == "validation" and tiny)
    ]
    if found:
        warn(
            f"`validation_split`: {', and '.join(found)}. It takes the last rows; if the samples "
            "are sorted by class, use `validation_shuffle=True` or `stratify=True`."
        )


def _shown(classes):
    return ", ".join(map(str, classes[:10])) + (", ..." if len(classes) > 10 else "")
