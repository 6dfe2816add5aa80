"""What the peers share: command line, thread limit, timing, check, and the line of JSON they print.

A peer is a script with a `build(workload, x, y) -> Trainer` that imports its library inside, after
the thread limit is set. Run one as

    python bench/peers/torch_peer.py mlp --threads 2 --epochs 3

or let bench/report.py ask it for more: with `--serve` it answers questions (serve.py).

It trains with shuffling for one epoch (compilation, first touches) and then `--epochs` timed ones.
Loss and accuracy are those on unseen data after all of them, taken outside the timing. Exit code: 1
if the model has not learned; 0 otherwise, also when the library is missing ("skipped").
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.cases import Chain as Chain  # noqa: E402
from bench.cases import Convolution as Convolution  # noqa: E402
from bench.workloads import MIN_ACCURACY, WORKLOADS, Workload  # noqa: E402

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # the thread pool of XLA's CPU client
)


@dataclass(frozen=True)
class Trainer:
    """A model ready to train, wrapped for timing."""

    version: str
    train: Callable[[int], list[float]]  # number of epochs -> seconds each took
    predict: Callable[[np.ndarray, int], np.ndarray]  # inputs, batch size -> class probabilities
    # inputs, labels, batch size -> (loss, accuracy)
    evaluate: Callable[[np.ndarray, np.ndarray, int], tuple[float, float]] | None = None
    # "dataset" or "generator", number of epochs -> seconds each took
    train_from: Callable[[str, int], list[float]] | None = None


def timed_epochs(run_epoch: Callable[[], None]) -> Callable[[int], list[float]]:
    """Makes a `Trainer.train` of a function that runs one epoch to the end of its last step."""

    def train(epochs: int) -> list[float]:
        marks = [time.perf_counter()]
        for _ in range(epochs):
            run_epoch()
            marks.append(time.perf_counter())
        return list(np.diff(marks))

    return train


def shuffled_batches(workload: Workload) -> np.ndarray:
    """Row numbers of one shuffled epoch, of shape `(steps, batch)`."""
    order = np.random.permutation(workload.train_samples)
    return order.reshape(workload.steps_per_epoch, workload.batch_size)


def batches(
    workload: Workload, x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of rows in order, without end."""
    while True:
        for start in range(0, len(x), workload.batch_size):
            rows = slice(start, start + workload.batch_size)
            yield x[rows], y[rows]


def in_batches(
    predict_batch: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Makes a `Trainer.predict` of a function that predicts one batch."""

    def predict(inputs: np.ndarray, batch_size: int) -> np.ndarray:
        if len(inputs) <= batch_size:
            return predict_batch(inputs)
        starts = range(0, len(inputs), batch_size)
        return np.concatenate([predict_batch(inputs[i : i + batch_size]) for i in starts])

    return predict


def run(
    peer: str, build: Callable[[Workload, np.ndarray, np.ndarray], Trainer], **abilities: Callable
) -> None:
    """Trains the workload named on the command line and prints the figures.

    `abilities` are further things that the peer can be asked for when it serves.
    """
    options = _parse_arguments()
    _limit_threads(options.threads)
    if options.serve:
        from serve import serve

        serve(build, abilities)
        return
    workload = WORKLOADS[options.workload]
    result = {"peer": peer, "workload": workload.name, "threads": options.threads}
    np.random.seed(0)
    x, y = workload.data()

    start = time.perf_counter()
    try:
        trainer = build(workload, x, y)
    except ImportError as error:
        print(json.dumps({**result, "skipped": str(error)}))
        return
    startup = time.perf_counter() - start

    seconds = trainer.train(1 + options.epochs)
    first, *later = [1000 * s / workload.steps_per_epoch for s in seconds]
    loss, accuracy = evaluate(trainer, workload)
    result |= {
        "version": trainer.version,
        "startup_seconds": round(startup, 2),
        "first_epoch_ms_per_step": round(first, 4),
        "ms_per_step": [round(ms, 4) for ms in later],
        "best": round(min(later), 4),
        "median": round(statistics.median(later), 4),
        "loss": round(loss, 4),
        "accuracy": round(accuracy, 4),
    }
    print(json.dumps(result))
    if not accuracy >= MIN_ACCURACY:
        sys.exit(f"{peer} reached an accuracy of {accuracy:.3f}, not {MIN_ACCURACY}")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", nargs="?", default="mlp", choices=list(WORKLOADS))
    parser.add_argument("--serve", action="store_true", help="answer questions from standard input")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--epochs", type=int, default=3, help="epochs timed after the first")
    options = parser.parse_args()
    if options.epochs < 2:
        parser.error(f"--epochs must be 2 or more. Received: {options.epochs}")
    return options


def _limit_threads(threads: int) -> None:
    """Some pools obey an environment variable, all obey the affinity mask."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(threads)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def evaluate(trainer: Trainer, workload: Workload) -> tuple[float, float]:
    """Loss and accuracy on unseen data, of the probabilities that the peer predicts."""
    x, y = workload.data(1024, stream=1)
    probabilities = trainer.predict(x, 128)
    loss = -np.log(np.maximum(probabilities[np.arange(len(y)), y], 1e-7)).mean()
    return float(loss), float((probabilities.argmax(axis=1) == y).mean())
