"""Training in company: four processes at a time, and one beside a loop that keeps a core busy.

    python bench/crowd.py                  # pyclr alone
    python bench/crowd.py --peers PYTHON   # and PyTorch, if this interpreter has it

Every process has as many threads as there are cores. Figures are ratios, the smaller the better:

* four at a time: the time that four take together, over that one after another. 1 or less where
  processes do not hinder each other.
* beside a busy core: the time of an epoch beside a foreign loop bound to one core, over that alone.
  A scheduler that is fair gives the loop half of its core: with two cores, 4/3 is left for a
  program that shares its work out as it goes, and 2 for one whose threads wait for the slower.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.turns import OWN, Peer  # noqa: E402

PEERS = [OWN, "PyTorch"]
WORKLOADS = ["mlp", "cnn"]
_PROCESSES = 4


@contextlib.contextmanager
def busy_core(core=None):
    """A foreign process that keeps a core, by default the last, busy."""
    code = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
    loop = subprocess.Popen([sys.executable, "-c", code])
    try:
        os.sched_setaffinity(loop.pid, {max(os.sched_getaffinity(0)) if core is None else core})
        yield
    finally:
        loop.kill()
        loop.wait()


def _seconds(peers, workload, epochs):
    """What the peers take to train, all at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(len(peers)) as pool:
        list(pool.map(lambda peer: peer.ask("train", case=workload, epochs=epochs), peers))
    return time.perf_counter() - start


def measure(name, python, workload, turns=4, quick=False):
    """Returns the two ratios of a peer by their case, or nothing if it has none.

    Alone and in company take turns; the best of each counts.
    """
    cores = len(os.sched_getaffinity(0))
    peers = [Peer(name, python, cores) for _ in range(_PROCESSES)]
    try:
        size = {"samples": 256} if quick else {}
        if None in [peer.ask("build", case=workload, **size) for peer in peers]:
            return {}
        for peer in peers:
            peer.ask("train", case=workload, epochs=1)
        epochs = 1 if quick else max(1, round(0.5 / _seconds(peers[:1], workload, 1)))
        in_turn, together, alone, beside = [], [], [], []
        for _ in range(1 if quick else turns):
            in_turn.append(sum(_seconds([peer], workload, epochs) for peer in peers))
            together.append(_seconds(peers, workload, epochs))
            alone.append(_seconds(peers[:1], workload, epochs))
            with busy_core():
                beside.append(_seconds(peers[:1], workload, epochs))
        return {
            f"{workload}, four at a time": min(together) / min(in_turn),
            f"{workload}, beside a busy core": min(beside) / min(alone),
        }
    finally:
        for peer in peers:
            peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has PyTorch")
    parser.add_argument("--workloads", nargs="+", default=WORKLOADS)
    options = parser.parse_args()
    for workload in options.workloads:
        for name in PEERS if options.peers else [OWN]:
            python = sys.executable if name == OWN else options.peers
            for case, ratio in measure(name, python, workload).items():
                print(f"{case:28} {name:10} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
