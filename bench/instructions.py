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
# Workload: steps counted. They are replayed: each epoch has so many more than the steps that
# are not, and the difference between an epoch of twice as many and one of as many is counted.
STEPS = {"mlp": 100, "cnn": 6}


def train(workload_name, factor):
    """What valgrind runs: one epoch of `factor` times the steps, and those that are recorded."""
    sys.path.insert(0, str(ROOT))
    import pyclr
    from bench.step import build
    from bench.workloads import WORKLOADS

    workload = WORKLOADS[workload_name]
    steps = 4 + factor * STEPS[workload_name]
    x, y = workload.data(2 * (4 + 2 * STEPS[workload_name]) * workload.batch_size)
    rows = steps * workload.batch_size
    model = build(workload)
    model.fit(x[:rows], y[:rows], batch_size=workload.batch_size, verbose=0)
    if (reason := model.explain_step()) and "eager" in reason.split("\n")[0]:
        sys.exit(f"The step of {workload_name} is not replayed: {reason}")
    assert pyclr.config.isa() == ISA


def count(workload_name, factor, folder):
    """Instructions of a whole process."""
    out = Path(folder) / f"{workload_name}{factor}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable]
    command += [__file__, "--train", workload_name, str(factor)]
    settings = {"PYCLR_ISA": ISA, "PYCLR_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    run = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    if run.returncode:
        sys.exit(f"valgrind failed: {run.stderr[-2000:]}")
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))


def instructions(workload_name):
    """Instructions of one replayed step."""
    with tempfile.TemporaryDirectory() as folder:
        once, twice = (count(workload_name, factor, folder) for factor in (1, 2))
    return round((twice - once) / STEPS[workload_name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--update", action="store_true", help="write the counts as bounds")
    parser.add_argument("--train", nargs=2, metavar=("WORKLOAD", "FACTOR"), help="what is counted")
    options = parser.parse_args()
    if options.train:
        return train(options.train[0], int(options.train[1]))
    sys.path.insert(0, str(ROOT))
    import pyclr

    if shutil.which("valgrind") is None or ISA not in pyclr.config.available_isas():
        return print(f"skipped: needs valgrind and {ISA}")
    counts = {name: instructions(name) for name in STEPS}
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
