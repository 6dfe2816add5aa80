"""Winograd's convolutions: the direct ones to within their rounding, whatever batch and threads."""

import numpy as np
import pytest
from cases import conv
from steps import f, make_program, tensor

import pyclr
from pyclr import _core as core

RNG = np.random.default_rng(6)
EPS = np.finfo("float32").eps
# The points besides 0 and infinity, by the side of a tile.
POINTS = {6: [0.75, -0.75, 1.5, -1.5], 8: [0.5, -0.5, 1, -1, 2, -2]}


def matrices(outputs, taps):
    """A, G and B of the minimal filtering F(outputs, taps), so that the correlation of d with g is
    A' ((G g) * (B' d)), by polynomial interpolation."""
    side = outputs + taps - 1
    points = np.array([0, *POINTS[side]])
    others = [np.delete(points, i) for i in range(side - 1)]
    scale = [1 / np.prod(p - rest) for p, rest in zip(points, others)]
    evaluate = [np.vander(points, size, increasing=True) for size in (outputs, taps)]
    last = [np.eye(size)[-1:] for size in (outputs, taps)]
    b = np.zeros((side, side))
    for i, rest in enumerate([*others, points]):
        polynomial = np.polynomial.polynomial.polyfromroots(rest)
        b[: len(polynomial), i] = polynomial
    a = np.vstack([evaluate[0], last[0]])
    return a, np.vstack([evaluate[1] * np.array(scale)[:, None], last[1]]), b


def bounds(kernel, terms, tiles, x, w, dy):
    """How far rounding may move the outputs and the gradient of the kernel.

    Each number passes `terms` additions (or those of a group of at most 512 tiles, and of the
    groups of at least 256) and fewer than 50 operations of the transforms; each operation adds at
    most an eps of the sum of the absolute values of all that goes into a result.
    """
    additions = min(tiles, 512) + tiles // 256

    def rows(outputs):
        a, g, b = (np.abs(m) for m in matrices(outputs, kernel))
        return a, g, *(m.sum(axis=1) for m in (a, g, b.T))

    a, _, _, of_taps, of_inputs = rows(4)
    forward = (a * (of_taps * of_inputs)[:, None]).sum(axis=0).max() ** 2
    _, g, of_outputs, _, of_inputs = rows(7 - kernel)
    gradient = (g * (of_outputs * of_inputs)[:, None]).sum(axis=0).max() ** 2
    x, w, dy = (np.abs(v).max() for v in (x, w, dy))
    return (
        EPS * (terms + 50) * terms * forward * x * w,
        EPS * (additions + 50) * tiles * gradient * x * dy,
    )


@pytest.fixture
def algorithm():
    yield pyclr.config.set_conv_algorithm
    pyclr.config.set_conv_algorithm("auto")


def test_the_matrices_of_the_bound():
    for outputs, size in [(4, 3), (4, 5), (2, 5)]:
        a, g, b = matrices(outputs, size)
        d, taps = RNG.standard_normal(outputs + size - 1), RNG.standard_normal(size)
        np.testing.assert_allclose(
            a.T @ ((g @ taps) * (b.T @ d)), np.correlate(d, taps, "valid"), atol=1e-12
        )


SHAPES = [  # batch, height, width, channels, kernel, filters, padding
    (3, 8, 8, 32, 3, 32, "same"),
    (2, 13, 11, 33, 3, 47, "valid"),
    (1, 17, 12, 64, 3, 16, "same"),
    (2, 12, 12, 16, 5, 32, "valid"),
    (2, 16, 19, 40, 5, 37, "same"),
    (3, 10, 9, 70, 5, 20, "valid"),
    (40, 8, 8, 24, 3, 100, "same"),
    (50, 36, 36, 24, 3, 16, "same"),  # many tiles
]


