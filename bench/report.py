"""Everything beside the peers: `python bench/report.py --peers PYTHON`, in about ten minutes.

Peers take turns, a few seconds each, in processes that stay; results are checked before times are
noted. Writes bench/results.md (tables), docs/figures/speed.svg (picture), the README's figures and
a line a workload in bench/history.csv. With `--quick`, it only sees that all of it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import crowd, footprint, report_files  # noqa: E402
from bench.cases import (  # noqa: E402
    BATCH_SIZES,
    CHAINS,
    CONVOLUTIONS,
    DEPTHWISE,
    LAYERS,
    SOURCES,
    WIDTHS,
)
from bench.turns import OWN, SCRIPTS, Team  # noqa: E402
from bench.workloads import MIN_ACCURACY, WORKLOADS  # noqa: E402

MAIN = [name for name in SCRIPTS if not name.startswith(OWN + " ")]
KERAS = [OWN, "TensorFlow-Keras", "Keras on JAX"]
FAST = [OWN, "TensorFlow-Keras", "PyTorch", "jitted JAX"]  # where all would take too long
ROWS = 10_000


def steps(team):
    """The four workloads. The models stay: predictions are theirs."""
    names = sorted(WORKLOADS, key=lambda name: name != "cnn")  # memory is read at the first
    for name in names[: 2 if team.quick else None]:
        keep = name in ("mlp", "cnn") and team.threads > 1
        budget, turns = (24, 2) if team.threads > 1 else (12, 1)
        team.train("step", name, WORKLOADS[name], None, budget, turns, keep)


def predictions(team):
    """`predict` of one row, and of many rows beside `evaluate`."""
    seconds = 0.1 if team.quick else 0.5
    one = {"case": "mlp", "rows": 1, "batch_size": 1, "seconds": seconds}
    rows = 256 if team.quick else ROWS
    many = {"case": "cnn", "rows": rows, "batch_size": 128, "seconds": seconds}
    for section, do, question, unit in (
        ("one row", "predict", one, 1e6),
        ("predict", "predict", many, 1e3),
        ("evaluate", "evaluate", many, 1e3),
    ):
        for peer, answers in team.ask_in_turns(team.chosen(MAIN), do, **question).items():
            if answers[0].get("difference", 0) > 1e-4:
                team.reject(peer, f"{section}: depends on the batch by {answers[0]['difference']}")
                continue
            if not team.quick and question is many and answers[0]["accuracy"] < MIN_ACCURACY:
                team.reject(peer, f"{section}: has an accuracy of {answers[0]['accuracy']}")
                continue
            times = [unit * s for answer in answers for s in answer["seconds"]]
            team.note(section, question["case"], peer, times)


def first_steps(team):
    """`fit` of one batch after the model was built."""
    for case in ("mlp", "cnn"):
        answers = team.ask_in_turns(team.chosen(MAIN), "first_step", turns=5, case=case)
        for peer, given in answers.items():
            team.note("first step", case, peer, [1000 * answer["seconds"][0] for answer in given])


def convolutions(section, cases):
    """The function that measures GFLOP/s of forward passes and gradients, which must agree."""

    def measure(team):
        for case, convolution in list(cases.items())[: 2 if team.quick else None]:
            peers = team.chosen([OWN, "PyTorch"])
            ready = team.ask_in_turns(peers, "prepare_convolution", turns=1, case=case)
            digests = [answer["results"] for (answer,) in ready.values()]
            if not np.allclose(digests[0], digests[-1], rtol=1e-4, atol=1e-4):
                team.reject(team.peers[0], f"{case}: differs from PyTorch: {digests}")
                continue
            seconds = 0.005 if team.quick else 0.06
            answers = team.ask_in_turns(list(ready), "convolution", seconds=seconds)
            for peer, turns in answers.items():
                for part, passes in (("forward", 1), ("gradients", 2)):
                    times = [1e6 * s for turn in turns for s in turn[part]]
                    rate = passes * convolution.flops() / 1e9
                    team.note(f"{section} {part}", case, peer, times, gflop=rate)

    return measure


def chains(team):
    """Gradient steps of pointwise functions by hand, after some that must agree."""
    for case in list(CHAINS)[: 1 if team.quick else None]:
        ready = team.ask_in_turns(team.chosen(FAST), "prepare_chain", turns=1, case=case)
        digests = [answer["result"] for (answer,) in ready.values()]
        if not all(np.allclose(digest, digests[0], rtol=1e-4, atol=1e-4) for digest in digests):
            team.reject(team.peers[0], f"{case}: differs from the peers: {digests}")
            continue
        seconds = 0.005 if team.quick else 0.1
        for peer, turns in team.ask_in_turns(list(ready), "chain", seconds=seconds).items():
            times = [1e6 * s for turn in turns for s in turn["seconds"]]
            team.note("chain", case, peer, times)


def footprints(team):
    """Time of the import, and sizes."""
    for turn in range(1 if team.quick else 3):
        for peer in team.chosen(MAIN):
            if turn > 1 and peer.name != OWN:
                continue
            milliseconds = footprint.import_ms(peer.name, peer.python)
            if milliseconds is not None:
                team.note("import", "import", peer, [milliseconds])
    for peer in team.chosen(MAIN):
        size = footprint.installed_mb(peer.name, peer.python)
        if size is not None:
            team.note("size", "installed files", peer, [size])
    size = None if team.quick else footprint.wheel_mb()
    if size is not None:
        team.note("size", "wheel", team.peers[0], [size])


def crowds(team):
    """Four processes at a time, and one beside a core that is busy."""
    for workload in crowd.WORKLOADS[: 1 if team.quick else None]:
        for peer in team.chosen(crowd.PEERS):
            ratios = crowd.measure(peer.name, peer.python, workload, quick=team.quick)
            for case, ratio in ratios.items():
                team.note("crowd", case, peer, [ratio])


def trainings(section, cases, names):
    """The function that measures a section of training steps."""

    def measure(team):
        for workload in cases[:1] if team.quick else cases:
            team.train(section, workload.name, workload, names, budget=1)

    return measure


def sources(team):
    """Arrays beside a `Dataset` and a generator."""
    kinds = ["arrays", "dataset", "generator"]
    team.train("source", "", SOURCES, KERAS[:2], budget=1, sources=kinds)


PARTS = {
    "steps": steps,
    "predictions": predictions,  # of the models that steps has trained
    "first-steps": first_steps,
    "convolutions": convolutions("conv", CONVOLUTIONS),
    "depthwise": convolutions("depthwise", DEPTHWISE),
    "chains": chains,
    "batch-sizes": trainings("batch size", BATCH_SIZES, FAST),
    "widths": trainings("width", WIDTHS, FAST),
    "layers": trainings("layer", LAYERS, KERAS),
    "sources": sources,
    "crowds": crowds,
    "footprints": footprints,
}


def measure(options):
    """All records, in the order of the report, and what was wrong."""
    records, rejected = [], []
    cores = len(os.sched_getaffinity(0))
    for threads in [cores] if options.only or options.quick or cores == 1 else [cores, 1]:
        names = list(SCRIPTS) if threads > 1 else MAIN
        with Team(names, options.peers, threads, options.quick, records) as team:
            own, peaks = team.peers[0], []
            for part in (options.only or PARTS) if threads == cores else ["steps"]:
                with team.watched(part):
                    peaks.append(own.ask("peak", seconds=0.3)["gflops"])
                    PARTS[part](team)
            peaks.append(own.ask("peak", seconds=0.3)["gflops"])
            team.note("peak", "matrix product", own, [max(peaks)])
            rejected += team.rejected
    return records, rejected


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--quick", action="store_true", help="see that all runs; write nothing")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="parts; writes nothing")
    parser.add_argument("--save", metavar="FILE", help="keep the records, as JSON")
    parser.add_argument("--from", metavar="FILE", dest="saved", help="write from kept records")
    options = parser.parse_args()
    if options.only and "predictions" in options.only and "steps" not in options.only:
        parser.error("predictions are of the models that steps trains: --only steps predictions")
    start = time.perf_counter()
    if options.saved:
        records, rejected = json.loads(Path(options.saved).read_text()), []
    else:
        records, rejected = measure(options)
        print(f"{time.perf_counter() - start:.0f} s")
    if options.save:
        Path(options.save).write_text(json.dumps(records))
    if options.quick or options.only:
        report_files.results(records)
    else:
        report_files.write(records)
        if not options.saved:
            report_files.append_history(records)
    if rejected:
        sys.exit("Wrong results: " + "; ".join(rejected))


if __name__ == "__main__":
    main()
