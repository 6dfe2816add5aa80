import os

import numpy as np
import pytest

from pyclr import config, initializers
from pyclr.random.seed import set_random_seed


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    return pytest.importorskip("keras")


RANDOM = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
]
ALL = [*RANDOM, "Constant", "Identity", "Ones", "Zeros"]


@pytest.mark.parametrize("name", ALL)
def test_constructor_is_that_of_keras(name, keras):
    import inspect

    ours = inspect.signature(getattr(initializers, name))
    theirs = inspect.signature(getattr(keras.initializers, name))
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("name", ALL)
def test_names_and_configs_are_those_of_keras(name, keras):
    from pyclr._lookup import to_snake_case

    cls = getattr(initializers, name)
    assert getattr(initializers, to_snake_case(name)) is cls
    for identifier in (name, to_snake_case(name), {"class_name": name, "config": {}}, cls):
        assert type(initializers.get(identifier)) is cls
    theirs = getattr(keras.initializers, name)
    if name != "Identity":  # Keras forgets its gain
        assert cls().get_config() == theirs().get_config()
    assert type(initializers.deserialize(theirs.__name__)) is cls
    assert type(initializers.deserialize(keras.initializers.serialize(theirs()))) is cls
    assert type(keras.initializers.deserialize(initializers.serialize(cls()))) is theirs


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("one", "Ones"),
        ("zero", "Zeros"),
        ("IdentityInitializer", "Identity"),
        ("OrthogonalInitializer", "Orthogonal"),
        ("STFTInitializer", "STFT"),
    ],
)
def test_aliases_of_keras(alias, name, keras):
    assert type(initializers.get(alias)).__name__ == name
    assert type(keras.initializers.get(alias)).__name__ == name


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_dtype_and_round_trip(name, dtype):
    shape = (6, 4)
    initializer = getattr(initializers, name)()
    values = initializer(shape, dtype=dtype)
    assert values.shape == shape
    assert values.dtype == dtype
    assert initializer(list(shape)).dtype == np.float32
    if name in RANDOM:
        initializer = getattr(initializers, name)(seed=11)
        values = initializer(shape, dtype=dtype)
    again = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(again(shape, dtype=dtype), values)
    np.testing.assert_array_equal(initializer.clone()(shape, dtype=dtype), values)
    rounded = initializer(shape, "float64").astype("float32")
    np.testing.assert_array_equal(initializer(shape), rounded)


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(name):
    cls, shape = getattr(initializers, name), (5, 7)
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(cls(seed=3)(shape), cls(seed=3)(shape))
    assert not np.array_equal(cls(seed=3)(shape), cls(seed=4)(shape))
    unseeded = cls()
    np.testing.assert_array_equal(unseeded(shape), unseeded(shape))
    assert not np.array_equal(unseeded(shape), cls()(shape))
    set_random_seed(1)
    first = [cls()(shape), cls()(shape)]
    set_random_seed(1)
    np.testing.assert_array_equal([cls()(shape), cls()(shape)], first)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    with pytest.raises(ValueError, match="Argument `seed`"):
        cls(seed="three")


def test_constants():
    np.testing.assert_array_equal(initializers.Constant(2.5)((2, 3)), np.full((2, 3), 2.5))
    np.testing.assert_array_equal(initializers.Zeros()(()), 0)
    np.testing.assert_array_equal(initializers.Ones()((0, 2)), np.ones((0, 2)))
    assert initializers.Ones()((2,), dtype="bool").all()
    np.testing.assert_array_equal(initializers.Identity(gain=3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])
    with pytest.raises(ValueError, match=r"2D matrices. Received: shape=\(3,\)"):
        initializers.Identity()((3,))


def test_every_name_of_keras_exists(keras):
    for name in dir(keras.initializers):
        assert name.startswith("_") or hasattr(initializers, name)


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize(
    ("window", "scaling"),
    [
        ("hann", "density"),
        ("hamming", "spectrum"),
        ("blackman", None),
        ("bartlett", "density"),
        ("boxcar", "spectrum"),
        (None, "density"),
        ([0.5, 1.0, 2.0, 1.0, 0.25, 0.0, 1.0, 3.0], "density"),
    ],
)
def test_stft(side, periodic, window, scaling, keras):
    ours, theirs = (
        m.STFT(side=side, window=window, scaling=scaling, periodic=periodic)
        for m in (initializers, keras.initializers)
    )
    assert ours.get_config() == theirs.get_config()
    assert initializers.deserialize(keras.initializers.serialize(theirs)).side == side
    expected = np.asarray(theirs((8, 1, 5)))
    assert ours((8, 1, 5)).dtype == expected.dtype
    # The angles of Keras are rounded to float32, and reach 2 pi times 14.
    np.testing.assert_allclose(ours((8, 1, 5)), expected, rtol=0, atol=3 * 14 * 6.3 * 6e-8)


def test_stft_refuses():
    with pytest.raises(ValueError, match="`side` must be one of 'real', 'imag'"):
        initializers.STFT("left")
    with pytest.raises(ValueError, match="`scaling` must be one of 'density'"):
        initializers.STFT(scaling="power")
    with pytest.raises(ValueError, match="None or an array. Received: window='cosine'"):
        initializers.STFT(window="cosine")
    with pytest.raises(ValueError, match=r"needs a shape \(frame_length, 1, bins\)"):
        initializers.STFT()((3, 4))
    with pytest.raises(ValueError, match="as many values as the frame, 8"):
        initializers.STFT(window=[1.0, 2.0])((8, 1, 5))


