"""Means of the hinge losses."""

from __future__ import annotations

from .. import losses
from .reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """The mean hinge loss, `mean(maximum(1 - y_true * y_pred, 0))`, for labels -1 and 1; labels 0
    and 1 are converted.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name=name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean squared hinge loss, `mean(maximum(1 - y_true * y_pred, 0)**2)`, for labels -1 and
    1; labels 0 and 1 are converted.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean categorical hinge loss of one-hot labels: how far the score of the label is from
    being 1 above the largest other, `maximum(other - label + 1, 0)`.

    Args:
        name: String.
        dtype: String.
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name=name, dtype=dtype)
