"""Fusion: fewer calls, the same bits, and none where somebody reads what is between."""

import numpy as np
import pytest
from steps import assert_same_bits, f, gradients, make_program, tensor

from pyclr import _core as core

RNG = np.random.default_rng(4)
X = tensor(RNG.standard_normal((4, 6, 6, 3)))
W = tensor(RNG.standard_normal((3, 3, 3, 8)))
B = tensor(RNG.standard_normal(8))
M = tensor(RNG.standard_normal((3, 5)))


def conv(x):
    return f.conv2d(x, W, B)


def dense(x):
    return f.dense(x, M)


def names(program):
    return [line.split("(")[0].split()[-1] for line in program.describe().splitlines()[1:]]


@pytest.mark.parametrize("product", [conv, dense])
def test_relu_goes_into_the_epilogue(product):
    def step(x):
        return f.square(f.relu(product(x)))

    program = make_program(step, X)
    assert len(program) == 2 and "relu" not in names(program)
    assert "activation=relu" in program.describe()
    assert_same_bits([program.run([X])[0].numpy()], [step(X).numpy()])


@pytest.mark.parametrize("product, weight", [(conv, W), (dense, M)])
def test_gradients_through_a_fused_relu(product, weight):
    def step(x):
        loss, grads = gradients(lambda x: f.sum(f.square(f.relu(product(x)))), [weight, X], [x])
        return [loss, *grads]

    program = make_program(step, X)
    assert "relu" not in names(program) and "relu_gradient" in names(program)
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in step(X)])


def test_two_products_fuse_each_for_itself():
    def step(x):
        return f.add(f.relu(dense(x)), f.relu(dense(f.exp(x))))

    program = make_program(step, X)
    assert "relu" not in names(program)
    assert_same_bits([program.run([X])[0].numpy()], [step(X).numpy()])


STASH = []


def used_twice(x):
    y = dense(x)
    return f.add(f.relu(y), y)


def used_by_two_relus(x):
    y = dense(x)
    return f.add(f.relu(y), f.relu(y))


def used_through_a_view(x):
    y = dense(x)
    return f.add(f.relu(y), f.reshape(y, shape=list(y.shape)))


def held(x):
    STASH[:] = [dense(x)]
    return f.relu(STASH[0])


def result(x):
    y = dense(x)
    return [f.relu(y), y]


def another_activation(x):
    return f.relu(f.tanh(dense(x)))


def activated_already(x):
    return f.relu(f.dense(x, M, activation="relu"))


def relu_of_a_view(x):
    return f.relu(f.reshape(dense(x), shape=[-1]))


@pytest.mark.parametrize(
    "step",
    [used_twice, used_by_two_relus, used_through_a_view, held, result, another_activation,
     activated_already, relu_of_a_view],
)  # fmt: skip
def test_not_fused(step):
    program = make_program(step, X)
    assert "relu" in names(program)
    expected = step(X)
    expected = expected if isinstance(expected, list) else [expected]
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in expected])


def test_relu_after_a_transposed_convolution():
    """conv2d_input_gradient has the attribute `activation`, and no epilogue."""

    def step(dy):
        return f.relu(f.conv2d_input_gradient(dy, W, shape=[4, 6, 6, 3]))

    dy = tensor(RNG.standard_normal((4, 4, 4, 8)))
    program = make_program(step, dy)
    assert_same_bits([program.run([dy])[0].numpy()], [step(dy).numpy()])


POOLS = {
    "halves": {},
    "overlap": {"pool_size": [3, 3], "strides": [2, 1], "padding": "same"},
    "gaps": {"pool_size": [2, 1], "strides": [3, 2]},
}


def pooled_loss(x, attributes, between=f.relu):
    y = between(conv(x))
    return f.sum(f.square(f.max_pool2d(y, **attributes)[0]))


@pytest.mark.parametrize("attributes", POOLS.values(), ids=POOLS)
def test_relu_gradient_before_unpooling(attributes):
    """The maxima are fewer than what they were taken of."""

    def step(x):
        return gradients(lambda x: pooled_loss(x, attributes), [W, B, X], [x])[1]

    program = make_program(step, X)
    order = names(program)
    assert order.index("relu_gradient") < order.index("max_pool2d_gradient")
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in step(X)])


