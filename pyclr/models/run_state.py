"""RunState: what a run of `fit` needs to go on after it was stopped anywhere, kept in a folder."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from .. import _core, tree
from .._warn import warn
from ..callbacks._rates import innermost
from ..callbacks.backup_and_restore import BackupAndRestore
from ..optimizers.hyper import is_schedule
from ..random import seed as global_seed
from ..saving.archive import remove_temporaries, write_atomically

_MAGIC = b"pyclr run state 1\n"
_NAME = re.compile(r"state-(\d{8})\.run")
_DIGEST = 32  # bytes of a SHA-256
_KEPT = 2  # the newest, and the one before in case the newest is damaged


class RunState:
    """States of a run, saved in a folder, newest last.

    A state holds the weights, the optimizer, the metrics, the place in the data, the random numbers
    and what callbacks know. It is written to a temporary file, flushed to the disk, and renamed;
    its checksum tells whether it is whole. The newest whole one counts.

    Args:
        folder: Path. Made when the first state is saved.
        save_freq: `"epoch"`, or an integer: a state is saved after every epoch, and after every so
            many batches.
        override: Dictionary of hyper-parameters of the optimizer to the values that the run has
            from where it begins or goes on, or `None`.

    """

    def __init__(self, folder, save_freq="epoch", override=None):
        self.folder = os.fspath(folder)
        self.save_freq = save_freq
        self.override = override or {}

    # --- Files -----------------------------------------------------------------------------------

    def _files(self):
        """The states' files, newest first, with their numbers."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        found = [(int(m.group(1)), name) for name in names if (m := _NAME.fullmatch(name))]
        return [(n, os.path.join(self.folder, name)) for n, name in sorted(found, reverse=True)]

    def newest(self):
        """Returns the path of the newest state, or `None`."""
        return next((path for _, path in self._files()), None)

    def write(self, info, arrays):
        """Saves a state: plain values, and a dictionary of arrays."""
        files = self._files()
        buffer = io.BytesIO()
        text = np.frombuffer(json.dumps(info).encode(), np.uint8)
        np.savez(buffer, **arrays, info=text)
        data = buffer.getvalue()
        digest = _digest(data)
        number = files[0][0] + 1 if files else 0
        path = os.path.join(self.folder, f"state-{number:08}.run")
        write_atomically(path, lambda file: file.writelines((_MAGIC, digest, data)))
        for _, old in files[_KEPT - 1 :]:
            with suppress(OSError):
                os.unlink(old)

    def read(self):
        """Returns the newest whole state as `(info, arrays)`, or `None`; damaged ones are named in
        a warning."""
        for _, path in self._files():
            try:
                with open(path, "rb") as file:
                    data = file.read()
                start = len(_MAGIC) + _DIGEST
                whole = data.startswith(_MAGIC) and (
                    _digest(data[start:]) == data[len(_MAGIC) : start]
                )
                if not whole:
                    raise ValueError("its checksum is wrong")
                with np.load(io.BytesIO(data[start:]), allow_pickle=False) as archive:
                    arrays = {name: archive[name] for name in archive.files}
                return json.loads(arrays.pop("info").tobytes()), arrays
            except (OSError, ValueError, KeyError) as error:
                warn(
                    f"The run state '{path}' is damaged ({error}) and is not used. The one before "
                    "it is, if there is one."
                )
        return None

    def remove(self):
        """Removes the states, and the folder if nothing else is in it."""
        for _, path in self._files():
            with suppress(OSError):
                os.unlink(path)
        with suppress(OSError):
            os.rmdir(self.folder)

    # --- What a state holds ----------------------------------------------------------------------

    def save(self, model, callbacks, place, logs, validation):
        """Saves the state of a run.

        Args:
            model: The model.
            callbacks: The `CallbackList`.
            place: `Place`, where the run stands.
            logs: Dictionary of floats and arrays, the logs of the last batch.
            validation: Dictionary, the state of the `Validation`.

        Returns:
            False, and saves nothing, if a weight is not finite: what was saved before stays.
        """
        variables = variables_of(model)
        if not all(np.isfinite(variable.numpy()).all() for variable in model.variables):
            return False
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        info = {
            "place": place._asdict(),
            "steps": callbacks.params.get("steps"),
            "logs": _packed(logs, arrays),
            "validation": _packed(validation, arrays),
            "stopped": bool(model.stop_training) and not callbacks.ended_for_now(),
            "variables": _descriptions(variables),
            "callbacks": _packed(callbacks.get_state(), arrays),
            "order_seed": model._order_seed,
            "optimizer": _optimizer_state(model.optimizer),
            "override": _plain_hyper(self.override),
            "random": global_seed.get_state(),
            "made_with": {
                "pyclr": sys.modules[__name__.partition(".")[0]].__version__,
                "isa": _core.isa(),
                "threads": _core.num_threads(),
            },
        }
        self.write(info, arrays)
        return True

    def load(self):
        """Returns the newest whole `SavedRun`, or `None`. What a process that was killed while it
        saved has left is removed."""
        remove_temporaries(self.folder)
        found = self.read()
        return None if found is None else SavedRun(self, *found)


