"""Every layer of the table keeps the contract of layers, and its gradients are right."""

import numpy as np
import pytest

import pyclr.layers
from pyclr.testing import check_gradients, check_layer

from .cases import LAYERS

cases = pytest.mark.parametrize("case", LAYERS, ids=str)


@cases
@pytest.mark.parametrize("training", [True, False])
def test_contract(case, training):
    check_layer(
        getattr(pyclr.layers, case.name), case.kwargs, input_data=case.data(), training=training
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
    kwargs = {"dtype": "float64", **case.kwargs}
    layer = getattr(pyclr.layers, case.name)(**kwargs)
    data = case.data().astype("float64")
    layer.build_for((None, *data.shape[1:]))
    layer.set_weights(case.weights([w.shape for w in layer.weights]))

    def function(x, *weights):
        return layer(x, training=training)

    check_gradients(function, [data, *layer.trainable_weights])


@cases
def test_empty_batch(case):
    layer = getattr(pyclr.layers, case.name)(**case.kwargs)
    data = case.data()
    shape = layer(data).shape
    assert layer(data[:0]).shape == (0, *shape[1:])


@cases
def test_same_bits_for_any_number_of_threads(case, threads):
    layer = getattr(pyclr.layers, case.name)(**case.kwargs)
    data = np.concatenate([case.data(seed) for seed in range(20)])
    layer.build_for((None, *data.shape[1:]))
    threads(1)
    expected = layer(data).numpy()
    threads(3)
    np.testing.assert_array_equal(layer(data).numpy(), expected)
