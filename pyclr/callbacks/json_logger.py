"""JSONLogger: writes the logs of every epoch to a file of JSON lines."""

from __future__ import annotations

import json
import os

from ._log_file import LogFile
from ._values import json_value
from .callback import Callback


class JSONLogger(Callback):
    """Writes the logs of every epoch as a line of JSON: `{"epoch": 0, "loss": 0.5, ...}`.

    Values that are not finite, which JSON lacks, become `null`; arrays become lists.

    Args:
        filename: Path. Missing folders are made.
        append: Boolean, whether lines are added to an existing file, and not a new one is begun. A
            run that goes on from a state always goes on in its file, after the lines it had then.

    Example:

    ```python
    model.fit(x, y, epochs=10, callbacks=[pyclr.callbacks.JSONLogger("training.jsonl")])
    rows = [json.loads(line) for line in open("training.jsonl")]
    ```
    """

    def __init__(self, filename, append=False):
        super().__init__()
        self.filename = os.fspath(filename)
        self.append = append
        self._file = LogFile(self.filename)

    def on_train_begin(self, logs=None):
        self._file.begin(self.append or self.resumed)

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch, **{name: json_value(v) for name, v in (logs or {}).items()}}
        self._file.write(json.dumps(row, allow_nan=False) + "\n")

    def get_state(self):
        return self._file.get_state()

    def set_state(self, state):
        super().set_state(state)
        self._file.set_state(state)
