"""Encodings of classes, crossentropies, and the signal-to-noise ratio.

The losses for training, with masks and weights, are in `pyclr.losses`.
"""

from __future__ import annotations

import math

from ... import _core, config
from ..core import cast, convert_to_tensor
from ..operands import FLOATS, axis_of, dense_only, floating, meet_floating

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "multi_hot", "one_hot", "psnr",
    "sparse_categorical_crossentropy",
]  # fmt: skip

_ops = _core.ops


def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Returns a one-hot encoding of integers: a new axis with a 1 at the index.

    Args:
        x: Integer tensor; an index out of range gives zeros.
        num_classes: Integer, the size of the new axis.
        axis: Integer, where the new axis goes. Defaults to the last.
        dtype: String. Defaults to `floatx()`.
        sparse: `False`.
    """
    dense_only("sparse", sparse)
    x = convert_to_tensor(x)
    x = _ops.cast(x, dtype="int64") if x.dtype in FLOATS else x
    encoded = _ops.one_hot(x, depth=num_classes, dtype=dtype or config.floatx())
    axis = axis_of(axis, encoded.ndim)
    if axis == encoded.ndim - 1:
        return encoded
    order = list(range(encoded.ndim - 1))
    order.insert(axis, encoded.ndim - 1)
    return _ops.transpose(encoded, permutation=order)


def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False):
    """Returns an encoding of sets of integers: a 1 for every class that is in the set.

    Args:
        inputs: Integer tensor, the sets along its last axis (`(n,)`: one set).
        num_classes: Integer.
        axis: Integer, the axis of the classes.
        dtype: String. Defaults to `floatx()`.
        sparse: `False`.
    """
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be given.")
    inputs = convert_to_tensor(inputs)
    reduced = 1 if inputs.ndim > 1 else 0
    encoded = one_hot(inputs, num_classes, axis, dtype, sparse)
    result = _ops.max(_ops.cast(encoded, dtype="float32"), axes=[reduced])
    return cast(result, encoded.dtype)


def _pair(name, target, output):
    target, output = meet_floating(target, output)
    if target.shape != output.shape:
        raise ValueError(
            f"{name}: `target` and `output` must have one shape. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )
    return target, output


def _clipped(x):
    epsilon = config.epsilon()
    return _ops.minimum(_ops.maximum(x, epsilon), 1 - epsilon)


def binary_crossentropy(target, output, from_logits=False):
    """Returns -(target * log(output) + (1 - target) * log(1 - output)), element by element.

    Args:
        target: Tensor of labels in [0, 1].
        output: Tensor of probabilities, or of logits if `from_logits`, of the same shape.
        from_logits: Boolean.
    """
    target, output = _pair("binary_crossentropy", target, output)
    if from_logits:
        return _ops.sigmoid_cross_entropy(output, target)
    p = _clipped(output)
    yes = _ops.multiply(target, _ops.log(p))
    no = _ops.multiply(_ops.subtract(1.0, target), _ops.log(_ops.subtract(1.0, p)))
    return _ops.negative(_ops.add(yes, no))


def _axis_last(x, axis):
    axis = axis_of(axis, x.ndim)
    if axis == x.ndim - 1:
        return x
    return _ops.transpose(x, permutation=[i for i in range(x.ndim) if i != axis] + [axis])


def _log_shares(output):
    """Logarithms of probabilities, which are made to sum to 1 and kept from 0 and 1."""
    return _ops.log(_clipped(_ops.divide(output, _ops.sum(output, axes=[-1], keepdims=True))))


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Returns -sum(target * log(output)) over the classes.

    Args:
        target: Tensor of one-hot labels or probabilities.
        output: Tensor of probabilities, or of logits if `from_logits`, of the same shape.
        from_logits: Boolean.
        axis: Integer, the axis of the classes.
    """
    target, output = _pair("categorical_crossentropy", target, output)
    target, output = _axis_last(target, axis), _axis_last(output, axis)
    if from_logits:
        return _ops.softmax_cross_entropy_dense(output, target)[0]
    return _ops.negative(_ops.sum(_ops.multiply(target, _log_shares(output)), axes=[-1]))


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Returns -log(output[target]), with the index in the axis of the classes.

    Args:
        target: Integer labels in [0, classes), of the shape of `output` without `axis` (or with
            size 1 there).
        output: Tensor of probabilities, or of logits if `from_logits`.
        from_logits: Boolean.
        axis: Integer, the axis of the classes.
    """
    output = _axis_last(floating(output), axis)
    target = convert_to_tensor(target)
    target = _ops.cast(target, dtype="int64") if target.dtype in FLOATS else target
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = _ops.reshape(target, shape=target.shape[:-1])
    if target.shape != output.shape[:-1]:
        raise ValueError(
            "`target` must have the shape of `output` without the classes, "
            f"{output.shape[:-1]}. Received: target.shape={target.shape}"
        )
    if from_logits:
        return _ops.softmax_cross_entropy(output, target)[0]
    chosen = _ops.take_along_axis(
        _log_shares(output), _ops.reshape(target, shape=[*target.shape, 1]), axis=-1
    )
    return _ops.negative(_ops.reshape(chosen, shape=target.shape))


def psnr(x1, x2, max_val):
    """Returns the peak signal-to-noise ratio in decibels: 20 log10(max_val / rms(x1 - x2)).

    Args:
        x1: Tensor.
        x2: Tensor of the same shape.
        max_val: Number, the largest value of the signal.
    """
    x1, x2 = _pair("psnr", x1, x2)
    error = _ops.mean(_ops.square(_ops.subtract(x1, x2)))
    peak = 20 * math.log10(max_val)
    return _ops.subtract(peak, _ops.multiply(_ops.log10(error), 10.0))
