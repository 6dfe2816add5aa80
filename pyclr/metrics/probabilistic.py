"""Means of the losses of probabilities."""

from __future__ import annotations

from .. import losses
from .reduction import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper):
    """The mean Kullback-Leibler divergence, `sum(y_true * log(y_true / y_pred))`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name=name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """The mean Poisson loss, `y_pred - y_true * log(y_pred)`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name=name, dtype=dtype)


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
            losses.binary_crossentropy, name=name, dtype=dtype,
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
            losses.categorical_crossentropy, name=name, dtype=dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of integer labels.

    Args:
        name: String.
        dtype: String.
        from_logits, axis: See `pyclr.losses.SparseCategoricalCrossentropy`.
        ignore_class: Integer or `None`, a label whose loss is 0. As in Keras, such labels still
            count in the mean, except where sample weights are given.
    """

    def __init__(
        self,
        name="sparse_categorical_crossentropy",
        dtype=None,
        from_logits=False,
        ignore_class=None,
        axis=-1,
    ):
        super().__init__(
            losses.sparse_categorical_crossentropy, name=name, dtype=dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip
