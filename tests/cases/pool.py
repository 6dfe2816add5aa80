"""Pooling, by direct loops over the window."""

import numpy as np

from cases.case import EXACT, Bench, Case, bound_sum, normal
from cases.conv import windows


def places(shape, pool_size, strides, padding):
    return windows(shape, pool_size, strides or pool_size, (1, 1), padding)


def max_pool2d(x, pool_size=(2, 2), strides=(), padding="valid"):
    size, taps = places(x.shape, pool_size, strides, padding)
    y = np.full((x.shape[0], *size, x.shape[3]), -np.inf)
    index = np.full(y.shape, -1, "int32")
    for ky, kx, (oy, ox), (iy, ix) in taps:
        value, best, at = x[:, iy, ix], y[:, oy, ox], index[:, oy, ox]
        wins = (at < 0) | (value > best) | (np.isnan(value) & ~np.isnan(best))
        y[:, oy, ox] = np.where(wins, value, best)
        index[:, oy, ox] = np.where(wins, ky * pool_size[1] + kx, at)
    return y, index


def max_pool2d_gradient(dy, index, shape, pool_size=(2, 2), strides=(), padding="valid"):
    dx = np.zeros(shape)
    for ky, kx, (oy, ox), (iy, ix) in places(shape, pool_size, strides, padding)[1]:
        won = index[:, oy, ox] == ky * pool_size[1] + kx
        dx[:, iy, ix] += np.where(won, dy[:, oy, ox], 0)
    return dx


def max_pool2d_select(x, index, pool_size=(2, 2), strides=(), padding="valid"):
    y = np.zeros(index.shape)
    for ky, kx, (oy, ox), (iy, ix) in places(x.shape, pool_size, strides, padding)[1]:
        won = index[:, oy, ox] == ky * pool_size[1] + kx
        y[:, oy, ox] += np.where(won, x[:, iy, ix], 0)
    return y


def counts(shape, pool_size, strides, padding):
    """How many positions of each window lie inside the input."""
    size, taps = places(shape, pool_size, strides, padding)
    inside = np.zeros((*size, 1))
    for _, _, (oy, ox), _ in taps:
        inside[oy, ox] += 1
    return inside


def average_pool2d(x, pool_size=(2, 2), strides=(), padding="valid"):
    inside = counts(x.shape, pool_size, strides, padding)
    y = np.zeros((x.shape[0], *inside.shape[:2], x.shape[3]))
    for _, _, (oy, ox), (iy, ix) in places(x.shape, pool_size, strides, padding)[1]:
        y[:, oy, ox] += x[:, iy, ix]
    return y / inside


def average_pool2d_gradient(dy, shape, pool_size=(2, 2), strides=(), padding="valid"):
    share = dy / counts(shape, pool_size, strides, padding)
    dx = np.zeros(shape)
    for _, _, (oy, ox), (iy, ix) in places(shape, pool_size, strides, padding)[1]:
        dx[:, iy, ix] += share[:, oy, ox]
    return dx


POOLS = {  # label: ((batch, height, width), attributes)
    "halves": ((2, 6, 4), {}),
    "remainder": ((2, 7, 5), {"pool_size": [2, 2]}),
    "same": ((2, 7, 5), {"pool_size": [2, 3], "padding": "same"}),
    "overlap": ((1, 7, 6), {"pool_size": [3, 3], "strides": [2, 1]}),
    "overlap-same": ((1, 6, 7), {"pool_size": [3, 2], "strides": [1, 2], "padding": "same"}),
    "gaps": ((1, 8, 7), {"pool_size": [2, 1], "strides": [3, 2]}),
    "row": ((2, 1, 9), {"pool_size": [1, 3], "strides": [1, 2], "padding": "same"}),
    "whole": ((2, 5, 4), {"pool_size": [5, 4]}),
    "many": ((1, 18, 17), {"pool_size": [17, 17], "strides": [1, 1]}),  # no byte holds the index
}
BENCH_SHAPES = {"halves": (64, 24, 24, 16), "remainder": (64, 8, 8, 32), "overlap": (8, 57, 57, 64)}


def distinct(rng, shape, dtype):
    """No two elements closer than a difference quotient's steps."""
    return rng.permutation(np.arange(np.prod(shape)) / 8).reshape(shape).astype(dtype)


def pool_cases(label, image, attrs):
    every_tail = label in ("halves", "overlap-same")
    sizes = None if every_tail else (1, 2, 5, 16, 17)

    def y_shape(x):
        return max_pool2d(np.zeros((*x[:3], 1)), **attrs)[0].shape[:3] + x[3:]

    def from_x(rng, x, dtype):
        return [distinct(rng, x, dtype)]

    def from_x_and_index(rng, x, dtype):
        # The winners of another image: an index is an input like any other.
        index = max_pool2d(rng.standard_normal(x), **attrs)[1]
        return [normal(rng, x, dtype), index.astype(index_dtype)]

    def from_dy(rng, x, dtype):
        return [normal(rng, y_shape(x), dtype)], {"shape": list(x)}

    def from_dy_and_index(rng, x, dtype):
        index = from_x_and_index(rng, x, dtype)[1]
        return [normal(rng, index.shape, dtype), index], {"shape": list(x)}

    index_dtype = "uint8" if np.prod(attrs.get("pool_size", [2, 2])) <= 256 else "int32"
    window = int(np.prod(attrs.get("pool_size", [2, 2])))

    def average_bound(inputs, expected):
        return (window + 2) * np.abs(inputs[0]).max(initial=0)

    for op, source, reference, bound in [
        ("max_pool2d", from_x, max_pool2d, EXACT),
        ("max_pool2d_gradient", from_dy_and_index, max_pool2d_gradient,
         bound_sum(lambda inputs: window, 0)),
        ("max_pool2d_select", from_x_and_index, max_pool2d_select, EXACT),
        ("average_pool2d", from_x, average_pool2d, average_bound),
        ("average_pool2d_gradient", from_dy, average_pool2d_gradient, average_bound),
    ]:  # fmt: skip

        def inputs(rng, n, dtype, source=source):
            return source(rng, (*image, n), dtype)

        def bench(rng, dtype, source=source):
            return source(rng, BENCH_SHAPES.get(label, (*image, 64)), dtype)

        yield Case(
            op,
            inputs,
            reference,
            bound,
            attrs=attrs,
            gradient=(0,),
            sizes=sizes,
            bench=Bench(bench),
            label=label,
        )


CASES = [case for label, entry in POOLS.items() for case in pool_cases(label, *entry)]
