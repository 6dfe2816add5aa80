"""Losses of similarity: embeddings of one class shall be close, those of others far."""

from __future__ import annotations

import numpy as np

from .. import ops
from .inputs import floats, takes_class_numbers
from .loss import LossFunctionWrapper

_NONE = -1e30  # the logarithm of a sum of nothing; finite, so that gradients are 0 and not NaN


@takes_class_numbers
def circle(
    y_true,
    y_pred,
    ref_labels=None,
    ref_embeddings=None,
    remove_diagonal=True,
    gamma=80,
    margin=0.4,
):
    """Circle loss between embeddings (Sun et al., arXiv 2002.10857).

    With `d = max(1 - cosine, 0)` the distance to each reference, the loss of an embedding is
    `log(1 + sum_p exp(gamma * (margin + d) * (d - margin)) * sum_n exp(gamma * max(1 + margin - d,
    0) * (1 - margin - d)))`, `p` being the references of its class and `n` the others.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`.
        y_pred: Embeddings of length 1, `(batch, d)`.
        ref_labels: Integer labels of the references. Defaults to `y_true`.
        ref_embeddings: Embeddings of the references, `(references, d)`. Defaults to `y_pred`.
        remove_diagonal: Boolean, whether the i-th embedding is not compared with the i-th
            reference: itself, where references are not given.
        gamma: Number, the scale.
        margin: Number, how far apart the classes shall be.

    Returns:
        The loss of every embedding, `(batch,)`. Embeddings whose loss is 0 do not count in means.
    """
    y_pred = floats(y_pred)
    labels = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
    references = y_pred if ref_embeddings is None else ops.cast(ref_embeddings, y_pred.dtype)
    others = labels if ref_labels is None else ops.cast(ref_labels, "int32")
    same = ops.equal(labels, ops.reshape(others, (1, -1)))
    different = ops.logical_not(same)
    if remove_diagonal:
        same = ops.logical_and(same, ~np.eye(*same.shape, dtype=bool))
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    near = gamma * (margin + distance) * (distance - margin)
    far = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    loss = ops.softplus(_log_sum_exp(near, same) + _log_sum_exp(far, different))
    loss._keras_mask = loss > 0
    return loss


def _log_sum_exp(x, mask):
    """log(sum(exp(x))) over the elements of each row where the mask is True."""
    x = ops.where(mask, x, _NONE)
    largest = ops.stop_gradient(ops.max(x, axis=1, keepdims=True))
    return ops.squeeze(largest, 1) + ops.log(ops.sum(ops.exp(x - largest), axis=1))


class Circle(LossFunctionWrapper):
    """Circle loss between the embeddings of a batch (Sun et al., arXiv 2002.10857); see `circle`.

    Args:
        gamma: Number, the scale.
        margin: Number, how far apart the classes shall be.
        remove_diagonal: Boolean, whether embeddings are not compared with themselves.
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(
            circle, reduction, name, dtype,
            gamma=gamma, margin=margin, remove_diagonal=remove_diagonal,
        )  # fmt: skip
