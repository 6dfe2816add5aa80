"""Functions of `pyclr.ops` with arguments: what the test against Keras reads.

    name: [(arguments, keywords, options), ...]

Arrays among the arguments become tensors. Options, a string of letters: `g` no gradient is checked,
`r` the function reads values and does not replay, `d` the dtype is pyclr's own, `v` the values too
(only shapes are compared), `k` Keras' NumPy backend can not: gradient and replay are checked.
"""

import math

import numpy as np

rng = np.random.default_rng(7)


def f(*shape):
    """Normal deviates, float64 rounded to float32."""
    return rng.standard_normal(shape).astype("float32").astype("float64")


def positive(*shape):
    return rng.uniform(0.5, 2, shape).astype("float32").astype("float64")


def inside(*shape):
    return rng.uniform(-0.8, 0.8, shape).astype("float32").astype("float64")


def ints(*shape, low=-5, high=6):
    return rng.integers(low, high, shape).astype("int32")


def flags(*shape):
    return rng.random(shape) < 0.5


def definite(*batch, n):
    a = f(*batch, n, n)
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)


def with_nan(*shape):
    x = f(*shape)
    x.reshape(-1)[1::4] = np.nan
    return x


def spread(*shape):
    """No two elements closer than 0.1: sorting is smooth around them."""
    return (rng.permutation(math.prod(shape)) * 0.1 + 0.03).reshape(shape)


def unary(names, argument, options=""):
    return {name: [((argument(3, 4),), {}, options)] for name in names.split()}


def case(*arguments, options="", **keywords):
    return arguments, keywords, options


ODD = np.array([[np.nan, np.inf, -np.inf], [0.0, -0.0, 2.5]])
VECTOR, MATRIX = f(5), f(3, 4)

ELEMENTWISE = {
    **unary(
        "exp exp2 expm1 sin cos tanh sinh cosh arctan arcsinh abs absolute fabs negative square "
        "deg2rad rad2deg sinc i0 real conj conjugate cbrt relu relu6 sigmoid softplus softsign "
        "silu swish selu hard_sigmoid hard_silu hard_swish leaky_relu elu celu gelu hard_tanh "
        "log_sigmoid tanh_shrink squareplus sparse_plus sparse_sigmoid erf erfc copy array",
        lambda *s: np.where(np.abs(v := f(*s)) < 0.1, 0.3, v),
    ),
    **unary(
        "log log2 log10 log1p sqrt rsqrt reciprocal arctan tan arccosh",
        lambda *s: 1 + inside(*s) / 9,
    ),
    **unary("arcsin arccos arctanh erfinv", inside),
    **unary("floor ceil trunc sign imag angle", lambda *s: f(*s) * 3, "g"),
    **unary("isnan isfinite isinf isposinf isneginf isreal signbit", lambda *s: ODD, "g"),
    "arccosh": [case(1 + positive(3, 4))],
    "logical_not": [case(flags(3), options="g"), case(ints(4), options="g")],
    "round": [case(f(3), options="g"), case(f(3) * 9, 1, options="g"), case(ints(4), options="g")],
    "clip": [case(f(3, 4), -0.45, 0.55), case(ints(5), -2, 3, options="gd")],
    "nan_to_num": [
        case(ODD, options="g"),
        case(ODD, nan=1.0, posinf=2.0, neginf=3.0, options="g"),
    ],
    "view": [case(f(4).astype("float32"), "int32", options="g")],
    "hard_shrink": [case(f(3, 4)), case(f(3, 4), 0.2)],
    "soft_shrink": [case(f(3, 4)), case(f(3, 4), threshold=0.2)],
    "threshold": [case(f(3, 4), 0.1, 7.0)],
    "glu": [case(f(3, 4)), case(f(4, 3), axis=0)],
    "softmax": [case(f(3, 4)), case(f(2, 3, 4), axis=(0, 2)), case(f(3, 4), axis=0)],
    "log_softmax": [case(f(3, 4)), case(f(2, 3, 4), axis=(0, 2))],
    "sparsemax": [case(spread(3, 4) * 3, options="k"), case(spread(3, 4), axis=0, options="k")],
    "where": [case(flags(3, 1), f(3, 4), f(4)), case(flags(3), 1.0, ints(3), options="gd")],
    "select": [case([flags(3), flags(3)], [f(3), f(3)], 2.0, options="g")],
    "saturate_cast": [
        case(f(6) * 300, "uint8", options="g"),
        case(ints(4) * 9, "uint8", options="g"),
    ],
    "cast": [case(f(5) * 3, "int32", options="g"), case(flags(4), "float32", options="g")],
    "stop_gradient": [case(f(3), options="g")],
}

