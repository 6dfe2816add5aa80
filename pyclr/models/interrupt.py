"""Ctrl-C during training: the batch ends first, so that nothing is half done."""

from __future__ import annotations

import signal
import threading


class Interrupts:
    """While open, the first SIGINT is noted instead of raised; a second one is raised at once.

    It acts in the main thread only, where Python delivers signals, and not where the program has a
    handler of its own.

    Attributes:
        pending: Boolean, whether there was one.
    """

    def __init__(self):
        self.pending = False
        self._before = None

    def __enter__(self):
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exception):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _note(self, number, frame):
        if self.pending:
            raise KeyboardInterrupt
        self.pending = True
