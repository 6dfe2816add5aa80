"""Fusion: fewer calls, the same bits, and none where somebody reads what is between."""

import numpy as np
import pytest
from steps import assert_same_bits, f, gradients, make_program, names, tensor

import pyclr
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
    unpooling = {"max_pool2d_gradient", "pooled_bias_gradient"} & set(order)
    assert order.index("relu_gradient") < order.index(*unpooling)
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


@pytest.mark.parametrize("outputs", [1, 2], ids=["maxima", "maxima and index"])
@pytest.mark.parametrize("case", POOLED_CONVOLUTIONS.values(), ids=POOLED_CONVOLUTIONS)
def test_max_pooling_with_nan(case, outputs, isa):
    """NaN passes ReLU and counts as the maximum, the first one of a window; also where the index is
    not read, and not written then."""
    x, w, attributes, pooling = case
    values = x.numpy()
    values[0, 2:6, 5] = np.nan
    values[-1, 3, 3] = -np.nan
    x = tensor(values)

    def step(x):
        return list(f.max_pool2d(f.relu(f.conv2d(x, w, **attributes)), **pooling))[:outputs]

    program = make_program(step, x)
    assert names(program) == ["conv2d_max_pool2d"]
    assert ("uint8" in program.describe()) == (outputs == 2)
    for name in core.available_isas():
        isa(name)
        assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])


def pool_and_the_whole(x):
    y = f.relu(conv(x))
    return f.add(f.sum(f.max_pool2d(y)[0]), f.sum(y))


@pytest.mark.parametrize("function", [two_pools, pool_and_the_whole, pool_of_another])
def test_max_pooling_stays_behind_the_convolution(function):
    program = make_program(function, X)
    assert "conv2d" in names(program) and "max_pool2d" in names(program)
    assert_same_bits([program.run([X])[0].numpy()], [function(X).numpy()])


def trainer(optimizer, dtype, rows, shape=(600, 500), loss=f.sum):
    """A function that makes the step of an optimizer with one dense kernel, and its state."""
    hyper, slots, mask = {
        "sgd": ([0.1, 0.01, 0.9], 1, 1),
        "adam": ([0.1, 0.0, 0.9, 0.999, 1e-7], 2, 3),
    }[optimizer]
    rng = np.random.default_rng(5)
    w = tensor(rng.standard_normal(shape), dtype)
    state = [tensor(np.zeros(shape), dtype) for _ in range(slots)]
    hyper, iterations = tensor(hyper, "float64"), tensor(0, "int64")
    x = tensor(rng.standard_normal((rows, shape[0])), dtype)

    def step(x):
        value, (gradient,) = gradients(lambda x: loss(f.square(f.dense(x, w))), [w], [x])
        getattr(f, optimizer)(hyper, iterations, w, gradient, *state, count=1, slots=mask)
        return value

    return step, x, [w, *state]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer, rows", [("sgd", 40), ("adam", 300)])
def test_gradient_of_a_kernel_is_made_in_the_update(optimizer, rows, dtype, threads):
    step, x, eager = trainer(optimizer, dtype, rows)
    for _ in range(5):
        step(x)
    for count in (1, 2, 3):
        threads(count)
        step, x, replayed = trainer(optimizer, dtype, rows)
        program = make_program(step, x)  # two steps
        assert "dense_weight_gradient" not in names(program)
        assert "products=(0)" in program.describe()
        for _ in range(3):
            program.run([x])
        assert_same_bits([t.numpy() for t in replayed], [t.numpy() for t in eager])


def test_several_kernels_in_one_update():
    rng = np.random.default_rng(6)
    kernels = [tensor(rng.standard_normal((520, 520)) / 20) for _ in range(2)]
    bias = tensor(np.zeros(520))
    variables = [kernels[0], bias, kernels[1]]
    start = [v.numpy().copy() for v in variables]
    hyper, iterations = tensor([0.1, 0.01, 0.0], "float64"), tensor(0, "int64")
    x = tensor(rng.standard_normal((50, 520)))

    def step(x):
        def loss(x):
            return f.sum(f.square(f.dense(f.tanh(f.dense(x, kernels[0], bias)), kernels[1])))

        value, grads = gradients(loss, variables, [x])
        f.sgd(hyper, iterations, *variables, *grads, count=3, slots=0, undecayed=[1])
        return value

    program = make_program(step, x)
    assert "products=(0, 2)" in program.describe()
    program.run([x])
    replayed = [v.numpy().copy() for v in variables]
    for v, value in zip(variables, start):
        f.assign(v, value)
    for _ in range(3):
        step(x)
    assert_same_bits(replayed, [v.numpy() for v in variables])


