"""RunState: what a run of `fit` needs to go on after it was stopped anywhere, kept in a folder."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import warnings
from contextlib import suppress

import numpy as np

from .. import _core
from ..metrics import Metric
from ..random import seed as global_seed
from ..saving.archive import write_atomically

_MAGIC = b"pyclr run state 1\n"
_NAME = re.compile(r"state-(\d{8})\.run")
_DIGEST = hashlib.sha256().digest_size
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

    Raises:
        ValueError: if `save_freq` is neither.
    """

    def __init__(self, folder, save_freq="epoch"):
        if save_freq != "epoch" and (
            isinstance(save_freq, bool) or not isinstance(save_freq, (int, np.integer))
            or save_freq < 1
        ):  # fmt: skip
            raise ValueError(
                "Argument `save_freq` must be 'epoch' or an integer, at least 1. "
                f"Received: save_freq={save_freq!r}"
            )
        self.folder = os.fspath(folder)
        self.save_freq = save_freq

    # --- Files -----------------------------------------------------------------------------------

    def _files(self):
        """The states' files, newest first, with their numbers."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        found = [(int(m.group(1)), name) for name in names if (m := _NAME.fullmatch(name))]
        return [(n, os.path.join(self.folder, name)) for n, name in sorted(found, reverse=True)]

    def write(self, info, arrays):
        """Saves a state: plain values, and a dictionary of arrays."""
        files = self._files()
        buffer = io.BytesIO()
        text = np.frombuffer(json.dumps(info).encode(), np.uint8)
        np.savez(buffer, **arrays, info=text)
        data = buffer.getvalue()
        digest = hashlib.sha256(data).digest()
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
                    hashlib.sha256(data[start:]).digest() == data[len(_MAGIC) : start]
                )
                if not whole:
                    raise ValueError("its checksum is wrong")
                with np.load(io.BytesIO(data[start:]), allow_pickle=False) as archive:
                    arrays = {name: archive[name] for name in archive.files}
                return json.loads(arrays.pop("info").tobytes()), arrays
            except (OSError, ValueError, KeyError) as error:
                warnings.warn(
                    f"The run state '{path}' is damaged ({error}) and is not used. The one before "
                    "it is, if there is one.",
                    stacklevel=5,
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

    def save(self, model, callbacks, epoch, step, finished=False):
        """Saves the state of a run.

        Args:
            model: The model.
            callbacks: The `CallbackList`.
            epoch: Integer, the epoch that is running or comes next.
            step: Integer, batches of it that are done.
            finished: Boolean, whether the run has ended: all epochs, or stopped by a callback.

        Returns:
            False, and saves nothing, if a weight is not finite: what was saved before stays.
        """
        variables = _variables(model)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        if not all(np.isfinite(variable.numpy()).all() for variable in model.variables):
            return False
        states = [_packed(callback.get_state(), arrays) for callback in callbacks]
        info = {
            "epoch": epoch,
            "step": step,
            "finished": finished,
            "stopped": bool(model.stop_training),
            "variables": _descriptions(variables),
            "callbacks": [
                {"class": type(callback).__name__, "state": state}
                for callback, state in zip(callbacks, states)
            ],
            "order": [model._order_seed, model._epochs_begun],
            "optimizer": model.optimizer.get_extra_state(),
            "random": global_seed.get_state(),
            "made_with": {
                "pyclr": sys.modules[__name__.partition(".")[0]].__version__,
                "isa": _core.isa(),
                "threads": _core.num_threads(),
            },
        }
        self.write(info, arrays)
        return True

    def load(self, model, callbacks):
        """Returns the newest state, after a check that it is one of this model, or `None`.

        Raises:
            ValueError: if it is the state of another model; nothing is changed.
        """
        found = self.read()
        if found is None:
            return None
        info, arrays = found
        descriptions = _descriptions(_variables(model))
        if info["variables"] != descriptions:
            theirs, ours = info["variables"], descriptions
            first = next((pair for pair in zip(theirs, ours) if pair[0] != pair[1]), None)
            raise ValueError(
                f"The run state in '{self.folder}' is that of another model: it has {len(theirs)} "
                f"variables, and this one {len(ours)}"
                + (f"; the first that differs is {first[0]} there, {first[1]} here. " if first
                   else ". ")
                + "Give another folder, or remove this one."
            )  # fmt: skip
        return State(model, info, arrays)


class State:
    """A state that was read, to be put into effect in two steps.

    Attributes:
        epoch, step: Integers, where the run goes on.
        finished: Boolean, whether the run had ended, `stopped` whether by a callback.
    """

    def __init__(self, model, info, arrays):
        self._model, self._info, self._arrays = model, info, arrays
        self.epoch, self.step = info["epoch"], info["step"]
        self.finished, self.stopped = info["finished"], info["stopped"]

    def restore(self, callbacks):
        """Gives model and callbacks the state. Callbacks without a counterpart keep their own."""
        model, info = self._model, self._info
        for i, variable in enumerate(_variables(model)):
            variable.assign(self._arrays[f"v{i}"])
        seed, epochs = info["order"]
        object.__setattr__(model, "_order_seed", seed)
        object.__setattr__(model, "_epochs_begun", epochs)
        model.optimizer.set_extra_state(info["optimizer"])
        global_seed.set_state(info["random"])
        saved = list(info["callbacks"])
        for callback in callbacks:
            name = type(callback).__name__
            entry = next((e for e in saved if e["class"] == name), None)
            if entry is not None:
                saved.remove(entry)
                callback.set_state(_unpacked(entry["state"], self._arrays))


def _variables(model):
    """Everything numeric that training changes: weights, random streams, optimizer, metrics."""
    found = list(model.variables) + list(model.optimizer.variables)
    for metric in model.metrics:
        found += metric.variables if isinstance(metric, Metric) else []
    seen = set()
    return [v for v in found if not (id(v) in seen or seen.add(id(v)))]


def _descriptions(variables):
    # Not the paths, which count the models made before in the same process.
    return [f"{variable.name} {tuple(variable.shape)} {variable.dtype}" for variable in variables]


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
