"""The distributions: moments and ranges, seeds, and replay."""

import math

import numpy as np
import pytest

import pyclr
from pyclr import random
from pyclr.testing import assert_replays

N = 20_000
# name: (function of (shape, dtype, seed), mean, standard deviation, lower bound, upper bound)
DISTRIBUTIONS = {
    "normal": (lambda *a: random.normal(a[0], 1.0, 2.0, *a[1:]), 1, 2, -math.inf, math.inf),
    "normal of tensors": (
        lambda *a: random.normal(a[0], np.float32(1), np.full(a[0], 2.0), *a[1:]),
        1, 2, -math.inf, math.inf,
    ),
    "uniform": (lambda *a: random.uniform(a[0], -1.0, 3.0, *a[1:]), 1, 4 / math.sqrt(12), -1, 3),
    "uniform of tensors": (
        lambda *a: random.uniform(a[0], np.float32(-1), np.full(a[0], 3.0), *a[1:]),
        1, 4 / math.sqrt(12), -1, 3,
    ),
    # Standard deviation 0.8796 of a standard normal cut at 2 (its known formula).
    "truncated_normal": (
        lambda *a: random.truncated_normal(a[0], 1.0, 2.0, *a[1:]), 1, 2 * 0.8796, -3, 5),
    "gamma": (lambda *a: random.gamma(a[0], 2.0, *a[1:]), 2, math.sqrt(2), 0, math.inf),
    "beta": (lambda *a: random.beta(a[0], 2.0, 3.0, *a[1:]), 0.4, 0.2, 0, 1),
    "binomial": (lambda *a: random.binomial(a[0], 10, 0.3, *a[1:]), 3, math.sqrt(2.1), 0, 10),
}  # fmt: skip
every = pytest.mark.parametrize("name", DISTRIBUTIONS)


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments(name, dtype):
    draw, mean, deviation, low, high = DISTRIBUTIONS[name]
    x = draw((N,), dtype, 3)
    assert x.dtype == dtype
    values = x.numpy().astype("float64")
    # Five standard errors; the deviation's is below 1.5 / sqrt(n) for all of these.
    assert abs(values.mean() - mean) < 5 * deviation / math.sqrt(N)
    assert abs(values.std() - deviation) < 5 * 1.5 * deviation / math.sqrt(N)
    assert values.min() >= low and values.max() <= high


@every
def test_seeds(name):
    draw = DISTRIBUTIONS[name][0]
    first = draw((50,), None, 3).numpy()
    np.testing.assert_array_equal(draw((50,), None, 3), first)
    assert (draw((50,), None, 4).numpy() != first).any()
    generators = [random.SeedGenerator(5) for _ in range(2)]
    streams = [[draw((50,), None, g).numpy() for _ in range(2)] for g in generators]
    np.testing.assert_array_equal(streams[0], streams[1])
    assert (streams[0][0] != streams[0][1]).any()


@every
def test_the_global_stream(name):
    draw = DISTRIBUTIONS[name][0]
    draws = []
    for _ in range(2):
        pyclr.utils.set_random_seed(11)
        draws.append([draw((50,), None, None).numpy() for _ in range(2)])
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0][0] != draws[0][1]).any()


@every
def test_a_fixed_seed_replays(name):
    draw = DISTRIBUTIONS[name][0]
    assert_replays(lambda x: x + draw((3,), "float32", 3), np.ones(3, "float32"))


def test_the_global_stream_goes_on_in_a_replay():
    x = pyclr._core.tensor(np.zeros(4, "float32"))
    recordings = []
    for _ in range(2):
        recording = pyclr._core.Recording([x])
        recording.begin()
        y = x + random.normal((4,))
        recording.end()
        recording.set_outputs([y])
        recordings.append(recording)
    assert pyclr._core.difference(*recordings) == ""
    del y
    program = pyclr._core.Program(recordings[1])
    pyclr.utils.set_random_seed(2)
    replayed = [program.run([x])[0].numpy() for _ in range(2)]
    pyclr.utils.set_random_seed(2)
    np.testing.assert_array_equal(replayed, [random.normal((4,)).numpy() for _ in range(2)])


def test_randint():
    values = random.randint((3000,), -2, 5, seed=1)
    assert values.dtype == "int32"
    np.testing.assert_array_equal(np.unique(values), np.arange(-2, 5))
    assert random.randint((3,), 0, 255, dtype="uint8", seed=1).dtype == "uint8"


def test_categorical():
    logits = np.log([[0.1, 0.2, 0.7], [0.6, 0.4, 0.0 + 1e-30]])
    drawn = random.categorical(logits, N, seed=4)
    assert (drawn.shape, drawn.dtype) == ((2, N), "int32")
    shares = [np.bincount(row, minlength=3) / N for row in drawn.numpy()]
    np.testing.assert_allclose(
        shares, [[0.1, 0.2, 0.7], [0.6, 0.4, 0]], atol=5 * 0.5 / math.sqrt(N)
    )


def test_shuffle():
    x = np.arange(60).reshape(3, 20)
    y = random.shuffle(x, axis=1, seed=1).numpy()
    assert (y != x).any()
    np.testing.assert_array_equal(np.sort(y, 1), x)
    np.testing.assert_array_equal(y - y[:1], x - x[:1])


def test_dropout():
    x = np.ones((100, 100), "float32")
    y = random.dropout(x, 0.25, seed=1).numpy()
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
    assert abs((y == 0).mean() - 0.25) < 5 * 0.25 / 100
    rows = random.dropout(x, 0.25, noise_shape=(None, 1), seed=1).numpy()
    assert (rows == rows[:, :1]).all()


@pytest.mark.parametrize("call, message", [
    (lambda: random.normal((2,), dtype="int32"), "`dtype` must be a floating point dtype"),
    (lambda: random.randint((2,), 0, 2, dtype="float32"), "`dtype` must be an integer dtype"),
    (lambda: random.uniform((2,), seed=-1), "`seed` must be an integer"),
    (lambda: random.categorical(np.zeros(3), 2), r"\(batch, classes\)"),
])  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
