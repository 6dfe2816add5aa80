"""CallbackList: the callbacks of one run, called together."""

from __future__ import annotations

from collections import Counter

from .. import tree
from .callback import Callback, is_own, overrides
from .history import History
from .progbar_logger import ProgbarLogger


class CallbackList(Callback):
    """Calls the hooks of several callbacks, in order.

    Args:
        callbacks: List of callbacks (nested ones are flattened), or one callback.
        add_history: Boolean, whether a `History` is added when none is there.
        add_progbar: Boolean, whether a `ProgbarLogger` is added when none is there.
        model: The model.
        params: Keyword arguments that become `callback.params`.

    Raises:
        TypeError: if `callbacks` holds something else.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        self.callbacks = [] if callbacks is None else tree.flatten(callbacks)
        for callback in self.callbacks:
            _check_callback(callback)
        self._rates_may_change = True  # from one batch to the next
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

    def append(self, callback):
        """Adds a callback at the end."""
        _check_callback(callback)
        self.callbacks.append(callback)
        callback.set_model(self.model)
        callback.set_params(self.params)

    def set_model(self, model):
        """Tells every callback the model."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params):
        """Tells every callback the run's parameters."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_context(self, context):
        """Tells every callback the `Context` of the run."""
        for callback in self._own():
            callback._context = context
        self._context = context

    def set_batch(self, stretch):
        """Tells the context the `Stretch` of data that begins with the current batch."""
        if self._context is not None:
            self._context.set_batch(stretch)

    def set_error(self, error):
        """Tells every callback the error that ends the run, before `on_train_end`."""
        for callback in self._own():
            callback._run_error = error

    def ended_for_now(self):
        """Returns whether a callback has ended the run so that it can go on."""
        return any(callback._ended_for_now for callback in self._own())

    def listens(self, hook):
        """Returns whether any callback but the progress bar overrides a hook; the bar is told what
        it needs between stretches of batches."""
        return any(overrides(c, hook) for c in self.callbacks if c is not self.progbar)

    # --- State -----------------------------------------------------------------------------------

    def get_state(self):
        """Returns the states of the callbacks: a dictionary by class name, the second of a class
        with `_1`, and so on."""
        self._note_steps()
        return {name: callback.get_state() for name, callback in self._named()}

    def set_state(self, state):
        """Makes the callbacks go on from what `get_state` returned; those that are not in it
        start anew."""
        for name, callback in self._named():
            if name in state:
                callback.set_state(state[name])
        self._skip_steps()

    def _own(self):
        return [callback for callback in self.callbacks if isinstance(callback, Callback)]

    def _named(self):
        counts = Counter()
        for callback in self._own():
            name = type(callback).__name__
            yield f"{name}_{counts[name]}" if counts[name] else name, callback
            counts[name] += 1

    # --- Hooks -----------------------------------------------------------------------------------

    def call(self, hook, *args):
        """Calls a hook of every callback."""
        if hook in _BEFORE:
            _BEFORE[hook](self)
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def _check(self):
        for callback in self._own():
            callback._companions = tuple(self.callbacks)
        for callback in self._own():
            callback._check_run()
        if self.history is not None and self.model is not None:
            self.model.history = self.history
        hooks = [
            (callback, hook)
            for callback in self.callbacks
            for hook in ("on_train_batch_begin", "on_train_batch_end")
            if overrides(callback, hook)
        ]
        self._rates_may_change = any(
            getattr(callback, "_sets_rate", False)
            or not is_own(callback, hook)
            or not is_own(callback, hook.replace("train_", ""))
            for callback, hook in hooks
        )

    def _begin_batch(self):
        if self._rates_may_change:
            self._skip_steps()

    def _end_batch(self):
        if self._rates_may_change:
            self._note_steps()

    def _note_steps(self):
        if self.history is not None:
            self.history.note_steps()

    def _skip_steps(self):
        if self.history is not None:
            self.history.skip_steps()

    def _end_batches(self):
        self._note_steps()
        self.set_batch(None)

    def _new_epoch(self):
        if self._context is not None:
            self._context.new_epoch()

    def on_train_end(self, logs=None):
        """Every callback's, even if one of them raises an error, which is raised in the end."""
        self._note_steps()
        errors = []
        for callback in self.callbacks:
            try:
                callback.on_train_end({} if logs is None else logs)
            except Exception as error:
                errors.append(error)
        for callback in self._own():
            callback.resumed = False
            callback._companions = ()
        self.set_error(None)
        self.set_context(None)  # nobody keeps the data
        if errors:
            raise errors[0]


# What the list does by itself before a hook. The rates of the steps that are done are noted before
# a callback may set others.
_BEFORE = {
    "on_train_begin": CallbackList._check,
    "on_train_batch_begin": CallbackList._begin_batch,
    "on_train_batch_end": CallbackList._end_batch,
    "on_epoch_begin": CallbackList._new_epoch,
    "on_epoch_end": CallbackList._end_batches,
}


def _check_callback(callback):
    if isinstance(callback, type) or not hasattr(callback, "on_epoch_end"):
        raise TypeError(
            "Argument `callbacks` must hold instances of `pyclr.callbacks.Callback`. "
            f"Received: {callback!r}"
        )


def _hook(name):
    def method(self, *args, **kwargs):
        logs = args[-1] if args and isinstance(args[-1], dict) else kwargs.get("logs") or {}
        position = [a for a in args if not isinstance(a, dict) and a is not None]
        self.call(name, *position, logs)

    method.__name__ = name
    method.__doc__ = getattr(Callback, name).__doc__
    return method


for _name in [name for name in vars(Callback) if name.startswith("on_") and name != "on_train_end"]:
    setattr(CallbackList, _name, _hook(_name))
