"""Convolution with max pooling, which a program does in one call."""

import numpy as np

from cases.case import Bench, Case, bound_sum
from cases.conv import conv2d
from cases.pool import max_pool2d

# label: (shape of x, kernel size and channels, attributes of both). Whole numbers make both exact,
# and many equal maxima.
POOLED = {
    "gray": ((2, 13, 17, 1), (7, 7, 1), {"activation": "relu"}),
    "gray-same": ((2, 8, 10, 1), (3, 3, 1), {"padding": "same"}),
    "gray-tall": ((1, 9, 22, 1), (2, 7, 1), {}),
    "colour": ((5, 7, 6, 3), (3, 3, 3), {"activation": "relu", "padding": "same"}),
    "overlap": ((4, 9, 9, 1), (3, 3, 1), {"pool_size": [3, 3], "pool_strides": [2, 2]}),
    "pool-same": ((1, 8, 8, 1), (3, 3, 1), {"pool_padding": "same", "pool_size": [2, 3]}),
    "strided": ((3, 12, 9, 2), (3, 3, 2), {"strides": [2, 1], "pool_size": [17, 17],
                                           "pool_padding": "same"}),
}  # fmt: skip


def conv2d_max_pool2d(
    x, w, bias, pool_size=(2, 2), pool_strides=(), pool_padding="valid", **attributes
):
    return max_pool2d(conv2d(x, w, bias, **attributes), pool_size, pool_strides, pool_padding)


def pooled_case(label, shape, kernel, attrs):
    def inputs(rng, n, dtype, shape=shape, kernel=kernel):
        sizes = shape, (*kernel, n), (n,)
        return [rng.integers(-4, 5, size).astype(dtype) for size in sizes]

    bench = Bench(
        lambda rng, dtype: inputs(rng, 16, dtype, (64, 28, 28, 1), (3, 3, 1)),
        flops=2.0 * 64 * 26 * 26 * 16 * 9,
    )
    return Case(
        "conv2d_max_pool2d", inputs, conv2d_max_pool2d, attrs=attrs, bench=bench, label=label
    )


def distinct(rng, n, dtype, shape=(2, 13, 17, 1)):
    """Odd outputs, all different within a window: what rounds does not change the index."""
    position = np.arange(shape[1])[:, None] % 2 * 2 + np.arange(shape[2]) % 2
    x = 8 * rng.integers(-2, 3, shape) + 2 * position[:, :, None] + 1
    w = 8 * rng.integers(-1, 2, (5, 5, 1, n))
    w[2, 2] += 1
    return [v.astype(dtype) for v in (x, w, 8 * rng.integers(-2, 3, n))]


WINOGRAD = Case(
    "conv2d_max_pool2d",
    distinct,
    conv2d_max_pool2d,
    bound_sum(lambda inputs: 25 * 8, 0, 1),
    attrs={"activation": "relu"},
    bench=Bench(
        lambda rng, dtype: distinct(rng, 16, dtype, (64, 28, 28, 1)),
        flops=2.0 * 64 * 24 * 24 * 16 * 25,
    ),
    label="gray-winograd",
)
CASES = [*(pooled_case(label, *entry) for label, entry in POOLED.items()), WINOGRAD]
