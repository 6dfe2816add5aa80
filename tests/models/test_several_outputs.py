"""Losses, metrics and weights of models with several outputs: `evaluate` against Keras."""

import os

import numpy as np
import pytest

import pyclr

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")


ROWS = 10
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 3)).astype("float32")
SCORE = rng.normal(size=(ROWS, 1)).astype("float32")
KIND = np.eye(4, dtype="float32")[rng.integers(0, 4, ROWS)]
WEIGHT = rng.uniform(0.1, 2, ROWS).astype("float32")


def as_list(k):
    x = k.Input((3,), name="x")
    hidden = k.layers.Dense(5, activation="tanh", name="h")(x)
    score = k.layers.Dense(1, name="score")(hidden)
    return k.Model(x, [score, k.layers.Dense(4, activation="softmax", name="kind")(hidden)])


def as_dict(k):
    model = as_list(k)
    return k.Model(model.inputs, dict(zip(("score", "kind"), model.outputs)))


BY_LIST = [SCORE, KIND]
BY_NAME = {"score": SCORE, "kind": KIND}
CASES = {
    "lists": (as_list, dict(loss=["mse", "categorical_crossentropy"]), BY_LIST, None),
    "one loss for all": (as_list, dict(loss="mse"), BY_LIST, None),
    "tuple of labels": (as_list, dict(loss=["mse", "mae"]), (SCORE, KIND), None),
    "dicts": (as_list, dict(loss={"score": "mse", "kind": "mae"}), BY_LIST, None),
    "weights as list": (as_list, dict(loss=["mse", "mae"], loss_weights=[2.0, 0.5]), BY_LIST, None),
    "weights as dict": (
        as_list,
        dict(loss={"score": "mse", "kind": "mae"}, loss_weights={"score": 2.0, "kind": 0.5}),
        BY_LIST,
        None,
    ),
    "None for an output": (as_list, dict(loss=[None, "mae"]), BY_LIST, None),
    "dict outputs": (as_dict, dict(loss={"score": "mse", "kind": "mae"}), BY_NAME, None),
    "metrics as lists": (
        as_list, dict(loss=["mse", "mae"], metrics=[["mae", "mse"], ["accuracy"]]), BY_LIST, None,
    ),
    "metrics as dict": (
        as_list,
        dict(loss=["mse", "mae"], metrics={"kind": ["accuracy", "mse"], "score": "mae"}),
        BY_LIST,
        None,
    ),
    "metrics of dict outputs": (
        as_dict,
        dict(loss={"score": "mse", "kind": "mae"}, metrics={"kind": ["accuracy"]}),
        BY_NAME,
        None,
    ),
    "one weight for all": (as_list, dict(loss=["mse", "mae"]), BY_LIST, WEIGHT),
    "a weight an output": (as_list, dict(loss=["mse", "mae"]), BY_LIST, [WEIGHT, WEIGHT[::-1]]),
    "weighted metrics": (
        as_list,
        dict(loss=["mse", "mae"], metrics=[["mae"], []], weighted_metrics=[["mae"], ["mse"]]),
        BY_LIST,
        [WEIGHT, WEIGHT[::-1]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_evaluate_is_that_of_keras(name):
    build, compiled, y, weight = CASES[name]
    ours, theirs = build(pyclr), build(keras)
    theirs.set_weights(ours.get_weights())
    results = []
    for model in (ours, theirs):
        model.compile("sgd", **compiled)
        results.append(
            model.evaluate(
                X, y, sample_weight=weight, batch_size=4, verbose=0, return_dict=True
            )
        )  # fmt: skip
    found, expected = results
    assert set(found) == set(expected)
    for key in expected:
        assert found[key] == pytest.approx(float(expected[key]), rel=2e-5, abs=1e-6), key
    assert ours.metrics_names == list(found)
    assert ours.evaluate(X, y, sample_weight=weight, batch_size=4, verbose=0) == (
        pytest.approx(list(found.values()) if len(found) > 1 else found["loss"])
    )


def test_the_loss_is_the_weighted_sum_and_the_parts_are_not_weighted():
    model = as_list(pyclr)
    model.compile("sgd", ["mse", "mae"], loss_weights=[3.0, 0.5])
    logs = model.evaluate(X, BY_LIST, verbose=0, return_dict=True)
    score, kind = model.predict(X, verbose=0)
    assert logs["score_loss"] == pytest.approx(np.mean((score - SCORE) ** 2), rel=1e-5)
    assert logs["kind_loss"] == pytest.approx(np.mean(np.abs(kind - KIND)), rel=1e-5)
    assert logs["loss"] == pytest.approx(3 * logs["score_loss"] + 0.5 * logs["kind_loss"], rel=1e-5)


def test_labels_by_name_for_a_list_of_outputs():
    results = []
    for y in (BY_LIST, BY_NAME):
        pyclr.utils.set_random_seed(0)
        model = as_list(pyclr)
        model.compile("sgd", ["mse", "mae"])
        results.append(model.fit(X, y, epochs=2, batch_size=4, verbose=0).history)
    assert results[0] == results[1]
    assert set(results[0]) == {"loss", "score_loss", "kind_loss"}


def test_labels_for_the_outputs_with_a_loss_are_enough():
    model = as_list(pyclr)
    for loss, y in (({"kind": "mae"}, {"kind": KIND}), ([None, "mae"], [KIND])):
        model.compile("sgd", loss)
        with pytest.warns(UserWarning, match="score/kernel"):  # no loss depends on it
            history = model.fit(X, y, epochs=1, verbose=0).history
        assert set(history) == {"loss"}


@pytest.mark.parametrize("weights, factors", [(None, (1, 1)), (0.5, (0.5, 0.5)), ([3, 2], (3, 2))])
def test_several_losses_of_one_output_are_added(weights, factors):
    model = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1)])
    model.compile("sgd", ["mse", "mae"], loss_weights=weights)
    logs = model.evaluate(X, SCORE, verbose=0, return_dict=True)
    error = model.predict(X, verbose=0) - SCORE
    parts = np.mean(error**2), np.mean(np.abs(error))
    assert logs.pop("loss") == pytest.approx(np.dot(factors, parts), rel=1e-5)
    assert list(logs) == ["mean_squared_error_loss", "mean_absolute_error_loss"]
    assert list(logs.values()) == pytest.approx(parts, rel=1e-5)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0], {"dense": 2.0}])
