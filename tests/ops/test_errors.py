"""What a wrong call of an op says: the right exception, the op's name and what was received."""

import numpy as np
import pytest

from pyclr import _core as core

f = core.ops


def zeros(*shape, dtype="float32"):
    return core.tensor(np.zeros(shape, dtype), dtype)


# label: (call, exception, parts of the message)
WRONG = {
    "unary of integers": (
        lambda: f.exp(zeros(2, dtype="int32")), TypeError, ["exp", "dtype=int32"]),
    "no tensor": (lambda: f.relu(), TypeError, ["relu", "tensor 1 is missing", "0 tensors"]),
    "one tensor too few": (
        lambda: f.dense(zeros(2, 3)), TypeError, ["dense", "tensor 2 is missing", "1 tensor"]),
    "None": (lambda: f.relu(None), TypeError, ["Received: None"]),
    "string": (lambda: f.relu("x"), TypeError, ["Received: 'x'"]),
    "ragged list": (lambda: f.relu([[1.0], [1.0, 2.0]]), (TypeError, ValueError), []),
    "array of objects": (
        lambda: f.relu(np.array([None, 1], object)), TypeError, ["array of objects", "(2,)"]),
    "complex array": (lambda: f.relu(np.ones(2, complex)), TypeError, ["complex128"]),
    "broadcast": (
        lambda: f.add(zeros(2, 3), zeros(4)), ValueError, ["add", "(2, 3)", "(4,)"]),
    "nine axes": (lambda: core.tensor(np.zeros((1,) * 9)), ValueError, ["at most 8 dimensions"]),
    "integer gradient": (
        lambda: f.relu_gradient(zeros(2), zeros(3)), ValueError,
        ["relu_gradient", "(2,)", "(3,)"]),
    "subtract booleans": (
        lambda: f.negative(zeros(2, dtype="bool")), TypeError, ["negative", "bool"]),
    "where condition": (
        lambda: f.where(zeros(2), zeros(2), zeros(2)), TypeError, ["where", "dtype=float32"]),
    "where dtypes": (
        lambda: f.where(zeros(2, dtype="bool"), zeros(2), zeros(2, dtype="int32")),
        TypeError, ["where", "float32", "int32"]),
    "full shape": (
        lambda: f.full(shape=[-2]), ValueError, ["must not be negative", "-2"]),
    "reshape size": (
        lambda: f.reshape(zeros(2, 3), shape=[4]), ValueError, ["reshape", "(2, 3)", "6", "(4"]),
    "reshape unknowns": (
        lambda: f.reshape(zeros(2, 3), shape=[-1, -1]), ValueError, ["reshape", "(-1, -1)"]),
    "reshape remainder": (
        lambda: f.reshape(zeros(2, 3), shape=[4, -1]), ValueError, ["reshape", "(2, 3)"]),
    "reshape negative": (
        lambda: f.reshape(zeros(2, 3), shape=[-2, -3]), ValueError, ["negative", "-2"]),
    "transpose axes": (
        lambda: f.transpose(zeros(2, 3), permutation=[0]), ValueError, ["transpose", "(2, 3)"]),
    "transpose twice": (
        lambda: f.transpose(zeros(2, 3), permutation=[0, 0]), ValueError, ["transpose", "twice"]),
    "transpose range": (
        lambda: f.transpose(zeros(2, 3), permutation=[0, 2]), ValueError, ["transpose", "axis=2"]),
    "broadcast_to": (
        lambda: f.broadcast_to(zeros(2, 3), shape=[2]), ValueError,
        ["broadcast_to", "(2, 3)", "(2,)"]),
    "slice range": (
        lambda: f.slice(zeros(4), begin=[2], size=[3], strides=[1]), ValueError,
        ["slice", "axis 0", "begin=2", "size=3"]),
    "slice rank": (
        lambda: f.slice(zeros(4, 2), begin=[2], size=[3], strides=[1]), ValueError,
        ["slice", "(4, 2)"]),
    "slice stride": (
        lambda: f.slice(zeros(4), begin=[1], size=[3], strides=[-1]), ValueError,
        ["slice", "stride=-1"]),
    "slice gradient": (
        lambda: f.slice_gradient(zeros(3), shape=[9], begin=[0], size=[2], strides=[1]),
        ValueError, ["slice_gradient", "(3,)"]),
    "pad rank": (
        lambda: f.pad(zeros(2, 3), before=[1], after=[1]), ValueError, ["pad", "(2, 3)"]),
    "pad negative": (
        lambda: f.pad(zeros(2), before=[-1], after=[1]), ValueError, ["pad", "(-1, 1)", "axis 0"]),
    "concat nothing": (lambda: f.concat(), ValueError, ["concat", "at least one"]),
    "concat shapes": (
        lambda: f.concat(zeros(2, 3), zeros(3, 3), axis=1), ValueError,
        ["concat", "axis 1", "(2, 3)", "(3, 3)"]),
    "concat dtypes": (
        lambda: f.concat(zeros(2), zeros(2, dtype="int32"), axis=0), TypeError,
        ["concat", "float32", "int32"]),
    "concat scalars": (
        lambda: f.concat(zeros(), zeros(), axis=0), ValueError, ["concat", "axis=0"]),
    "gather indices": (
        lambda: f.gather(zeros(4), zeros(2)), TypeError, ["gather", "dtype=float32"]),
    "gather range": (
        lambda: f.gather(zeros(4), core.tensor([1, 4])), ValueError, ["gather", "[-4, 4)", "4"]),
    "gather axis": (
        lambda: f.gather(zeros(4), core.tensor([0]), axis=1), ValueError, ["gather", "axis=1"]),
    "scatter shapes": (
        lambda: f.scatter_add(zeros(3), core.tensor([0, 1]), shape=[4]), ValueError,
        ["scatter_add", "(3,)", "(2,)", "(4,)"]),
    "scatter range": (
        lambda: f.scatter_add(zeros(2), core.tensor([0, 7]), shape=[4]), ValueError,
        ["scatter_add", "7"]),
    "one_hot depth": (
        lambda: f.one_hot(core.tensor([0])), ValueError, ["one_hot", "positive", "0"]),
    "one_hot of floats": (
        lambda: f.one_hot(zeros(2), depth=3), TypeError, ["one_hot", "dtype=float32"]),
    "assign shape": (
        lambda: f.assign(zeros(2), zeros(3)), ValueError, ["assign", "(2,)", "(3,)"]),
    "assign dtype": (
        lambda: f.assign(zeros(2), zeros(2, dtype="int32")), TypeError,
        ["assign", "float32", "int32"]),
    "sum axis": (lambda: f.sum(zeros(2, 3), axes=[2]), ValueError, ["sum", "axis=2", "rank 2"]),
    "sum axis twice": (lambda: f.sum(zeros(2, 3), axes=[1, -1]), ValueError, ["sum", "twice"]),
    "sum of booleans": (lambda: f.sum(zeros(2, dtype="bool")), TypeError, ["sum", "dtype=bool"]),
    "mean of integers": (lambda: f.mean(zeros(2, dtype="int32")), TypeError, ["mean", "int32"]),
    "max of nothing": (lambda: f.max(zeros(0, 2), axes=[0]), ValueError, ["max", "(0, 2)"]),
    "argmax of nothing": (lambda: f.argmax(zeros(2, 0)), ValueError, ["argmax", "(2, 0)"]),
    "dense depth": (
        lambda: f.dense(zeros(2, 3), zeros(4, 5)), ValueError, ["dense", "(2, 3)", "(4, 5)"]),
    "dense dtypes": (
        lambda: f.dense(zeros(2, 3), zeros(3, 5, dtype="float64")), TypeError,
        ["dense", "float32", "float64"]),
    "dense bias": (
        lambda: f.dense(zeros(2, 3), zeros(3, 5), zeros(4)), ValueError, ["dense", "(5,)", "(4,)"]),
    "dense kernel": (lambda: f.dense(zeros(2, 3), zeros(3)), ValueError, ["dense", "(3,)"]),
    "dense activation": (
        lambda: f.dense(zeros(2, 3), zeros(3, 5), activation="tanh"), ValueError,
        ["dense", "'linear' or 'relu'", "tanh"]),
    "dense rows": (
        lambda: f.dense_weight_gradient(zeros(2, 3), zeros(3, 5)), ValueError,
        ["dense_weight_gradient", "(2, 3)", "(3, 5)"]),
    "dense input": (
        lambda: f.dense_input_gradient(zeros(2, 3), zeros(3, 5)), ValueError,
        ["dense_input_gradient", "(2, 3)", "(3, 5)"]),
    "bias of scalar": (lambda: f.bias_gradient(zeros()), ValueError, ["bias_gradient"]),
    "matmul depth": (
        lambda: f.matmul(zeros(2, 3), zeros(4, 5)), ValueError,
        ["matmul", "(2, 3)", "(4, 5)", "transpose_a=0"]),
    "matmul batch": (
        lambda: f.matmul(zeros(2, 3, 4), zeros(3, 4, 5)), ValueError, ["matmul", "(3, 4, 5)"]),
    "matmul vector": (lambda: f.matmul(zeros(3), zeros(3, 5)), ValueError, ["matmul", "(3,)"]),
    "conv2d rank": (
        lambda: f.conv2d(zeros(5, 5, 1), zeros(3, 3, 1, 2)), ValueError, ["conv2d", "(5, 5, 1)"]),
    "conv2d channels": (
        lambda: f.conv2d(zeros(1, 5, 5, 3), zeros(3, 3, 2, 2)), ValueError,
        ["conv2d", "(1, 5, 5, 3)", "groups=1"]),
    "conv2d window": (
        lambda: f.conv2d(zeros(1, 5, 2, 3), zeros(3, 3, 3, 2)), ValueError,
        ["conv2d", "(3, 3)", "(5, 2)", "valid"]),
    "conv2d padding": (
        lambda: f.conv2d(zeros(1, 5, 5, 3), zeros(3, 3, 3, 2), padding="full"), ValueError,
        ["conv2d", "padding=full"]),
    "conv2d strides": (
        lambda: f.conv2d(zeros(1, 5, 5, 3), zeros(3, 3, 3, 2), strides=[0, 1]), ValueError,
        ["conv2d", "strides"]),
    "conv2d gradient": (
        lambda: f.conv2d_input_gradient(
            zeros(1, 4, 4, 2), zeros(3, 3, 3, 2), shape=[1, 5, 5, 3]), ValueError,
        ["conv2d_input_gradient", "(1, 3, 3, 2)", "(1, 4, 4, 2)"]),
    "pool window": (
        lambda: f.max_pool2d(zeros(1, 2, 5, 3), pool_size=[3, 3]), ValueError,
        ["max_pool2d", "pool_size", "(3, 3)", "(1, 2, 5, 3)"]),
    "pool rank": (
        lambda: f.average_pool2d(zeros(2, 5, 3)), ValueError, ["average_pool2d", "(2, 5, 3)"]),
    "pool strides": (
        lambda: f.average_pool2d(zeros(1, 5, 5, 3), strides=[0, 2]), ValueError,
        ["average_pool2d", "strides=(0, 2)"]),
    "pool padding": (
        lambda: f.max_pool2d(zeros(1, 5, 5, 3), padding="full"), ValueError,
        ["max_pool2d", "padding=full"]),
    "softmax axis": (lambda: f.softmax(zeros(2, 3), axis=2), ValueError, ["softmax", "axis=2"]),
    "softmax of integers": (
        lambda: f.softmax(zeros(2, dtype="int32")), TypeError, ["softmax", "dtype=int32"]),
    "label range": (
        lambda: f.softmax_cross_entropy(zeros(2, 3), core.tensor([0, 3])), ValueError,
        ["softmax_cross_entropy", "[0, 3)", "3"]),
    "negative label": (
        lambda: f.softmax_cross_entropy(zeros(2, 3), core.tensor([0, -1])), ValueError,
        ["softmax_cross_entropy", "[0, 3)", "-1"]),
    "labels of floats": (
        lambda: f.softmax_cross_entropy(zeros(2, 3), zeros(2)), TypeError,
        ["softmax_cross_entropy", "dtype=float32"]),
    "labels' shape": (
        lambda: f.softmax_cross_entropy(zeros(2, 3), zeros(2, 1, dtype="int32")), ValueError,
        ["softmax_cross_entropy", "(2,)", "(2, 1)"]),
    "targets' shape": (
        lambda: f.sigmoid_cross_entropy(zeros(2, 3), zeros(2)), ValueError,
        ["sigmoid_cross_entropy", "(2, 3)", "(2,)"]),
    "targets' dtype": (
        lambda: f.squared_error(zeros(2, 3), zeros(2, 3, dtype="float64")), TypeError,
        ["squared_error", "float32", "float64"]),
    "squared error of scalars": (
        lambda: f.squared_error(zeros(), zeros()), ValueError, ["squared_error", "()"]),
    "gamma's shape": (
        lambda: f.batch_norm(zeros(4, 3), zeros(4), *(zeros(3) for _ in range(3))), ValueError,
        ["batch_norm", "gamma", "(3,)", "(4,)"]),
    "layer_norm rank": (
        lambda: f.layer_norm(zeros(4, 3), zeros(3), zeros(3), rank=3), ValueError,
        ["layer_norm", "rank"]),
    "random state": (
        lambda: f.random_uniform(zeros(2), shape=[3]), ValueError,
        ["random_uniform", "int64", "float32"]),
    "random range": (
        lambda: f.random_integers(zeros(2, dtype="int64"), shape=[3], low=5, high=5), ValueError,
        ["random_integers", "low=5", "high=5"]),
    "random dtype": (
        lambda: f.random_normal(zeros(2, dtype="int64"), shape=[3], dtype="int32"), TypeError,
        ["random_normal", "int32"]),
    "dropout rate": (
        lambda: f.dropout_mask(zeros(2, dtype="int64"), shape=[3], rate=1.5), ValueError,
        ["dropout_mask", "rate=1.5"]),
    "update tensors": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3), count=1),
        ValueError, ["sgd", "4 tensors", "3"]),
    "update hyper": (
        lambda: f.sgd(zeros(2, dtype="float64"), zeros(dtype="int64"), zeros(3), zeros(3), count=1),
        ValueError, ["sgd", "learning_rate weight_decay momentum"]),
    "update counter": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int32"), zeros(3), zeros(3), count=1),
        ValueError, ["sgd", "iterations"]),
    "update shapes": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3), zeros(2), count=1),
        ValueError, ["sgd", "(2,)", "(3,)"]),
    "update gate": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(), zeros(3), zeros(3),
                      count=1, gated=True),
        ValueError, ["sgd", "gate must be a boolean scalar"]),
    "update frequency": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3), zeros(3), count=1,
                      every=0),
        ValueError, ["sgd", "every=0"]),
    "update without decay": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3), zeros(3), count=1,
                      undecayed=[1]),
        ValueError, ["sgd", "undecayed", "the 1 variables. Received: 1"]),
    "update products": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3, 2), zeros(4, 3),
                      zeros(4, 5), count=1, products=[0]),
        ValueError, ["sgd", "x^T dy", "(4, 3)", "(4, 5)", "(3, 2)"]),
    "update products twice": (
        lambda: f.sgd(zeros(3, dtype="float64"), zeros(dtype="int64"), zeros(3, 2), zeros(4, 3),
                      zeros(4, 2), zeros(4, 2), count=1, products=[0, 0]),
        ValueError, ["sgd", "products", "different", "Received: 0"]),
    "host function": (lambda: f.host(zeros(2)), ValueError, ["host", "function"]),
    "number out of range": (lambda: core.tensor(2**40), ValueError, ["1099511627776", "int32"]),
    "dtype's name": (lambda: core.tensor([1], "float16"), TypeError, ["dtype=float16"]),
}  # fmt: skip