A, B = f(3, 4), f(4)
BINARY = {
    **{
        name: [case(f(3, 4), positive(4)), case(positive(3, 1), 1.5)]
        for name in "add subtract multiply divide true_divide arctan2 hypot logaddexp logaddexp2 "
        "maximum minimum fmax fmin divide_no_nan".split()
    },
    "power": [case(positive(3, 4), f(4)), case(ints(4), 2, options="gd")],
    "mod": [case(f(3, 4), positive(4), options="g"), case(ints(4), 3, options="gd")],
    "fmod": [case(f(3, 4), positive(4), options="g"), case(ints(4), 3, options="gd")],
    "floor_divide": [case(f(3, 4), positive(4), options="g"), case(ints(4), 3, options="gd")],
    "heaviside": [case(f(4), 0.5, options="g"), case(np.zeros(2), f(2), options="g")],
    "nextafter": [case(f(4).astype("float32"), f(4).astype("float32"), options="g")],
    "ldexp": [case(f(4), ints(4))],
    **{
        name: [case(ints(3, 4, high=0), ints(4, high=0), options="g"), case(f(4), 0.0, options="g")]
        for name in "equal not_equal less less_equal greater greater_equal".split()
    },
    **{
        name: [case(flags(3, 4), flags(4), options="g")]
        for name in "logical_and logical_or logical_xor".split()
    },
    **{
        name: [case(ints(3, 4), ints(4), options="g")]
        for name in "bitwise_and bitwise_or bitwise_xor gcd lcm".split()
    },
    **{
        name: [case(ints(5, low=0), ints(5, low=0, high=4), options="g")]
        for name in "left_shift right_shift bitwise_left_shift bitwise_right_shift".split()
    },
    "bitwise_invert": [case(ints(4), options="g")],
    "bitwise_not": [case(ints(4), options="g")],
    "isclose": [
        case(
            np.array([1.0, 1.0, np.nan, np.inf]), np.array([1.0, 1.1, np.nan, np.inf]), options="g"
        ),
        case(f(3), f(3), rtol=0.5, atol=0.5, equal_nan=True, options="g"),
    ],
    "allclose": [case(A, A + 1e-9, options="g"), case(A, A + 1, options="g")],
}

REDUCTIONS = {
    **{
        name: [
            case(spread(3, 4)),
            case(spread(2, 3, 4), axis=1, keepdims=True),
            case(spread(2, 3, 4), axis=(0, -1)),
        ]
        for name in "sum mean prod max min amax amin ptp var std median logsumexp".split()
    },
    **{
        name: [
            case(with_nan(3, 4), options="g"),
            case(with_nan(2, 3, 4), axis=-1, keepdims=True, options="g"),
        ]
        for name in "nansum nanprod nanmean nanvar nanstd nanmax nanmin nanmedian".split()
    },
    **{
        name: [
            case(f(3, 4), options="g"),
            case(f(3, 4), axis=1, options="g"),
            case(f(3, 4), axis=0, keepdims=True, options="g"),
        ]
        for name in "argmax argmin nanargmax nanargmin".split()
    },
    "any": [case(flags(3, 4), axis=1, options="g"), case(flags(3, 4), options="g")],
    "all": [case(flags(3, 4), axis=1, keepdims=True, options="g")],
    "average": [
        case(f(3, 4), axis=1),
        case(f(3, 4), axis=1, weights=positive(4)),
        case(f(3, 4), weights=positive(3, 4)),
    ],
    "count_nonzero": [case(ints(3, 4), options="g"), case(ints(3, 4), axis=1, options="g")],
    "moments": [case(f(3, 4), 1), case(f(2, 3, 4), (0, 1), keepdims=True)],
    "norm": [
        case(f(3, 4)),
        case(f(3, 4), ord=1, axis=1),
        case(f(3, 4), ord=3, axis=1, keepdims=True),
        case(spread(3, 4), ord=math.inf, axis=0),
        case(spread(3, 4), ord=-math.inf, axis=1),
        case(f(3, 4), ord="fro", axis=(0, 1)),
        case(f(2, 3, 4), ord="nuc", axis=(1, 2)),
        case(f(2, 3, 4), ord=2, axis=(1, 2)),
        case(f(3, 4), ord=1),
        case(f(3, 4), ord=-math.inf, axis=(0, 1), keepdims=True),
    ],
    **{
        name: [
            case(spread(3, 4), 0.37 * scale),
            case(spread(3, 4), np.array([0.1, 0.5]) * scale, axis=1, keepdims=True),
            *(
                case(spread(7), 0.6 * scale, method=method, options="")
                for method in ("lower", "higher", "midpoint", "nearest")
            ),
        ]
        for name, scale in [("quantile", 1), ("percentile", 100)]
    },
    "nanquantile": [case(with_nan(3, 5), 0.3, axis=1, options="g")],
    "nanpercentile": [case(with_nan(3, 5), 30, options="g")],
}

