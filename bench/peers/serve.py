"""A peer that stays: reads a question as a line of JSON, does it, and answers with one.

Models stay built between questions, so that peers can take turns with the same training. Nothing
runs while a peer waits. An answer has the process' peak of memory beside what was asked for.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from common import evaluate

from bench.cases import CASES, CHAINS, CONVOLUTIONS, DEPTHWISE


def serve(build: Callable, abilities: dict[str, Callable]) -> None:
    """Answers until standard input ends. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = _Peer(build, abilities)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(peer, question.pop("do"))(**question)
        except ImportError as error:
            answer = {"skipped": str(error)}
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps({**answer, "peak_mb": _peak_megabytes()}) + "\n")
        answers.flush()


class _Peer:
    """What can be asked. Times are in seconds."""

    def __init__(self, build, abilities):
        self._build, self._abilities = build, abilities
        self._trainers, self._convolution, self._chain = {}, None, None

    def build(self, case, samples=None):
        """Builds a model on so many samples; `data_mb` is the memory in use with them there.

        The peak begins again then, without what making the data took.
        """
        workload = _sized(case, samples)
        np.random.seed(0)
        x, y = workload.data()
        _forget_peak()
        data_mb = _peak_megabytes()
        trainer = self._trainers[case] = self._build(workload, x, y)
        return {"version": trainer.version, "data_mb": data_mb}

    def drop(self, case):
        del self._trainers[case]
        return {}

    def train(self, case, epochs, source="arrays"):
        trainer = self._trainer(case)
        if source == "arrays":
            return {"seconds": trainer.train(epochs)}
        if trainer.train_from is None:
            raise ImportError(f"no {source}")
        return {"seconds": trainer.train_from(source, epochs)}

    def check(self, case):
        """Loss and accuracy on unseen data."""
        loss, accuracy = evaluate(self._trainer(case), CASES[case])
        return {"loss": loss, "accuracy": accuracy}

    def first_step(self, case):
        """A `fit` of one batch right after the model was built."""
        workload = _sized(case, CASES[case].batch_size)
        trainer = self._build(workload, *workload.data())
        return {"seconds": trainer.train(1)}

    def predict(self, case, rows, batch_size, seconds, most=2000):
        """`difference` is that to a prediction in batches of another size."""
        trainer, (x, y) = self._trainer(case), CASES[case].data(max(rows, 2), stream=2)
        other, x = trainer.predict(x, len(x))[:rows], x[:rows]
        got = trainer.predict(x, batch_size)
        accuracy = float((got.argmax(axis=1) == y[:rows]).mean())
        times = _times(lambda: trainer.predict(x, batch_size), seconds, most)
        difference = float(np.abs(got - other).max())
        return {"seconds": times, "difference": difference, "accuracy": accuracy}

    def evaluate(self, case, rows, batch_size, seconds):
        trainer, (x, y) = self._trainer(case), CASES[case].data(rows, stream=2)
        if trainer.evaluate is None:
            raise ImportError("no evaluate")
        _, accuracy = trainer.evaluate(x, y, batch_size)
        times = _times(lambda: trainer.evaluate(x, y, batch_size), seconds)
        return {"seconds": times, "accuracy": accuracy}

    def prepare_convolution(self, case):
        """`results` are digests of the output and of the two gradients."""
        convolution, random = {**CONVOLUTIONS, **DEPTHWISE}[case], np.random.default_rng(0)
        shapes = convolution.x_shape, convolution.kernel_shape, convolution.y_shape
        arrays = [random.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
        forward, gradients, as_arrays = self._ability("convolution")(convolution, *arrays)
        self._convolution = forward, gradients
        results = [as_arrays(forward())[0], as_arrays(gradients())]
        return {"results": [_digest(a) for a in (results[0], *results[1])]}

    def convolution(self, seconds):
        forward, gradients = self._convolution
        return {"forward": _times(forward, seconds), "gradients": _times(gradients, seconds)}

    def prepare_chain(self, case):
        """`result` is a digest of x after three steps."""
        chain, random = CHAINS[case], np.random.default_rng(0)
        x, target = random.standard_normal((2, chain.rows, chain.columns), np.float32)
        step, value = self._ability("chain")(chain, x, target)
        for _ in range(3):
            step()
        self._chain = step
        return {"result": _digest(value())}

    def chain(self, seconds):
        return {"seconds": _times(self._chain, seconds)}

    def peak(self, seconds):
        """GFLOP/s of a large matrix product."""
        return {"gflops": self._ability("peak")(seconds)}

    def _trainer(self, case):
        if case not in self._trainers:
            raise ImportError(f"{case} was not built")
        return self._trainers[case]

    def _ability(self, name):
        if name not in self._abilities:
            raise ImportError(f"no {name}")
        return self._abilities[name]


def _sized(case, samples):
    workload = CASES[case]
    return workload if samples is None else replace(workload, train_samples=samples)


def _times(function, seconds, most=2000):
    """Seconds of each call in the time given, after a fifth of that time to warm up."""
    times = []
    for limit in (seconds / 5, seconds):
        times.clear()
        stop = time.perf_counter() + limit
        while not times or (time.perf_counter() < stop and len(times) < most):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return times


def _digest(array):
    """The norm, and the projection on a random direction, relative to the norm."""
    flat = np.asarray(array, np.float64).ravel()
    norm = float(np.linalg.norm(flat))
    direction = np.random.default_rng(1).standard_normal(flat.size)
    return [norm, float(flat @ direction) / norm]


def _forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _peak_megabytes():
    """The largest resident memory since `_forget_peak` (`ru_maxrss` may be the parent's)."""
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024
