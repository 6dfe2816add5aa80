"""Chains: pointwise calls as one call, the same bits, and in an order that nobody notices."""

import numpy as np
import pytest
from steps import assert_same_bits, f, gradients, make_program, names, record, tensor

from pyclr import _core as core

RNG = np.random.default_rng(11)


def values(*shape, dtype="float32"):
    return tensor(RNG.standard_normal(shape), dtype)


def arrays(tensors):
    return [t.numpy() for t in tensors]


def assert_replays(step, x, *variables):
    """Replays after one another, and the variables that they write, are as eager steps."""
    starts = arrays(variables)

    def restore():
        for variable, start in zip(variables, starts):
            f.assign(variable, start)

    program = make_program(step, x)
    restore()
    replayed = [arrays(program.run([x])) for _ in range(3)]
    written = arrays(variables)
    restore()
    for got in replayed:
        assert_same_bits(got, arrays(step(x)))
    assert_same_bits(written, arrays(variables))
    restore()
    return program


def swish(x, **_):
    return f.multiply(x, f.sigmoid(x))


def mish(x, **_):
    return f.multiply(x, f.tanh(f.log(f.add(f.exp(x), 1.0))))


def gelu(x, **_):
    cube = f.multiply(f.multiply(x, x), x)
    inner = f.multiply(f.add(x, f.multiply(cube, 0.044715)), 0.7978845608)
    return f.multiply(f.multiply(x, 0.5), f.add(f.tanh(inner), 1.0))


def huber(x, **_):
    size = f.abs(x)
    return f.where(f.less(size, 1.0), f.multiply(f.square(x), 0.5), f.subtract(size, 0.5))


def clipped(x, **_):
    return f.minimum(f.maximum(f.multiply(x, 3.0), -1.0), f.floor(f.exp(x)))


def masked(x, **_):
    """Booleans between floats."""
    inside = f.logical_and(f.greater(x, -1.0), f.less_equal(x, 1.0))
    return f.where(f.logical_xor(inside, True), f.cast(inside, dtype=x.dtype), f.exp(x))


def affine(x, row, **_):
    return f.tanh(f.add(f.multiply(x, row), f.exp(row)))


def standardized(x, column, **_):
    return f.divide(f.subtract(x, column), f.sqrt(f.add(f.square(column), 1e-3)))


def powers(x, row, column, **_):
    """Exponents 2 and 0.5 have their own formulas, wherever they stand."""
    twos = f.add(f.multiply(f.floor(column), 0.0), 2.0)
    size = f.add(f.abs(x), 0.1)
    return f.add(f.power(size, twos), f.multiply(f.power(size, f.abs(row)), f.power(size, 0.5)))


def outer(x, row, column, **_):
    return f.add(f.multiply(row, column), f.multiply(f.add(column, row), x))


def inside(x, middle, **_):
    """An operand that broadcasts within the axes, and one that does along all but the first."""
    return f.subtract(f.exp(f.multiply(x, middle)), f.multiply(middle, 0.5))


def with_integers(x, **_):
    count = f.cast(f.multiply(x, 10.0), dtype="int32")
    left = f.mod(f.add(f.multiply(count, count), 7), 5)
    return f.multiply(f.cast(left, dtype=x.dtype), x)


def with_bytes(x, **_):
    byte = f.cast(f.abs(f.multiply(x, 20.0)), dtype="uint8")
    return f.add(f.cast(f.add(byte, byte), dtype=x.dtype), x)


FUNCTIONS = [
    swish, mish, gelu, huber, clipped, masked, affine, standardized, powers, outer, inside,
    with_integers, with_bytes,
]  # fmt: skip
# Sizes around lanes, blocks, and rows that are long enough for blocks of their own.
SHAPES = [
    (1, 1, 1), (3, 1, 5), (2, 3, 16), (1, 1, 2047), (2, 1, 1024), (1, 1, 2049), (5, 3, 137),
    (3, 2, 1023), (2, 2, 1024), (2, 2, 1500), (1, 3, 2100), (3, 2, 4097), (40, 7, 63),
]  # fmt: skip


