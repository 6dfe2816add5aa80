"""Values computed ahead by threads or processes, in order."""

from __future__ import annotations

import signal
from collections import deque

_function = None  # in a worker process: what it computes


def run_ahead(function, items, workers, ahead, processes=False):
    """Gives `function(item)` for each item, in order, while workers compute the next ones.

    Nothing is left running when the generator ends or is closed. An exception is raised at the
    place of the item it belongs to.

    Args:
        function: Function of an item. With processes it reaches them by `fork`, or is pickled.
        items: Iterable, read in this thread.
        workers: Integer, how many compute at a time.
        ahead: Integer, how many values may wait.
        processes: Boolean, whether the workers are processes.
    """
    from concurrent import futures

    if processes:
        executor = futures.ProcessPoolExecutor(workers, None, _start_process, (function,))
        call = _call_in_process
    else:
        executor = futures.ThreadPoolExecutor(workers, "pyclr-data")
        call = function
    items = iter(items)
    pending = deque()
    try:
        while True:
            while len(pending) < max(ahead, 1):
                try:
                    item = next(items)
                except StopIteration:
                    break
                pending.append(executor.submit(call, item))
            if not pending:
                return
            yield pending.popleft().result()
    except futures.BrokenExecutor:
        raise RuntimeError(
            "A worker process of the data ended unexpectedly (killed, or out of memory?)."
        ) from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def iterate_ahead(iterator, ahead):
    """Gives the values of an iterator, which one thread reads up to `ahead` values ahead."""
    end = object()
    values = run_ahead(lambda _: next(iterator, end), iter(int, 1), 1, ahead)
    try:
        for value in values:
            if value is end:
                return
            yield value
    finally:
        values.close()
        close(iterator)


def close(iterator):
    """Closes an iterator that can be."""
    if hasattr(iterator, "close"):
        iterator.close()


def _start_process(function):
    global _function
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def _call_in_process(item):
    return _function(item)
