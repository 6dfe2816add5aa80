"""What is wrong with the data is said before the first update."""

from __future__ import annotations

import numpy as np

from ..losses import functions
from ..utils import tree

_SAMPLE = 4096  # rows looked at for values that are not finite


def check_data(data, compiled_loss, output_shape):
    """Checks labels against the loss and the model's output, and inputs for NaN.

    Args:
        data: `ArrayData`.
        compiled_loss: `CompiledLoss` or `None`.
        output_shape: Shape of the model's output for one sample, with the batch axis.

    Raises:
        ValueError: naming the argument, what is expected and what was received.
    """
    for name, value in (("x", data.x), ("y", data.y), ("sample_weight", data.sample_weight)):
        for array in tree.flatten(value):
            if array is not None:
                _check_finite(name, array)
    if data.sample_weight is not None:
        _check_weights(data.sample_weight)
    if compiled_loss is None or not isinstance(data.y, np.ndarray):
        return
    function = compiled_loss.function
    if function is functions.sparse_categorical_crossentropy:
        _check_sparse(data.y, output_shape, compiled_loss)
    elif function in (functions.categorical_crossentropy, functions.binary_crossentropy):
        _check_same_shape(function.__name__, data.y, output_shape)
        _check_probabilities(function.__name__, data.y)
    elif function in (functions.mean_squared_error, functions.mean_absolute_error):
        _check_same_shape(function.__name__, data.y, output_shape)


def _check_finite(name, array):
    if array.dtype.kind != "f":
        return
    # Every row of small data, an even sample of large data.
    sample = array[:: max(1, len(array) // _SAMPLE)]
    finite = np.isfinite(sample)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        row = place[0] * max(1, len(array) // _SAMPLE)
        raise ValueError(
            f"Argument `{name}` must hold finite numbers. Received: {sample[place]} in sample {row}"
        )


def _check_weights(sample_weight):
    for array in tree.flatten(sample_weight):
        if array is not None and array.size and array.min() < 0:
            raise ValueError(
                "Argument `sample_weight` must not be negative. "
                f"Received: a weight of {array.min()}"
            )


def _check_sparse(y, output_shape, compiled_loss):
    classes = output_shape[-1]
    labels_shape, wanted = y.shape[1:], tuple(output_shape[1:-1])
    if labels_shape not in (wanted, wanted + (1,)):
        hint = ""
        if y.ndim == len(output_shape) and y.shape[-1] == classes:
            hint = (
                " These look like one-hot labels: use the loss 'categorical_crossentropy', or "
                "`y.argmax(-1)`."
            )
        raise ValueError(
            "Argument `y` must hold one integer label for each vector of class scores, shape "
            f"{('batch',) + wanted} for the loss 'sparse_categorical_crossentropy'. "
            f"Received: y.shape={y.shape}, output shape={output_shape}.{hint}"
        )
    if y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        bad = y[y != np.round(y)].flat[0]
        raise ValueError(
            "Argument `y` must hold integer labels for the loss "
            f"'sparse_categorical_crossentropy'. Received: the label {bad} (dtype={y.dtype})"
        )
    ignored = getattr(compiled_loss.loss, "_kwargs", {}).get("ignore_class")
    checked = y if ignored is None else y[y != ignored]
    low, high = (checked.min(), checked.max()) if checked.size else (0, 0)
    if low < 0 or high >= classes:
        raise ValueError(
            f"Argument `y` must hold labels from 0 to {classes - 1}, because the output has "
            f"{classes} classes. Received: labels from {low} to {high}"
        )


def _check_same_shape(name, y, output_shape):
    shape, wanted = y.shape[1:], tuple(output_shape[1:])
    if shape == wanted or shape + (1,) == wanted or shape == wanted + (1,):
        return
    hint = ""
    if name == "categorical_crossentropy" and shape in (wanted[:-1], wanted[:-1] + (1,)):
        hint = (
            " These look like integer labels: use the loss 'sparse_categorical_crossentropy', or "
            "one-hot labels."
        )
    raise ValueError(
        f"Argument `y` must have the shape of the output, {('batch',) + wanted}, for the loss "
        f"'{name}'. Received: y.shape={y.shape}.{hint}"
    )


def _check_probabilities(name, y):
    low, high = y.min(), y.max()
    if low < 0 or high > 1:
        raise ValueError(
            f"Argument `y` must hold labels from 0 to 1 for the loss '{name}'. "
            f"Received: labels from {low} to {high}"
        )
