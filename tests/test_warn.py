"""Warnings name the line of the user's code, from whatever depth of the library they come."""

import warnings

import numpy as np
import pytest

import pyclr

X, Y = np.zeros((8, 2), "float32"), np.zeros(8, "int32")


def model(loss="sparse_categorical_crossentropy", **layer):
    net = pyclr.Sequential([pyclr.Input((2,)), pyclr.layers.Dense(3, **layer)])
    net.compile("sgd", loss)
    return net


def scheduled():
    return pyclr.optimizers.SGD(pyclr.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))


def replace_schedule(optimizer):
    optimizer.learning_rate = 0.1


class Step(pyclr.Sequential):
    def train_step(self, data):
        pyclr.losses.sparse_categorical_crossentropy([0], [[1.0]])
        return super().train_step(data)


def own_step():
    net = Step([pyclr.Input((2,)), pyclr.layers.Dense(3, activation="softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy")
    net.fit(X, Y, verbose=0)


SOURCES = {
    "a setter": lambda: replace_schedule(scheduled()),
    "a setter behind another": lambda: replace_schedule(
        pyclr.optimizers.LossScaleOptimizer(scheduled())
    ),
    "fit, before it begins": lambda: model("categorical_crossentropy", activation="softmax").fit(
        X, np.full((8, 3), 0.5), verbose=0
    ),
    "evaluate": lambda: model("categorical_crossentropy", activation="softmax").evaluate(
        X, np.full((8, 3), 0.5), verbose=0
    ),
    "fit, of an epoch": lambda: model(activation="softmax").fit(
        iter([(X, Y)]), steps_per_epoch=2, verbose=0
    ),
    "fit, of its validation": lambda: model(activation="softmax").fit(
        X, Y, validation_data=(X, Y), validation_freq="9 steps", verbose=0
    ),
    "a layer": lambda: pyclr.layers.Flatten()(pyclr.layers.Masking()(np.zeros((1, 2, 3)))),
    "a step of one's own": own_step,
}


@pytest.mark.parametrize("source", SOURCES)
def test_file(source):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SOURCES[source]()
    assert {warning.filename for warning in caught} == {__file__}
