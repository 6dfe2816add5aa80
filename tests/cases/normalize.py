"""Batch and layer normalisation."""

import numpy as np

from cases.case import Bench, Case, normal, tape_gradient, uniform

EPSILON = 1e-3
MOMENTUM = 0.9


def bound(inputs, expected):
    """Roundings of the sums over the rows and of numbers scaled by 1 / sqrt(epsilon) at most."""
    rows = max(a.size // max(a.shape[-1], 1) if a.ndim else 1 for a in inputs)
    largest = max(np.abs(a).max(initial=0) for a in inputs)
    return (8 + rows) * (1 + largest) * (1 + np.abs(expected).max(initial=0))


def layer_bound(inputs, expected):
    n = max(a.size for a in inputs)
    largest = max(np.abs(a).max(initial=0) for a in inputs)
    return (8 + n) * (1 + largest) * (1 + np.abs(expected).max(initial=0))


def leading(x):
    return tuple(range(x.ndim - 1))


def batch_norm(x, gamma, beta, moving_mean, moving_variance, epsilon, momentum):
    mean, variance = x.mean(leading(x)), x.var(leading(x))
    inv_std = 1 / np.sqrt(variance + epsilon)
    y = (x - mean) * inv_std * gamma + beta
    moved = (
        old * momentum + new * (1 - momentum)
        for old, new in ((moving_mean, mean), (moving_variance, variance))
    )
    return (y, mean, inv_std, *moved)


def normalized_gradient(dy, x, gamma, axes, epsilon):
    """dx for y = gamma (x - mean) / std over `axes`, and x normalised."""
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    inv_std = 1 / np.sqrt(variance + epsilon)
    hat = (x - mean) * inv_std
    g = dy * gamma
    dx = g - g.mean(axes, keepdims=True) - hat * (g * hat).mean(axes, keepdims=True)
    return dx * inv_std, hat


def batch_norm_gradient(dy, x, gamma, beta, moving_mean, moving_variance, epsilon, momentum):
    axes = leading(x)
    dx, hat = normalized_gradient(dy, x, gamma, axes, epsilon)
    moved = batch_norm(x, gamma, beta, moving_mean, moving_variance, epsilon, momentum)[3:]
    return (dx, (dy * hat).sum(axes), dy.sum(axes), *moved)


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon):
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def batch_norm_inference_gradient(dy, x, gamma, beta, mean, variance, epsilon):
    inv_std = 1 / np.sqrt(variance + epsilon)
    axes = leading(x)
    return dy * gamma * inv_std, (dy * (x - mean) * inv_std).sum(axes), dy.sum(axes)


def layer_norm(x, gamma, beta, epsilon, rank):
    axes = tuple(range(x.ndim - rank, x.ndim))
    mean, variance = x.mean(axes), x.var(axes)
    inv_std = 1 / np.sqrt(variance + epsilon)
    shape = mean.shape + (1,) * rank
    y = (x - mean.reshape(shape)) * inv_std.reshape(shape) * gamma + beta
    return y, mean, inv_std


def layer_norm_gradient(dy, x, gamma, beta, epsilon, rank):
    dx, hat = normalized_gradient(dy, x, gamma, tuple(range(x.ndim - rank, x.ndim)), epsilon)
    rows = tuple(range(x.ndim - rank))
    return dx, (dy * hat).sum(rows), dy.sum(rows)


def batch_inputs(rng, n, dtype, rows=(5, 4)):
    x = (1 + 2 * rng.standard_normal((*rows, n))).astype(dtype)
    variance = uniform(rng, n, dtype, 0.5, 2)
    return [x, *(normal(rng, n, dtype) for _ in range(3)), variance]


def layer_inputs(rank):
    def inputs(rng, n, dtype, rows=(2, 3)):
        shape = (n,) if rank == 1 else (2, n)
        x = (1 + 2 * rng.standard_normal((*rows, *shape))).astype(dtype)
        return [x, normal(rng, shape, dtype), normal(rng, shape, dtype)]

    return inputs


def with_seed(inputs):
    def make(rng, n, dtype, **rows):
        made = inputs(rng, n, dtype, **rows)
        return [normal(rng, made[0].shape, dtype), *made]

    return make


def norm_cases(op, inputs, value, gradient, attrs, bound, bench_shape, label="", writes=()):
    rows, n = bench_shape
    sizes = range(1, 34) if op == "layer_norm" else None  # NumPy's mean of nothing is a warning
    wrt = (0, 1, 2)
    yield Case(
        op,
        inputs,
        value,
        bound,
        attrs=attrs,
        gradient=wrt,
        writes=writes,
        sizes=sizes,
        bench=Bench(lambda rng, dtype: inputs(rng, n, dtype, rows=rows)),
        label=label,
    )
    seeded = with_seed(inputs)
    yield Case(
        f"{op}_gradient",
        seeded,
        gradient,
        bound,
        attrs=attrs,
        gradient=(0, 1, 2),
        targets=wrt,
        writes=[1 + i for i in writes],
        sizes=sizes,
        bench=Bench(lambda rng, dtype: seeded(rng, n, dtype, rows=rows)),
        run=tape_gradient(op, wrt),
        label=label,
    )


CASES = [
    *norm_cases(
        "batch_norm",
        batch_inputs,
        batch_norm,
        batch_norm_gradient,
        {"epsilon": EPSILON, "momentum": MOMENTUM},
        bound,
        ((64, 24, 24), 32),
        writes=(3, 4),
    ),
    *norm_cases(
        "batch_norm_inference",
        batch_inputs,
        batch_norm_inference,
        batch_norm_inference_gradient,
        {"epsilon": EPSILON},
        bound,
        ((64, 24, 24), 32),
    ),
    *norm_cases(
        "layer_norm",
        layer_inputs(1),
        layer_norm,
        layer_norm_gradient,
        {"epsilon": EPSILON, "rank": 1},
        layer_bound,
        ((64, 128), 256),
    ),
    *norm_cases(
        "layer_norm",
        layer_inputs(2),
        layer_norm,
        layer_norm_gradient,
        {"epsilon": EPSILON, "rank": 2},
        layer_bound,
        ((64, 16), 256),
        label="two-axes",
    ),
]
