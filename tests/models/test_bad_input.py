"""Bad input is refused by name, with what was expected and received, before any weight changes."""

import numpy as np
import pytest

import pyclr
from pyclr import layers

X = np.zeros((6, 4), "float32")
Y = np.arange(6) % 3


def bad(value, place=(2, 1)):
    x = X.copy()
    x[place] = value
    return x


# name -> (arguments of fit, words of the message)
FIT = {
    "wrong number of features": (
        dict(x=np.zeros((6, 5), "float32"), y=Y),
        ["expected", "4", "(1, 5)"],
    ),
    "wrong rank": (dict(x=np.zeros((6, 4, 4, 1), "float32")[:, 0, 0], y=Y), ["shape"]),
    "label too large": (dict(x=X, y=Y + 1), ["`y`", "from 0 to 2", "labels from 1 to 3"]),
    "label negative": (dict(x=X, y=Y - 1), ["`y`", "from 0 to 2", "labels from -1 to 1"]),
    "float label": (dict(x=X, y=Y + 0.5), ["`y`", "integer labels", "0.5"]),
    "one-hot labels for a sparse loss": (
        dict(x=X, y=np.eye(3)[Y]),
        ["`y`", "one integer label", "categorical_crossentropy"],
    ),
    "different lengths": (dict(x=X, y=Y[:5]), ["same number of samples", "x: 6", "y: 5"]),
    "nan": (dict(x=bad(np.nan), y=Y), ["`x`", "finite", "nan", "sample 2"]),
    "infinity": (dict(x=bad(np.inf), y=Y), ["`x`", "finite", "inf", "sample 2"]),
    "none": (dict(x=[None] * 6, y=Y), ["`x`", "numbers", "object"]),
    "objects": (dict(x=np.array([[1, 2], [3]], dtype=object), y=Y[:2]), ["`x`", "object"]),
    "ragged lists": (dict(x=[[1.0, 2.0], [3.0]], y=Y[:2]), ["`x`", "equal length"]),
    "text": (dict(x=np.array([["a"] * 4] * 6), y=Y), ["`x`", "numbers", "<U1"]),
    "no samples": (dict(x=X[:0], y=Y[:0]), ["no samples", "x: 0"]),
    "a scalar": (dict(x=np.float32(1), y=Y), ["`x`", "first axis"]),
    "no labels": (dict(x=X, y=[]), ["same number of samples"]),
    "batch size": (dict(x=X, y=Y, batch_size=0), ["`batch_size`", "positive", "0"]),
    "batch size of another type": (dict(x=X, y=Y, batch_size=2.5), ["`batch_size`", "2.5"]),
    "epochs": (dict(x=X, y=Y, epochs=-1), ["`epochs`", "-1"]),
    "negative weights": (
        dict(x=X, y=Y, sample_weight=-np.ones(6)),
        ["`sample_weight`", "negative", "-1"],
    ),
    "nan weights": (dict(x=X, y=Y, sample_weight=bad(np.nan)[:, 1]), ["`sample_weight`", "nan"]),
    "class that is none": (dict(x=X, y=Y, class_weight={0: 1, 7: 2}), ["class_weight", "7"]),
    "two kinds of weights": (
        dict(x=X, y=Y, class_weight={0: 2}, sample_weight=np.ones(6)),
        ["class_weight", "sample_weight"],
    ),
    "validation of other shape": (
        dict(x=X, y=Y, validation_data=(X[:, :3], Y)),
        ["expected", "4", "3)"],
    ),
    "validation label": (dict(x=X, y=Y, validation_data=(X, Y + 5)), ["`y`", "from 5 to 7"]),
    "validation of one array": (dict(x=X, y=Y, validation_data=X), ["`validation_data`"]),
    "validation_split": (dict(x=X, y=Y, validation_split=1.5), ["`validation_split`", "1.5"]),
    "split that leaves nothing": (dict(x=X, y=Y, validation_split=0.01), ["no samples"]),
    "verbose": (dict(x=X, y=Y, verbose=7), ["`verbose`", "7"]),
    "a callback that is none": (dict(x=X, y=Y, callbacks=["early"]), ["`callbacks`", "'early'"]),
    "too many steps": (dict(x=X, y=Y, steps_per_epoch=9), ["`steps_per_epoch`", "9"]),
}


def make():
    pyclr.utils.set_random_seed(0)
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(pyclr.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("case", FIT)
def test_fit(case):
    arguments, words = FIT[case]
    model = make()
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError)) as error:
        model.fit(**{"verbose": 0, **arguments})
    for word in words:
        assert word in str(error.value), str(error.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert int(model.optimizer.iterations) == 0
    assert model.fit(X, Y, verbose=0).epoch == [0]


COMPILE = {
    "optimizer": (dict(optimizer="sdg"), ["optimizer", "sdg", "sgd"]),
    "loss": (dict(loss="catagorical_crossentropy"), ["loss", "categorical_crossentropy"]),
    "metric": (dict(loss="mse", metrics=["acuracy"]), ["metric", "acuracy"]),
    "no optimizer": (dict(optimizer=None), ["optimizer"]),
}


@pytest.mark.parametrize("case", COMPILE)
def test_compile(case):
    arguments, words = COMPILE[case]
    model = make()
    optimizer = model.optimizer
    with pytest.raises(ValueError) as error:
        model.compile(**arguments)
    for word in words:
        assert word.lower() in str(error.value).lower(), str(error.value)
    assert model.optimizer is optimizer


def test_not_compiled():
    model = pyclr.Sequential([layers.Dense(3)])
    with pytest.raises(RuntimeError, match="must be compiled"):
        model.fit(X, Y)
    with pytest.raises(RuntimeError, match="must be compiled"):
        model.evaluate(X, Y)


def test_kernel_larger_than_the_input():
    with pytest.raises(ValueError) as error:
        pyclr.Sequential([pyclr.Input((3, 3, 1)), layers.Conv2D(2, 5)])
    assert "5" in str(error.value) and "(None, 3, 3, 1)" in str(error.value)


def test_labels_of_mse_are_not_broadcast():
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="shape of the output"):
        model.fit(X, np.zeros((6, 2)), verbose=0)
    with pytest.raises(ValueError, match="shape of the output"):
        model.fit(X, np.zeros((6,)), verbose=0)


def test_integer_labels_for_a_categorical_loss():
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        model.fit(X, Y, verbose=0)


def test_whole_floats_are_labels():
    assert np.isfinite(make().fit(X, Y.astype("float32"), verbose=0).history["loss"][0])


@pytest.mark.parametrize("argument", ["learning_rate", "momentum"])
@pytest.mark.parametrize("value", [np.nan, "fast", None])
def test_optimizer_arguments(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`"):
        pyclr.optimizers.SGD(**{argument: value})


def test_set_weights_changes_nothing_when_refused():
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match="shape"):
        model.set_weights([np.ones((4, 3)), np.ones(4)])
    with pytest.raises(ValueError, match="2 weights"):
        model.set_weights([np.ones((4, 3))])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_pandas_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    with pytest.raises(ValueError, match="column 'b'"):
        make().fit(frame, Y[:2], verbose=0)
