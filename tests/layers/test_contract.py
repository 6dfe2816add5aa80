"""Every layer of the table keeps the contract of layers, and its gradients are right."""

import numpy as np
import pytest

import pyclr.layers
from pyclr import tree
from pyclr.testing import assert_replays, check_gradients, check_layer

from .cases import LAYERS

cases = pytest.mark.parametrize("case", LAYERS, ids=str)


@cases
@pytest.mark.parametrize("training", [True, False])
def test_contract(case, training):
    data, *further = case.data()
    check_layer(
        getattr(pyclr.layers, case.name),
        case.arguments(pyclr.layers),
        input_data=data,
        further_inputs=further,
        training=training,
    )


@pytest.mark.parametrize(
    "case, training",
    [
        (case, training)
        for case in LAYERS
        for training in ([False, True] if case.name == "BatchNormalization" else [True])
        if case.gradient
    ],
    ids=str,
)
def test_gradients(case, training):
    layer = case.make(pyclr.layers, dtype="float64")
    data = [x.astype("float64") for x in tree.flatten(case.data())]
    layer(*tree.pack_like(case.data(), data))
    layer.set_weights(case.weights([w.shape for w in layer.weights]))

    def function(*inputs):
        return layer(*tree.pack_like(case.data(), inputs), training=training)

    check_gradients(function, [*data, *layer.trainable_weights])


@cases
def test_empty_batch(case):
    layer = case.make(pyclr.layers)
    shapes = [output.shape for output in tree.flatten(layer(*case.data()))]
    empty = layer(*tree.map_structure(lambda x: x[:0], case.data()))
    assert [y.shape for y in tree.flatten(empty)] == [(0, *shape[1:]) for shape in shapes]


@cases
def test_same_bits_for_any_number_of_threads(case, threads):
    layer = case.make(pyclr.layers)
    batches = [tree.flatten(case.data(seed)) for seed in range(20)]
    data = tree.pack_like(case.data(), [np.concatenate(parts) for parts in zip(*batches)])
    layer(*case.data())
    threads(1)
    expected = [y.numpy() for y in tree.flatten(layer(*data))]
    threads(3)
    for found, value in zip(tree.flatten(layer(*data)), expected):
        np.testing.assert_array_equal(found.numpy(), value)


@cases
def test_symbolic_call(case):
    layer = case.make(pyclr.layers)
    symbolic = tree.map_structure(
        lambda x: pyclr.layers.Input(x.shape[1:], dtype=x.dtype.name), case.data()
    )
    outputs = tree.flatten(layer(*symbolic))
    values = tree.flatten(layer(*case.data()))
    assert [y.shape[1:] for y in outputs] == [y.shape[1:] for y in values]
    assert [y.dtype for y in outputs] == [y.dtype for y in values]


@pytest.mark.parametrize("case", [case for case in LAYERS if not case.random], ids=str)
def test_replays(case):
    layer = case.make(pyclr.layers)

    def function(*inputs):
        return layer(*tree.pack_like(case.data(), inputs))

    assert_replays(function, *tree.flatten(case.data()))
