"""Losses as classes, each over the function of its name."""

from __future__ import annotations

from . import functions
from .loss import FunctionLoss


class MeanSquaredError(FunctionLoss):
    """Mean of squared differences: `mean((y_true - y_pred)**2)`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(functions.mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(FunctionLoss):
    """Mean of absolute differences: `mean(|y_true - y_pred|)`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(functions.mean_absolute_error, reduction, name, dtype)


class SparseCategoricalCrossentropy(FunctionLoss):
    """Crossentropy between integer labels and class probabilities.

    Args:
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        ignore_class: Integer label whose loss is 0, or `None`.
        reduction: See `Loss`.
        axis: Integer, the axis of the classes.
        name: String.
        dtype: See `Loss`.
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
            functions.sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._kwargs)


class CategoricalCrossentropy(FunctionLoss):
    """Crossentropy between one-hot labels (or distributions) and class probabilities.

    Args:
        from_logits: Boolean, whether predictions are logits instead of probabilities.
        label_smoothing: Number in [0, 1], the share of the uniform distribution in the labels.
        axis: Integer, the axis of the classes.
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
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            functions.categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=_share(label_smoothing), axis=axis,
        )  # fmt: skip


class BinaryCrossentropy(FunctionLoss):
    """Crossentropy of independent yes/no labels.

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
            functions.binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=_share(label_smoothing), axis=axis,
        )  # fmt: skip


def _share(label_smoothing):
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            "Argument `label_smoothing` must be in [0, 1]. "
            f"Received: label_smoothing={label_smoothing!r}"
        )
    return label_smoothing
