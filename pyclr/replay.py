"""From a Python function to a Program: the state machine of recording and replay.

A step runs eagerly and is recorded; when two recordings of one input shape are equal, the third
step and on are replayed from C++. `docs/replay.md` tells what recording cannot see and what is
done about it.
"""

from __future__ import annotations

import os
import threading

from . import _core, tree
from ._warn import warn

# Different recordings in a row after which a step is left eager (until something changes).
_ATTEMPTS = 5

_thread = threading.local()


def note_feed(tensor, rows):
    """Tells the open recording that `tensor` holds a value that is a function of the step.

    Args:
        tensor: The tensor, written by the caller before each eager step.
        rows: Function `rows(steps)` that returns a contiguous array of the values for the next
            `steps` steps, in the tensor's dtype.
    """
    feeds = getattr(_thread, "feeds", None)
    if feeds is not None:
        feeds.append((tensor, rows))


class ReplayWarning(UserWarning):
    """A recorded step turned out to be frozen: it did something else in a later epoch."""


class _Entry:
    """What is known of the step for one input shape."""

    def __init__(self):
        self.recording = None
        self.has_values = False  # of the recording
        self.pending = None  # agreed; becomes the program in finish()
        self.program = None
        self.structure = None
        self.feeds = []
        self.attempts = 0
        self.version = None
        self.reason = "it has run less than twice"


class ReplayedStep:
    """A function of tensors that is replayed once two recordings of it agree.

    Args:
        function: `function(structure, tensors)` returns a nested structure of tensors.
        version: Function without arguments; a program made under another version is dropped.
        enabled: Boolean. `False` keeps every step eager.
    """

    def __init__(self, function, version=lambda: 0, enabled=True):
        self._function = function
        self._version = version
        self._enabled = enabled and os.environ.get("PYCLR_REPLAY", "1") != "0"
        self._entries = {}
        self._last = None

    def program(self, key):
        """Returns the program for inputs of this key, or `None`."""
        entry = self._entries.get(key)
        if entry is None or entry.program is None:
            return None
        if entry.version != self._version():
            del self._entries[key]
            return None
        return entry.program

    def run(self, key, structure, tensors):
        """Runs the step eagerly - recorded, while that may lead to a program - and returns what it
        returned. `structure`, which `key` must imply, is handed to the function."""
        if _core.is_recording():
            # One recording at a time: the step around this one, a student's, stays eager too.
            _core.forbid_replay("another model's batches ran in the step")
            return self._function(structure, tensors)
        entry = self._entries.setdefault(key, _Entry())
        self._last = entry
        version = self._version()
        if entry.version != version and entry.version is not None:
            entry = self._entries[key] = self._last = _Entry()
        if not self._enabled:
            entry.reason = "replay is switched off (run_eagerly=True or PYCLR_REPLAY=0)"
            return self._function(structure, tensors)
        if entry.program is None and entry.attempts >= _ATTEMPTS:
            return self._function(structure, tensors)
        recording, feeds, result = self._record(structure, tensors, "real")
        # Building a layer is a change of its own making: what counts is the version afterwards.
        entry = self._advance(key, entry, recording, feeds, result)
        entry.version = self._version()
        return result

    def is_current(self, key, structure):
        """The audit: whether the step still does what the program of this key does, by a rehearsal,
        which is recorded but computes and writes nothing. `False` leaves the answer to an eager
        `run`: of a step that wants values, or whose tensors somebody keeps, or that changed."""
        program = self._entries[key].program
        if program.has_held or _core.is_recording():
            return False
        try:
            recording = self._record(structure, program.inputs, "rehearsal")[0]
        except _core.RehearsalEnded:
            return False
        return not (recording.is_held or program.difference_from(recording))

    def _record(self, structure, tensors, mode):
        recording = _core.Recording(tensors)
        _thread.feeds = []
        before = _core.set_mode(mode)
        try:
            recording.begin()
            result = self._function(structure, tensors)
        finally:
            recording.end()
            _core.set_mode(before)
            feeds, _thread.feeds = _thread.feeds, None
        recording.set_outputs(_tensors_of(result, recording))
        return recording, feeds, result

    def _advance(self, key, entry, recording, feeds, structure):
        if entry.program is not None:
            difference = entry.program.difference_from(recording)
            if not difference:
                if entry.program.has_held:  # what the step stashed is now this recording's
                    self._make_program(entry, recording, feeds, structure)
                return entry
            warn(
                f"The training step changed since it was recorded: {difference}\nSteps replayed "
                "since the last check used the recorded version. A value that changes must be a "
                "tensor or variable, or compile the model with run_eagerly=True.",
                ReplayWarning,
            )
            self._entries.clear()
            self._entries[key] = entry = self._last = _Entry()
        elif entry.recording is not None:
            difference = _core.difference(entry.recording, recording)
            if not difference:
                self._make_program(entry, recording, feeds, structure)
                return entry
            entry.attempts += 1
            entry.reason = difference
        entry.recording, entry.has_values = recording, True
        return entry

    @staticmethod
    def _make_program(entry, recording, feeds, structure):
        entry.structure = tree.map_structure(lambda leaf: None, structure)
        entry.feeds = list({id(tensor): (tensor, rows) for tensor, rows in feeds}.values())
        entry.recording, entry.has_values = None, False
        entry.pending = recording
        entry.reason = ""

    def finish(self, key):
        """Turns the agreed recording into a program; of one that waits for its like, only the
        structure stays. Called when the caller has dropped the tensors of the step, so that they
        count as free memory."""
        entry = self._entries.get(key)
        if entry is None:
            return
        if entry.has_values:
            entry.recording.release_values()
            entry.has_values = False
        if entry.pending is not None:
            entry.program, entry.pending = _core.Program(entry.pending), None
            _core.trim_memory()

    def feeds(self, key, steps):
        """The tables of the values fed to the program for the next steps."""
        return [(tensor, rows(steps)) for tensor, rows in self._entries[key].feeds]

    def structure(self, key):
        """Returns the structure that the function returned, with `None` for every tensor."""
        return self._entries[key].structure

    def pack(self, key, outputs):
        """Returns a program's outputs in the structure that the function returned."""
        return tree.pack_like(self._entries[key].structure, outputs)

    def explain(self):
        """Returns a text: the program of the last step, or why there is none."""
        entry = self._last
        if entry is None:
            return "No step has run yet."
        if entry.program is not None:
            return "The step is replayed.\n" + entry.program.describe()
        return f"The step runs eagerly: {entry.reason or 'the program is made after this step'}"


def _tensors_of(structure, recording):
    """The leaves as tensors; anything else can not be known to a replay."""
    tensors = []
    for leaf in tree.flatten(structure):
        tensor = leaf if _core.is_tensor(leaf) else getattr(leaf, "value", None)
        if not _core.is_tensor(tensor):
            recording.forbid(f"the step returned {type(leaf).__name__}, which is not a tensor")
            return []
        tensors.append(tensor)
    return tensors
