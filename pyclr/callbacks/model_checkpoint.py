"""ModelCheckpoint: saves the model or its weights while it trains."""

from __future__ import annotations

import os
import string
import time
from contextlib import suppress

from .monitor_callback import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights alone, while it trains.

    A file is complete as soon as it has its name: a crash while it is written leaves the one
    before. A best value is never replaced by a worse one, nor by one that is not finite, also when
    training goes on from a state.

    Args:
        filepath: Path, whose fields are filled in by `str.format`: `{epoch}` and `{batch}`, counted
            from 1, and the names in the logs, such as `{val_loss:.2f}`. With names of validation
            the epochs without validation save nothing. `load_model` and `load_weights` read the
            files whatever their suffix, also without one.
        monitor: String, the name of the quantity that decides what is best. Defaults to
            `"val_loss"`.
        verbose: Integer, whether it is said (1) when something is saved.
        save_best_only: Boolean, whether only what is better than all before is saved.
        save_weights_only: Boolean, whether the weights are saved (`model.save_weights`) and not the
            whole model (`model.save`).
        mode: `"min"`, `"max"` or `"auto"`, which takes the direction from the loss or metric of
            that name.
        save_freq: `"epoch"`, or an integer: after so many batches, which are counted on from epoch
            to epoch. The logs are the running loss and metrics of the epoch then. With names of
            validation it is saved after the next validation, which must come after batches, too:
            `fit(validation_freq="500 steps")`. Defaults to `"epoch"`.
        initial_value_threshold: Number, the best value to begin with, or `None`.
        every_n_epochs: Integer, saves after each epoch whose number, from 1, it divides.
        every_n_steps: Integer, the same as an integer `save_freq`.
        every_n_seconds: Number, saves after the batch with which so much time is over.
        keep_last: Integer. Of the files that this callback has written, only so many are kept: the
            latest, which are the best with `save_best_only`. Defaults to all.

    Raises:
        ValueError: if arguments do not fit together; before the first batch, if the logs will not
            hold a name that is monitored or in `filepath`. With batches that are names of
            validation.

    Example:

    ```python
    best = pyclr.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    latest = pyclr.callbacks.ModelCheckpoint("{epoch:03d}.keras", every_n_epochs=5, keep_last=3)
    model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[best, latest])
    ```
    """

    _state = ("best", "_batches", "_last_batch", "_seconds", "_files")

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
        *,
        every_n_epochs=None,
        every_n_steps=None,
        every_n_seconds=None,
        keep_last=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.every_n_epochs = every_n_epochs
        self.every_n_steps = every_n_steps
        self.every_n_seconds = every_n_seconds
        self.keep_last = keep_last
        self._check_arguments()
        self._names = [n for n in _fields(self.filepath) if n not in ("epoch", "batch")]
        if every_n_steps is None and save_freq != "epoch":
            self.every_n_steps = save_freq
        self._by_batch = self.every_n_steps is not None or every_n_seconds is not None
        if "batch" in _fields(self.filepath) and not self._by_batch:
            raise ValueError(
                "ModelCheckpoint has a `{batch}` for its `filepath` if it saves after batches: "
                "give `every_n_steps` or `every_n_seconds`. "
                f"Received: filepath='{self.filepath}'"
            )
        used = self._names + ([monitor] if save_best_only else [])
        self._needs_validation = any(name.startswith("val_") for name in used)
        self._epoch = 0
        self._batches = 0  # since the last file
        self._last_batch = None
        self._seconds = 0.0  # of training since the last file, before `_clock`
        self._clock = None
        self._files = []

    def _check_arguments(self):
        from ..saving import saving_api

        if self.save_weights_only:
            saving_api.check_weights_path(self.filepath)
        else:
            saving_api.check_model_path(self.filepath)
        if self.save_freq != "epoch" and not _is_positive(self.save_freq):
            raise ValueError(
                "Argument `save_freq` must be 'epoch' or a positive integer. "
                f"Received: save_freq={self.save_freq!r}"
            )
        given = {} if self.save_freq == "epoch" else {"save_freq": self.save_freq}
        for name in ("every_n_epochs", "every_n_steps", "every_n_seconds", "keep_last"):
            value = getattr(self, name)
            if value is None:
                continue
            if not _is_positive(value, whole=name != "every_n_seconds"):
                number = "number" if name == "every_n_seconds" else "integer"
                raise ValueError(
                    f"Argument `{name}` must be a positive {number}. Received: {name}={value!r}"
                )
            if name != "keep_last":
                given[name] = value
        if len(given) > 1:
            received = ", ".join(f"{name}={value!r}" for name, value in given.items())
            raise ValueError(
                "Only one of `save_freq`, `every_n_epochs`, `every_n_steps` and `every_n_seconds` "
                f"can be given: use a ModelCheckpoint for each. Received: {received}"
            )

    def _check_run(self):
        names = ([self.monitor] if self.save_best_only else []) + self._names
        after_epochs = self.context is None or self.context.validation_steps is None
        for name in names:
            if self._by_batch and after_epochs and name.startswith("val_"):
                raise ValueError(
                    f"ModelCheckpoint can not use '{name}' after batches: validation comes after "
                    "epochs. Use `every_n_epochs`, a quantity of training, or "
                    '`fit(validation_freq="500 steps")`. '
                    f"Received: {self._frequency()}, monitor='{self.monitor}', "
                    f"filepath='{self.filepath}'"
                )
            self._check_monitor(name)
        if self.save_best_only:
            self._set_direction()

    def _frequency(self):
        if self.every_n_seconds is not None:
            return f"every_n_seconds={self.every_n_seconds}"
        name = "every_n_steps" if self.save_freq == "epoch" else "save_freq"
        return f"{name}={self.every_n_steps}"

    def _idle_hooks(self):
        return () if self._by_batch else (ModelCheckpoint.on_train_batch_end,)

    # --- Hooks -----------------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        self._clock = time.monotonic()
        if not self.resumed:
            self._seconds = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._count(batch)
        validated = any(name.startswith("val_") for name in logs or {})
        if self._is_due() and (validated or not self._needs_validation):
            self._batches, self._seconds = 0, 0.0
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if not self._by_batch and (epoch + 1) % (self.every_n_epochs or 1) == 0:
            self._save(epoch, None, logs)

    def get_state(self):
        self._note_time()
        return super().get_state()

    def _count(self, batch):
        self._note_time()
        new_epoch = self._last_batch is None or batch <= self._last_batch
        self._batches += batch + 1 if new_epoch else batch - self._last_batch
        self._last_batch = batch

    def _is_due(self):
        if self.every_n_seconds is not None:
            return self._seconds >= self.every_n_seconds
        return self.every_n_steps is not None and self._batches >= self.every_n_steps

    def _note_time(self):
        if self._clock is not None:
            now = time.monotonic()
            self._seconds += now - self._clock
            self._clock = now

    # --- Saving ----------------------------------------------------------------------------------

    def _save(self, epoch, batch, logs):
        logs = dict(logs or {})
        best = self.best
        if self.save_best_only:
            value = self._monitored(logs)
            if value is None:
                return
            if not self._is_improvement(value, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {_text(best)}")
                return
            best = value
        if self._needs_validation and not any(name.startswith("val_") for name in logs):
            return
        path = self._path(epoch, batch, logs)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        reason = ""
        if self.save_best_only:
            reason = f"{self.monitor} improved from {_text(self.best)} to {_text(best)}, "
        self._say(epoch, f"{reason}saved {path}")
        self.best = best
        self._keep(path)

    def _path(self, epoch, batch, logs):
        fields = {**logs, "epoch": epoch + 1}
        if batch is not None:
            fields["batch"] = batch + 1
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint can not fill in {error} in its `filepath`. Available are: "
                f"{', '.join(fields)}. Received: filepath='{self.filepath}'"
            ) from None

    def _keep(self, path):
        self._files = [file for file in self._files if file != path] + [path]
        while self.keep_last is not None and len(self._files) > self.keep_last:
            with suppress(FileNotFoundError):
                os.remove(self._files.pop(0))

    def _say(self, epoch, text):
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {text}")


def _fields(filepath):
    """The names of a path's fields."""
    try:
        fields = [
            field for _, field, _, _ in string.Formatter().parse(filepath) if field is not None
        ]
        names = [field.partition(".")[0].partition("[")[0] for field in fields]
    except ValueError as error:
        raise ValueError(
            f"Argument `filepath` has braces that are no field: {error}. "
            f"Received: filepath='{filepath}'"
        ) from error
    if any(not name or name.isdigit() for name in names):
        raise ValueError(
            "The fields of `filepath` must have names, such as {epoch}. "
            f"Received: filepath='{filepath}'"
        )
    return names


def _is_positive(value, whole=True):
    import numbers

    kind = numbers.Integral if whole else numbers.Real
    return isinstance(value, kind) and not isinstance(value, bool) and value > 0


def _text(value):
    return "None" if value is None else f"{value:.5f}"
