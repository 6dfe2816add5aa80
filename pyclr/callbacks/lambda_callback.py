"""LambdaCallback: a callback made of functions."""

from __future__ import annotations

from .callback import Callback


class LambdaCallback(Callback):
    """A callback whose hooks are functions.

    The functions get their arguments by position: `(epoch, logs)`, `(batch, logs)` or `(logs)`.

    Args:
        on_epoch_begin, on_epoch_end, on_train_begin, on_train_end, on_train_batch_begin,
            on_train_batch_end: Functions, or `None`.
        kwargs: Functions for any other hook of `Callback`, by its name.

    Raises:
        TypeError: if a name is that of no hook, or something is no function.

    Example:

    ```python
    show = pyclr.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
    ```
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **kwargs,
    ):
        super().__init__()
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        hooks = [name for name in vars(Callback) if name.startswith("on_")]
        for name, function in functions.items():
            if name not in hooks:
                raise TypeError(
                    f"LambdaCallback takes functions for the hooks {', '.join(hooks)}. "
                    f"Received: {name}={function!r}"
                )
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"Argument `{name}` must be a function. Received: {name}={function!r}"
                )
            setattr(self, name, function)
