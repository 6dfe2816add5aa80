"""Sequences of recurrent cells, and the parts of a tensor."""

import numpy as np

from cases.case import EXACT, Bench, Case, normal, tape_gradient

STEPS, BATCH = 3, 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_step(x, kernel, state, bias):
    return [np.tanh(x + state[0] @ kernel)], None


def gru_step(x, kernel, state, bias):
    (h,) = state
    inner = h @ kernel + bias
    (xz, xr, xg), (hz, hr, hg) = np.split(x, 3, -1), np.split(inner, 3, -1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    g = np.tanh(xg + r * hg)
    return [z * h + (1 - z) * g], np.concatenate([z, r, g, hg], -1)


def lstm_step(x, kernel, state, bias):
    h, c = state
    i, f, g, o = np.split(x + h @ kernel, 4, -1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    return [o * np.tanh(c), c], np.concatenate([i, f, g, o], -1)


def run(step, count, x, kernel, *rest, masked=False):
    """All states, the last ones and what is saved, as the engine orders them."""
    state, rest = list(rest[:count]), list(rest[count:])
    mask = rest.pop() if masked else np.ones(x.shape[:2], bool)
    bias = rest[0] if rest else None
    every, saved = [], []
    for t in range(len(x)):
        new, kept = step(x[t], kernel, state, bias)
        counts = mask[t][:, None]
        state = [np.where(counts, a, b) for a, b in zip(new, state)]
        every.append(state)
        if kept is not None:
            saved.append(np.where(counts, kept, 0))
    every = [np.stack(states) for states in zip(*every)]
    return (every[0], *state, *every[1:], *([np.stack(saved)] if saved else []))


def inputs(gates, count, bias, masked):
    def make(rng, n, dtype, steps=STEPS, batch=BATCH):
        width = gates * n
        arrays = [
            normal(rng, (steps, batch, width), dtype),
            normal(rng, (n, width), dtype, 1 / np.sqrt(max(n, 1))),
            *(normal(rng, (batch, n), dtype) for _ in range(count)),
        ]
        if bias:
            arrays.append(normal(rng, (width,), dtype))
        if masked:
            arrays.append(rng.random((steps, batch)) < 0.6)
        return arrays

    return make


def bound(arrays, expected):
    """Each step adds the roundings of its sums and functions; slopes are at most 1 or so."""
    n = arrays[1].shape[0]
    return 8 * (n + 8) * STEPS**2 * (2 + np.abs(expected))


def derivatives(step, count, wrt):
    """The gradients of the first state of all steps, by complex differences."""

    def reference(dy, *arrays, masked=False):
        found = []
        for place in wrt:
            gradient = np.zeros(arrays[place].shape)
            for index in np.ndindex(gradient.shape):
                moved = [a if a.dtype == bool else a.astype("complex128") for a in arrays]
                moved[place][index] += 1e-30j
                states = run(step, count, *moved, masked=masked)[0]
                gradient[index] = (states.imag * dy).sum() / 1e-30
            found.append(gradient)
        return tuple(found)

    return reference


def with_seed(make):
    def seeded(rng, n, dtype, **kwargs):
        arrays = make(rng, n, dtype, **kwargs)
        return [normal(rng, (*arrays[0].shape[:2], n), dtype), *arrays]

    return seeded


def cell_cases(op, step, gates, count, bias=False):
    for masked in (False, True):
        make = inputs(gates, count, bias, masked)
        label = "masked" if masked else ""
        attrs = {"masked": masked}
        wrt = tuple(range(2 + count + bias))
        yield Case(
            op,
            make,
            lambda *arrays, masked, step=step: run(step, count, *arrays, masked=masked),
            bound,
            attrs=attrs,
            gradient=wrt,
            targets=tuple(range(1 + count)),
            label=label,
            bench=Bench(lambda rng, dtype, make=make: make(rng, 64, dtype, 100, 32)),
        )
        seeded = with_seed(make)
        yield Case(
            f"{op}_gradient",
            seeded,
            derivatives(step, count, wrt),
            lambda arrays, expected: 4 * bound(arrays[1:], expected),
            attrs=attrs,
            sizes=(0, 1, 2, 5),
            run=tape_gradient(op, wrt),
            label=label,
        )


CASES = [
    *cell_cases("simple_rnn", simple_step, 1, 1),
    *cell_cases("gru", gru_step, 3, 1, bias=True),
    *cell_cases("lstm", lstm_step, 4, 2),
    Case(
        "unstack",
        lambda rng, n, dtype: [normal(rng, (3, n, 2), dtype)],
        lambda x: tuple(x),
        EXACT,
        gradient=(0,),
        targets=(0, 2),
        bench=Bench(lambda rng, dtype: [normal(rng, (100, 32, 64), dtype)]),
    ),
]
