"""Functions of each element: one line a function, as in csrc/kernels/pointwise.inc."""

import math
from statistics import NormalDist

import numpy as np

from cases.case import (
    EXACT,
    FLOATS,
    INTEGERS,
    Bench,
    Case,
    away_from,
    bound_absolute,
    bound_ulps,
    differences,
    normal,
    tape_gradient,
    uniform,
)

BENCH_SIZE = 1 << 18
erf = np.vectorize(math.erf, otypes=["float64"])
erfc = np.vectorize(math.erfc, otypes=["float64"])
erfinv = np.vectorize(
    lambda x: NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2), otypes=["float64"]
)


def sigmoid(x):
    return np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x)))


def softplus(x):
    return np.logaddexp(x, 0)


def selu(x):
    # Klambauer et al., arXiv 1706.02515
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# name: (reference, domain, kinks, bound). The bounds of vector functions are simd.h's 2.5 units,
# libm's are below 2, plus the roundings around them.
SMOOTH = {
    "relu": (lambda x: np.maximum(x, 0), (-3, 3), (0,), EXACT),
    "relu6": (lambda x: np.clip(x, 0, 6), (-3, 9), (0, 6), EXACT),
    "exp": (np.exp, (-20, 20), (), bound_ulps(3)),
    "exp2": (np.exp2, (-20, 20), (), bound_ulps(2)),
    "expm1": (np.expm1, (-5, 5), (), bound_ulps(2)),
    "tanh": (np.tanh, (-4, 4), (), bound_ulps(3)),
    "sigmoid": (sigmoid, (-20, 20), (), bound_ulps(4)),
    "sqrt": (np.sqrt, (0.1, 9), (), bound_ulps(1)),
    "cbrt": (np.cbrt, (0.1, 9), (), bound_ulps(2)),
    "rsqrt": (lambda x: 1 / np.sqrt(x), (0.1, 9), (), bound_ulps(2)),
    "reciprocal": (lambda x: 1 / x, (0.2, 9), (), bound_ulps(1)),
    "selu": (selu, (-4, 4), (0,), bound_ulps(3)),
    "negative": (np.negative, (-3, 3), (), EXACT),
    "abs": (np.abs, (-3, 3), (0,), EXACT),
    "square": (np.square, (-3, 3), (), bound_ulps(1)),
    "log": (np.log, (0.01, 9), (), bound_ulps(3)),
    "log2": (np.log2, (0.01, 9), (), bound_ulps(2)),
    "log10": (np.log10, (0.01, 9), (), bound_ulps(2)),
    "log1p": (np.log1p, (-0.9, 9), (), bound_ulps(2)),
    "sin": (np.sin, (-9, 9), (), bound_ulps(2)),
    "cos": (np.cos, (-9, 9), (), bound_ulps(2)),
    "tan": (np.tan, (-1.2, 1.2), (), bound_ulps(2)),
    "asin": (np.arcsin, (-0.9, 0.9), (), bound_ulps(2)),
    "acos": (np.arccos, (-0.9, 0.9), (), bound_ulps(2)),
    "atan": (np.arctan, (-5, 5), (), bound_ulps(2)),
    "sinh": (np.sinh, (-5, 5), (), bound_ulps(3)),
    "cosh": (np.cosh, (-5, 5), (), bound_ulps(3)),
    "asinh": (np.arcsinh, (-5, 5), (), bound_ulps(3)),
    "acosh": (np.arccosh, (1.2, 9), (), bound_ulps(3)),
    "atanh": (np.arctanh, (-0.9, 0.9), (), bound_ulps(3)),
    "erf": (erf, (-3, 3), (), bound_ulps(2)),
    "erfc": (erfc, (-3, 3), (), bound_ulps(4)),
    "erfinv": (erfinv, (-0.9, 0.9), (), bound_absolute(8)),
    "softplus": (softplus, (-9, 9), (), bound_ulps(5)),
    "softsign": (lambda x: x / (1 + np.abs(x)), (-9, 9), (0,), bound_ulps(2)),
    "silu": (lambda x: x * sigmoid(x), (-9, 9), (), bound_ulps(5)),
    "gelu": (gelu, (-4, 4), (), bound_absolute(4)),
    "gelu_tanh": (gelu_tanh, (-4, 4), (), bound_absolute(4)),
    "mish": (lambda x: x * np.tanh(softplus(x)), (-9, 9), (), bound_absolute(8)),
    "hard_sigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), (-5, 5), (-3, 3), bound_absolute(1)),
}
# Where the reference is smooth enough for differences over 2^-10.
GENTLE = {
    **dict.fromkeys(("sqrt", "cbrt", "rsqrt", "reciprocal", "log", "log2", "log10"), (0.7, 9)),
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), (-0.5, 0.5)),
    "log1p": (-0.3, 9),
    "tan": (-0.8, 0.8),
    "acosh": (1.7, 9),
}
# Without a second derivative.
STRAIGHT = ("relu", "relu6", "negative", "abs", "hard_sigmoid")
FLAT = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.round, "sign": np.sign}