def test_relu_gradient_before_unpooling_with_nan_and_zeros():
    values = RNG.standard_normal(X.shape)
    values[0, 1, 2] = np.nan
    values[1] = 0
    x = tensor(values)

    def step(x):
        def loss(x):
            return f.sum(f.square(f.max_pool2d(f.relu(f.add(x, 0.0)))[0]))

        return gradients(loss, [x], [x])[1]

    program = make_program(step, x)
    order = names(program)
    assert order.index("relu_gradient") < order.index("max_pool2d_gradient")
    assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])


def two_pools(x):
    y = f.relu(conv(x))
    return f.add(f.sum(f.max_pool2d(y)[0]), f.sum(f.max_pool2d(y, pool_size=[3, 3])[0]))


def pool_of_another(x):
    """relu's gradient belongs to another tensor than the one that was pooled."""
    y = f.relu(conv(x))
    return f.sum(f.square(f.max_pool2d(f.exp(y))[0]))


@pytest.mark.parametrize("function", [two_pools, pool_of_another])
def test_relu_gradient_stays_after_unpooling(function):
    def step(x):
        return gradients(function, [W], [x])[1]

    program = make_program(step, X)
    order = names(program)
    assert order.index("max_pool2d_gradient") < order.index("relu_gradient")
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in step(X)])


def image(*shape):
    return tensor(RNG.standard_normal(shape))


# label: (x, kernel, attributes of the convolution, of the pooling)
POOLED_CONVOLUTIONS = {
    "gray": (image(5, 28, 28, 1), image(5, 5, 1, 16), {}, {}),
    "gray odd": (image(2, 14, 19, 1), image(3, 3, 1, 33), {}, {}),
    "gray same": (image(9, 12, 12, 1), image(7, 7, 1, 8), {"padding": "same"}, {}),
    "winograd 5x5": (image(3, 12, 12, 16), image(5, 5, 16, 32), {}, {}),
    "winograd 5x5 odd": (image(2, 13, 15, 16), image(5, 5, 16, 20), {}, {}),
    "winograd 3x3": (image(2, 16, 16, 32), image(3, 3, 32, 32), {"padding": "same"}, {}),
    "winograd 3x3 odd": (image(1, 19, 17, 32), image(3, 3, 32, 40), {}, {}),
    "direct": (image(9, 9, 10, 6), image(3, 2, 6, 12), {"strides": [1, 2]}, {}),
    "overlap": (image(9, 9, 9, 6), image(2, 2, 6, 9), {}, {"pool_size": [3, 3], "strides": [2, 1]}),
    "depthwise": (image(6, 8, 8, 5), image(3, 3, 1, 5), {"groups": 5}, {"padding": "same"}),
}  # fmt: skip


@pytest.mark.parametrize("case", POOLED_CONVOLUTIONS.values(), ids=POOLED_CONVOLUTIONS)
@pytest.mark.parametrize("between", [f.relu, lambda y: y], ids=["relu", "linear"])
def test_max_pooling_goes_into_the_convolution(case, between, isa, threads):
    x, w, attributes, pooling = case
    bias = tensor(RNG.standard_normal(w.shape[-1]))

    def step(x):
        def loss(x):
            maxima, index = f.max_pool2d(between(f.conv2d(x, w, bias, **attributes)), **pooling)
            return f.sum(f.multiply(maxima, f.add(maxima, f.cast(index, dtype="float32"))))

        value, grads = gradients(loss, [w, bias, x], [x])
        return [value, *grads]

    program = make_program(step, x)
    order = names(program)
    assert "conv2d_max_pool2d" in order and "max_pool2d" not in order and "conv2d" not in order
    for name in core.available_isas():
        isa(name)
        for count in (1, 2, 3, 8):
            threads(count)
            assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])


def test_max_pooling_with_nan():
    """NaN passes ReLU and counts as the maximum, the first one of a window."""
    values = RNG.standard_normal((2, 28, 28, 1))
    values[0, 5:9, 5] = np.nan
    x, w = tensor(values), image(5, 5, 1, 16)

    def step(x):
        return list(f.max_pool2d(f.relu(f.conv2d(x, w))))

    program = make_program(step, x)
    assert names(program) == ["conv2d_max_pool2d"]
    assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])


def pool_and_the_whole(x):
    y = f.relu(conv(x))
    return f.add(f.sum(f.max_pool2d(y)[0]), f.sum(y))


@pytest.mark.parametrize("function", [two_pools, pool_and_the_whole, pool_of_another])
def test_max_pooling_stays_behind_the_convolution(function):
    program = make_program(function, X)
    assert "conv2d" in names(program) and "max_pool2d" in names(program)
    assert_same_bits([program.run([X])[0].numpy()], [function(X).numpy()])
