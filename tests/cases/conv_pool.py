"""Convolution with max pooling, which a program does in one call."""

from cases.case import Bench, Case
from cases.conv import conv2d
from cases.pool import max_pool2d

# label: (shape of x, kernel size and channels, attributes of both). Whole numbers make both exact,
# and many equal maxima.
POOLED = {
    "gray": ((2, 13, 17, 1), (5, 5, 1), {"activation": "relu"}),
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

    return Case(
        "conv2d_max_pool2d",
        inputs,
        conv2d_max_pool2d,
        attrs=attrs,
        bench=Bench(
            lambda rng, dtype: inputs(rng, 16, dtype, (64, 28, 28, 1), (5, 5, 1)),
            flops=2.0 * 64 * 24 * 24 * 16 * 25,
        ),
        label=label,
    )


CASES = [pooled_case(label, *entry) for label, entry in POOLED.items()]