def unary(name, reference, domain, kinks, bound):
    def inputs(rng, n, dtype):
        return [away_from(uniform(rng, (3, n), dtype, *domain), kinks)]

    def with_seed(rng, n, dtype):
        x = uniform(rng, (3, n), dtype, *GENTLE.get(name, domain))
        return [normal(rng, (3, n), dtype), away_from(x, kinks)]

    def bench(rng, dtype):
        return inputs(rng, BENCH_SIZE // 3, dtype)

    def bench_gradient(rng, dtype):
        return with_seed(rng, BENCH_SIZE // 3, dtype)

    def slope(dy, x):
        return dy * differences(reference, x)

    def slope_bound(inputs, expected):
        """A few roundings of terms as large as the steepest slope here."""
        dy, x = inputs
        return 16 * np.abs(dy) * (1 + np.abs(differences(reference, x)).max(initial=0))

    def slope_error(inputs, expected):
        """The differences': some units of f(x) over the step, and the fifth derivative's term."""
        dy, x = inputs
        return 2.0**18 * np.abs(dy) * (1 + np.abs(reference(x)).max(initial=0))

    yield Case(name, inputs, reference, bound, gradient=(0,), bench=Bench(bench))
    yield Case(
        f"{name}_gradient",
        with_seed,
        slope,
        slope_bound,
        slope_error,
        gradient=(0,) if name in STRAIGHT else (0, 1),
        run=tape_gradient(name, [0]),
        bench=Bench(bench_gradient),
    )


def flat(name, reference):
    def inputs(rng, n, dtype):
        return [away_from(uniform(rng, (3, n), dtype, -5, 5), np.arange(-5, 5.5, 0.5))]

    def bench(rng, dtype):
        return inputs(rng, BENCH_SIZE // 3, dtype)

    return Case(name, inputs, reference, gradient=(0,), bench=Bench(bench))


def python_power(a, b):
    """Integers to a negative power are 0, except 1 and -1."""
    if a.dtype.kind == "f":
        return np.power(a, b)
    sign = np.where(b % 2 == 0, 1, a)
    negative = np.where(a == 1, 1, np.where(a == -1, sign, 0))
    return np.where(b < 0, negative, np.power(a, np.maximum(b, 0)))


def without_zero(function):
    """Integer division by zero gives 0."""

    def reference(a, b):
        if a.dtype.kind == "f":
            return function(a, b)
        return np.where(b == 0, 0, function(a, np.where(b == 0, 1, b)))

    return reference


NUMBERS = FLOATS + INTEGERS + ("uint8",)
# name: (reference, dtypes, bound, domain of floats: None for normal deviates)
ARITHMETIC = {
    "add": (np.add, NUMBERS, bound_ulps(1), None),
    "subtract": (np.subtract, NUMBERS, bound_ulps(1), None),
    "multiply": (np.multiply, NUMBERS, bound_ulps(1), None),
    "divide": (np.divide, FLOATS, bound_ulps(1), (0.3, 3)),
    "maximum": (np.maximum, NUMBERS, EXACT, None),
    "minimum": (np.minimum, NUMBERS, EXACT, None),
    "power": (python_power, FLOATS + INTEGERS, bound_ulps(2), (0.2, 3)),
    "floor_divide": (without_zero(np.floor_divide), FLOATS + INTEGERS, EXACT, (0.3, 3)),
    "mod": (without_zero(np.mod), FLOATS + INTEGERS, bound_ulps(1), (0.3, 3)),
    "atan2": (np.arctan2, FLOATS, bound_ulps(2), (0.3, 3)),
}
BINARY_SHAPES = {
    "": lambda n: ((2, n), (2, n)),
    "scalar": lambda n: ((2, n), ()),
    "row": lambda n: ((3, n), (n,)),
    "column": lambda n: ((3, 1, n), (2, 1)),
}


def operands(rng, shapes, dtype, domain, name):
    if domain and np.dtype(dtype).kind == "f":
        a, b = (uniform(rng, shape, dtype, *domain) for shape in shapes)
        if name in ("floor_divide", "mod"):  # away from the steps of the quotient
            turns = rng.integers(-3, 4, a.shape).astype(dtype)
            full = np.broadcast_shapes(a.shape, b.shape)
            if a.shape == full:
                a = ((turns + uniform(rng, a.shape, dtype, 0.2, 0.8)) * b).astype(dtype)
        return [a, b]
    a, b = (normal(rng, shape, dtype) for shape in shapes)
    if np.dtype(dtype).kind == "f" and np.broadcast_shapes(a.shape, b.shape) == a.shape:
        a = np.where(np.abs(a - b) < 0.05, b + np.copysign(0.05, a - b), a).astype(dtype)
    return [a, b]


def binary(name, reference, dtypes, bound, domain):
    for label, shapes in BINARY_SHAPES.items():
        if label == "column" and name in ("floor_divide", "mod"):
            continue  # both operands are spread: no way to stay away from the steps

        def inputs(rng, n, dtype, shapes=shapes):
            return operands(rng, shapes(n), dtype, domain, name)

        def bench(rng, dtype, shapes=shapes):
            return operands(rng, shapes(BENCH_SIZE // 2), dtype, domain, name)

        yield Case(
            name,
            inputs,
            reference,
            bound,
            gradient=(0, 1),
            dtypes=dtypes if not label else FLOATS,
            bench=Bench(bench),
            label=label,
        )


COMPARE = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


def compare(name, reference):
    def inputs(rng, n, dtype):
        values = [rng.integers(0, 3, (3, n)).astype(dtype), rng.integers(0, 3, (n,)).astype(dtype)]
        return [v.astype(bool) for v in values] if name.startswith("logical") else values

    def bench(rng, dtype):
        return inputs(rng, BENCH_SIZE // 3, dtype)

    dtypes = ("bool",) if name.startswith("logical") else (*NUMBERS, "bool")
    return Case(name, inputs, reference, dtypes=dtypes, result="bool", bench=Bench(bench))


def where_inputs(rng, n, dtype):
    shapes = ((2, 1), (2, n), (n,))
    return [normal(rng, s, d) for s, d in zip(shapes, ("bool", dtype, dtype))]


WHERE = Case(
    "where",
    where_inputs,
    np.where,
    gradient=(1, 2),
    dtypes=(*NUMBERS, "bool"),
    bench=Bench(lambda rng, dtype: where_inputs(rng, BENCH_SIZE // 2, dtype)),
)

CASES = [
    *(case for name, entry in SMOOTH.items() for case in unary(name, *entry)),
    *(flat(*entry) for entry in FLAT.items()),
    *(case for name, entry in ARITHMETIC.items() for case in binary(name, *entry)),
    *(compare(*entry) for entry in COMPARE.items()),
    WHERE,
]
