"""Where a training step spends its time: every call of its program, the slowest first.

    python bench/calls.py cnn --threads 1

A time is the least of many replays on one batch, which stays in the cache.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pyclr
from pyclr import _core as core

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.step import build  # noqa: E402
from bench.workloads import WORKLOADS  # noqa: E402


def program_and_batch(workload):
    """The replayed training step, and the tensors of a batch."""
    model = build(workload)
    x, y = workload.data(3 * workload.batch_size)
    model.fit(x, y, batch_size=workload.batch_size, verbose=0)
    batch = [core.tensor(rows[: workload.batch_size]) for rows in (x, y)]
    return model._steps["train"]._last.program, batch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workload", choices=list(WORKLOADS))
    parser.add_argument("--threads", type=int, default=pyclr.config.num_threads())
    parser.add_argument("--repetitions", type=int, default=200)
    options = parser.parse_args()
    pyclr.config.set_num_threads(options.threads)
    program, batch = program_and_batch(WORKLOADS[options.workload])
    seconds = program.time_calls(batch, options.repetitions)
    calls = [line.strip() for line in program.describe().splitlines()[1:]]
    total = sum(seconds)
    print(
        f"{options.workload}, {options.threads} threads: {1e6 * total:.0f} us in {len(calls)} calls"
    )
    for time, call in sorted(zip(seconds, calls), reverse=True):
        print(f"{1e6 * time:9.1f} us {100 * time / total:5.1f} %  {call}")


if __name__ == "__main__":
    main()
