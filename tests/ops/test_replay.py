"""Every op replays: two recordings of it are equal, and a Program gives the bits of the eager call,
for any number of threads."""

import zlib

import numpy as np
import pytest
from cases.case import tensors
from op_cases import CASES

from pyclr import _core as core


class Step:
    """One case as a step: the inputs it writes persist, the others are the batch."""

    def __init__(self, case, arrays, attrs):
        self.case, self.arrays, self.attrs = case, arrays, attrs
        self.persistent = {i: core.tensor(arrays[i], arrays[i].dtype) for i in case.writes}

    def batch(self):
        kept = [a for i, a in enumerate(self.arrays) if i not in self.persistent]
        return tensors(kept)

    def reset(self):
        for i, tensor in self.persistent.items():
            tensor._view()[...] = self.arrays[i]

    def run(self, batch):
        given = iter(batch)
        inputs = [
            self.persistent[i] if i in self.persistent else next(given)
            for i in range(len(self.arrays))
        ]
        return self.case.run(self.case, inputs, self.attrs)

    def record(self):
        self.reset()
        batch = self.batch()
        recording = core.Recording(batch)
        recording.begin()
        try:
            recording.set_outputs(self.run(batch))
        finally:
            recording.end()
        return recording

    def bits(self, outputs):
        return [t.numpy().tobytes() for t in [*outputs, *self.persistent.values()]]

    def eager_bits(self):
        self.reset()
        return self.bits(self.run(self.batch()))

    def replay_bits(self, program):
        self.reset()
        return self.bits(program.run(self.batch()))


def seeded(case):
    return np.random.default_rng(zlib.crc32(str(case).encode()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_replay_has_the_bits_of_the_eager_call(case):
    n = 5 if case.sizes is None or 5 in case.sizes else case.sizes[-1]
    for dtype in case.dtypes[:2]:
        step = Step(case, *case.make(seeded(case), n, dtype))
        eager = step.eager_bits()
        first, second = step.record(), step.record()
        assert core.difference(first, second) == ""
        del first
        program = core.Program(second)
        for _ in range(2):
            assert step.replay_bits(program) == eager


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bits_do_not_depend_on_threads(case, threads):
    """On the bench's shapes, which are cut into many pieces of work."""
    step = Step(case, *case.make_bench(seeded(case), case.dtypes[0]))
    results = []
    for count in (1, 2, 3, 4):
        threads(count)
        results.append(step.eager_bits())
    assert results[1:] == results[:1] * 3