@pytest.mark.parametrize("label", WRONG)
def test_message(label):
    call, exception, parts = WRONG[label]
    with pytest.raises(exception) as error:
        call()
    message = str(error.value)
    assert [part for part in parts if part not in message] == [], message


@pytest.mark.parametrize("name", core.op_names())
def test_missing_tensors_are_an_error_and_no_crash(name):
    """Whatever the op; those that take none give a result."""
    try:
        getattr(f, name)()
    except (TypeError, ValueError) as error:
        assert str(error)


@pytest.mark.parametrize("name, most", [("relu", 1), ("where", 3), ("dense", 3), ("full", 0)])
def test_surplus_tensors_are_an_error(name, most):
    with pytest.raises(TypeError, match=rf"{name}: at most {most} tensor.* Received: {most + 1}"):
        getattr(f, name)(*(zeros(1) for _ in range(most + 1)))


def host(function, **kwargs):
    attrs = {"shapes": [[2]], "dtypes": ["float32"]} | kwargs
    return f.host(zeros(2), function=core.HostFunction(function, name="mine"), **attrs)


def test_host_function_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"'mine' must return an array of shape \(2,\).*\(3,\)"):
        host(lambda x: np.zeros(3, "float32"))


def test_host_function_with_the_wrong_number_of_results():
    with pytest.raises(ValueError, match="'mine' must return 1 arrays. Received: 2"):
        host(lambda x: (x, x))


