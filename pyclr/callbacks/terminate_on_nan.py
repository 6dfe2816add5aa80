"""TerminateOnNaN: ends training at the first loss that is not finite."""

from __future__ import annotations

import numpy as np

from .callback import Callback


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    It says which batch it was, and which weights are no longer finite. `RollbackOnNaN` goes back
    and on instead.

    Args:
        raise_error: Boolean, whether a RuntimeError is raised. By default training ends as by
            `model.stop_training = True`.

    Raises:
        RuntimeError: from `fit`, with `raise_error=True`.
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        text = invalid_loss(self.model, batch, logs)
        if text is None:
            return
        if self.raise_error:
            raise RuntimeError(text)
        print(f"{text} Training is ended.")
        self.model.stop_training = True


def invalid_loss(model, batch, logs):
    """Returns what is wrong if the loss of a batch is not finite, else `None`."""
    loss = (logs or {}).get("loss")
    if loss is None or np.isfinite(loss):
        return None
    paths = [v.path for v in getattr(model, "weights", []) if not np.isfinite(v.numpy()).all()]
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    weights = f"not finite are {', '.join(paths[:3])}{more}" if paths else "all are finite"
    return f"Batch {batch}: Invalid loss, {loss}; of the weights, {weights}."