def test_default_dtype_is_floatx():
    config.set_floatx("float64")
    try:
        assert {getattr(initializers, name)()((2, 2)).dtype.name for name in ALL} == {"float64"}
    finally:
        config.set_floatx("float32")


def test_array_as_initializer():
    values = np.arange(6.0).reshape(2, 3)
    initializer = initializers.get(values)
    result = initializer((2, 3), dtype="float32")
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, values)
    again = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(again((2, 3)), values)
    with pytest.raises(ValueError, match=r"Received: shape=\(3,\) and an array of shape \(2, 3\)"):
        initializer((3,))


def test_callables_none_and_errors():
    def mine(shape, dtype=None):
        return np.ones(shape, dtype)

    assert initializers.get(mine) is mine
    assert initializers.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'HeNormal'"):
        initializers.get("he_norml")
    with pytest.raises(ValueError, match="initializer identifier"):
        initializers.get("get")
    with pytest.raises(AttributeError, match="no attribute 'he_norml'"):
        initializers.he_norml  # noqa: B018
    with pytest.raises(NotImplementedError):
        initializers.Initializer()((2,))


SHAPES = [(), (5,), (30, 40), (5, 20, 30), (3, 3, 16, 32), (2, 2, 2, 4, 8)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_are_those_of_keras(shape, keras):
    theirs = pytest.importorskip("keras.src.initializers.random_initializers").compute_fans
    ours = initializers.scaling_initializers.compute_fans
    assert ours(shape) == theirs(shape)
    if len(shape) == 4:
        assert ours(shape, [0, 2], [3]) == theirs(shape, [0, 2], [3]) == (48, 32)


def moments(values):
    return values.mean(), values.std(), np.abs(values).max()


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(300, 400), (5, 5, 64, 80)])
def test_distribution_is_that_of_keras(name, shape, keras):
    """Mean and deviation of N values are known to 5 sigma = 5 / sqrt(N) of the deviation."""
    ours = getattr(initializers, name)(seed=1)(shape, dtype="float64")
    theirs = np.asarray(getattr(keras.initializers, name)(seed=1)(shape, dtype="float64"))
    mean, std, largest = moments(ours)
    their_mean, their_std, their_largest = moments(theirs)
    tolerance = 5 * 2**0.5 * their_std / ours.size**0.5
    assert abs(mean - their_mean) < tolerance
    assert abs(std - their_std) < tolerance
    bounded = "Uniform" in name or "Normal" in name or name == "VarianceScaling"
    if bounded and name != "RandomNormal":  # both fill the interval to its ends
        assert largest == pytest.approx(their_largest, rel=1e-3)


@pytest.mark.parametrize("distribution", ["normal", "untruncated_normal", "Uniform"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_variance_scaling_has_the_variance_it_promises(mode, distribution):
    fan_in, fan_out = 9 * 20, 9 * 60
    n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    initializer = initializers.VarianceScaling(3.0, mode, distribution, seed=2)
    values = initializer((3, 3, 20, 60), "float64")
    # The variance of the sample variance is at most 2 / N of its square (normal distribution).
    assert values.var() == pytest.approx(3 / n, rel=5 * (2 / values.size) ** 0.5)


def test_variance_scaling_refuses():
    for arguments, message in [
        ({"scale": 0}, "`scale` must be positive. Received: scale=0"),
        ({"scale": float("nan")}, "`scale` must be positive"),
        ({"mode": "fan"}, "`mode` must be one of .* Received: mode='fan'"),
        ({"distribution": "cauchy"}, "`distribution` must be one of .* Received: .*'cauchy'"),
    ]:
        with pytest.raises(ValueError, match=message):
            initializers.VarianceScaling(**arguments)


def test_bounds():
    uniform = initializers.RandomUniform(-2.0, 1.0, seed=1)((1000,), "float64")
    assert uniform.min() >= -2
    assert uniform.max() < 1
    truncated = initializers.TruncatedNormal(1.0, 3.0, seed=1)((1000,), "float64")
    assert np.abs(truncated - 1).max() <= 6
    assert initializers.TruncatedNormal(seed=1)((0, 3)).shape == (0, 3)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 3, 2, 7), (2, 3, 40)])
def test_orthogonal(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=4)(shape, "float64").reshape(-1, shape[-1])
    small = matrix if matrix.shape[0] < matrix.shape[1] else matrix.T
    np.testing.assert_allclose(small @ small.T, 4 * np.eye(len(small)), atol=1e-12)
    with pytest.raises(ValueError, match=r"at least two dimensions. Received: shape=\(3,\)"):
        initializers.Orthogonal()((3,))


def test_orthogonal_is_uniform():
    """First entries of uniform orthogonal 2 x 2 matrices are cos(angle): mean 0, variance 1/2."""
    entries = np.array(
        [initializers.Orthogonal(seed=i)((2, 2), "float64")[0, 0] for i in range(500)]
    )
    assert abs(entries.mean()) < 5 * (0.5 / 500) ** 0.5
    assert entries.var() == pytest.approx(0.5, abs=5 * (0.125 / 500) ** 0.5)