def test_exception_in_a_host_function_is_the_callers():
    with pytest.raises(ZeroDivisionError):
        host(lambda x: 1 / 0)


def test_host_function_must_not_write_its_arguments():
    with pytest.raises(ValueError, match="read-only"):
        host(lambda x: x.fill(1))


def test_host_function_without_gradient():
    x = zeros(2)
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y = f.host(x, function=core.HostFunction(lambda a: a, name="mine"), shapes=[[2]],
               dtypes=["float32"])  # fmt: skip
    tape.stop()
    with pytest.raises(ValueError, match="'mine' has no gradient"):
        tape.gradient([y], [x])


def test_failed_call_writes_nothing():
    """A label out of range is found before the state changes."""
    variable = zeros(2)
    with pytest.raises(ValueError):
        f.assign(variable, core.tensor([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(variable.numpy(), [0, 0])


def test_an_update_without_a_slot_it_needs(rng):
    w, g = (core.tensor(rng.normal(size=3), "float32") for _ in range(2))
    hyper, step = core.tensor([0.1, 0.9, 0.999, 1e-7], "float64"), core.tensor(0, "int64")
    with pytest.raises(ValueError, match="adam: the slots are .* Received: slots=0"):
        core.ops.adam(hyper, step, w, g, count=1, slots=0)
