"""Instructions of a replayed training step, counted by valgrind: the guard of speed in CI.

    python bench/instructions.py            # compares with the bounds of bench/instructions.csv
    python bench/instructions.py --update   # writes new bounds

Counts do not depend on what else the machine does, so a small change shows. They are those of one
thread with the AVX2 kernels, and depend on the compiler a little: what fails is more than
`TOLERANCE` over the bound. Without valgrind, or on a machine without AVX2, nothing is checked.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOUNDS = Path(__file__).with_name("instructions.csv")
TOLERANCE = 0.1
ISA = "avx2"
STEPS = {"mlp": 20, "cnn": 4}  # that are counted


def train(name, steps):
    """Trains so many steps, and those that are recorded before; all others are replayed."""
    from bench.step import build
    from bench.workloads import WORKLOADS

    workload = WORKLOADS[name]
    x, y = workload.data(50 * workload.batch_size)
    rows = (4 + steps) * workload.batch_size
    model = build(workload)
    model.fit(x[:rows], y[:rows], batch_size=workload.batch_size, verbose=0)
    if not model.explain_step().startswith("The step is replayed"):
        sys.exit(f"{name}: {model.explain_step()}")


def train_all():
    """What valgrind runs: a child for each training, whose file it names by the child's id."""
    import pyclr  # noqa: F401  once, before the children

    for name, steps in STEPS.items():
        for factor in (1, 2):
            child = os.fork()
            if child == 0:
                train(name, factor * steps)
                os._exit(0)
            if os.waitpid(child, 0)[1]:
                sys.exit(f"The training of {name} failed.")
            print(name, factor, child)


def count():
    """Instructions of one replayed step of each workload: the difference of two trainings."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/%p"]
        command += [sys.executable, __file__, "--train"]
        settings = {"PYCLR_ISA": ISA, "PYCLR_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        run = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        if run.returncode:
            sys.exit(f"The count failed: {run.stderr[-2000:]}")
        totals = {}
        for name, factor, child in (line.split() for line in run.stdout.splitlines()):
            text = (Path(folder) / child).read_text()
            totals[name, int(factor)] = int(re.search(r"^totals: (\d+)", text, re.M).group(1))
    return {name: round((totals[name, 2] - totals[name, 1]) / n) for name, n in STEPS.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--update", action="store_true", help="write the counts as bounds")
    parser.add_argument("--train", action="store_true", help="what valgrind runs")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if options.train:
        return train_all()
    import pyclr

    if shutil.which("valgrind") is None or ISA not in pyclr.config.available_isas():
        return print(f"skipped: needs valgrind and {ISA}")
    counts = count()
    if options.update:
        with BOUNDS.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [("workload", "instructions"), *counts.items()]
            )
    with BOUNDS.open() as file:
        bounds = {row["workload"]: int(row["instructions"]) for row in csv.DictReader(file)}
    for name, counted in counts.items():
        print(f"{name}: {counted} instructions a step, {counted / bounds[name]:.3f} of the bound")
    slower = [name for name, counted in counts.items() if counted > (1 + TOLERANCE) * bounds[name]]
    if slower:
        sys.exit(f"More than {TOLERANCE:.0%} over bench/instructions.csv: {', '.join(slower)}")


if __name__ == "__main__":
    main()