@pytest.mark.parametrize("n, h, w, c, k, filters, padding", SHAPES)
def test_values_and_gradients(n, h, w, c, k, filters, padding, algorithm):
    x = RNG.standard_normal((n, h, w, c)).astype("float32")
    kernel = RNG.standard_normal((k, k, c, filters)).astype("float32")
    dy = RNG.standard_normal(conv.output_shape(x.shape, kernel.shape, {"padding": padding}))
    dy = dy.astype("float32")
    bias = RNG.standard_normal(filters).astype("float32")

    def results():
        return [
            f.conv2d(tensor(x), tensor(kernel), tensor(bias), padding=padding, activation="relu"),
            f.conv2d_weight_gradient(tensor(x), tensor(dy), shape=kernel.shape, padding=padding),
            f.conv2d_input_gradient(tensor(dy), tensor(kernel), shape=x.shape, padding=padding),
        ]

    fast = [t.numpy() for t in results()]
    algorithm("direct")
    direct = [t.numpy() for t in results()]
    x, kernel, bias, dy = (v.astype("float64") for v in (x, kernel, bias, dy))
    expected = [
        conv.conv2d(x, kernel, bias, padding=padding, activation="relu"),
        conv.conv2d_weight_gradient(x, dy, kernel.shape, padding=padding),
        conv.conv2d_input_gradient(dy, kernel, x.shape, padding=padding),
    ]
    tiles = n * -(-dy.shape[1] // (7 - k)) * -(-dy.shape[2] // (7 - k))
    forward, gradient = bounds(k, c, tiles, x, kernel, dy)
    back, _ = bounds(k, filters, 1, dy, kernel, dy)
    assert any((a != b).any() for a, b in zip(fast, direct))  # or another algorithm was tested
    for got, want, bound in zip(fast, expected, (forward, gradient, back)):
        error = np.abs(got - want)
        assert error.max() <= bound
        # The bound is for the worst of all signs. Errors that nothing lines up are much smaller.
        assert np.sqrt(np.mean(error**2)) <= 4e-6 * np.sqrt(np.mean(want**2))


ONE_CHANNEL = [  # batch, height, width, filters, padding
    (3, 28, 28, 16, "valid"),
    (2, 13, 15, 7, "valid"),
    (2, 9, 13, 37, "same"),
    (5, 2, 8, 3, "same"),
    (1, 70, 130, 18, "same"),  # several bands of rows
]


@pytest.mark.parametrize("n, h, w, filters, padding", ONE_CHANNEL)
def test_rows_of_one_channel(n, h, w, filters, padding, algorithm):
    """The kernel's rows are added at the points: bounds as above, of one dimension."""
    x = RNG.standard_normal((n, h, w, 1)).astype("float32")
    kernel = RNG.standard_normal((5, 5, 1, filters)).astype("float32")
    bias = RNG.standard_normal(filters).astype("float32")

    def outputs(x, kernel, bias):
        return f.conv2d(x, kernel, bias, padding=padding, activation="relu")

    def maxima(x, kernel, bias):
        return f.max_pool2d(outputs(x, kernel, bias))

    inputs = tensor(x), tensor(kernel), tensor(bias)
    fast = outputs(*inputs).numpy()
    program = make_program(maxima, *inputs)
    assert " max_pool2d(" not in program.describe()
    for got, want in zip(program.run(list(inputs)), maxima(*inputs)):
        np.testing.assert_array_equal(got.numpy(), want.numpy())
    algorithm("direct")
    assert (fast != outputs(*inputs).numpy()).any()
    want = conv.conv2d(
        *(v.astype("float64") for v in (x, kernel, bias)), padding=padding, activation="relu"
    )
    a, g, b = (np.abs(m) for m in matrices(4, 5))
    largest = (a * (g.sum(axis=1) * b.sum(axis=0))[:, None]).sum(axis=0).max()
    error = np.abs(fast - want)
    assert error.max() <= EPS * (5 + 25) * 5 * largest * np.abs(x).max() * np.abs(kernel).max()
    assert np.sqrt(np.mean(error**2)) <= 6e-7 * np.sqrt(np.mean(want**2))


@pytest.mark.parametrize(
    "x, w", [((5, 16, 16, 32), (3, 3, 32, 64)), ((9, 31, 29, 1), (5, 5, 1, 17))]
)
def test_same_bits_for_any_number_of_threads(x, w, threads):
    dy = tensor(RNG.standard_normal((*x[:3], w[-1])))
    x, w = RNG.standard_normal(x), RNG.standard_normal(w)
    results = []
    for count in (1, 2, 3, 7):
        threads(count)
        y = f.conv2d(tensor(x), tensor(w), padding="same")
        dw = f.conv2d_weight_gradient(tensor(x), dy, shape=w.shape, padding="same")
        dx = f.conv2d_input_gradient(dy, tensor(w), shape=x.shape, padding="same")
        results.append(b"".join(t.numpy().tobytes() for t in (y, dw, dx)))
    assert len(set(results)) == 1


def test_no_images():
    w = tensor(RNG.standard_normal((3, 3, 32, 32)))
    x = dy = tensor(np.zeros((0, 8, 8, 32)))
    assert f.conv2d(x, w, padding="same").shape == (0, 8, 8, 32)
    assert f.conv2d_input_gradient(dy, w, shape=x.shape, padding="same").shape == x.shape
    dw = f.conv2d_weight_gradient(x, dy, shape=w.shape, padding="same").numpy()
    np.testing.assert_array_equal(dw, np.zeros(w.shape))


@pytest.mark.parametrize(
    "kernel, channels, padding", [(3, 32, "same"), (5, 32, "valid"), (5, 1, "same")]
)
def test_a_row_does_not_depend_on_its_batch(kernel, channels, padding):
    x = RNG.standard_normal((70, 12, 12, channels))
    w = tensor(RNG.standard_normal((kernel, kernel, channels, 32)))
    together = f.conv2d(tensor(x), w, padding=padding).numpy()
    for rows in (slice(0, 1), slice(5, 8), slice(3, 70)):
        alone = f.conv2d(tensor(x[rows]), w, padding=padding).numpy()
        np.testing.assert_array_equal(alone, together[rows])


def test_the_algorithm_is_a_setting(algorithm):
    assert pyclr.config.conv_algorithm() == "auto"
    algorithm("direct")
    assert pyclr.config.conv_algorithm() == "direct"
    with pytest.raises(ValueError, match="must be 'auto' or 'direct'. Received: name='fft'"):
        algorithm("fft")
    assert not core.use_winograd()


@pytest.mark.parametrize(
    "attributes",
    [{"strides": [2, 2]}, {"dilation": [2, 2]}, {"groups": 2}],
)
def test_other_convolutions_stay_direct(attributes, algorithm):
    x = tensor(RNG.standard_normal((2, 16, 16, 32)))
    w = tensor(RNG.standard_normal((3, 3, 32 // attributes.get("groups", 1), 32)))
    auto = f.conv2d(x, w, **attributes).numpy()
    algorithm("direct")
    np.testing.assert_array_equal(auto, f.conv2d(x, w, **attributes).numpy())