def _digest(data):
    import hashlib  # when it is used: importing pyclr is quick

    return hashlib.sha256(data).digest()


def run_state_of(resume, save_freq, override, callbacks):
    """Returns the `RunState` that `fit` was asked for, by its argument or by a `BackupAndRestore`
    among the callbacks, or `None`; and whether it is removed in the end.

    Raises:
        ValueError: if both ask for one, or an argument is not as described.
    """
    listed = [] if callbacks is None else tree.flatten(getattr(callbacks, "callbacks", callbacks))
    backups = [callback for callback in listed if isinstance(callback, BackupAndRestore)]
    if len(backups) + (resume is not None) > 1:
        raise ValueError(
            "The state of a run is kept in one folder: give `resume` or one `BackupAndRestore`."
        )
    if backups:
        (backup,) = backups
        _check("backup_dir", backup.backup_dir, "save_freq", backup.save_freq)
        return RunState(backup.backup_dir, backup.save_freq, override), backup.delete_checkpoint
    if resume is not None:
        _check("resume", resume, "resume_save_freq", save_freq)
        return RunState(resume, save_freq, override), False
    if override is not None:
        raise ValueError(
            "Argument `resume_override` needs a run that is resumed: give `resume`. "
            f"Received: resume_override={override!r}"
        )
    return None, False


def _check(folder_name, folder, freq_name, save_freq):
    """Raises a ValueError if arguments of these names are not as described."""
    path = os.fspath(folder) if isinstance(folder, (str, os.PathLike)) else None
    if not path or os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(
            f"Argument `{folder_name}` must be the name of a folder. "
            f"Received: {folder_name}={folder!r}"
        )
    whole = isinstance(save_freq, (int, np.integer)) and not isinstance(save_freq, bool)
    if save_freq != "epoch" and not (whole and save_freq > 0):
        raise ValueError(
            f"Argument `{freq_name}` must be 'epoch' or an integer, at least 1. "
            f"Received: {freq_name}={save_freq!r}"
        )


class Place(NamedTuple):
    """Where a run stands.

    Attributes:
        epoch: Integer, the epoch that is running, or comes next.
        step: Integer, batches of it that are done.
        number: Integer, the number of that epoch among all that the model has trained.
        first: Integer, the number of the first epoch of this `fit`.
    """

    epoch: int
    step: int
    number: int
    first: int


