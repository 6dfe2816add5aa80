"""Random numbers: Philox4x32-10 written in NumPy, and what is made of its words."""

import numpy as np

from cases.case import EXACT, FLOATS, INTEGERS, Bench, Case, bound_absolute

LOW32 = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011): counter (n, 4), key (2,) -> words (n, 4)."""
    x = [np.asarray(word, "uint64") for word in np.moveaxis(np.asarray(counter), -1, 0)]
    k0, k1 = (int(k) for k in key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        x = [
            (b >> np.uint64(32)) ^ x[1] ^ np.uint64(k0),
            b & LOW32,
            (a >> np.uint64(32)) ^ x[3] ^ np.uint64(k1),
            a & LOW32,
        ]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return np.stack(x, -1)


def blocks(state, count):
    """The words of blocks 0, 1, ...: the key is the seed, the counter (block, step)."""
    seed, step = (int(s) % 2**64 for s in state)
    index = np.arange(count, dtype="uint64")
    rest = [np.full(count, word, "uint64") for word in (step % 2**32, step >> 32)]
    counter = np.stack([index & LOW32, index >> np.uint64(32), *rest], -1)
    return philox(counter, (seed % 2**32, seed >> 32))


def words(state, size):
    """32 bits a value. 16 blocks make 64 values: first their words 0, then 1, 2, 3."""
    groups = -(-size // 64)
    order = blocks(state, 16 * groups).reshape(groups, 16, 4).transpose(0, 2, 1)
    return order.reshape(-1)[:size]


def pairs(state, size):
    """64 bits a value. 16 blocks make 32 values: words 0 and 1 of each, then 2 and 3."""
    groups = -(-size // 32)
    w = blocks(state, 16 * groups).reshape(groups, 16, 2, 2).transpose(0, 2, 1, 3)
    return ((w[..., 0] << np.uint64(32)) | w[..., 1]).reshape(-1)[:size]


def unit(state, size, dtype):
    """In [0, 1)."""
    if dtype == "float32":
        return (words(state, size) >> np.uint64(8)).astype("float64") / 2**24
    return (pairs(state, size) >> np.uint64(11)).astype("float64") / 2**53


def advanced(state):
    return np.asarray([state[0], state[1] + 1])


def random_uniform(state, shape, low, high, dtype):
    y = low + (high - low) * unit(state, int(np.prod(shape)), dtype)
    return y.reshape(shape), advanced(state)


def random_normal(state, shape, mean, stddev, dtype):
    """Box and Muller: u and t of a pair 16 values apart give the values at those places."""
    size = int(np.prod(shape))
    full = -(-size // 32) * 32
    if dtype == "float32":
        bits = words(state, full).reshape(-1, 2, 16)
        u = bits[:, 0].astype("float64") / 2**32 + 2.0**-33
        t = (bits[:, 1] >> np.uint64(8)).astype("float64") / 2**24
    else:
        bits = pairs(state, full).reshape(-1, 2, 16)
        u = (bits[:, 0] >> np.uint64(11)).astype("float64") / 2**53 + 2.0**-54
        t = (bits[:, 1] >> np.uint64(11)).astype("float64") / 2**53
    r = np.sqrt(-2 * np.log(u))
    z = np.stack([r * np.cos(2 * np.pi * t), r * np.sin(2 * np.pi * t)], 1).reshape(-1)[:size]
    return (mean + stddev * z).reshape(shape), advanced(state)


def dropout_mask(state, shape, rate, dtype):
    dropped = words(state, int(np.prod(shape))) < np.uint64(rate * 2**32)
    return np.where(dropped, 0, 1 / (1 - rate)).reshape(shape), advanced(state)


def random_integers(state, shape, low, high, dtype):
    bits = pairs(state, int(np.prod(shape)))
    values = [low + (int(b) * (high - low) >> 64) for b in bits]
    return np.asarray(values, dtype).reshape(shape), advanced(state)


def random_case(op, reference, attrs, dtypes, bound, label=""):
    def inputs(rng, n, dtype, rows=3):
        state = rng.integers(-(2**62), 2**62, 2)
        return [state], {"shape": [rows, n], "dtype": dtype}

    return Case(
        op,
        inputs,
        reference,
        bound,
        attrs=attrs,
        writes=(0,),
        dtypes=dtypes,
        sizes=(0, 1, 2, 5, 10, 11, 16, 21, 22, 33),
        bench=Bench(lambda rng, dtype: inputs(rng, 1 << 14, dtype, rows=16)),
        label=label,
    )


def uniform_bound(inputs, expected):
    return 2 * (1 + np.abs(expected))


CASES = [
    random_case("random_uniform", random_uniform, {"low": 0.0, "high": 1.0}, FLOATS, uniform_bound),
    random_case(
        "random_uniform", random_uniform, {"low": -2.5, "high": 0.5}, FLOATS, uniform_bound, "range"
    ),
    # float's 2 pi t is rounded once: a relative error of the angle, times a radius below 7.
    random_case(
        "random_normal", random_normal, {"mean": 0.5, "stddev": 2.0}, FLOATS, bound_absolute(64)
    ),
    random_case("dropout_mask", dropout_mask, {"rate": 0.25}, FLOATS, bound_absolute(1)),
    random_case("dropout_mask", dropout_mask, {"rate": 0.0}, FLOATS, EXACT, "all"),
    random_case("random_integers", random_integers, {"low": -3, "high": 11}, INTEGERS, EXACT),
    random_case(
        "random_integers",
        random_integers,
        {"low": -(2**62), "high": 2**62 + 12345},
        ("int64",),
        EXACT,
        "wide",
    ),
]
