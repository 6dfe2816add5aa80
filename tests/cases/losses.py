"""Softmax and the losses."""

import numpy as np

from cases.case import Bench, Case, normal, tape_gradient, uniform

CLASSES = 1000


def rounded(count):
    """`count` roundings of numbers as large as the inputs and the result."""

    def bound(inputs, expected):
        largest = max((np.abs(a).max(initial=0) for a in inputs), default=0)
        return count * (1 + largest + np.abs(expected))

    return bound


def rounded_sum(count):
    """The same for results that sum over a row: each of its n terms rounds."""

    def bound(inputs, expected):
        n = max(a.shape[-1] if a.ndim else 1 for a in inputs)
        return rounded(count + n)(inputs, expected)

    return bound


def log_softmax(x, axis=-1):
    shifted = x - x.max(axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def softmax(x, axis=-1):
    return np.exp(log_softmax(x, axis))


def logits(rng, shape, dtype):
    return normal(rng, shape, dtype, scale=3)


def softmax_gradient(dy, y, axis=-1):
    return (dy - (dy * y).sum(axis, keepdims=True)) * y


def log_softmax_gradient(dy, y, axis=-1):
    return dy - np.exp(y) * dy.sum(axis, keepdims=True)


def softmax_cases(axis):
    shape = {-1: lambda n: (2, 3, n), 1: lambda n: (2, n, 3), 0: lambda n: (n, 5)}[axis]

    def inputs(rng, n, dtype):
        return [logits(rng, shape(n), dtype)]

    def with_result(function):
        def make(rng, n, dtype):
            y = function(inputs(rng, n, "float64")[0], axis).astype(dtype)
            return [normal(rng, y.shape, dtype), y]

        return make

    for op, make, reference in [
        ("softmax", inputs, softmax),
        ("log_softmax", inputs, log_softmax),
        ("softmax_gradient", with_result(softmax), softmax_gradient),
        ("log_softmax_gradient", with_result(log_softmax), log_softmax_gradient),
    ]:
        yield Case(
            op,
            make,
            reference,
            rounded_sum(4),
            attrs={"axis": axis},
            gradient=(0, 1) if op.endswith("gradient") else (0,),
            sizes=range(1, 34),
            bench=Bench(lambda rng, dtype, make=make: make(rng, 4096, dtype)),
            label=f"axis{axis}",
        )


def sparse_loss(x, labels):
    p = log_softmax(x)
    return -np.take_along_axis(p, labels[..., None].astype("int64"), -1)[..., 0], np.exp(p)


def sparse_loss_gradient(dy, x, labels):
    return (softmax(x) - (labels[..., None] == np.arange(x.shape[-1]))) * dy[..., None]


def dense_loss(x, targets):
    return -(targets * log_softmax(x)).sum(-1), softmax(x)


def dense_loss_gradient(dy, x, targets):
    p = log_softmax(x)
    dx = (np.exp(p) * targets.sum(-1, keepdims=True) - targets) * dy[..., None]
    return dx, -p * dy[..., None]


def binary_loss(x, targets):
    return np.maximum(x, 0) - x * targets + np.log1p(np.exp(-np.abs(x)))


def binary_loss_gradient(dy, x, targets):
    return (1 / (1 + np.exp(-x)) - targets) * dy, -x * dy


def squared_error(x, targets):
    return ((x - targets) ** 2).mean(-1)


def squared_error_gradient(dy, x, targets):
    dx = 2 * (x - targets) / x.shape[-1] * dy[..., None]
    return dx, -dx


def sparse_inputs(labels):
    def inputs(rng, n, dtype, rows=(3, 2)):
        return [logits(rng, (*rows, n), dtype), rng.integers(0, n, rows).astype(labels)]

    return inputs


def dense_inputs(rng, n, dtype, rows=(3, 2)):
    targets = uniform(rng, (*rows, n), dtype, 0, 1)
    return [logits(rng, (*rows, n), dtype), targets]


def loss_cases(op, inputs, value, gradient, wrt, elementwise=False, label=""):
    def with_seed(rng, n, dtype, rows=(3, 2)):
        made = inputs(rng, n, dtype, rows)
        dy = normal(rng, made[0].shape if elementwise else rows, dtype)
        return [dy, *made]

    def bench(make):
        return Bench(lambda rng, dtype: make(rng, CLASSES, dtype, (256,)))

    sizes = range(1, 34)
    yield Case(
        op,
        inputs,
        value,
        rounded_sum(4),
        gradient=wrt,
        sizes=sizes,
        bench=bench(inputs),
        label=label,
    )
    yield Case(
        f"{op}_gradient",
        with_seed,
        gradient,
        rounded_sum(6),
        gradient=(0, *(1 + i for i in wrt)),
        targets=range(len(wrt)),
        sizes=sizes,
        bench=bench(with_seed),
        run=tape_gradient(op, wrt),
        label=label,
    )


CASES = [
    *(case for axis in (-1, 1, 0) for case in softmax_cases(axis)),
    *(
        case
        for labels in ("int32", "int64", "uint8")
        for case in loss_cases(
            "softmax_cross_entropy",
            sparse_inputs(labels),
            sparse_loss,
            sparse_loss_gradient,
            (0,),
            label=labels,
        )
    ),
    *loss_cases(
        "softmax_cross_entropy_dense", dense_inputs, dense_loss, dense_loss_gradient, (0, 1)
    ),
    *loss_cases(
        "sigmoid_cross_entropy",
        dense_inputs,
        binary_loss,
        binary_loss_gradient,
        (0, 1),
        elementwise=True,
    ),
    *loss_cases("squared_error", dense_inputs, squared_error, squared_error_gradient, (0, 1)),
]
