"""Functions of functions, beside what the table of cases compares with Keras."""

import math

import numpy as np
import pytest

import pyclr
from pyclr import ops
from pyclr.testing import assert_replays, check_gradients

X = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]])


def test_cond_and_switch_call_one_function():
    calls = []
    branches = [lambda *a, i=i: calls.append((i, a)) or i for i in range(3)]
    assert ops.cond(ops.convert_to_tensor(True), branches[0], branches[1]) == 0
    assert ops.cond(False, branches[0], branches[1]) == 1
    assert [ops.switch(i, branches, 7) for i in (1, -5, 9)] == [1, 0, 2]
    assert calls == [(0, ()), (1, ()), (1, (7,)), (0, (7,)), (2, (7,))]


def test_while_loop():
    result = ops.while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 2.0), (0, ops.ones(2)))
    assert int(result[0]) == 4
    np.testing.assert_array_equal(result[1], [16, 16])
    stopped = ops.while_loop(lambda x: True, lambda x: x + 1, ops.zeros(()), maximum_iterations=3)
    assert float(stopped) == 3


def test_fori_loop_replays():
    assert_replays(lambda x: ops.fori_loop(0, 3, lambda i, v: v * x + i, ops.ones_like(x)), X)


def running_sum(x, reverse=False):
    return ops.scan(lambda c, row: (c + row, c * row), ops.zeros(3, x.dtype), x, reverse=reverse)


def test_scan():
    last, products = running_sum(ops.convert_to_tensor(X))
    np.testing.assert_allclose(last, X.sum(0))
    np.testing.assert_allclose(products, [np.zeros(3), X[0] * X[1]])
    _, backward = running_sum(ops.convert_to_tensor(X), reverse=True)
    np.testing.assert_allclose(backward, [X[1] * X[0], np.zeros(3)])
    check_gradients(lambda x: running_sum(x), [X])
    count, nothing = ops.scan(lambda c, _: (c + 1, None), 0, length=5)
    assert (count, nothing) == (5, None)


def test_scan_needs_one_length():
    with pytest.raises(ValueError, match="must agree. Received: sizes"):
        ops.scan(lambda c, x: (c, x), 0, X, length=5)
    with pytest.raises(ValueError, match="`xs` or `length`"):
        ops.scan(lambda c, x: (c, x), 0)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(n, reverse):
    matrices = np.random.default_rng(n).normal(size=(n, 2, 2))
    found = ops.associative_scan(ops.matmul, ops.convert_to_tensor(matrices), reverse=reverse)
    order = matrices[::-1] if reverse else matrices
    expected = [order[0]]
    for matrix in order[1:]:
        expected.append(expected[-1] @ matrix)
    np.testing.assert_allclose(found, expected[::-1] if reverse else expected, rtol=1e-10)


def test_map_over_structures():
    result = ops.map(lambda d: {"s": ops.sum(d["a"]) * d["b"]}, {"a": X, "b": np.array([2.0, 3.0])})
    np.testing.assert_allclose(result["s"], X.sum(1) * [2, 3])
    np.testing.assert_allclose(ops.vectorized_map(ops.sum, X), X.sum(1))
    check_gradients(lambda x: ops.vectorized_map(lambda row: row[0] * row[1], x), [X])


def test_vectorize():
    element = ops.vectorize(lambda a, b: ops.where(a > b, a, 2 * b))
    np.testing.assert_allclose(element(X, X[:1]), np.where(X > X[:1], X, 2 * X[:1]))
    inner = ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")
    np.testing.assert_allclose(inner(X, X[0]), X @ X[0])
    kept = ops.vectorize(lambda a, n: a * n, excluded={1})
    np.testing.assert_allclose(kept(X, 3), 3 * X)
    with pytest.raises(ValueError, match="signature"):
        ops.vectorize(ops.sum, signature="n->")


