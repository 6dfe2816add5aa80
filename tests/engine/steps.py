"""Recording steps: what the engine's tests share."""

import re

import numpy as np

from pyclr import _core as core

f = core.ops


def record(step, *inputs):
    """Runs step(*inputs), recorded; its result (a tensor, a list or None) gives the outputs."""
    recording = core.Recording(list(inputs))
    recording.begin()
    try:
        result = step(*inputs)
        outputs = [] if result is None else [result] if core.is_tensor(result) else list(result)
        recording.set_outputs(outputs)
    finally:
        recording.end()
    return recording


def make_program(step, *inputs):
    """The program of a step, after the check that `fit` makes: two equal recordings."""
    first, second = record(step, *inputs), record(step, *inputs)
    assert core.difference(first, second) == ""
    del first
    return core.Program(second)


def names(program, members=True):
    """The ops of a program's calls, in order; those of a chain's members in its place."""
    found = []
    for line in program.describe().splitlines()[1:]:
        name = line.split("(")[0].split()[-1]
        chain = re.search(r"members=\((.*?)\)", line)
        found += chain[1].split(", ") if chain and members else [name]
    return found


def tensor(value, dtype="float32"):
    return core.tensor(np.asarray(value), dtype)


def gradients(loss, sources, inputs=()):
    tape = core.Tape()
    for source in sources:
        tape.watch(source)
    tape.start()
    try:
        target = loss(*inputs)
    finally:
        tape.stop()
    return target, tape.gradient([target], list(sources))


class Net:
    """A small classifier with momentum SGD on the engine's ops, and the same weights again for
    the same seed."""

    def __init__(self, seed=0, features=6, units=9, classes=4):
        rng = np.random.default_rng(seed)
        shapes = (features, units), (units,), (units, classes), (classes,)
        self.weights = [tensor(rng.standard_normal(s) / 2) for s in shapes]
        self.slots = [tensor(np.zeros(s)) for s in shapes]
        self.hyper = tensor([0.1, 0.0, 0.9], "float64")
        self.iterations = tensor(0, "int64")

    def loss(self, x, y):
        w1, b1, w2, b2 = self.weights
        hidden = f.relu(f.dense(x, w1, b1))
        return f.mean(f.softmax_cross_entropy(f.dense(hidden, w2, b2), y)[0])

    def step(self, x, y):
        loss, grads = gradients(self.loss, self.weights, (x, y))
        f.sgd(self.hyper, self.iterations, *self.weights, *grads, *self.slots, count=4, slots=1)
        return loss

    def state(self):
        return [t.numpy() for t in (*self.weights, *self.slots, self.iterations)]


def batches(count, rows=8, features=6, classes=4, seed=1):
    """x and y of `count` batches as two arrays."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count * rows, features)).astype("float32")
    return x, rng.integers(0, classes, count * rows).astype("int32")


def assert_same_bits(first, second):
    assert [a.tobytes() for a in first] == [b.tobytes() for b in second]
