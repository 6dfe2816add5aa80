"""Keeper: saves the states of a run at their times, and ends it between batches."""

from __future__ import annotations

from .._warn import warn
from .interrupt import Interrupts


class Keeper:
    """Follows one call of `fit`. While open, Ctrl-C waits for the end of a batch.

    Args:
        state: `RunState`, or `None` for a run that is not saved.
        model: The model.
        callbacks: The `CallbackList`.
        place: `Place` where the run begins.
        validation: The `Validation`, which is part of the state.
        stop: Boolean, whether Ctrl-C stops training, and is not raised.

    Attributes:
        interrupted: Boolean, whether Ctrl-C has ended the run.
    """

    def __init__(self, state, model, callbacks, place, validation, stop):
        self._state, self._model, self._callbacks = state, model, callbacks
        self._place, self._logs = place, {}
        self.validation = validation
        self.interrupted = False
        self._stop = stop
        self._closed = False  # what comes is not saved
        self._saved = None
        self._warned = False
        self._interrupts = Interrupts()
        every = None if state is None else state.save_freq
        self._every = None if every in (None, "epoch") else int(every)
        self._until = self._every  # batches until the next state

    def __enter__(self):
        self._interrupts.__enter__()
        return self

    def __exit__(self, kind, error, trace):
        self._interrupts.__exit__(kind, error, trace)
        late = self._interrupts.pending and not self.interrupted  # after the last batch
        if late and kind is None and not self._stop:
            raise KeyboardInterrupt

    def limit(self, wanted):
        """Returns how many batches may run before a state or a validation is due.

        Args:
            wanted: Integer, or `None` for any number.
        """
        wanted = self.validation.limit(wanted)
        if self._until is None:
            return wanted
        return self._until if wanted is None else min(wanted, self._until)

    def after_batches(self, count, step, logs):
        """Told that `count` batches have run, the last of them the epoch's `step`-th.

        Args:
            logs: Function that returns the logs of the last batch.

        Raises:
            KeyboardInterrupt: if Ctrl-C was pressed and shall be raised. The state is saved.
        """
        self._place = self._place._replace(step=step)
        if self._until is not None:
            self._until -= count
            if self._until <= 0:
                self._logs = logs()
                self.save()
        if self._interrupts.pending:
            self._logs = logs()
            self.save()
            self._interrupt()
        elif self._model.stop_training and self._callbacks.ended_for_now():
            # The epoch comes to an early end, which a run that goes on must not know of.
            self._logs = logs()
            self.save()
            self._closed = True

    def after_epoch(self):
        """Told that an epoch has ended, its validation and its callbacks included."""
        place = self._place
        self._place = place._replace(epoch=place.epoch + 1, step=0, number=place.number + 1)
        self._logs = {}
        self.save()
        if self._interrupts.pending:
            self._interrupt()

    def _interrupt(self):
        self.interrupted = True
        if not self._stop:
            raise KeyboardInterrupt
        self._model.stop_training = True

    def save(self):
        """Saves the state, unless it is saved already."""
        self._until = self._every
        if self._state is not None and not self._closed and self._saved != self._place:
            saved = self._state.save(
                self._model, self._callbacks, self._place, self._logs, self.validation.get_state()
            )
            if saved:
                self._saved = self._place
            else:
                self._warn_once()

    def _warn_once(self):
        if self._warned:
            return
        self._warned = True
        newest = self._state.newest()
        before = f"The one before, '{newest}', stays." if newest else "There is none before."
        warn(f"Weights are not finite, and no state of the run is saved. {before}")

    def end(self, delete):
        """Told that the run has succeeded; `delete` says whether its states go."""
        ended = not self.interrupted and not self._callbacks.ended_for_now()
        whole = ended and self._saved == self._place
        if delete and self._state is not None and whole:
            self._state.remove()
