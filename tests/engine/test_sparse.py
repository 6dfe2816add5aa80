"""The input gradient of a convolution skips zeros: same bits as where none are skipped."""

import numpy as np
import pytest
from cases import conv
from steps import f, tensor

from pyclr import _core as core

RNG = np.random.default_rng(7)
EPS = np.finfo("float64").eps


@pytest.mark.parametrize("name", core.available_isas())
@pytest.mark.parametrize(
    "x, w, strides",
    [
        ((3, 12, 12, 16), (5, 5, 16, 32), [1, 1]),
        ((2, 9, 11, 20), (3, 3, 20, 37), [1, 1]),
        ((2, 9, 11, 7), (3, 2, 7, 300), [2, 1]),
        ((2, 9, 10, 1), (5, 5, 1, 17), [1, 2]),
        ((2, 8, 8, 40), (7, 7, 40, 5), [1, 1]),
    ],
)
def test_zeros_are_skipped(x, w, strides, name, isa):
    """Of two images one has few zeros. Where both are in the batch, none are skipped."""
    isa(name)
    kernel = RNG.standard_normal(w)
    dy = RNG.standard_normal(conv.output_shape(x, w, {"strides": strides}))
    sparse = np.where(RNG.random(dy.shape) < 0.25, dy, 0)
    dense_too = np.concatenate([sparse, *[dy] * 4])

    def gradient(dy):
        shape = (len(dy), *x[1:])
        operands = tensor(dy, "float64"), tensor(kernel, "float64")
        return f.conv2d_input_gradient(*operands, shape=shape, strides=strides).numpy()

    got = gradient(sparse)
    np.testing.assert_array_equal(got, gradient(dense_too)[: len(sparse)])
    expected = conv.conv2d_input_gradient(sparse, kernel, x, strides=strides)
    bound = EPS * (kernel.size + 1) * np.abs(dy).max() * np.abs(kernel).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=bound)


def test_all_zeros():
    w = tensor(RNG.standard_normal((3, 3, 4, 8)))
    dx = f.conv2d_input_gradient(tensor(np.zeros((2, 4, 4, 8))), w, shape=(2, 6, 6, 4)).numpy()
    np.testing.assert_array_equal(dx, np.zeros((2, 6, 6, 4)))
