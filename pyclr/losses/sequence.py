"""Losses of sequences whose labels have no places in time."""

from __future__ import annotations

import numpy as np

from .. import ops
from .inputs import floats, takes_class_numbers
from .loss import LossFunctionWrapper


@takes_class_numbers
def ctc(y_true, y_pred):
    """Connectionist temporal classification (Graves et al., 2006): minus the logarithm of the
    probability of a label sequence, over all ways to align it with the time steps.

    Args:
        y_true: Integer labels in [1, classes), `(batch, max_length)`, filled up with 0.
        y_pred: Logits, `(batch, time, classes)`. Class 0 means no label (blank).

    Returns:
        The loss of every sequence, `(batch,)`.

    Raises:
        ValueError: if shapes do not fit, or a label is out of range.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), floats(y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "The loss 'ctc' needs labels (batch, max_length) and logits (batch, time, classes). "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    batch, time, _ = y_pred.shape
    labels = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    return ops.ctc_loss(y_true, y_pred, labels, np.full(batch, time, "int32"))


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification (Graves et al., 2006), for labels without places in
    time; see `ctc`.

    Args:
        reduction: See `Loss`.
        name: String.
        dtype: See `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)
