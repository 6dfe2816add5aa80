"""A text file to which a run adds a line every epoch."""

from __future__ import annotations

import os


class LogFile:
    """A text file that grows by a line an epoch, and that a resumed run takes up where it was.

    Args:
        path: String.
    """

    def __init__(self, path):
        self.path = path
        self._size = None  # bytes of what the run has written and of what was there before

    def begin(self, go_on):
        """Begins a run: with an empty file, or after what it holds."""
        folder = os.path.dirname(self.path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if not go_on:
            self.replace("")
        else:
            self._size = os.path.getsize(self.path) if os.path.exists(self.path) else 0

    @property
    def is_empty(self):
        return not self._size

    def text(self):
        """Returns what the file holds."""
        try:
            with open(self.path, encoding="utf-8", newline="") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def write(self, text):
        """Adds text, which the system has when this returns."""
        data = text.encode()
        with open(self.path, "ab") as file:
            file.write(data)
        self._size += len(data)

    def replace(self, text):
        """Makes the file hold a text."""
        from ..saving.archive import write_atomically

        data = text.encode()
        write_atomically(self.path, lambda file: file.write(data))
        self._size = len(data)

    def get_state(self):
        return {"size": self._size}

    def set_state(self, state):
        """Takes the file up where it was: lines that were added since are dropped."""
        self._size = state["size"]
        if self._size is not None and os.path.exists(self.path):
            if os.path.getsize(self.path) > self._size:
                os.truncate(self.path, self._size)
