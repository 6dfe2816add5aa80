"""Matrix products."""

import numpy as np

from cases.case import Bench, Case, bound_sum, normal


def tensors(*shapes):
    """An inputs maker; `None` in a shape stands for n."""

    def inputs(rng, n, dtype):
        return [normal(rng, [n if d is None else d for d in shape], dtype) for shape in shapes]

    return inputs


def bench(flops, *shapes):
    return Bench(lambda rng, dtype: tensors(*shapes)(rng, 0, dtype), flops=flops)


def activated(y, activation):
    return np.maximum(y, 0) if activation == "relu" else y


def dense_reference(x, w, bias=0.0, activation="linear"):
    return activated(x @ w + bias, activation)


def reduced(axis):
    """The terms of a sum over an axis of the first input, and one for a bias."""
    return lambda inputs: inputs[0].shape[axis] + 1


def rows(inputs):
    return int(np.prod(inputs[0].shape[:-1]))


SIZE = 1024
FLOPS = 2.0 * SIZE**3
SQUARE = (SIZE, SIZE)
DENSE = [
    Case(
        "dense",
        tensors((5, 7), (7, None), (None,)),
        dense_reference,
        bound_sum(reduced(-1), 0, 1),
        attrs={"activation": "relu"},
        bench=bench(FLOPS, SQUARE, SQUARE, (SIZE,)),
        label="bias-relu",
    ),
    Case(
        "dense",
        tensors((2, 3, 19), (19, None), (None,)),
        dense_reference,
        bound_sum(reduced(-1), 0, 1),
        gradient=(0, 1, 2),
        bench=bench(2.0 * 64 * 784 * 64, (64, 784), (784, 64), (64,)),
        label="bias",
    ),
    Case(
        "dense",
        tensors((33, None), (None, 4)),
        dense_reference,
        bound_sum(reduced(-1), 0, 1),
        gradient=(0, 1),
        bench=bench(2.0 * 256 * 1024 * 10, (256, 1024), (1024, 10)),
        label="depth",
    ),
    Case(
        "dense",
        tensors((None, 6), (6, 3)),
        dense_reference,
        bound_sum(reduced(-1), 0, 1),
        bench=bench(2.0 * 4096 * 64 * 64, (4096, 64), (64, 64)),
        label="rows",
    ),
    Case(
        "dense",
        tensors((7,), (7, None)),
        dense_reference,
        bound_sum(reduced(-1), 0, 1),
        gradient=(0, 1),
        bench=bench(2.0 * SIZE**2, (SIZE,), SQUARE),
        label="vector",
    ),
]


def flat(x):
    return x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


GRADIENTS = [
    Case(
        "dense_weight_gradient",
        tensors((2, 9, 5), (2, 9, None)),
        lambda x, dy: flat(x).T @ flat(dy),
        bound_sum(rows, 0, 1),
        gradient=(0, 1),
        bench=bench(FLOPS, SQUARE, SQUARE),
    ),
    Case(
        "dense_weight_gradient",
        tensors((70, None), (70, 3)),
        lambda x, dy: x.T @ dy,
        bound_sum(rows, 0, 1),
        bench=bench(2.0 * 64 * 784 * 64, (64, 784), (64, 64)),
        label="in",
    ),
    Case(
        "dense_input_gradient",
        tensors((2, 3, 9), (None, 9)),
        lambda dy, w: dy @ w.T,
        bound_sum(reduced(-1), 0, 1),
        gradient=(0, 1),
        bench=bench(FLOPS, SQUARE, SQUARE),
    ),
    Case(
        "dense_input_gradient",
        tensors((8, None), (5, None)),
        lambda dy, w: dy @ w.T,
        bound_sum(reduced(-1), 0, 1),
        bench=bench(2.0 * 64 * 784 * 64, (64, 64), (784, 64)),
        label="depth",
    ),
    Case(
        "bias_gradient",
        tensors((3, 41, None)),
        lambda dy: flat(dy).sum(0),
        bound_sum(rows, 0),
        gradient=(0,),
        bench=Bench(lambda rng, dtype: [normal(rng, (64 * 24 * 24, 16), dtype)]),
    ),
]


def matmul_reference(a, b, transpose_a=False, transpose_b=False):
    a = np.swapaxes(a, -1, -2) if transpose_a else a
    b = np.swapaxes(b, -1, -2) if transpose_b else b
    return a @ b


def matmul(batch_a, batch_b, transpose_a, transpose_b):
    def shapes(m, k, n):
        a = (k, m) if transpose_a else (m, k)
        b = (n, k) if transpose_b else (k, n)
        return (*batch_a, *a), (*batch_b, *b)

    label = "".join(
        ("b" if batch else "m") + ("t" if t else "")
        for batch, t in ((batch_a, transpose_a), (batch_b, transpose_b))
    )
    batch = int(np.prod(batch_a or batch_b))
    return Case(
        "matmul",
        tensors(*shapes(5, 6, None)),
        matmul_reference,
        bound_sum(lambda inputs: inputs[0].shape[-2 if transpose_a else -1], 0, 1),
        attrs={"transpose_a": transpose_a, "transpose_b": transpose_b},
        gradient=(0, 1),
        bench=bench(batch * 2.0 * 256**3, *shapes(256, 256, 256)),
        label=label,
    )


BATCHES = [((), ()), ((2, 3), (2, 3)), ((4,), ()), ((), (4,))]
CASES = [
    *DENSE,
    *GRADIENTS,
    *(matmul(*batch, ta, tb) for batch in BATCHES for ta in (False, True) for tb in (False, True)),
]
