"""The memory plan: buffers that live at the same time do not overlap."""

import numpy as np
import pytest
from steps import Net, batches, f, make_program, record, tensor

from pyclr import _core as core


def overlaps(lifetimes, offsets):
    """Pairs that share a call and a byte."""
    rows = [(*life, at) for life, at in zip(lifetimes, offsets)]
    return [
        (a, b)
        for i, a in enumerate(rows)
        for b in rows[:i]
        if a[0] <= b[1] and b[0] <= a[1]  # calls
        and a[3] < b[3] + b[2] and b[3] < a[3] + a[2]  # bytes
    ]  # fmt: skip


def largest_load(lifetimes):
    """Bytes that live at the busiest call: no plan needs less."""
    calls = {first for first, _, _ in lifetimes}
    loads = (sum(b for first, last, b in lifetimes if first <= call <= last) for call in calls)
    return max(loads, default=0)


def random_lifetimes(rng, kind):
    count = int(rng.integers(1, 60))
    first = rng.integers(0, 80, count)
    if kind == "short":
        last = first + rng.integers(0, 4, count)
    elif kind == "nested":  # activations: made forward, used again backward
        first = np.arange(count)
        last = 2 * count - first
    else:
        last = first + rng.integers(0, 80, count)
    sizes = 64 * rng.integers(1, 1000, count) ** rng.integers(1, 3, count)
    return [tuple(int(v) for v in row) for row in zip(first, last, sizes)]


@pytest.mark.parametrize("kind", ["short", "nested", "mixed"])
@pytest.mark.parametrize("seed", range(40))
def test_random_lifetimes(kind, seed):
    lifetimes = random_lifetimes(np.random.default_rng(seed), kind)
    arena, offsets = core.place(lifetimes)
    assert overlaps(lifetimes, offsets) == []
    assert all(at + bytes <= arena for at, (_, _, bytes) in zip(offsets, lifetimes))
    assert largest_load(lifetimes) <= arena <= 2 * largest_load(lifetimes)
    assert all(at % 64 == 0 for at in offsets)


def test_chain_needs_two_buffers():
    lifetimes = [(i, i + 1, 4096) for i in range(50)]
    assert core.place(lifetimes)[0] == 2 * 4096


def test_nothing():
    assert core.place([]) == (0, [])


def planned(program):
    lifetimes = [tuple(row[:3]) for row in program.placements]
    return lifetimes, [row[3] for row in program.placements]


def test_plan_of_a_training_step():
    x, y = batches(2)
    net = Net()
    recordings = [
        record(net.step, tensor(x[i : i + 8]), tensor(y[i : i + 8], "int32")) for i in (0, 8)
    ]
    program = core.Program(recordings.pop())
    lifetimes, offsets = planned(program)
    assert overlaps(lifetimes, offsets) == []
    assert largest_load(lifetimes) <= program.arena_bytes < sum(b for _, _, b in lifetimes)
    assert all(0 <= first <= last < len(program) for first, last, _ in lifetimes)


def test_chain_of_calls_reuses_memory():
    def step(x):
        for _ in range(20):
            x = f.cumsum(x, axis=0)
        return x

    program = make_program(step, tensor(np.zeros(1000)))
    assert program.arena_bytes == 2 * 4032  # 4000 bytes, rounded to cache lines


def test_views_keep_the_memory_of_their_source_alive():
    """The view is read after its source was read for the last time."""

    def step(x):
        a = f.exp(x)
        view = f.slice(a, begin=[1], size=[2], strides=[1])
        noise = [f.negative(f.square(x)) for _ in range(4)]
        return f.sum(f.concat(view, *noise, axis=0))

    x = tensor([0.5, 1.0, 2.0, 3.0])
    program = make_program(step, x)
    assert overlaps(*planned(program)) == []
    assert program.run([x])[0].numpy() == step(x).numpy()


def test_results_and_held_tensors_are_not_planned():
    stash = []

    def step(x):
        stash[:] = [f.exp(x)]
        return f.negative(stash[0])

    program = make_program(step, tensor([1.0, 2.0]))
    assert program.placements == [] and program.arena_bytes == 0
