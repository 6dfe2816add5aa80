"""The base class of callbacks."""

from __future__ import annotations

import numpy as np


class Callback:
    """Base class of callbacks: what runs at points of training, evaluation and prediction.

    Override the hooks you need. A batch hook that no callback overrides costs nothing: training
    then runs many batches without Python.

    In `logs` the batch hooks get the running loss and metrics, and as `batch_loss` the loss of the
    batch alone; `on_epoch_end` gets those of the epoch, with `val_` before the validation ones. All
    callbacks of a run get the same dictionary, in their order: what one adds to it, the later ones
    and the `History` see.

    Attributes:
        model: The model, set by `set_model`. `self.model.stop_training = True` ends `fit` after the
            running batch.
        params: Dictionary with `verbose`, `epochs`, `steps` and `do_validation`.
        resumed: Boolean, whether the run goes on from a state that `set_state` was given. A
            callback that starts anew in `on_train_begin` must not do so then.

    Example:

    ```python
    class PrintRate(pyclr.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            print(epoch, float(self.model.optimizer.learning_rate))

    model.fit(x, y, callbacks=[PrintRate()])
    ```
    """

    # The attributes that `get_state` and `set_state` hand over: plain values or arrays.
    _state: tuple[str, ...] = ()

    # Names that `on_epoch_end` adds to the logs.
    _adds_logs: tuple[str, ...] = ()

    # Whether a batch hook of this class sets the learning rate.
    _sets_rate = False

    # Whether it has ended the run for now: a run that is started again goes on.
    _ended_for_now = False

    # Set by CallbackList: all callbacks of the run, its `Context`, and the error that ends it.
    _companions: tuple = ()
    _context = None
    _run_error = None
    resumed = False

    def __init__(self):
        self.params = None
        self._model = None

    @property
    def model(self):
        return getattr(self, "_model", None)

    @property
    def context(self):
        """The `Context` of the run: its data, and the predictions for the validation data."""
        return self._context

    def set_params(self, params):
        """Told the parameters of the run."""
        self.params = params

    def set_model(self, model):
        """Told the model of the run."""
        self._model = model

    # --- Hooks -----------------------------------------------------------------------------------

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

    # --- State -----------------------------------------------------------------------------------

    def get_state(self):
        """Returns what the callback has to know to go on in another process: a dictionary of
        strings, numbers, `None`, lists or dictionaries of these, and NumPy arrays."""
        return {name: _copied(getattr(self, name)) for name in self._state}

    def set_state(self, state):
        """Makes the callback go on from what `get_state` returned, in the coming or running `fit`.

        Args:
            state: Dictionary.
        """
        for name in self._state:
            setattr(self, name, _copied(state[name]))
        self.resumed = True

    def __getstate__(self):
        # Copies and pickles are made without the run: its model, its callbacks, its data.
        outside = {"_model", "_companions", "_context", "_run_error"}
        return {name: value for name, value in vars(self).items() if name not in outside}

    # --- Checks before a run ---------------------------------------------------------------------

    def _check_run(self):
        """Raises an error for what can not work in the run that is about to begin. Called before
        any callback's `on_train_begin`."""

    def _check_monitor(self, name):
        """Raises a ValueError if the logs of the coming run can not hold a name, as far as that is
        known: a `train_step` or callback of the user's may add any."""
        if name not in self._expected_logs() and self._logs_are_known():
            self._raise_missing(name, self._expected_logs())

    def _raise_missing(self, name, available):
        without = ""
        if name.startswith("val_") and not any(key.startswith("val_") for key in available):
            without = " There is no validation: give `fit` `validation_data` or `validation_split`."
        raise ValueError(
            f"{type(self).__name__} refers to '{name}', which the logs do not hold.{without} "
            f"Available are: {', '.join(available)}. Received: '{name}'"
        )

    def _expected_logs(self):
        """The names that the logs of an epoch will hold, as far as they are known."""
        names = list(getattr(self.model, "metrics_names", []))
        if (self.params or {}).get("do_validation") is not False:
            names += [f"val_{name}" for name in names]
        for companion in self._companions:
            names += [key for key in getattr(companion, "_adds_logs", ()) if key not in names]
        return names

    def _logs_are_known(self):
        """Whether nothing but the library decides what is in the logs."""
        from ..models import Model

        if not isinstance(self.model, Model):
            return False
        steps = ("train_step", "test_step", "compute_metrics", "get_metrics_result")
        return (
            (self.params or {}).get("do_validation") is not None
            and all(is_own(self.model, step) for step in steps)
            and all(is_own(companion, "on_epoch_end") for companion in self._companions)
        )


def overrides(callback, hook):
    """Returns whether a callback's hook does anything."""
    names = [hook]
    if hook.startswith("on_train_batch"):
        names.append(hook.replace("train_", ""))
    idle = callback._idle_hooks() if hasattr(callback, "_idle_hooks") else ()
    return any(
        name in vars(callback)
        or getattr(type(callback), name, None) not in (None, getattr(Callback, name), *idle)
        for name in names
    )


def is_own(obj, name):
    """Returns whether a method is the library's, and not a user's."""
    if name in vars(obj):
        return False
    module = getattr(getattr(type(obj), name, None), "__module__", None) or ""
    return module.partition(".")[0] == __name__.partition(".")[0]


def _copied(value):
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value.copy() if isinstance(value, np.ndarray) else value
