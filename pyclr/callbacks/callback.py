"""The base class of callbacks."""

from __future__ import annotations


class Callback:
    """Base class of callbacks: what runs at points of training, evaluation and prediction.

    Override the hooks you need. A batch hook that no callback overrides costs nothing: training
    then runs many batches without Python.

    Attributes:
        model: The model, set by `set_model`. `self.model.stop_training = True` ends `fit` after the
            running batch's epoch.
        params: Dictionary with `verbose`, `epochs`, `steps`.

    In `logs` the batch hooks get the running loss and metrics, `on_epoch_end` those of the epoch,
    with `val_` before the validation ones.
    """

    def __init__(self):
        self.params = None
        self._model = None

    @property
    def model(self):
        return getattr(self, "_model", None)

    def set_params(self, params):
        """Told the parameters of the run."""
        self.params = params

    def set_model(self, model):
        """Told the model of the run."""
        self._model = model

    def on_batch_begin(self, batch, logs=None):
        """The same as `on_train_batch_begin`, under its old name."""

    def on_batch_end(self, batch, logs=None):
        """The same as `on_train_batch_end`, under its old name."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch of training, counted from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch of training and its validation."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a training batch, counted from 0 in the epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a training batch."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of evaluation or validation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of prediction."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of prediction; `logs["outputs"]` holds the batch's predictions."""

    def on_train_begin(self, logs=None):
        """When `fit` begins."""

    def on_train_end(self, logs=None):
        """When `fit` ends, also after an interruption."""

    def on_test_begin(self, logs=None):
        """When `evaluate`, or a validation, begins."""

    def on_test_end(self, logs=None):
        """When `evaluate`, or a validation, ends."""

    def on_predict_begin(self, logs=None):
        """When `predict` begins."""

    def on_predict_end(self, logs=None):
        """When `predict` ends."""


def overrides(callback, hook):
    """Returns whether a callback's hook does anything."""
    names = [hook]
    if hook.startswith("on_train_batch"):
        names.append(hook.replace("train_", ""))
    return any(
        getattr(type(callback), name, None) is not getattr(Callback, name) or name in vars(callback)
        for name in names
    )
