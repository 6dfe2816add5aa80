"""Milliseconds of a training step, through `fit` with shuffling and metrics, beside the peers.

    python bench/step.py                  # pyclr alone: replayed, eager, on all threads and on one
    python bench/step.py --peers PYTHON   # and the peers that this interpreter has

For each workload of bench/workloads.py a model is trained and its accuracy on unseen data checked
before a time is printed. The best and the median epoch are given, the rate of the floating point
operations of the layers, and its share of the peak measured by a large matrix product in the same
run. Peers run in processes of their own, before and after pyclr, and the better of both counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import pyclr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.workloads import MIN_ACCURACY, WORKLOADS  # noqa: E402

PEERS = {
    "TensorFlow-Keras": ("keras_peer.py", {"KERAS_BACKEND": "tensorflow"}),
    "PyTorch": ("torch_peer.py", {}),
    "Keras on JAX": ("keras_peer.py", {"KERAS_BACKEND": "jax"}),
    "jitted JAX": ("jax_peer.py", {}),
    "scikit-learn": ("sk_peer.py", {}),
}


def build(workload, run_eagerly=False):
    """The workload's model, compiled."""
    pyclr.utils.set_random_seed(1)
    layers = [pyclr.Input(workload.input_shape)]
    layers += [getattr(pyclr.layers, name)(**arguments) for name, arguments in workload.layers]
    name, arguments = workload.optimizer
    model = pyclr.Sequential(layers)
    model.compile(
        getattr(pyclr.optimizers, name)(**arguments),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=run_eagerly,
    )
    return model


def peak_gflops(seconds=0.3):
    """The rate of a large matrix product on the threads in use, in GFLOP/s."""
    n = 1024
    x = pyclr.ops.full((n, n), 0.5)
    best, stop = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < stop:
        start = time.perf_counter()
        pyclr._core.ops.dense(x, x)
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best / 1e9


def measure(workload, threads, run_eagerly, epochs, samples=None):
    """Trains and times epochs; returns the figures, or exits when the model has not learned."""
    pyclr.config.set_num_threads(threads)
    x, y = workload.data(samples)
    model = build(workload, run_eagerly)
    steps = -(-len(x) // workload.batch_size)
    peak = peak_gflops()
    times = []
    for _ in range(1 + epochs):
        start = time.perf_counter()
        model.fit(x, y, batch_size=workload.batch_size, verbose=0)
        times.append(1000 * (time.perf_counter() - start) / steps)
    loss, accuracy = model.evaluate(*workload.data(1024, stream=1), verbose=0)
    if samples is None and not accuracy >= MIN_ACCURACY:
        sys.exit(f"{workload.name} reached an accuracy of {accuracy:.3f}, not {MIN_ACCURACY}")
    best = min(times[1:])
    rate = workload.flops_per_step() / best / 1e6
    return {
        "peer": "pyclr eager" if run_eagerly else "pyclr",
        "version": pyclr.__version__,
        "workload": workload.name,
        "threads": threads,
        "isa": pyclr.config.isa(),
        "first_epoch_ms_per_step": round(times[0], 4),
        "best": round(best, 4),
        "median": round(statistics.median(times[1:]), 4),
        "gflops": round(rate, 1),
        "of_peak": round(rate / peak, 3),
        "loss": round(loss, 4),
        "accuracy": round(accuracy, 4),
    }


def measure_peer(peer, python, workload, threads, epochs):
    """Runs a peer's script; returns its figures, or None when it has none for this workload."""
    script, environment = PEERS[peer]
    command = [python, str(Path(__file__).parent / "peers" / script), workload.name]
    command += ["--threads", str(threads), "--epochs", str(max(epochs, 2))]
    run = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode or not lines:
        print(f"  {peer}: failed: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    result = {**json.loads(lines[-1]), "peer": peer}
    return None if "skipped" in result else result


def show(result):
    rate = ""
    if "gflops" in result:
        rate = f"{result['gflops']:8.1f} GFLOP/s {100 * result['of_peak']:4.0f} % of peak"
    print(
        f"{result['workload']:8} {result['peer']:17} {result['threads']} threads  "
        f"{result['best']:9.4f} / {result['median']:9.4f} ms/step (best / median)  {rate}",
        flush=True,
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workloads", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--epochs", type=int, default=4, help="epochs timed after the first")
    parser.add_argument("--threads", type=int, default=pyclr.config.num_threads())
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has the peers")
    parser.add_argument("--quick", action="store_true", help="check that all run, on few samples")
    parser.add_argument("--json", metavar="FILE", help="append the figures as lines of JSON")
    options = parser.parse_args(arguments)
    results = []

    def note(result):
        if result is not None:
            results.append(result)
            show(result)

    for name in options.workloads:
        workload = WORKLOADS[name]
        if options.quick:
            samples = 4 * workload.batch_size
            for run_eagerly in (False, True):
                note(measure(workload, options.threads, run_eagerly, 1, samples))
            continue
        before = {}
        for peer in PEERS if options.peers else ():
            before[peer] = measure_peer(
                peer, options.peers, workload, options.threads, options.epochs
            )
        note(measure(workload, options.threads, False, options.epochs))
        for peer, first in before.items():
            if first is not None:
                again = measure_peer(peer, options.peers, workload, options.threads, options.epochs)
                note(min(first, again or first, key=lambda result: result["best"]))
        note(measure(workload, options.threads, True, options.epochs))
        if options.threads > 1:
            note(measure(workload, 1, False, options.epochs))
    if options.json:
        with open(options.json, "a") as file:
            file.writelines(json.dumps(result) + "\n" for result in results)
    return results


if __name__ == "__main__":
    main()
