"""CSVLogger: writes the logs of every epoch to a CSV file."""

from __future__ import annotations

import io
import os

import numpy as np

from ._log_file import LogFile
from .callback import Callback


class CSVLogger(Callback):
    """Writes the logs of every epoch as a row of a CSV file.

    The columns are `epoch`, counted from 0, and what the logs hold, sorted. An epoch that lacks one
    (without validation) leaves it blank; one that brings a new name adds a column, in all rows.

    Args:
        filename: Path. Missing folders are made.
        separator: String between the values. Defaults to `","`.
        append: Boolean, whether rows are added to an existing file, and not a new one is begun. A
            run that goes on from a state always goes on in its file, after the rows it had then.

    Raises:
        ValueError: before the first batch, if the file to go on in is none that a CSVLogger with
            this separator wrote.

    Example:

    ```python
    model.fit(x, y, epochs=10, callbacks=[pyclr.callbacks.CSVLogger("training.csv")])
    ```
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.keys = []
        self._file = LogFile(self.filename)

    def _check_run(self):
        if self.append or self.resumed:
            self._columns()

    def on_train_begin(self, logs=None):
        self._file.begin(self.append or self.resumed)
        self.keys = self._columns()

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        new = sorted(set(logs) - set(self.keys))
        if new or self._file.is_empty:
            self._add_columns(new)
        row = [_cell(logs[key]) if key in logs else "" for key in self.keys]
        self._file.write(self._line([epoch, *row]))

    def get_state(self):
        return self._file.get_state()

    def set_state(self, state):
        super().set_state(state)
        self._file.set_state(state)

    def _columns(self):
        """The names in the file's first line, without `epoch`."""
        rows = self._rows()
        if not rows:
            return []
        if rows[0][0] != "epoch":
            raise ValueError(
                "CSVLogger can not add rows to a file whose first column is not 'epoch'. "
                f"Received: filename='{self.filename}', separator={self.sep!r}"
            )
        return rows[0][1:]

    def _add_columns(self, names):
        rows = self._rows()
        blank = [""] * len(names)
        self.keys += names
        lines = [["epoch", *self.keys]] + [[*row, *blank] for row in rows[1:]]
        self._file.replace("".join(map(self._line, lines)))

    def _rows(self):
        import csv  # when it is used: importing pyclr is quick

        return list(csv.reader(io.StringIO(self._file.text(), newline=""), delimiter=self.sep))

    def _line(self, cells):
        import csv

        line = io.StringIO(newline="")
        csv.writer(line, delimiter=self.sep).writerow(cells)
        return line.getvalue()


def _cell(value):
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f"[{', '.join(map(str, value))}]"
