"""Every metric of the table against Keras: results, configs, names; replay, threads and fit."""

import json
import os
import re

import numpy as np
import pytest

import pyclr
from pyclr import metrics
from pyclr.saving import deserialize_keras_object, serialize_keras_object
from pyclr.testing import assert_replays

from .cases import CASES, CLASSES, MAP, MAP_CLASSES, ONE_HOT, POSITIVE, SCORES

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")
all_keras_names = pytest.importorskip("keras.src.metrics").ALL_OBJECTS_DICT

cases = pytest.mark.parametrize("case", CASES, ids=str)


def assert_same(result, expected):
    result, expected = np.asarray(result), np.asarray(expected)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@cases
def test_results_over_batches(case, weighted):
    metric, reference = case.make(metrics), case.make(keras.metrics)
    for _ in range(2):
        for data, weights in case.batches(weighted):
            metric.update_state(*data, **weights)
            reference.update_state(*data, **weights)
            with np.errstate(all="ignore"):  # Keras' where(x == 0, 0, y / x)
                assert_same(metric.result(), reference.result())
        assert [v.shape for v in metric.variables] == [v.shape for v in reference.variables]
        metric.reset_state()
        reference.reset_state()
        assert all((v.numpy() == 0).all() for v in metric.variables)


@cases
def test_configs_both_ways(case):
    metric, reference = case.make(metrics), case.make(keras.metrics)
    config = json.loads(json.dumps(metric.get_config()))
    expected = {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in reference.get_config().items()
    }
    if case.name == "CosineSimilarity" and "axis" in case.kwargs:
        expected["axis"] = case.kwargs["axis"]  # which Keras forgets
    assert config == json.loads(json.dumps(expected, default=float))
    assert type(metric).from_config(expected).get_config() == metric.get_config()
    assert type(reference).from_config(config).get_config().keys() == reference.get_config().keys()
    saved = json.loads(json.dumps(serialize_keras_object(metric)))
    assert saved["module"] == "keras.metrics" and saved["registered_name"] is None
    restored = deserialize_keras_object(saved)
    assert type(restored) is type(metric)
    assert restored.get_config() == metric.get_config()
    assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()
    data, _ = next(case.batches())
    assert_same(restored(*data), metric(*data))


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@cases
def test_replays(case, weighted):
    metric = case.make(metrics)
    (data, weights), _ = case.batches(weighted)

    def update_twice(*arrays):
        metric.reset_state()
        for _ in range(2):
            metric.update_state(*arrays[: len(data)], **dict(zip(weights, arrays[len(data) :])))
        return metric.result()

    assert_replays(update_twice, *data, *weights.values())


@cases
def test_threads_keep_the_bits(case, threads):
    results = []
    for count in (1, 2):
        threads(count)
        metric = case.make(metrics)
        data = [np.repeat(a, 700, axis=0) for a in next(case.batches())[0]]
        results.append(np.asarray(metric(*data)))
    np.testing.assert_array_equal(*results)


class Same(pyclr.layers.Layer):
    """Returns its input, and has a weight to train."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.factor


def no_loss(y_true, y_pred):
    return y_pred * 0.0


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.y_true is not None and c.y_pred.ndim > 1 and c.y_pred.dtype.kind == "f"],
    ids=str,
)
def test_history_of_fit(case):
    metric, by_hand = case.make(metrics), case.make(metrics)
    model = pyclr.Sequential([Same()])
    model.compile(pyclr.optimizers.SGD(0.0), no_loss, metrics=[metric])
    history = model.fit(
        case.y_pred, case.y_true, batch_size=2, epochs=2, shuffle=False, verbose=0,
        validation_data=(case.y_pred, case.y_true),
    ).history  # fmt: skip
    assert "is replayed" in model.explain_step()
    for start in range(0, len(case.y_pred), 2):
        by_hand.update_state(case.y_true[start : start + 2], case.y_pred[start : start + 2])
    for result in (*history["metric"], *history["val_metric"]):
        assert_same(result, by_hand.result())


@pytest.mark.parametrize("name", sorted(all_keras_names))
def test_names_mean_what_they_mean_in_keras(name):
    expected = all_keras_names[name]
    if expected.__name__ in ("IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "MeanMetricWrapper"):
        with pytest.raises(TypeError, match="missing"):
            metrics.get(name)
    elif "_at_" in pyclr._lookup.to_snake_case(name):
        with pytest.raises(TypeError, match="missing"):
            metrics.get(name)
    else:
        metric = metrics.get(name)
        assert type(metric).__name__ == expected.__name__
        names = [
            re.sub(r"_\d+$", "", package.get(name).name) for package in (metrics, keras.metrics)
        ]
        assert names[0] == names[1]


def test_every_metric_has_a_case():
    tested = {"Metric", "MeanMetricWrapper", "get", "serialize", "deserialize"}
    tested |= {case.name for case in CASES} | {function.__name__ for function, *_ in FUNCTIONS}
    for name in dir(keras.metrics):
        if not name.startswith("_"):
            assert hasattr(metrics, name), name
            from_losses = getattr(keras.losses, name, None) is getattr(keras.metrics, name)
            assert name in tested or from_losses, name
            if from_losses:
                assert getattr(metrics, name) is getattr(pyclr.losses, name)


FUNCTIONS = [
    (metrics.binary_accuracy, (POSITIVE > 1), SCORES, {"threshold": 0.4}),
    (metrics.categorical_accuracy, ONE_HOT, SCORES, {}),
    (metrics.sparse_categorical_accuracy, CLASSES[:, None], SCORES, {}),
    (metrics.sparse_categorical_accuracy, MAP_CLASSES, MAP, {}),
    (metrics.top_k_categorical_accuracy, ONE_HOT, SCORES, {"k": 2}),
    (metrics.sparse_top_k_categorical_accuracy, CLASSES[:, None], SCORES, {"k": 3}),
    (metrics.sparse_top_k_categorical_accuracy, MAP_CLASSES, MAP, {"k": 2}),
    (metrics.pearson_correlation, POSITIVE, SCORES, {}),
    (metrics.pearson_correlation, MAP, MAP**2, {"axis": 1}),
    (metrics.concordance_correlation, POSITIVE, SCORES, {}),
    (metrics.concordance_correlation, MAP, MAP**2, {"axis": (1, 2)}),
]


@pytest.mark.parametrize("function, y_true, y_pred, kwargs", FUNCTIONS)
def test_functions(function, y_true, y_pred, kwargs):
    expected = getattr(keras.metrics, function.__name__)(y_true, y_pred, **kwargs)
    assert_same(function(y_true, y_pred, **kwargs), expected)
    assert_same(function(y_true.tolist(), y_pred.tolist(), **kwargs), expected)
    inputs = [pyclr.Input(a.shape[1:], dtype=str(a.dtype)) for a in (y_true, y_pred)]
    model = pyclr.Model(inputs, function(*inputs, **kwargs))
    assert_same(model([y_true, y_pred]), expected)