def test_small_and_tall_gradients_are_left():
    """Nothing is won, or the factors that would live longer are larger than the gradient."""
    for rows, shape in [(40, (60, 50)), (2000, (520, 520))]:
        step, x, _ = trainer("sgd", "float32", rows, shape)
        assert "dense_weight_gradient" in names(make_program(step, x))


def test_gradient_that_is_read_elsewhere_is_left():
    step, x, state = trainer("sgd", "float32", 40)
    kept = []

    def clipped(x):
        value, (gradient,) = gradients(
            lambda x: f.sum(f.square(f.dense(x, state[0]))), [state[0]], [x]
        )
        f.assign_add(state[1], gradient)
        f.sgd(HYPER, ITERATIONS, state[0], gradient, count=1, slots=0)
        return value

    def held(x):
        value, kept[:] = gradients(lambda x: f.sum(f.square(f.dense(x, state[0]))), [state[0]], [x])
        f.sgd(HYPER, ITERATIONS, state[0], kept[0], count=1, slots=0)
        return value

    for step in (clipped, held):
        assert "dense_weight_gradient" in names(make_program(step, x))


HYPER, ITERATIONS = tensor([0.1, 0.0, 0.0], "float64"), tensor(0, "int64")


@pytest.mark.parametrize("rows", [0, 1, 5, 255, 257])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (13, 64), (30, 65), (12, 3000), (25, 1500)])
def test_update_with_a_product(rows, shape):
    """At all tail sizes, beside the two ops."""
    rng = np.random.default_rng(7)
    w, x = tensor(rng.standard_normal(shape)), tensor(rng.standard_normal((rows, shape[0])))
    dy = tensor(rng.standard_normal((rows, shape[1])))
    expected = tensor(w.numpy())
    f.sgd(HYPER, ITERATIONS, expected, f.dense_weight_gradient(x, dy), count=1, slots=0)
    f.sgd(HYPER, ITERATIONS, w, x, dy, count=1, slots=0, products=[0])
    assert_same_bits([w.numpy()], [expected.numpy()])


def pooled_convolution(attributes, pool):
    def loss(x, w, b):
        y = f.relu(f.conv2d(x, w, b, **attributes))
        return f.sum(f.square(f.max_pool2d(y, **pool)[0]))

    return loss


PAIR, THREES = {"pool_size": [2, 2]}, {"pool_size": [3, 3]}
# channels and size of the kernel, attributes of the convolution, the pooling; where all gradients
# have a form without zeros
POOLED = {
    "halves": (16, 5, {}, PAIR),
    "remainder": (20, 4, {}, PAIR),
    "clipped windows": (17, 4, {"padding": "same"}, {**PAIR, "padding": "same"}),
    "thirds": (16, 3, {"padding": "same"}, THREES),
    "strided": (18, 3, {"strides": [2, 1], "padding": "same"}, {"pool_size": [1, 3]}),
}
# where all but that of the input have one
GRAY = {
    "gray": (1, 5, {}, PAIR),
    "gray, many taps": (1, 7, {"padding": "same"}, PAIR),
    "gray, clipped windows": (1, 3, {"padding": "same"}, {**PAIR, "padding": "same"}),
    "gray thirds": (1, 3, {"padding": "same"}, THREES),
}
# and where one of them has none
WITH_ZEROS = GRAY | {
    "gray, four taps": (1, 4, {}, PAIR),
    "colours": (3, 3, {"padding": "same"}, PAIR),
    "dilated": (16, 3, {"dilation": [2, 1]}, PAIR),
    "groups": (16, 3, {"groups": 2}, PAIR),
}


