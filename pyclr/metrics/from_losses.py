"""Metrics that are the mean of a loss."""

from __future__ import annotations

from ..layers.arguments import drop_unsupported
from ..losses import functions
from .metric import MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """The mean of squared differences.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(functions.mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of absolute differences.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(functions.mean_absolute_error, name=name, dtype=dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of yes/no labels.

    Args:
        name: String.
        dtype: String.
        from_logits, label_smoothing: See `pyclr.losses.BinaryCrossentropy`.
    """

    def __init__(
        self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        super().__init__(
            functions.binary_crossentropy, name=name, dtype=dtype,
            from_logits=from_logits, label_smoothing=label_smoothing,
        )  # fmt: skip


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of one-hot labels.

    Args:
        name: String.
        dtype: String.
        from_logits, label_smoothing, axis: See `pyclr.losses.CategoricalCrossentropy`.
    """

    def __init__(
        self,
        name="categorical_crossentropy",
        dtype=None,
        from_logits=False,
        label_smoothing=0,
        axis=-1,
    ):
        super().__init__(
            functions.categorical_crossentropy, name=name, dtype=dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of integer labels.

    Args:
        name: String.
        dtype: String.
        from_logits, axis: See `pyclr.losses.SparseCategoricalCrossentropy`.
        ignore_class: `None`.
    """

    def __init__(
        self,
        name="sparse_categorical_crossentropy",
        dtype=None,
        from_logits=False,
        ignore_class=None,
        axis=-1,
    ):
        drop_unsupported({"ignore_class": ignore_class}, ignore_class=None)
        super().__init__(
            functions.sparse_categorical_crossentropy, name=name, dtype=dtype,
            from_logits=from_logits, axis=axis,
        )  # fmt: skip

    def update_state(self, y_true, y_pred, sample_weight=None):
        # Integer labels have one axis less than the scores: no alignment.
        super(MeanMetricWrapper, self).update_state(
            self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight
        )
