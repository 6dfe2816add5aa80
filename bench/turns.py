"""Peers that take turns: processes that wait for questions (bench/peers/serve.py), and records.

A record is a dictionary with the section and case it belongs to, the peer, its threads, and the
least and the median of what was measured, in the section's unit.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.workloads import MIN_ACCURACY, WORKLOADS

PEERS = Path(__file__).parent / "peers"
OWN = "pyclr"
# Name: script, environment. pyclr's run on this interpreter, the others on the one that has them.
SCRIPTS = {
    OWN: ("pyclr_peer.py", {}),
    "TensorFlow-Keras": ("keras_peer.py", {"KERAS_BACKEND": "tensorflow"}),
    "PyTorch": ("torch_peer.py", {}),
    "Keras on JAX": ("keras_peer.py", {"KERAS_BACKEND": "jax"}),
    "jitted JAX": ("jax_peer.py", {}),
    "scikit-learn": ("sk_peer.py", {}),
    "pyclr eager": ("pyclr_peer.py", {"PYCLR_BENCH_EAGER": "1"}),
    "pyclr avx2": ("pyclr_peer.py", {"PYCLR_ISA": "avx2"}),
    "pyclr baseline": ("pyclr_peer.py", {"PYCLR_ISA": "baseline"}),
}


class Peer:
    """A process that answers questions; one that has died answers none."""

    def __init__(self, name, python, threads):
        script, environment = SCRIPTS[name]
        self.name, self.python, self.version = name, python, None
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [python, str(PEERS / script), "--serve", "--threads", str(threads)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, do, **question):
        """The answer, or `None` if the peer has no such thing or failed, which is reported."""
        if self._process.poll() is not None:
            return None
        try:
            self._process.stdin.write(json.dumps({"do": do, **question}) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '{"failed": "it ended"}')
        except BrokenPipeError:
            answer = {"failed": "it ended"}
        if "failed" in answer:
            print(f"  {self.name}: {do} {question}: {answer['failed']}", file=sys.stderr)
        if do == "build" and "skipped" in answer:
            print(f"  {self.name} is left out: {answer['skipped']}", file=sys.stderr)
        return None if "failed" in answer or "skipped" in answer else answer

    def cpu_seconds(self):
        """Processor time of the process so far, all threads."""
        with open(f"/proc/{self._process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self._process.stdin.close()
        if self._process.wait():
            self._log.seek(0)
            print(f"  {self.name}: {self._log.read().splitlines()[-1:]}", file=sys.stderr)
        self._log.close()


class Team:
    """The peers of a number of threads, and the records of what they did.

    Args:
        python: Path of the interpreter that has the peers.
        quick: Boolean, whether to see only that everything runs: one turn, on little data.
    """

    def __init__(self, names, python, threads, quick, records):
        self.threads, self.quick, self._records = threads, quick, records
        self.rejected = []
        self.peers = [
            Peer(name, sys.executable if name.startswith(OWN) else python, threads)
            for name in names
        ]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for peer in self.peers:
            peer.close()

    @contextlib.contextmanager
    def watched(self, part):
        """Notes the share of the machine, in percent, that other processes took meanwhile."""
        start, busy, own = time.perf_counter(), _busy_seconds(), self._cpu_seconds()
        yield
        seconds = time.perf_counter() - start
        others = (_busy_seconds() - busy) - (self._cpu_seconds() - own)
        share = max(0, 100 * others / seconds / os.cpu_count())
        self.note("other load", part, self.peers[0], [share], seconds=seconds)

    def _cpu_seconds(self):
        times = os.times()  # of this process, and of the short ones it has started
        own = times.user + times.system + times.children_user + times.children_system
        return own + sum(peer.cpu_seconds() for peer in self.peers)

    def chosen(self, names=None):
        return [peer for peer in self.peers if names is None or peer.name in names]

    def reject(self, peer, reason):
        """Reports a wrong result, instead of noting its time."""
        self.rejected.append(f"{peer.name} {reason}")
        print(f"  WRONG: {self.rejected[-1]}", file=sys.stderr, flush=True)

    def note(self, section, case, peer, values, **more):
        """Adds a record of the values of one peer."""
        record = {
            "section": section,
            "case": case,
            "peer": peer.name,
            "version": peer.version,
            "threads": self.threads,
            "best": min(values),
            "median": statistics.median(values),
            **more,
        }
        self._records.append(record)
        print(
            f"{section:14} {case:28} {peer.name:17} {self.threads} threads "
            f"{record['best']:12.4f} / {record['median']:12.4f}",
            flush=True,
        )

    def ask_in_turns(self, peers, do, budget=0, turns=2, **question):
        """Every peer's answers: so many turns, and more until `budget` seconds are over.

        A peer that does not answer the first time is not asked again.
        """
        answers = {peer: [] for peer in peers}
        stop, turn = time.perf_counter() + (0 if self.quick else budget), 0
        while turn < (1 if self.quick else turns) or time.perf_counter() < stop:
            for peer in list(answers):
                answer = peer.ask(do, **question)
                if answer is None:
                    del answers[peer]
                else:
                    answers[peer].append(answer)
            turn += 1
        return answers

    def train(
        self, section, case, workload, names=None, budget=0, turns=2, keep=False, sources=None
    ):
        """Notes ms/step of a workload's case; its name is that of `workload` in bench/cases.py.

        Epochs come in pairs, so that one of them is free of what starting `fit` costs. Models must
        have learned: the four workloads to an accuracy, the others to a smaller loss.
        """
        samples = 4 * workload.batch_size if self.quick else None
        steps = 4 if self.quick else workload.steps_per_epoch
        question = {"case": workload.name}
        built = {p: p.ask("build", samples=samples, **question) for p in self.chosen(names)}
        peers = [peer for peer in built if built[peer] is not None]
        before, warm = {}, {}
        for peer in peers:
            peer.version = built[peer]["version"]
            if workload.name not in WORKLOADS:
                before[peer] = peer.ask("check", **question)
            warm[peer] = peer.ask("train", epochs=1, **question)
        for source in sources or [case]:
            if sources:
                question = {"case": workload.name, "source": source}
            answers = self.ask_in_turns(peers, "train", budget, turns, epochs=2, **question)
            question.pop("source", None)
            for peer, given in answers.items():
                times = [1000 * s / steps for answer in given for s in answer["seconds"]]
                after = peer.ask("check", **question)
                if after is None:
                    continue
                if not self._has_learned(workload, before.get(peer), after):
                    self.reject(peer, f"has not learned {workload.name}: {after}")
                    continue
                used = warm[peer]["peak_mb"] - built[peer]["data_mb"]
                self.note(section, source, peer, times, memory_mb=used, loss=after["loss"])
        if not keep:
            for peer in peers:
                peer.ask("drop", **question)

    def _has_learned(self, workload, before, after):
        if self.quick:
            return math.isfinite(after["loss"])
        if workload.name in WORKLOADS:
            return after["accuracy"] >= MIN_ACCURACY
        return after["loss"] < before["loss"]


def _busy_seconds():
    """Processor time of the whole machine so far: all but idling and waiting for disks."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
