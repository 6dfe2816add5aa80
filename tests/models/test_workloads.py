"""The benchmark's convnet and perceptron: the same bits eager, replayed, and on any threads."""

import numpy as np
import pytest

import pyclr
from bench.workloads import WORKLOADS


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_same_bits_after_an_epoch(name, threads):
    workload = WORKLOADS[name]
    x, y = workload.data(10 * workload.batch_size + 7)
    trained = []
    for run_eagerly, count in ((False, 1), (False, 2), (False, 3), (True, 1), (True, 2)):
        threads(count)
        pyclr.utils.set_random_seed(1)
        model = pyclr.Sequential(
            [pyclr.Input(workload.input_shape)]
            + [getattr(pyclr.layers, kind)(**arguments) for kind, arguments in workload.layers]
        )
        kind, arguments = workload.optimizer
        model.compile(
            getattr(pyclr.optimizers, kind)(**arguments),
            "sparse_categorical_crossentropy",
            run_eagerly=run_eagerly,
        )
        model.fit(x, y, batch_size=workload.batch_size, epochs=2, verbose=0)
        trained.append(model.get_weights())
    for weights in trained[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(trained[0], weights))
