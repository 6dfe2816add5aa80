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
    steps, n = len(arrays[0]), arrays[1].shape[0]
    return 8 * (n + 8) * (1 + steps) * (2 + np.abs(expected).max(initial=0))


def simple_back(dh, dc, x, kernel, before, new, kept):
    dx = dh * (1 - new[0] ** 2)
    return dx, dx, 0, dc


def gru_back(dh, dc, x, kernel, before, new, kept):
    z, r, g, hg = np.split(kept, 4, -1)
    dg = dh * (1 - z) * (1 - g**2)
    dz, dr = dh * (before[0] - g) * z * (1 - z), dg * hg * r * (1 - r)
    return np.concatenate([dz, dr, dg], -1), np.concatenate([dz, dr, dg * r], -1), dh * z, dc


def lstm_back(dh, dc, x, kernel, before, new, kept):
    i, f, g, o = np.split(kept, 4, -1)
    t = np.tanh(new[1])
    dc = dc + dh * o * (1 - t**2)
    gates = [
        dc * g * i * (1 - i), dc * before[1] * f * (1 - f), dc * i * (1 - g**2),
        dh * t * o * (1 - o),
    ]  # fmt: skip
    dx = np.concatenate(gates, -1)
    return dx, dx, 0, dc * f


def through_time(step, back, count):
    """The gradients for all inputs, of the sum of dy times the first states of all steps."""

    def reference(dy, x, kernel, *rest, masked=False):
        rest = list(rest)
        mask = rest.pop() if masked else np.ones(x.shape[:2], bool)
        bias = rest[count] if len(rest) > count else None
        every = [rest[:count]]
        for t in range(len(x)):
            new = step(x[t], kernel, every[-1], bias)[0]
            every.append([np.where(mask[t][:, None], a, b) for a, b in zip(new, every[-1])])
        dx, dkernel, dbias = np.zeros(x.shape), np.zeros(kernel.shape), np.zeros(x.shape[-1])
        dh = dc = np.zeros(rest[0].shape)
        for t in reversed(range(len(x))):
            counts, dh = mask[t][:, None], dh + dy[t]
            new, kept = step(x[t], kernel, every[t], bias)
            dx[t], dinner, through, dc_new = back(dh, dc, x[t], kernel, every[t], new, kept)
            dx[t], dinner = dx[t] * counts, dinner * counts
            dkernel += every[t][0].T @ dinner
            dbias += dinner.sum(0)
            dh = np.where(counts, through + dinner @ kernel.T, dh)
            dc = np.where(counts, dc_new, dc)
        return (dx, dkernel, *(dh, dc)[:count], *([dbias] if bias is not None else []))

    return reference


def with_seed(make):
    def seeded(rng, n, dtype, **kwargs):
        arrays = make(rng, n, dtype, **kwargs)
        return [normal(rng, (*arrays[0].shape[:2], n), dtype), *arrays]

    return seeded


def cell_cases(op, step, back, gates, count, bias=False):
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
            through_time(step, back, count),
            lambda arrays, expected: 8 * bound(arrays[1:], expected) * len(arrays[0]),
            attrs=attrs,
            run=tape_gradient(op, wrt),
            label=label,
            bench=Bench(
                lambda rng, dtype, seeded=seeded: seeded(rng, 64, dtype, steps=100, batch=32)
            ),
        )


CASES = [
    *cell_cases("simple_rnn", simple_step, simple_back, 1, 1),
    *cell_cases("gru", gru_step, gru_back, 3, 1, bias=True),
    *cell_cases("lstm", lstm_step, lstm_back, 4, 2),
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
