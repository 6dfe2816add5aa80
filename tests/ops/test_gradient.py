"""Every differentiable op's tape gradient against four-point differences in float64, and what the
gradient is where the function has a kink."""

import zlib

import numpy as np
import pytest
from cases.case import tensors
from op_cases import CASES

from pyclr import _core as core

STEP = 2.0**-10
DIFFERENTIABLE = [case for case in CASES if case.gradient and "float64" in case.dtypes]


def gradient_of(case, arrays, attrs, seeds):
    """The tape's gradients for the inputs `case.gradient`."""
    inputs = tensors(arrays)
    sources = [inputs[i] for i in case.gradient]
    tape = core.Tape()
    for source in sources:
        tape.watch(source)
    tape.start()
    outputs = case.run(case, inputs, attrs)
    tape.stop()
    targets = [outputs[i] for i in case.targets]
    return tape.gradient(targets, sources, [core.tensor(seed, "float64") for seed in seeds])


def differences(case, arrays, attrs, seeds, i):
    """d sum(seed * output) / d input i, one element at a time."""

    def value(array):
        outputs = case.run(case, tensors([*arrays[:i], array, *arrays[i + 1 :]]), attrs)
        return sum((seed * outputs[t].numpy()).sum() for seed, t in zip(seeds, case.targets))

    x = arrays[i]
    slopes = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        near, far = (value(moved(x, at, k * STEP)) - value(moved(x, at, -k * STEP)) for k in (1, 2))
        slopes[at] = (8 * near - far) / (12 * STEP)
    return slopes


def moved(x, at, by):
    y = x.copy()
    y[at] += by
    return y


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_gradient(case):
    rng = np.random.default_rng(zlib.crc32(str(case).encode()))
    n = 2 if case.sizes is None or 2 in case.sizes else 1
    arrays, attrs = case.make(rng, n, "float64")
    outputs = case.run(case, tensors(arrays), attrs)
    seeds = [rng.uniform(-1, 1, outputs[t].shape) for t in case.targets]
    gradients = gradient_of(case, arrays, attrs, seeds)
    for i, gradient in zip(case.gradient, gradients):
        expected = differences(case, arrays, attrs, seeds, i)
        assert gradient is not None, f"input {i} has no gradient"
        assert (gradient.shape, gradient.dtype) == (arrays[i].shape, "float64")
        # Rounding of the sums over the step, and the term of order step^4.
        size = max(np.abs(t.numpy()).sum() for t in outputs if t.dtype == "float64")
        allowed = 16 * np.finfo("float64").eps / STEP * (1 + size) + 2**14 * STEP**4
        worst = np.abs(gradient.numpy() - expected).max(initial=0)
        assert worst <= allowed, f"input {i}: off by {worst:.3g}, allowed {allowed:.3g}"


@pytest.mark.parametrize("name", core.op_names())
def test_ops_with_a_gradient_have_a_differentiable_case(name):
    cased = {case.op for case in DIFFERENTIABLE}
    assert core.has_gradient(name) == (name in cased)


# op: {x: dy/dx}. At a kink Keras and TensorFlow take the side that is flat, or half.
KINKS = {
    "relu": {-1.0: 0, 0.0: 0, 1.0: 1},
    "relu6": {0.0: 0, 3.0: 1, 6.0: 0, 7.0: 0},
    "abs": {0.0: 0, -2.0: -1},
    "hard_sigmoid": {-3.0: 0, 3.0: 0, 0.0: 1 / 6},
    "sign": {0.0: 0, 2.0: 0},
    "round": {0.5: 0},
    "floor": {1.0: 0},
    "ceil": {1.0: 0},
    "softsign": {0.0: 1},
}


@pytest.mark.parametrize("op", KINKS)
def test_gradient_at_a_kink(op):
    x = core.tensor(list(KINKS[op]))
    (gradient,) = gradient_by(getattr(core.ops, op), [x])
    np.testing.assert_allclose(gradient, list(KINKS[op].values()), rtol=1e-6)


def gradient_by(function, sources):
    tape = core.Tape()
    for source in sources:
        tape.watch(source)
    tape.start()
    target = function(*sources)
    tape.stop()
    return [g.numpy() for g in tape.gradient([target], sources)]


@pytest.mark.parametrize("op", ["maximum", "minimum"])
def test_equal_operands_share_the_gradient(op):
    a, b = core.tensor([1.0, 2.0, 3.0]), core.tensor([1.0, 3.0, 2.0])
    da, db = gradient_by(getattr(core.ops, op), [a, b])
    first = [0.5, 0, 1] if op == "maximum" else [0.5, 1, 0]
    np.testing.assert_array_equal(da, first)
    np.testing.assert_array_equal(db, 1 - np.asarray(first))


@pytest.mark.parametrize("op", ["max", "min"])
def test_tied_extrema_share_the_gradient(op):
    x = core.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 2.0]])
    (dx,) = gradient_by(lambda x: getattr(core.ops, op)(x, axes=[1]), [x])
    second = [0.5, 0, 0.5] if op == "max" else [0, 1, 0]
    np.testing.assert_allclose(dx, [[1 / 3] * 3, second], rtol=1e-6)


def test_product_with_zeros():
    """A zero leaves a gradient to itself only; two zeros to nobody."""
    x = core.tensor([[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 0.0, 4.0]])
    (dx,) = gradient_by(lambda x: core.ops.prod(x, axes=[1]), [x])
    np.testing.assert_allclose(dx, [[12, 8, 6], [0, 8, 0], [0, 0, 0]], rtol=1e-6)


def test_power_at_base_zero():
    a, b = core.tensor([0.0, 0.0, 0.0]), core.tensor([1.0, 2.0, 3.0])
    da, db = gradient_by(core.ops.power, [a, b])
    np.testing.assert_array_equal(da, [1, 0, 0])
    np.testing.assert_array_equal(db, [0, 0, 0])


def test_where_sends_no_gradient_to_the_side_not_taken():
    """Not even 0 * inf: the usual guard against a bad value works."""
    x, one, zero = (core.tensor(v, "float32") for v in ([0.0, 4.0], 1.0, 0.0))
    positive = core.ops.greater(x, zero)

    def root(x):
        return core.ops.where(positive, core.ops.sqrt(core.ops.where(positive, x, one)), zero)

    (dx,) = gradient_by(root, [x])
    np.testing.assert_array_equal(dx, [0, 0.25])


def test_max_pooling_sends_the_gradient_to_the_first_of_equals():
    x = core.tensor(np.zeros((1, 2, 4, 1)), "float32")
    (dx,) = gradient_by(lambda x: core.ops.max_pool2d(x, pool_size=[2, 2])[0], [x])
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0, 1, 0], [0, 0, 0, 0]])