def operands(shape, dtype):
    a, b, c = shape
    others = {"row": (c,), "column": (a, b, 1), "middle": (b, 1)}
    return {name: values(*s, dtype=dtype) for name, s in others.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_values_and_gradients(function, dtype, isa, threads):
    for shape in SHAPES:
        more, x = operands(shape, dtype), values(*shape, dtype=dtype)

        def step(x, more=more):
            def loss(x):
                y = function(x, **more)
                return f.sum(f.multiply(y, f.cast(y, dtype=dtype)))

            value, grads = gradients(loss, [x, *more.values()], [x])
            return [value, function(x, **more), *[g for g in grads if g is not None]]

        program = make_program(step, x)
        assert "chain" in names(program, members=False)
        for name in core.available_isas():
            isa(name)
            eager = arrays(step(x))
            for count in (1, 2, 3, 8):
                threads(count)
                assert_same_bits(arrays(program.run([x])), eager)


@pytest.mark.parametrize("shape", [(1 << 20) + 77, (260, 4097)])
def test_large_tensors(shape, threads):
    """Chunks of several blocks."""
    x, row = values(*np.atleast_1d(shape)), values(np.atleast_1d(shape)[-1])

    def step(x):
        return [affine(swish(x), row), f.multiply(x, row)]

    program = make_program(step, x)
    assert names(program, members=False).count("chain") == 1
    eager = arrays(step(x))
    for count in (1, 2, 3, 8):
        threads(count)
        assert_same_bits(arrays(program.run([x])), eager)


def test_a_chain_is_one_call_without_memory():
    x = values(3, 50)
    for function in (swish, mish, gelu, huber):
        program = make_program(function, x)
        assert names(program, members=False) == ["chain"]
        assert program.arena_bytes == 0
    assert names(make_program(mish, x)) == ["exp", "add", "log", "tanh", "multiply"]
    got = make_program(swish, x).run([x])[0].numpy()
    np.testing.assert_allclose(got, x.numpy() / (1 + np.exp(-x.numpy())), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "shape, other, call",
    [
        ((6, 4, 4, 32), (6, 1, 1, 32), "chain"), ((300, 3), (3,), "chain"),
        ((300, 3), (300, 1), "chain"), ((1, 5), (7, 1), "chain"), ((70, 64), (64,), "multiply"),
        ((300, 3), (), "multiply"), ((300, 3), (300, 3), "multiply"),
    ],
)  # fmt: skip
def test_one_call_that_broadcasts_along_short_rows(shape, other, call, threads):
    x, y = values(*shape), values(*other)
    for step in (lambda x: f.multiply(x, y), lambda x: f.multiply(y, x)):
        program = make_program(step, x)
        assert names(program, members=False) == [call]
        for count in (1, 3):
            threads(count)
            assert_same_bits(arrays(program.run([x])), arrays([step(x)]))


def test_backward_of_an_activation_is_one_chain():
    x = values(3, 50)

    def step(x):
        value, (gradient,) = gradients(lambda x: f.sum(f.square(gelu(x))), [x], [x])
        return [value, gradient]

    program = make_program(step, x)
    assert names(program, members=False) == ["full", "reshape", "chain", "sum"]


def test_what_others_read_is_written():
    """By another op, as a result, and held by Python."""
    held, x = [], values(4, 6)

    def step(x):
        a = f.exp(x)
        b = f.add(a, 1.0)
        held[:] = [f.log(b)]
        c = f.multiply(b, held[0])
        return [f.sum(b), a, f.sqrt(f.abs(c))]

    program = make_program(step, x)
    assert names(program, members=False) == ["chain", "sum"]
    result = arrays(program.run([x]))
    assert_same_bits([*result, held[0].numpy()], [*arrays(step(x)), held[0].numpy()])


def test_one_value_beside_many():
    """Results of another size are made before, and stay their own calls."""
    x, scale = values(30, 7), values(1)

    def step(x):
        factor = f.exp(f.negative(f.square(scale)))
        return f.add(f.multiply(x, factor), f.multiply(f.sum(x), factor))

    program = make_program(step, x)
    assert names(program, members=False) == ["chain", "sum", "multiply", "chain"]
    assert_same_bits(arrays(program.run([x])), [step(x).numpy()])


def test_members_move_past_other_calls():
    x, w = values(8, 5), values(5, 5)

    def step(x):
        a = f.exp(x)
        other = f.dense(x, w)
        return [f.negative(a), f.sum(other)]

    program = make_program(step, x)
    assert names(program) == ["dense", "exp", "negative", "sum"]
    assert_same_bits(arrays(program.run([x])), arrays(step(x)))


def through_a_product(x, w):
    a = f.exp(x)
    return f.add(f.dense(a, w), a)


def through_a_view(x, w):
    a = f.exp(x)
    return f.add(f.reshape(f.negative(f.reshape(a, shape=[-1])), shape=list(a.shape)), a)


def through_a_slice(x, w):
    a = f.exp(x)
    return f.add(f.slice(a, begin=[0, 0], size=[1, 5], strides=[1, 1]), a)


@pytest.mark.parametrize("step", [through_a_product, through_a_view, through_a_slice])
def test_a_value_that_is_needed_between_is_there(step):
    x, w = values(8, 5), values(5, 5)
    program = make_program(lambda x: step(x, w), x)
    assert names(program, members=False)[0] == "exp"
    assert_same_bits(arrays(program.run([x])), [step(x, w).numpy()])


def test_assignments_between_members():
    """A read of a variable stays before the call that writes it."""
    variable, x = values(6, 5), values(6, 5)

    def step(x):
        before = f.multiply(variable, x)
        f.assign_add(variable, x)
        after = f.multiply(variable, x)
        f.assign(variable, f.negative(after))
        return [f.add(before, f.add(after, 1.0)), f.exp(variable)]

    assert_replays(step, x, variable)


LARGE = (40, 137)  # three blocks


def moments(variable, second, x):
    """An optimizer by hand: all that it keeps, in one pass."""
    f.assign(variable, f.add(f.multiply(variable, 0.9), f.multiply(x, 0.1)))
    f.assign_add(second, f.square(x))
    return [f.divide(variable, f.sqrt(f.add(second, 1.0)))]


def twice(variable, second, x):
    """The second value is made of the first one."""
    f.assign(second, x)
    f.assign(variable, f.multiply(second, variable))
    f.assign_add(variable, variable)
    f.assign(second, f.broadcast_to(1.5, shape=LARGE))
    return [f.exp(variable)]


@pytest.mark.parametrize("step", [moments, twice])
def test_assignments_are_members(step, threads):
    variable, second, x = (tensor(RNG.random(LARGE)) for _ in range(3))

    def run(x):
        return [*step(variable, second, x), f.sum(second)]

    for count in (1, 3):
        threads(count)
        program = assert_replays(run, x, variable, second)
        assert names(program, members=False) == ["chain", "sum"]
        assert program.arena_bytes == 0


@pytest.mark.parametrize("shape", [(6, 5), LARGE, (3, 4100)])
def test_rows_of_what_is_written(shape, threads):
    """Read before and after: members do not meet them at the elements that they write."""
    variable, x = values(*shape), values(*shape)

    def row(i):
        return f.slice(variable, begin=[i, 0], size=[1, shape[1]], strides=[1, 1])

    def step(x):
        a = f.multiply(f.multiply(x, row(2)), variable)
        f.assign(variable, f.tanh(a))
        b = f.add(f.multiply(x, row(0)), variable)
        f.assign_add(variable, f.multiply(b, row(1)))
        return [a, f.add(b, 1.0)]

    for count in (1, 3):
        threads(count)
        assert_replays(step, x, variable)


def test_a_small_result_waits():
    """What is made of it, and a counter, wait with it; a large value that needs it does not."""
    total, x = tensor(0.0), values(*LARGE)

    def step(x):
        a = f.exp(x)
        mean = f.mean(a)
        f.assign_add(total, mean)
        double = f.add(f.multiply(mean, 2.0), total)
        b = f.square(a)
        return [b, double, f.multiply(f.add(b, total), double)]

    assert names(assert_replays(step, x, total)) == [
        "exp", "square", "mean", "assign_add", "multiply", "add", "add", "multiply"
    ]  # fmt: skip


def test_what_waits_reads_a_variable_before_it_is_written():
    variable, x = values(1370, 4), values(1370, 4)

    def step(x):
        a = f.multiply(variable, f.exp(x))
        small = f.dense_weight_gradient(variable, a)
        f.assign(variable, f.negative(f.abs(a)))
        return [small, f.square(variable)]

    assert names(assert_replays(step, x, variable)) == [
        "exp", "multiply", "abs", "negative", "dense_weight_gradient", "assign", "square"
    ]  # fmt: skip


def test_a_host_function_sees_what_was_done_before_it():
    seen, kept = [], []
    x = values(3)

    def step(x):
        kept[:] = [f.exp(x)]
        f.host(x, function=host, shapes=[], dtypes=[])
        return f.negative(kept[0])

    def look(a):
        if not core.is_recording():
            seen.append(kept[0].numpy().copy())
        return []

    host = core.HostFunction(look, name="look")
    program = make_program(step, x)
    assert names(program, members=False) == ["exp", "host", "negative"]
    other = values(3)
    program.run([other])
    assert_same_bits(seen, [f.exp(other).numpy()])


def test_dropout_by_hand():
    state, x = tensor([5, 0], "int64"), values(60, 70)

    def step(x):
        kept = f.cast(f.greater_equal(f.random_uniform(state, shape=[60, 70]), 0.3), dtype=x.dtype)
        return f.multiply(x, f.divide(kept, 0.7))

    program = make_program(step, x)
    f.assign(state, np.array([5, 0]))
    replayed = [program.run([x])[0].numpy() for _ in range(3)]
    f.assign(state, np.array([5, 0]))
    assert_same_bits(replayed, [step(x).numpy() for _ in range(3)])
    assert not np.array_equal(replayed[0], replayed[1])


UNARY = [f.exp, f.tanh, f.negative, f.abs, f.square, f.relu, f.sigmoid]
BINARY = [f.add, f.subtract, f.multiply, f.maximum, f.minimum]


def random_step(rng, variable):
    """A function of x (6, 40) that applies the same random calls every time."""
    plan = [
        (int(rng.integers(12)), rng.random(), rng.random(), int(rng.integers(99)))
        for _ in range(30)
    ]

    def step(x):
        known, results = [x, f.slice(x, begin=[0, 0], size=[1, 40], strides=[1, 1])], []
        for kind, first, second, which in plan:
            a, b = known[int(first * len(known))], known[int(second * len(known))]
            if kind < 3:
                known.append(UNARY[which % len(UNARY)](a))
            elif kind < 6:
                known.append(BINARY[which % len(BINARY)](a, b))
            elif kind == 6:
                axes = [[0], [1], []][which % 3]
                known.append(f.tanh(f.sum(a, axes=axes, keepdims=True)))
            elif kind == 7 and a.shape == (6, 40):
                (f.assign if which % 2 else f.assign_add)(variable, f.tanh(a))
            elif kind == 8:
                known.append(f.where(f.less(a, b), a, variable))
            elif kind == 9:  # what is written is read by its rows as well
                row = f.slice(variable, begin=[which % 6, 0], size=[1, 40], strides=[1, 1])
                known.append(f.multiply(row, b))
            elif kind == 10:
                known.append(f.broadcast_to(variable, shape=[6, 40]) if which % 2 else variable)
            else:
                results.append(f.reshape(a, shape=[-1]))
                known.append(f.multiply(f.reshape(results[-1], shape=list(a.shape)), b))
        return [*results, known[-1]]

    return step


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    rng = np.random.default_rng(seed)
    variable = tensor(rng.standard_normal((6, 40)))
    step, x = random_step(rng, variable), tensor(rng.standard_normal((6, 40)))
    assert_replays(step, x, variable)


def test_describe_names_the_members():
    program = make_program(swish, values(2, 3))
    assert program.describe().splitlines()[1].strip() == (
        "0  chain(float32 (2, 3); members=(sigmoid, multiply)) -> float32 (2, 3)"
    )


def test_no_elements():
    x = values(0, 3)
    program = make_program(lambda x: f.add(f.exp(x), 1.0), x)
    assert program.run([x])[0].shape == (0, 3)
    assert len(record(lambda x: f.add(f.exp(x), 1.0), x)) == 2


def test_a_copy_of_what_is_written_stays():
    variable, x = values(*LARGE), values(*LARGE)

    def step(x):
        before = f.broadcast_to(variable, shape=[1, *LARGE])
        f.assign(variable, f.multiply(variable, x))
        return [f.add(before, variable), f.exp(before)]

    program = assert_replays(step, x, variable)
    assert names(program, members=False) == ["chain"]


def test_what_a_member_makes_is_written():
    x = values(*LARGE)

    def step(x):
        a = f.exp(x)
        b = f.multiply(a, 2.0)
        f.assign(a, f.negative(b))
        f.assign_add(a, x)
        return [f.square(a), b]

    program = assert_replays(step, x)
    assert names(program, members=False) == ["chain", "chain"]