def test_several_losses_of_one_output_need_as_many_factors(weights):
    model = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1, name="dense")])
    model.compile("sgd", ["mse", "mae"], loss_weights=weights)
    with pytest.raises(ValueError, match="one for each of the 2 losses"):
        model.fit(X, SCORE, verbose=0)


@pytest.mark.parametrize(
    "compiled, y, message",
    [
        (dict(loss={"score": "mse", "kid": "mae"}), BY_LIST, r"names of outputs.*Received: \['kid"),
        (dict(loss=["mse", "mae", "mae"]), BY_LIST, "one entry for each output"),
        (dict(loss=["mse", "mae"], loss_weights=[1.0]), BY_LIST, "`loss_weights` must have one"),
        (dict(loss=["mse", "mae"], metrics=["mae"]), BY_LIST, "`metrics` must have one entry"),
        (dict(loss=["mse", "mae"], metrics={"kid": "mae"}), BY_LIST, "names of outputs"),
        (dict(loss=["mse", "mae"]), SCORE, "must have labels for each output"),
        (dict(loss=["mse", "mae"]), [SCORE, KIND, KIND], "one entry for each output"),
        (dict(loss=["mse", "mae"]), [SCORE, KIND[:, :3]], r"y.*kind.*shape"),
    ],
)
def test_what_does_not_fit_is_refused_before_training(compiled, y, message):
    model = as_list(pyclr)
    before = model.get_weights()
    model.compile("sgd", **compiled)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, y, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_unknown_names_and_factors_are_refused_by_compile():
    model = as_list(pyclr)
    with pytest.raises(ValueError, match="msee"):
        model.compile("sgd", ["msee", "mae"])
    with pytest.raises(ValueError, match="macc"):
        model.compile("sgd", "mse", metrics={"kind": ["macc"]})
    with pytest.raises(ValueError, match="`loss_weights` must hold numbers"):
        model.compile("sgd", "mse", loss_weights=["a"])
    with pytest.raises(ValueError, match="`steps_per_execution`"):
        model.compile("sgd", "mse", steps_per_execution=0)