def gradients_of_pooled(channels, size, attributes, pool, dtype="float32", filters=20, by="xwb"):
    rng = np.random.default_rng(3)
    x = tensor(rng.standard_normal((5, 13, 12, channels)), dtype)
    kernel = (size, size, channels // attributes.get("groups", 1), filters)
    w, b = tensor(rng.standard_normal(kernel), dtype), tensor(rng.standard_normal(filters), dtype)

    def step(x):
        sources = [{"x": x, "w": w, "b": b}[name] for name in by]
        return gradients(pooled_convolution(attributes, pool), sources, [x, w, b])[1]

    return step, x


def assert_bits_of_eager(program, step, x, isa, threads):
    for name in core.available_isas():
        isa(name)
        expected = [t.numpy() for t in step(x)]
        for count in (1, 2, 3, 4, 8):
            threads(count)
            assert_same_bits([t.numpy() for t in program.run([x])], expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", POOLED.values(), ids=POOLED)
def test_gradients_without_unpooling(case, dtype, isa, threads):
    step, x = gradients_of_pooled(*case, dtype=dtype)
    program = make_program(step, x)
    assert "max_pool2d_gradient" not in names(program)
    assert {"conv2d_pooled_weight_gradient", "conv2d_pooled_input_gradient",
            "pooled_bias_gradient"} < set(names(program))  # fmt: skip
    assert_bits_of_eager(program, step, x, isa, threads)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", GRAY.values(), ids=GRAY)
def test_gradients_without_unpooling_for_gray_images(case, dtype, isa, threads):
    step, x = gradients_of_pooled(*case, dtype=dtype, by="wb")
    program = make_program(step, x)
    assert "max_pool2d_gradient" not in names(program)
    assert_bits_of_eager(program, step, x, isa, threads)


@pytest.mark.parametrize("case", WITH_ZEROS.values(), ids=WITH_ZEROS)
def test_gradients_that_need_the_zeros(case, isa, threads):
    step, x = gradients_of_pooled(*case)
    program = make_program(step, x)
    assert names(program).count("max_pool2d_gradient") == 1
    assert_bits_of_eager(program, step, x, isa, threads)


def test_winograd_needs_the_zeros():
    step, x = gradients_of_pooled(64, 3, {"padding": "same"}, PAIR)
    assert "max_pool2d_gradient" in names(make_program(step, x))


@pytest.mark.parametrize(
    "pool",
    [
        {"pool_size": [3, 3], "strides": [2, 2]},
        {"pool_size": [2, 2], "strides": [3, 2]},
        {"pool_size": [3, 3], "padding": "same", "strides": [1, 3]},
        {"pool_size": [1, 2]},
        {"pool_size": [5, 5], "padding": "same"},  # padding before the first output
    ],
)
def test_windows_that_keep_the_unpooling(pool):
    step, x = gradients_of_pooled(16, 3, {}, pool)
    program = make_program(step, x)
    assert "max_pool2d_gradient" in names(program)
    assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])


def test_another_reader_keeps_the_unpooling():
    def step(x):
        def loss(x):
            y = f.tanh(f.conv2d(x, W, B))
            return f.sum(f.square(f.max_pool2d(y)[0]))

        return gradients(loss, [W], [x])[1]

    program = make_program(step, X)
    assert "max_pool2d_gradient" in names(program)
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in step(X)])


def test_gradients_in_place_keep_the_unpooling():
    """A gradient of the maxima that changes before the readers of the unpooled one come."""
    dy = tensor(RNG.standard_normal((4, 2, 2, 8)))
    index = tensor(RNG.integers(0, 4, (4, 2, 2, 8)), "uint8")

    def step(x):
        unpooled = f.max_pool2d_gradient(f.multiply(dy, 1.0), index, shape=[4, 4, 4, 8])
        again = f.multiply(dy, 1.0)
        changed = f.max_pool2d_gradient(again, index, shape=[4, 4, 4, 8])
        f.assign(again, f.multiply(dy, 2.0))
        return [f.bias_gradient(unpooled), f.bias_gradient(changed)]

    program = make_program(step, X)
    assert names(program).count("max_pool2d_gradient") == 1
    assert_same_bits([t.numpy() for t in program.run([X])], [t.numpy() for t in step(X)])


def test_the_algorithm_may_change_after_the_fusion():
    step, x = gradients_of_pooled(64, 3, {"padding": "same"}, PAIR)
    try:
        pyclr.config.set_conv_algorithm("direct")
        program = make_program(step, x)
        assert "max_pool2d_gradient" not in names(program)
        pyclr.config.set_conv_algorithm("auto")
        assert_same_bits([t.numpy() for t in program.run([x])], [t.numpy() for t in step(x)])
    finally:
        pyclr.config.set_conv_algorithm("auto")
