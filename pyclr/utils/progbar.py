"""A progress bar."""

from __future__ import annotations

import os
import sys
import time

_WIDTH = 20
_INTERVAL = 0.1  # seconds between redraws


class Progbar:
    """Shows steps done, time, and values on one line.

    On a terminal or in a notebook the line is redrawn, at most ten times a second; on other
    outputs (a file, a pipe) only the finished line is written, in plain characters.

    Args:
        target: Integer, the number of steps, or `None` when it is not known.
        verbose: 1 for the bar, 2 for the finished line only.
        file: Where it is written. Defaults to standard output.
    """

    def __init__(self, target, verbose=1, file=None):
        self.target = target
        self._file = file or sys.stdout
        self._live = verbose == 1 and is_interactive(self._file)
        self._start = time.perf_counter()
        self._next = self._start  # when the line may be redrawn
        self._done = 0
        self._shown = 0
        encoding = getattr(self._file, "encoding", None) or "ascii"
        try:
            "━".encode(encoding)
            self._fill = "━" if self._live else "="
        except (UnicodeEncodeError, LookupError):
            self._fill = "="

    def due(self, steps):
        """Notes the steps done; returns whether the line should be redrawn now."""
        self._done = steps
        return self._live and time.perf_counter() >= self._next

    def update(self, steps, values=None):
        """Redraws the line."""
        self._done = steps
        self._write(self._line(values), end="")
        self._next = time.perf_counter() + _INTERVAL

    def finish(self, values=None):
        """Writes the last state of the line and ends it."""
        if self.target is None:
            self.target = self._done
        self._write(self._line(values, finished=True), end="\n")

    def _line(self, values, finished=False):
        elapsed = time.perf_counter() - self._start
        steps = self._done
        per_step = _duration(elapsed / steps) + "/step" if steps else ""
        if self.target:
            share = min(steps / self.target, 1.0)
            filled = int(_WIDTH * share)
            bar = self._fill * filled + ("-" if self._fill == "=" else " ") * (_WIDTH - filled)
            head = f"{steps}/{self.target} {bar}"
        else:
            head = f"{steps}/Unknown"
        if finished or not (self.target and steps):
            clock = _clock(elapsed)
        else:
            clock = _clock(elapsed / steps * (self.target - steps))
        line = f"{head} {clock} {per_step}".rstrip()
        for name, value in (values or {}).items():
            line += f" - {name}: {_number(value)}"
        return line

    def _write(self, line, end):
        padding = " " * max(0, self._shown - len(line))
        prefix = "\r" if self._live else ""
        try:
            self._file.write(f"{prefix}{line}{padding if self._live else ''}{end}")
            self._file.flush()
        except (ValueError, OSError):
            self._live = False  # the output was closed: training goes on without it
        self._shown = len(line)


def is_interactive(file):
    """Returns whether a line on this output can be redrawn."""
    if type(file).__name__ == "OutStream" and type(file).__module__.startswith("ipykernel"):
        return True  # a notebook
    try:
        return bool(file.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False


def _clock(seconds):
    seconds = int(round(seconds))
    if seconds >= 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds >= 60 else f"{seconds}s"


def _duration(seconds):
    if seconds >= 1:
        return f"{seconds:.0f}s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-2 else f"{seconds * 1e3:.1f}ms"
    return f"{seconds * 1e6:.0f}us"


def _number(value):
    value = float(value)
    return f"{value:.4f}" if value == 0 or abs(value) > 1e-3 else f"{value:.4e}"
