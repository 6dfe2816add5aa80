"""BackupAndRestore: a run that goes on where it was stopped."""

from __future__ import annotations

import os

from .callback import Callback


class BackupAndRestore(Callback):
    """Saves the state of a run in a folder; the same script, started again, goes on from it.

    `fit` saves weights, optimizer, metrics, the place in the data, random numbers, History and the
    state of every callback; the run that goes on ends with the bits of one that was never stopped.
    `fit(resume=folder)` does the same and keeps the folder.

    Args:
        backup_dir: Path of the folder.
        save_freq: `"epoch"`, or an integer: a state is saved after every epoch, and after every so
            many batches.
        double_checkpoint: Has no effect: the two newest states are always kept.
        delete_checkpoint: Boolean, whether the states are removed when the run has ended well: not
            by an error, Ctrl-C, `TimeBudget` or weights that are not finite.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    ```python
    model.fit(x, y, epochs=100, callbacks=[pyclr.callbacks.BackupAndRestore("runs/a")])
    ```
    """

    def __init__(
        self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True
    ):
        super().__init__()
        if not str(backup_dir):
            raise ValueError("Argument `backup_dir` must be the name of a folder. Received: ''")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