def softplus_gradient():
    @ops.custom_gradient
    def softplus(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            (upstream,) = args or (upstream,)
            return upstream * (1 - 1 / (1 + e))

        return ops.log(1 + e), grad

    return softplus


def test_custom_gradient():
    softplus = softplus_gradient()
    np.testing.assert_allclose(softplus(X), np.log1p(np.exp(X)), rtol=1e-6)
    check_gradients(softplus, [X])
    x = pyclr.Variable(X)

    @ops.custom_gradient
    def doubled(a, b):
        return (a + b, a * b), lambda da, db: (2 * da, 3 * db)

    with pyclr.GradientTape() as tape:
        s, p = doubled(x, x + 1)
        total = ops.sum(s) + ops.sum(p)
    np.testing.assert_array_equal(tape.gradient(total, x), np.full(X.shape, 5.0))


def test_custom_gradient_replays():
    softplus = softplus_gradient()

    def step(x):
        tape = pyclr.GradientTape()
        tape.watch(x)
        with tape:
            y = softplus(x)
        return tape.gradient(y, x)

    assert_replays(step, X)


def test_custom_gradient_of_the_wrong_number():
    function = ops.custom_gradient(lambda a, b: (a * b, lambda g: g))
    x = pyclr.Variable(1.0)
    with pyclr.GradientTape() as tape:
        y = function(x, x)
    with pytest.raises(ValueError, match="one gradient for each of 2 arguments. Received: 1"):
        tape.gradient(y, x)


def test_jvp():
    tangent = np.array([[1.0, 0.5, -1.0], [0.2, 0.0, 2.0]])
    value, derivative = ops.jvp(lambda x: ops.sum(ops.sin(x), axis=1), [X], [tangent])
    np.testing.assert_allclose(value, np.sin(X).sum(1))
    np.testing.assert_allclose(derivative, (np.cos(X) * tangent).sum(1))
    _, zero, aux = ops.jvp(lambda x: (ops.ones(2), "more"), [X], [tangent], has_aux=True)
    assert aux == "more"
    np.testing.assert_array_equal(zero, [0, 0])


# --- What Keras' NumPy backend lacks -------------------------------------------------------------


def test_sparsemax_is_a_projection_on_the_simplex():
    x = np.random.default_rng(1).normal(size=(20, 5))
    y = ops.sparsemax(x).numpy()
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-6)
    # Where y > 0, x - y is one number; elsewhere x is not above it.
    level = np.where(y > 0, x - y, -math.inf).max(1, keepdims=True)
    np.testing.assert_allclose(y, np.maximum(x - level, 0), atol=1e-6)
    assert (y == 0).any()


def test_scatter_with_the_same_place_twice():
    x = np.zeros((3, 2))
    indices, updates = np.array([[1], [1]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    added = ops.scatter_update(x, indices, updates, reduction="add")
    np.testing.assert_array_equal(added, [[0, 0], [4, 6], [0, 0]])
    replaced = ops.scatter_update(x, indices, updates)
    np.testing.assert_array_equal(replaced, [[0, 0], [3, 4], [0, 0]])
    check_gradients(lambda x, u: ops.scatter_update(x, indices, u), [x, updates])


def test_segments_out_of_range_are_left_out():
    ids = np.array([0, 5, -1, 0])
    found = ops.segment_max(np.array([1.0, 9.0, 9.0, 2.0]), ids, num_segments=2)
    np.testing.assert_array_equal(found, [2, -np.inf])
    np.testing.assert_array_equal(ops.segment_sum(np.ones(4), ids, num_segments=2), [2, 0])


def test_rearrange_with_unnamed_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_array_equal(ops.rearrange(x, "a ... -> ... a"), np.moveaxis(x, 0, -1))
    np.testing.assert_array_equal(ops.rearrange(x, "a ... -> a (...)"), x.reshape(2, 12))
    np.testing.assert_array_equal(ops.rearrange(x, "a b c -> a 1 (c b)")[:, 0],
                                  x.swapaxes(1, 2).reshape(2, 12))  # fmt: skip
    with pytest.raises(ValueError, match="do not follow"):
        ops.rearrange(x, "a b (c d) -> a b c d", c=3)


def symmetric(x):
    return (x + ops.swapaxes(x, -1, -2)) / 2


@pytest.mark.parametrize("function", [
    lambda x: ops.cholesky(symmetric(x)),
    lambda x: ops.cholesky(symmetric(x), upper=True),
    lambda x: ops.eigh(symmetric(x))[0],
    lambda x: ops.square(ops.eigh(symmetric(x))[1]),  # up to sign
    lambda x: ops.abs(ops.svd(x)[0]),
], ids=["cholesky", "upper", "eigenvalues", "eigenvectors", "svd"])  # fmt: skip
def test_gradients_of_decompositions(function):
    a = np.random.default_rng(3).normal(size=(2, 3, 3))
    check_gradients(function, [a @ a.swapaxes(1, 2) + np.diag([1.0, 3.0, 6.0])], tolerance=1e-5)


def test_a_singular_matrix_is_an_error():
    with pytest.raises(ValueError, match="[Ss]ingular"):
        ops.inv(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="complex eigenvalues"):
        ops.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))


def test_beam_search_finds_the_likeliest_sequences():
    """All alignments of three steps, counted."""
    logits = np.random.default_rng(5).normal(size=(1, 3, 3))
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    totals = {}
    for path in np.ndindex(3, 3, 3):
        labels = [c for i, c in enumerate(path) if c and (i == 0 or c != path[i - 1])]
        totals[tuple(labels)] = totals.get(tuple(labels), 0) + np.prod(p[range(3), path])
    best = sorted(totals, key=totals.get, reverse=True)[:3]
    decoded, scores = ops.ctc_decode(logits, [3], strategy="beam_search", top_paths=3)
    assert [tuple(c for c in row[0] if c >= 0) for row in decoded.numpy().tolist()] == best
    np.testing.assert_allclose(scores[0], np.log([totals[labels] for labels in best]), rtol=1e-5)
