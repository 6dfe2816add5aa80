"""Losses between distributions: Kullback-Leibler divergence and Poisson's likelihood.

The crossentropies are in `crossentropy.py` and `focal.py`.
"""

from __future__ import annotations

from .. import config, ops
from .inputs import same_shape
from .loss import LossFunctionWrapper


def kl_divergence(y_true, y_pred):
    """Returns `sum(y_true * log(y_true / y_pred), axis=-1)`, with both clipped to
    [`epsilon()`, 1].

    Args:
        y_true: Probabilities, `(batch, ..., classes)`.
        y_pred: Probabilities of the same shape.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


kld = KLD = kullback_leibler_divergence = kl_divergence


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence of predicted from true probabilities:
    `sum(y_true * log(y_true / y_pred))`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


def poisson(y_true, y_pred):
    """Returns `mean(y_pred - y_true * log(y_pred + epsilon()), axis=-1)`: minus the logarithm of a
    Poisson distribution's likelihood, without the part that is constant.

    Args:
        y_true: Counts, `(batch, ..., d)`.
        y_pred: Positive rates of the same shape.

    Returns:
        The loss, `(batch, ...)`.

    Raises:
        ValueError: if the shapes differ by more than a last axis of size 1.
    """
    y_true, y_pred = same_shape("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


class Poisson(LossFunctionWrapper):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts and predicted rates.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)