class SavedRun:
    """A state that was read.

    Attributes:
        place: `Place` where the run goes on.
        logs: Dictionary, the logs of the last batch.
        stopped: Boolean, whether a callback had ended the run.
        order_seed: Integer, decides the order of the data.
    """

    def __init__(self, state, info, arrays):
        self._state, self._info, self._arrays = state, info, arrays
        self.place = Place(**info["place"])
        self.logs, self.stopped = _unpacked(info["logs"], arrays), info["stopped"]
        self.order_seed = info["order_seed"]

    def check(self, model, steps):
        """Raises a ValueError if this is the state of another model; or, within an epoch, of other
        data, of which the place would not be found.

        Args:
            steps: Integer, batches of an epoch, or `None` when that is not known.
        """
        before = self._info["steps"]
        if self.place.step and None not in (before, steps) and before != steps:
            raise ValueError(
                f"The run state in '{self._state.folder}' stands after batch {self.place.step} of "
                f"{before} in epoch {self.place.epoch + 1}, and an epoch of these data has {steps} "
                "batches. Go on with the same data and batch size; after an epoch they may change."
            )
        ours, theirs = _descriptions(variables_of(model)), self._info["variables"]
        if ours == theirs:
            return
        first = next((pair for pair in zip(theirs, ours) if pair[0] != pair[1]), None)
        difference = (
            f"; the first that differs is {first[0]} there, {first[1]} here" if first else ""
        )
        raise ValueError(
            f"The run state in '{self._state.folder}' is that of another model: it has "
            f"{len(theirs)} variables, and this one {len(ours)}{difference}. Give another folder, "
            "or remove this one."
        )

    def restore(self, model, callbacks, validation):
        """Gives model, callbacks and `Validation` the state."""
        info = self._info
        _set_optimizer_state(model.optimizer, info["optimizer"])
        for i, variable in enumerate(variables_of(model)):
            variable.assign(self._arrays[f"v{i}"])
        object.__setattr__(model, "_order_seed", self.order_seed)
        object.__setattr__(model, "_epochs_begun", self.place.number)
        model.optimizer.override(self._new_override())
        global_seed.set_state(info["random"])
        callbacks.set_state(_unpacked(info["callbacks"], self._arrays))
        validation.set_state(_unpacked(info["validation"], self._arrays))

    def _new_override(self):
        """Of the values that the run shall have, those it was not given before: what has become
        of the others since then is in the state."""
        given, before = self._state.override, self._info["override"]
        plain = _plain_hyper(given)
        return {
            name: value
            for name, value in given.items()
            if name not in before or before[name] != plain[name]
        }


def variables_of(model):
    """Everything numeric that training changes: weights, random streams, optimizer, metrics, and
    what stateful layers keep."""
    # The optimizer's rate is there whether or not it is scheduled now.
    found = [*model.variables, innermost(model.optimizer)._rate, *model.optimizer.variables]
    for metric in model.metrics:
        found += metric.variables
    found += states_of(model)
    seen = set()
    return [v for v in found if not (id(v) in seen or seen.add(id(v)))]


def stateful_layers(layer):
    """Returns the layers in a layer that keep states from batch to batch, which are no weights."""
    found = [layer] if getattr(layer, "stateful", False) and hasattr(layer, "make_states") else []
    return found + [one for inner in layer._sublayers() for one in stateful_layers(inner)]


def states_of(model):
    """Returns the states that stateful layers keep: variables, made at the first batch."""
    return [v for layer in stateful_layers(model) for v in tree.flatten(layer.states or [])]


def _descriptions(variables):
    # Not the names, which count the layers made before in the same process.
    return [f"{tuple(variable.shape)} {variable.dtype}" for variable in variables]


def _optimizer_state(optimizer):
    """What an optimizer knows beside its variables: numbers, and which of them are scheduled."""
    optimizer = innermost(optimizer)
    return {
        "values": _plain_hyper(optimizer._hyper_values),
        "rate_factor": float(optimizer.rate_factor),
        "minimum_rate": float(optimizer.minimum_rate),
    }


def _plain_hyper(values):
    """Hyper-parameters for JSON, which holds a schedule's place only: it is the script's."""
    return {
        name: value if value is None else "schedule" if _is_schedule(value) else float(value)
        for name, value in values.items()
    }


def _is_schedule(value):
    return is_schedule(value) or isinstance(value, dict)  # also its config


def _set_optimizer_state(optimizer, state):
    optimizer = innermost(optimizer)
    for name, value in state["values"].items():
        # A schedule is the script's; what replaced one, or a number set since, is the run's.
        if value != "schedule":
            optimizer._hyper_values[name] = value
    optimizer.rate_factor = state["rate_factor"]
    optimizer.minimum_rate = state["minimum_rate"]


def _packed(value, arrays):
    """The value with arrays moved to `arrays`, so that JSON can hold the rest exactly."""
    if isinstance(value, dict):
        return {"dict": [[key, _packed(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_packed(item, arrays) for item in value]}
    if isinstance(value, (np.ndarray, np.generic)):
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name, "scalar": isinstance(value, np.generic)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"value": value}
    raise TypeError(
        "The state of a callback must consist of plain values and arrays. "
        f"Received: {value!r} of type {type(value).__name__}"
    )


def _unpacked(value, arrays):
    ((kind, content),) = [(k, v) for k, v in value.items() if k != "scalar"]
    if kind == "dict":
        return {key: _unpacked(item, arrays) for key, item in content}
    if kind == "list":
        return [_unpacked(item, arrays) for item in content]
    if kind == "array":
        return arrays[content][()] if value["scalar"] else arrays[content]
    return content