SHAPES = {
    "reshape": [case(A, (2, -1)), case(A, -1)],
    "ravel": [case(A)],
    "transpose": [case(A), case(f(2, 3, 4), (1, 2, 0))],
    "moveaxis": [case(f(2, 3, 4), 0, -1), case(f(2, 3, 4), (0, 1), (2, 0))],
    "swapaxes": [case(f(2, 3, 4), 0, 2)],
    "expand_dims": [case(A, 1), case(A, (0, -1))],
    "squeeze": [case(f(1, 3, 1)), case(f(1, 3, 1), 0)],
    "broadcast_to": [case(B, (3, 4))],
    "concatenate": [case([A, f(2, 4)]), case([A, A], axis=-1)],
    "stack": [case([A, A]), case([A, A], axis=-1)],
    "hstack": [case([B, B]), case([A, A])],
    "vstack": [case([B, B]), case([A, A])],
    "dstack": [case([B, B]), case([A, A])],
    "append": [case(A, B), case(A, A, axis=1)],
    "split": [case(f(6, 2), 3), case(f(6, 2), [1, 4]), case(f(2, 6), 2, axis=1)],
    "array_split": [case(f(7, 2), 3)],
    "hsplit": [case(f(2, 4), 2)],
    "vsplit": [case(f(4, 2), 2)],
    "dsplit": [case(f(2, 2, 4), 2)],
    "tile": [case(A, (2, 1)), case(B, (2, 2)), case(A, 2)],
    "repeat": [case(A, 2), case(A, 2, axis=1), case(A, [1, 0, 2], axis=0)],
    "flip": [case(A), case(A, 1)],
    "fliplr": [case(A)],
    "flipud": [case(A)],
    "roll": [case(A, 2), case(A, -1, axis=1), case(A, (1, 2), axis=(0, 1))],
    "rot90": [case(A, k=k) for k in range(4)] + [case(f(2, 3, 4), axes=(2, 0))],
    "pad": [
        case(A, ((1, 2), (0, 1))),
        case(A, 1),
        case(A, ((1, 1), (2, 0)), constant_values=3),
        case(A, ((1, 1), (2, 0)), mode="reflect"),
        case(A, ((1, 1), (2, 0)), mode="symmetric"),
    ],
    "unstack": [case(A), case(A, axis=1)],
    "rearrange": [
        case(f(2, 4, 6, 3), "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=3),
        case(f(2, 3, 4), "b ... -> ... b", options="k"),
    ],
    "size": [case(A, options="gvdr")],
    "ndim": [case(A, options="gvdr")],
    "shape": [case(A, options="gvdr")],
    "dtype": [case(A, options="gvdr")],
    "is_tensor": [case(A, options="gvdr")],
    "convert_to_tensor": [case([1.0, 2.0], options="g"), case(A, "int32", options="g")],
    "convert_to_numpy": [case(A, options="gr")],
}

CREATION = {
    name: [(args, kwargs, "gr") for args, kwargs in rows]
    for name, rows in {
        "arange": [
            ((5,), {}),
            ((1, 7, 2), {}),
            ((0.0, 1.0, 0.25), {}),
            ((3,), {"dtype": "float32"}),
        ],
        "full": [(((2, 3), 7.5), {}), (((2,), 3), {"dtype": "int32"})],
        "zeros": [(((2, 3),), {})],
        "ones": [((4,), {"dtype": "bool"})],
        "empty": [(((0, 2),), {})],
        "full_like": [((A, 2), {})],
        "zeros_like": [((A,), {}), ((A,), {"dtype": "int32"})],
        "ones_like": [((A,), {})],
        "linspace": [
            ((0.0, 1.0, 5), {}),
            ((0, 3, 4), {"endpoint": False}),
            ((f(3), f(3), 4), {"axis": -1}),
        ],
        "logspace": [((0.0, 2.0, 4), {}), ((0, 3, 4), {"base": 2, "endpoint": False})],
        "geomspace": [((1.0, 8.0, 4), {}), ((-1.0, -100.0, 3), {})],
        "eye": [((3,), {}), ((2, 4), {"k": 1, "dtype": "int32"})],
        "identity": [((3,), {})],
        "tri": [((3, 4), {"k": -1})],
        "meshgrid": [((f(2), f(3)), {}), ((f(2), f(3), f(2)), {"indexing": "ij"})],
        "vander": [((f(3),), {}), ((f(3), 4), {"increasing": True})],
        "bartlett": [((7,), {})],
        "blackman": [((7,), {})],
        "hamming": [((7,), {})],
        "hanning": [((7,), {})],
        "kaiser": [((7, 3.0), {})],
    }.items()
}
CREATION["linspace"] += [case(1.0, 2.0, 3, retstep=True, options="grd")]
CREATION["empty_like"] = [case(A, options="gvr")]

INDEXING = {
    "take": [
        case(A, ints(2, 2, low=0, high=3), axis=0),
        case(A, np.array([-1, 0])),
        case(A, 1, axis=1),
    ],
    "take_along_axis": [
        case(A, ints(3, 2, low=0, high=4), axis=1),
        case(A, ints(5, low=0, high=12)),
    ],
    "get_item": [case(A, (slice(1, None), 2)), case(A, np.array([0, 2]))],
    "unravel_index": [case(ints(4, low=0, high=12), (3, 4), options="gd")],
    "diag": [case(B), case(B, k=-1), case(A, k=1)],
    "diagflat": [case(f(2, 2), k=1)],
    "diagonal": [case(f(2, 3, 4), offset=-1, axis1=2, axis2=0), case(A)],
    "trace": [case(A), case(f(2, 3, 4), offset=1, axis1=1, axis2=2)],
    "tril": [case(A), case(f(2, 3, 3), k=-1)],
    "triu": [case(A), case(f(2, 3, 3), k=1)],
    "nonzero": [case(ints(3, 4, low=0, high=2), options="grd")],
    "unique": [
        case(ints(9), options="grd"),
        case(ints(9), return_inverse=True, return_counts=True, return_index=True, options="grd"),
    ],
    "isin": [
        case(ints(3, 4), ints(3), options="g"),
        case(ints(3), ints(3), invert=True, options="g"),
    ],
    "searchsorted": [
        case(np.arange(5.0), f(3) + 2, options="g"),
        case(np.arange(5), ints(4, low=0), side="right", options="g"),
    ],
    "digitize": [case(f(6), np.array([-0.5, 0.0, 0.5]), options="g")],
    "bincount": [
        case(ints(9, low=0), options="gr"),
        case(ints(9, low=0), weights=f(9), minlength=8, options="gr"),
        case(ints(2, 5, low=0), minlength=6, options="gr"),
    ],
    "histogram": [
        case(f(20), options="gd"),
        case(f(20), bins=4, range=(-1, 1), options="gd"),
    ],
    "scatter": [
        case(ints(4, 2, low=0, high=3), f(4), (3, 3)),
        case(np.array([[1], [1]]), f(2, 3), (4, 3)),
    ],
    "scatter_update": [
        case(A, np.array([[0, 1], [2, 3]]), f(2)),
        case(A, np.array([[1], [2]]), f(2, 4), reduction="add"),
        case(spread(3, 4), np.array([[1], [2]]), f(2, 4), reduction="max"),
        case(spread(3, 4), np.array([[1], [2]]), f(2, 4) + 1, reduction="min"),
        case(A, np.array([[1], [2]]), f(2, 4), reduction="mul", options="g"),
    ],
    "slice": [case(A, (1, 0), (2, 3)), case(A, np.array([2, 0]), (1, 4), options="r")],
    "slice_update": [case(A, (1, 1), f(2, 2))],
}

SEQUENCES = {
    "sort": [case(spread(3, 4)), case(spread(3, 4), axis=0)],
    "argsort": [case(spread(3, 9), options="g"), case(f(3, 4), axis=0, options="g")],
    "argpartition": [case(f(7), 3, options="gv")],
    "top_k": [case(spread(3, 5), 2, options="d")],
    "in_top_k": [case(ints(4, low=0, high=5), f(4, 5), 2, options="g")],
    "cumsum": [case(A), case(A, axis=1), case(flags(5), axis=0, options="gd")],
    "cumprod": [case(A), case(np.array([[2.0, 0.0, 3.0, 0.5, -1.0]]), axis=1)],
    "nancumsum": [case(with_nan(3, 4), axis=1, options="g")],
    "nancumprod": [case(with_nan(3, 4), axis=1, options="g")],
    "diff": [case(A), case(A, n=2, axis=0), case(flags(5), options="g")],
    "trapezoid": [case(A), case(A, dx=0.5, axis=0), case(A, spread(4)), case(A, spread(3, 4))],
    "corrcoef": [case(f(3, 6)), case(f(6), options="g")],
    "correlate": [
        *(case(f(6), f(3), mode=mode) for mode in ("valid", "same", "full")),
        *(case(f(3), f(6), mode=mode) for mode in ("valid", "same", "full")),
        case(f(4), f(4), mode="same"),
        case(f(5), f(2), mode="same"),
    ],
}

PRODUCTS = {
    "matmul": [
        case(A, f(4, 2)),
        case(f(2, 1, 3, 4), f(5, 4, 2)),
        case(B, f(4, 2)),
        case(A, B),
        case(ints(2, 3), ints(3, 2), options="g"),
    ],
    "dot": [case(A, f(4, 2)), case(f(2, 3, 4), f(5, 4, 2)), case(A, 2.0), case(B, B)],
    "inner": [case(A, f(2, 4)), case(B, B)],
    "outer": [case(A, B)],
    "vdot": [case(A, f(3, 4))],
    "tensordot": [
        case(f(2, 3, 4), f(3, 4, 5)),
        case(A, A, axes=([0, 1], [0, 1])),
        case(A, B, axes=1),
    ],
    "kron": [case(f(2, 2), f(2, 3)), case(B, A)],
    "cross": [case(f(4, 3), f(4, 3)), case(f(3), f(4, 3)), case(f(3, 4), f(3, 4), axis=0)],
    "einsum": [
        case("ij,jk->ik", A, f(4, 2)),
        case("bij,bjk", f(2, 3, 4), f(2, 4, 5)),
        case("ii->i", f(3, 3)),
        case("ij->", A),
        case("...ij,...jk->...ik", f(2, 3, 4), f(4, 5)),
        case("i,ij,j->", f(3), A, B),
        case("bthd,bshd->bhts", f(2, 3, 2, 4), f(2, 5, 2, 4)),
    ],
    "cdist": [case(f(3, 2), f(4, 2))],
}

LINALG = {
    "det": [case(f(2, 3, 3))],
    "slogdet": [case(f(2, 3, 3))],
    "logdet": [case(definite(2, n=3))],
    "inv": [case(definite(2, n=3) + f(3, 3))],
    "solve": [case(f(2, 3, 3) + 3 * np.eye(3), f(2, 3, 2)), case(f(3, 3) + 3 * np.eye(3), f(3))],
    "solve_triangular": [
        case(f(3, 3) + 3 * np.eye(3), f(3, 2)),
        case(f(3, 3) + 3 * np.eye(3), f(3, 2), lower=True),
    ],
    "cholesky": [case(definite(2, n=3), options="g"), case(definite(n=3), upper=True, options="g")],
    "cholesky_inverse": [
        case(np.linalg.cholesky(definite(n=3)), options=""),
        case(np.linalg.cholesky(definite(n=3)).T.copy(), upper=True),
    ],
    "lu_factor": [case(f(4, 4), options="gd")],
    "lstsq": [case(f(5, 3), f(5)), case(f(5, 3), f(5, 2)), case(f(3, 5), f(3))],
    "pinv": [case(f(2, 4, 3)), case(f(2, 4))],
    "matrix_rank": [case(f(2, 4, 3), options="gd"), case(np.ones((3, 3)), options="gd")],
    "qr": [
        case(f(4, 3)),
        case(f(2, 3, 3)),
        case(f(3, 4), options="g"),
        case(f(4, 3), mode="complete", options="g"),
    ],
    "svd": [
        case(f(4, 3), full_matrices=False),
        case(f(3, 4), full_matrices=False),
        case(f(2, 4, 3), compute_uv=False),
        case(f(4, 3), options="g"),
    ],
    "eigh": [case(definite(2, n=3), options="g")],
    "eig": [case(definite(n=3), options="gd")],
}

MATH = {
    "segment_sum": [
        case(A, np.array([0, 2, 0]), num_segments=3),
        case(A, np.array([0, 2, 0]), options="r"),
    ],
    "segment_max": [
        case(spread(3, 4), np.array([0, 1, 0]), num_segments=2),
        case(spread(3, 4), np.array([0, 3, -1]), num_segments=2, options="gk"),
    ],
    "segment_min": [
        case(spread(3, 4), np.array([0, 1, 0]), num_segments=2),
        case(spread(3, 4), np.array([0, 3, -1]), num_segments=2, options="gk"),
    ],
    "segment_prod": [case(A, np.array([0, 2, 0]), num_segments=3)],
    "fft": [case((f(3, 4), f(3, 4)))],
    "fft2": [case((f(3, 4), f(3, 4)))],
    "ifft2": [case((f(3, 4), f(3, 4)))],
    "rfft": [
        case(f(3, 6)),
        case(f(3, 5)),
        case(f(3, 5), fft_length=8),
        case(f(3, 8), fft_length=5),
    ],
    "irfft": [case((f(3, 4), f(3, 4))), case((f(3, 4), f(3, 4)), fft_length=7)],
    "extract_sequences": [case(f(2, 10), 4, 3)],
    "stft": [
        case(f(2, 32), 8, 4, 8),
        case(f(32), 6, 3, 8, window="hamming", center=False),
        case(f(32), 6, 3, 8, window=None),
    ],
    "istft": [
        case((f(2, 5, 5), f(2, 5, 5)), 8, 4, 8, options=""),
        case((f(5, 5), f(5, 5)), 6, 3, 8, length=14, options=""),
    ],
}

IMAGE_ARGS = {"strides": 2, "padding": "same"}
NN = {
    "conv": [
        case(f(2, 8, 3), f(3, 3, 4)),
        case(f(2, 6, 6, 4), f(3, 3, 2, 6), **IMAGE_ARGS),
        case(f(1, 5, 6, 5, 2), f(3, 2, 2, 2, 3), padding="same"),
        case(f(1, 7, 5, 6, 2), f(3, 2, 2, 2, 3), strides=(2, 1, 2)),
        case(f(1, 7, 5, 5, 2), f(2, 2, 2, 2, 3), dilation_rate=2),
    ],
    "depthwise_conv": [
        case(f(2, 6, 6, 3), f(3, 3, 3, 2), **IMAGE_ARGS),
        case(f(2, 8, 3), f(3, 3, 2)),
    ],
    "separable_conv": [case(f(2, 6, 6, 3), f(3, 3, 3, 2), f(1, 1, 6, 4))],
    "conv_transpose": [
        case(f(2, 4, 4, 3), f(3, 3, 2, 3)),
        case(f(2, 4, 4, 3), f(3, 3, 2, 3), **IMAGE_ARGS),
        case(f(2, 4, 4, 3), f(2, 2, 2, 3), strides=3),
        case(f(2, 4, 4, 3), f(3, 3, 2, 3), strides=2, padding="same", output_padding=1),
        case(f(2, 5, 3), f(4, 2, 3), strides=2, padding="same"),
        case(f(1, 3, 3, 3, 2), f(3, 2, 2, 2, 2), strides=2),
    ],
    "max_pool": [
        case(spread(2, 8, 3), 2, strides=2),
        case(spread(2, 6, 6, 3), 3, **IMAGE_ARGS),
        case(spread(1, 5, 4, 6, 2), 2, strides=2, padding="same"),
    ],
    "average_pool": [
        case(f(2, 8, 3), 2, strides=2),
        case(f(2, 6, 6, 3), (3, 2), **IMAGE_ARGS),
        case(f(1, 5, 4, 6, 2), 2, strides=2, padding="same"),
    ],
    "adaptive_average_pool": [case(f(2, 7, 5, 2), (3, 2)), case(f(2, 8, 3), 4)],
    "adaptive_max_pool": [case(spread(2, 7, 5, 2), (3, 2)), case(spread(2, 8, 3), 4)],
    "batch_normalization": [
        case(f(4, 3), f(3), positive(3), -1),
        case(f(4, 3, 2), f(3), positive(3), 1, offset=f(3), scale=f(3), epsilon=0.1),
    ],
    "layer_normalization": [
        case(f(4, 3)),
        case(f(4, 3, 2), gamma=f(3, 2), beta=f(3, 2), axis=(1, 2), epsilon=0.1),
    ],
    "rms_normalization": [case(f(4, 3)), case(f(4, 3), scale=f(3), epsilon=0.1)],
    "normalize": [case(f(4, 3)), case(f(4, 3), axis=0, order=3), case(f(4, 3), order=1)],
    "dot_product_attention": [
        case(f(2, 3, 4, 5), f(2, 6, 4, 5), f(2, 6, 4, 5)),
        case(
            f(2, 3, 4, 5), f(2, 6, 2, 5), f(2, 6, 2, 5), bias=f(2, 4, 3, 6), scale=0.3, options="k"
        ),
        case(f(2, 3, 2, 5), f(2, 3, 2, 5), f(2, 3, 2, 5), is_causal=True),
        case(
            f(2, 3, 2, 5),
            f(2, 3, 2, 5),
            f(2, 3, 2, 5),
            mask=flags(2, 1, 3, 3) | np.eye(3, dtype=bool),
        ),
    ],
    "one_hot": [
        case(ints(3, low=-1, high=4), 4, options="g"),
        case(ints(2, 3, low=0, high=4), 4, axis=1, options="g"),
        case(ints(3, low=0, high=4), 4, dtype="int32", options="g"),
    ],
    "multi_hot": [
        case(ints(3, 2, low=0, high=4), 4, options="g"),
        case(ints(3, low=0, high=4), 4, options="g"),
    ],
    "binary_crossentropy": [
        case(positive(3, 4) / 4, positive(3, 4) / 4),
        case(positive(3, 4) / 4, f(3, 4), from_logits=True),
    ],
    "categorical_crossentropy": [
        case(positive(3, 4) / 9, positive(3, 4)),
        case(positive(3, 4) / 9, f(3, 4), from_logits=True),
        case(positive(4, 3) / 9, f(4, 3), from_logits=True, axis=0),
    ],
    "sparse_categorical_crossentropy": [
        case(ints(3, low=0, high=4), positive(3, 4)),
        case(ints(3, low=0, high=4), f(3, 4), from_logits=True),
    ],
    "psnr": [case(positive(3, 4), positive(3, 4), 2.0)],
    "ctc_decode": [
        case(f(2, 6, 4), np.array([6, 4]), options="g"),
        case(f(2, 6, 4), np.array([6, 4]), merge_repeated=False, mask_index=3, options="g"),
    ],
    "fold": [case(f(2, 12, 4), (4, 4), 2, stride=2), case(f(1, 8, 9), (4, 4), 2, options="")],
    "unfold": [case(f(2, 3, 5, 5), 2), case(f(2, 3, 5, 5), 3, dilation=1, padding=1, stride=2)],
    "depth_to_space": [case(f(2, 3, 2, 8), 2)],
    "space_to_depth": [case(f(2, 4, 6, 3), 2)],
}

PICTURE, PICTURES = positive(6, 7, 2) / 2, positive(2, 6, 7, 1) / 2
# Away from where two channels are equal, or a channel is at the end of its ramp.
COLORS = rng.permuted(np.tile([0.2, 0.5, 0.8], (2, 2, 3, 1)), axis=-1) + inside(2, 2, 3, 3) / 20
HUES = np.stack(
    [(ints(3, 4, low=0, high=6) + 0.5) / 6, 0.5 + inside(3, 4) / 9, 0.5 + inside(3, 4) / 9], -1
)
# No pixel lands near the middle of another.
SHIFT = np.array([0.9137, 0.0862, 0.2123, -0.149, 1.1313, 0.5651, 0.0, 0.0])
CORNERS = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 5.0], [6.0, 5.0]])
IMAGE = {
    "image.rgb_to_grayscale": [case(f(2, 3, 2, 3))],
    "image.rgb_to_hsv": [
        case(COLORS),
        case(positive(2, 6, 7, 3) / 2, options="g"),
        case(np.zeros((2, 2, 3)), options="g"),
    ],
    "image.hsv_to_rgb": [case(HUES), case(positive(6, 7, 3) / 2, options="g")],
    "image.pad_images": [case(PICTURES, 1, 2, target_height=9, target_width=10)],
    "image.crop_images": [case(PICTURE, 1, 2, target_height=4, target_width=3)],
    "image.extract_patches": [case(PICTURES, 3), case(PICTURES, (2, 3), strides=1, padding="same")],
    "image.extract_patches_3d": [case(f(1, 4, 4, 4, 2), 2)],
    "image.resize": [
        *(
            case(PICTURES, (9, 4), interpolation=name)
            for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
        case(PICTURE, (3, 3), antialias=True),
        case(PICTURES, (8, 4), crop_to_aspect_ratio=True),
        case(PICTURES, (8, 4), pad_to_aspect_ratio=True, fill_value=0.5),
    ],
    "image.scale_and_translate": [
        case(
            PICTURE,
            (8, 5, 2),
            (1.5, 0.7),
            (-0.4, 0.3),
            (0, 1),
            "linear",
            options="g",
        ),
        case(
            PICTURE,
            (8, 5, 2),
            (1.5, 0.7),
            (-0.4, 0.3),
            (0, 1),
            "lanczos3",
            options="g",
        ),
    ],
    "image.map_coordinates": [
        *(
            case(f(5, 6), np.stack([inside(4) * 6 + 2.03, inside(4) * 7 + 2.02]), 1, fill_mode=mode)
            for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
        ),
        case(
            f(5, 6),
            np.stack([inside(4) * 6 + 2, inside(4) * 7 + 2]),
            0,
            fill_value=7.0,
            options="g",
        ),
    ],
    "image.affine_transform": [
        case(PICTURES, np.stack([SHIFT, SHIFT])),
        case(
            PICTURES,
            np.stack([SHIFT, SHIFT * 0.9]),
            interpolation="nearest",
            fill_mode="reflect",
            options="g",
        ),
        case(PICTURE, SHIFT, fill_value=0.5),
    ],
    "image.perspective_transform": [
        case(PICTURES, np.stack([CORNERS] * 2), np.stack([CORNERS * 0.8 + 0.37] * 2), options=""),
        case(PICTURE, CORNERS, CORNERS + inside(4, 2), options=""),
    ],
    "image.gaussian_blur": [case(PICTURES), case(PICTURE, (5, 3), (0.7, 1.3))],
    "image.sobel_edges": [case(PICTURES)],
    "image.ssim": [
        case(positive(2, 5, 5, 1), positive(2, 5, 5, 1), filter_size=3),
        case(positive(12, 12, 2), positive(12, 12, 2), 2.0, options="g"),
    ],
    "image.elastic_transform": [case(PICTURES, options="gvr")],
}

CASES = {
    **ELEMENTWISE, **BINARY, **REDUCTIONS, **SHAPES, **CREATION, **INDEXING, **SEQUENCES,
    **PRODUCTS, **LINALG, **MATH, **NN, **IMAGE,
}  # fmt: skip
