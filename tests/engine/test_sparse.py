"""The gradients of a convolution skip zeros: same bits as where none are skipped."""

import numpy as np
import pytest
from cases import conv
from steps import f, tensor

import pyclr
from pyclr import _core as core

RNG = np.random.default_rng(7)
EPS = np.finfo("float64").eps


@pytest.fixture
def direct():
    pyclr.config.set_conv_algorithm("direct")
    yield
    pyclr.config.set_conv_algorithm("auto")


each_isa = pytest.mark.parametrize("name", core.available_isas())
each_shape = pytest.mark.parametrize(
    "x, w, strides, padding",
    [
        ((3, 12, 12, 16), (5, 5, 16, 32), [1, 1], "valid"),
        ((2, 9, 11, 20), (3, 3, 20, 37), [1, 1], "same"),
        ((2, 9, 11, 22), (3, 2, 22, 300), [2, 1], "valid"),
        ((2, 9, 10, 1), (5, 5, 1, 17), [1, 2], "valid"),
        ((2, 8, 8, 40), (7, 7, 40, 5), [1, 1], "same"),
        ((70, 5, 4, 17), (2, 4, 17, 70), [1, 1], "same"),  # several images at a time
        ((2, 40, 41, 33), (3, 3, 33, 3), [2, 2], "same"),  # one image in several parts
        ((1, 3, 2, 16), (5, 5, 16, 2), [1, 1], "same"),  # windows that leave on all sides
        ((2, 9, 8, 32), (5, 5, 32, 70), [1, 1], "same"),  # a pixel is several vectors
        ((2, 9, 11, 16), (3, 3, 16, 37), [2, 1], "valid"),
    ],
)


def sparse_and_dense(x, w, attributes):
    dy = RNG.standard_normal(conv.output_shape(x, w, attributes))
    return np.where(RNG.random(dy.shape) < 0.25, dy, 0), dy


@each_isa
@each_shape
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zeros_are_skipped(x, w, strides, padding, dtype, name, isa, direct):
    """Of two images one has few zeros. Where both are in the batch, none are skipped."""
    isa(name)
    attributes = {"strides": strides, "padding": padding}
    kernel = RNG.standard_normal(w)
    sparse, dy = sparse_and_dense(x, w, attributes)
    dense_too = np.concatenate([sparse, *[dy] * 4])

    def gradient(dy):
        shape = (len(dy), *x[1:])
        operands = tensor(dy, dtype), tensor(kernel, dtype)
        return f.conv2d_input_gradient(*operands, shape=shape, **attributes).numpy()

    got = gradient(sparse)
    np.testing.assert_array_equal(got, gradient(dense_too)[: len(sparse)])
    expected = conv.conv2d_input_gradient(sparse, kernel, x, **attributes)
    eps = np.finfo(dtype).eps
    bound = eps * (kernel.size + 1) * np.abs(dy).max() * np.abs(kernel).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=bound)


@each_isa
@each_shape
def test_weight_gradient_without_zeros(x, w, strides, padding, name, isa):
    """Beside filters whose gradient has no zeros, none are skipped."""
    isa(name)
    attributes = {"strides": strides, "padding": padding}
    images = RNG.standard_normal(x)
    sparse, dy = sparse_and_dense(x, w, attributes)
    dense_too = np.concatenate([sparse, *[dy] * 4], axis=-1)

    def gradient(dy):
        shape = (*w[:3], dy.shape[-1])
        operands = tensor(images, "float64"), tensor(dy, "float64")
        return f.conv2d_weight_gradient(*operands, shape=shape, **attributes).numpy()

    got = gradient(sparse)
    np.testing.assert_array_equal(got, gradient(dense_too)[..., : w[-1]])
    expected = conv.conv2d_weight_gradient(images, sparse, w, **attributes)
    bound = EPS * (dy.size + 1) * np.abs(dy).max() * np.abs(images).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=bound)


def test_all_zeros():
    w = tensor(RNG.standard_normal((3, 3, 4, 8)))
    dx = f.conv2d_input_gradient(tensor(np.zeros((2, 4, 4, 8))), w, shape=(2, 6, 6, 4)).numpy()
    np.testing.assert_array_equal(dx, np.zeros((2, 6, 6, 4)))
