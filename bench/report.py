"""The table of training steps beside the peers: `python bench/report.py --peers PYTHON`.

Runs bench/step.py and writes bench/results.md: for each workload the best ms/step of pyclr and of
every peer measured in the same run, and how many times slower than pyclr each is.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import step  # noqa: E402


def machine():
    """The processor's name, cores and the Python version."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            name = (re.findall(r"model name\s*:\s*(.*)", file.read()) or [name])[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def table(results):
    """The lines of a Markdown table of (workload, ms/step and ratio of every peer)."""
    threads = max(result["threads"] for result in results)
    best = {(r["workload"], r["peer"]): r for r in results if r["threads"] == threads}
    workloads = list(dict.fromkeys(r["workload"] for r in results))
    peers = list(dict.fromkeys(r["peer"] for r in results))
    lines = [
        "| ms/step, best (median) | " + " | ".join(peers) + " |",
        "|---|" + "---|" * len(peers),
    ]
    for workload in workloads:
        own = best[workload, "pyclr"]["best"]
        cells = []
        for peer in peers:
            result = best.get((workload, peer))
            if result is None:
                cells.append("-")
                continue
            cell = f"{result['best']:.3f} ({result['median']:.3f})"
            if peer == "pyclr":
                cell = f"**{cell}**, {100 * result['of_peak']:.0f} % of peak"
            else:
                cell += f", {result['best'] / own:.1f}x"
            cells.append(cell)
        lines.append(f"| `{workload}` | " + " | ".join(cells) + " |")
    versions = {r["peer"]: r["version"] for r in results}
    lines += ["", "Versions: " + ", ".join(f"{p} {v}" for p, v in versions.items()) + "."]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--workloads", nargs="+", default=None)
    options = parser.parse_args()
    arguments = ["--peers", options.peers, "--epochs", str(options.epochs)]
    if options.workloads:
        arguments += ["--workloads", *options.workloads]
    results = step.main(arguments)
    lines = ["# Training steps beside the peers", "", f"{machine()}, {datetime.date.today()}.", ""]
    lines += table(results)
    path = Path(__file__).with_name("results.md")
    path.write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines) + f"\n\nwritten to {path}")


if __name__ == "__main__":
    main()
