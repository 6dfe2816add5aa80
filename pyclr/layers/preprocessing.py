"""What preprocessing layers share: the batches they adapt to, encodings of categories."""

from __future__ import annotations

import itertools

import numpy as np

from .. import _core, ops
from .arguments import one_of

OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def dense_only(sparse):
    """Raises a ValueError if sparse tensors are asked for."""
    if sparse:
        raise ValueError(
            f"Argument `sparse` must be False: tensors are dense. Received: sparse={sparse!r}"
        )


def output_mode_named(mode, allowed=OUTPUT_MODES):
    """Returns an output mode; Keras' older names are understood."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    return one_of("output_mode", mode, allowed)


def batches_of(data, steps=None, is_one_batch=None):
    """Yields the batches that a layer adapts to.

    Args:
        data: An array, tensor or list - one batch - or an iterable of batches (a dataset, a
            generator); a batch that is a tuple gives its first part, the inputs.
        steps: Optional integer, how many batches to take.
        is_one_batch: Optional function that tells arrays from iterables.
    """
    one = is_one_batch or (lambda x: isinstance(x, np.ndarray) or _core.is_tensor(x))
    if one(data):
        yield np.asarray(data)
        return
    if not hasattr(data, "__iter__") and not hasattr(data, "__getitem__"):
        raise TypeError(
            "Argument `data` of `adapt()` must be an array or an iterable of batches. "
            f"Received: data={data!r}"
        )
    for batch in itertools.islice(data, steps):
        yield np.asarray(batch[0] if isinstance(batch, tuple) else batch)


def encoded(indices, mode, depth, dtype, weights=None):
    """Returns integers as the output mode says.

    Args:
        indices: Integer tensor.
        mode: `"int"`: as they are; `"one_hot"`: a new last axis with a 1 at the index (in place of
            a last axis of 1); `"multi_hot"`: a row of a sample's indices as ones; `"count"`: as
            their numbers; `"tf_idf"`: as their numbers times `weights`.
        depth: The number of classes.
        dtype: Of the result.
        weights: Optional tensor, of each class for `"tf_idf"`, of each index for `"count"`.
    """
    if mode == "int":
        return ops.cast(indices, dtype)
    if indices.ndim == 0:
        indices = ops.reshape(indices, (1,))
    if mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
        indices = ops.reshape(indices, indices.shape[:-1])
    hot = ops.one_hot(indices, depth, dtype=dtype)
    if mode == "one_hot":
        return hot
    axis = 1 if indices.ndim > 1 else 0
    if mode == "multi_hot":
        return ops.max(hot, axis=axis)
    if mode == "count":
        return ops.sum(hot if weights is None else hot * ops.expand_dims(weights, -1), axis=axis)
    return ops.sum(hot, axis=axis) * weights


def encoded_shape(shape, mode, depth):
    """The shape that `encoded` gives."""
    shape = tuple(shape)
    if mode == "int":
        return shape
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)
