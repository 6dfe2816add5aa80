"""CallbackList: the callbacks of one run, called together."""

from __future__ import annotations

from .callback import overrides
from .history import History
from .progbar_logger import ProgbarLogger


class CallbackList:
    """Calls the hooks of several callbacks, in order.

    Args:
        callbacks: List of callbacks, or one callback.
        add_history: Boolean, whether a `History` is added.
        add_progbar: Boolean, whether a `ProgbarLogger` is added when none is there.
        model: The model.
        params: Keyword arguments that become `callback.params`.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        if callbacks is None:
            callbacks = []
        self.callbacks = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        for callback in self.callbacks:
            if not hasattr(callback, "on_epoch_end"):
                raise TypeError(
                    "Argument `callbacks` must hold instances of `pyclr.callbacks.Callback`. "
                    f"Received: {callback!r}"
                )
        self.progbar = self._find(ProgbarLogger)
        if self.progbar is None and add_progbar:
            self.progbar = ProgbarLogger()
            self.callbacks.append(self.progbar)
        self.history = self._find(History)
        if self.history is None and add_history:
            self.history = History()
            self.callbacks.append(self.history)
        self.set_model(model)
        self.set_params(params)

    def _find(self, cls):
        return next((c for c in self.callbacks if isinstance(c, cls)), None)

    def set_model(self, model):
        """Tells every callback the model."""
        for callback in self.callbacks:
            callback.set_model(model)
        if self.history is not None and model is not None:
            model.history = self.history

    def set_params(self, params):
        """Tells every callback the run's parameters."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def listens(self, hook):
        """Returns whether any callback but the progress bar overrides a hook; the bar is told what
        it needs between stretches of batches."""
        return any(overrides(c, hook) for c in self.callbacks if c is not self.progbar)

    def call(self, hook, *args):
        """Calls a hook of every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*args)


def _hook(name):
    def method(self, *args, **kwargs):
        logs = args[-1] if args and isinstance(args[-1], dict) else kwargs.get("logs") or {}
        position = [a for a in args if not isinstance(a, dict) and a is not None]
        self.call(name, *position, logs)

    method.__name__ = name
    return method


for _name in (
    "on_train_begin", "on_train_end", "on_test_begin", "on_test_end", "on_predict_begin",
    "on_predict_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin",
    "on_train_batch_end", "on_test_batch_begin", "on_test_batch_end", "on_predict_batch_begin",
    "on_predict_batch_end", "on_batch_begin", "on_batch_end",
):  # fmt: skip
    setattr(CallbackList, _name, _hook(_name))
