"""Metrics against NumPy, over batches and weights."""

import numpy as np
import pytest

import pyclr
from pyclr import metrics

RNG = np.random.default_rng(0)
SCORES = RNG.random((12, 4)).astype("float32")
SPARSE = RNG.integers(0, 4, 12)
ONE_HOT = np.eye(4)[SPARSE]
BINARY = RNG.integers(0, 2, (12, 4))
WEIGHTS = RNG.random(12).astype("float32")

# metric, labels, value of each sample
CASES = {
    "sparse": (metrics.SparseCategoricalAccuracy, SPARSE, SCORES.argmax(1) == SPARSE),
    "sparse column": (
        metrics.SparseCategoricalAccuracy, SPARSE[:, None], SCORES.argmax(1) == SPARSE,
    ),
    "categorical": (metrics.CategoricalAccuracy, ONE_HOT, SCORES.argmax(1) == SPARSE),
    "binary": (metrics.BinaryAccuracy, BINARY, ((SCORES > 0.5) == BINARY).mean(1)),
    "mse": (metrics.MeanSquaredError, BINARY, ((SCORES - BINARY) ** 2).mean(1)),
    "mae": (metrics.MeanAbsoluteError, BINARY, np.abs(SCORES - BINARY).mean(1)),
    "crossentropy": (
        metrics.SparseCategoricalCrossentropy, SPARSE,
        -np.log(SCORES[np.arange(12), SPARSE] / SCORES.sum(1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_mean_over_batches(case, weighted):
    cls, labels, values = CASES[case]
    metric = cls()
    for rows in (slice(0, 5), slice(5, 12)):
        weight = WEIGHTS[rows] if weighted else None
        metric.update_state(labels[rows], SCORES[rows], sample_weight=weight)
    weights = WEIGHTS if weighted else np.ones(12)
    assert float(metric.result()) == pytest.approx(np.average(values, weights=weights), rel=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_accuracy_is_resolved_by_shape():
    def name_of(y, y_pred, loss):
        model = pyclr.Sequential([pyclr.Input((2,)), pyclr.layers.Dense(y_pred)])
        model.compile("sgd", loss, metrics=["accuracy"])
        model.evaluate(np.zeros((3, 2), "float32"), y, verbose=0)
        return type(model.metrics[1]).__name__, model.metrics[1].name

    assert name_of(np.zeros(3, int), 4, "sparse_categorical_crossentropy") == (
        "SparseCategoricalAccuracy", "accuracy",
    )  # fmt: skip
    assert name_of(np.eye(3), 3, "mse") == ("CategoricalAccuracy", "accuracy")
    assert name_of(np.zeros((3, 1)), 1, "binary_crossentropy") == ("BinaryAccuracy", "accuracy")


def test_names_functions_and_classes():
    def first_score(y_true, y_pred):
        return y_pred[:, 0]

    model = pyclr.Sequential([pyclr.Input((4,)), pyclr.layers.Dense(4)])
    model.compile("sgd", "mse", metrics=["mse", metrics.MeanAbsoluteError, first_score])
    results = model.evaluate(SCORES, BINARY, verbose=0, return_dict=True)
    assert list(results) == ["loss", "mse", "mean_absolute_error", "first_score"]
    assert results["loss"] == pytest.approx(results["mse"])
    assert results["first_score"] == pytest.approx(model.predict(SCORES, verbose=0)[:, 0].mean())


def test_weighted_metrics_see_the_weights():
    model = pyclr.Sequential([pyclr.Input((4,)), pyclr.layers.Dense(4)])
    model.compile("sgd", "mse", metrics=["mse"], weighted_metrics=[metrics.MeanSquaredError()])
    results = model.evaluate(
        SCORES, BINARY, sample_weight=WEIGHTS, batch_size=12, verbose=0, return_dict=True
    )
    values = ((model.predict(SCORES, verbose=0) - BINARY) ** 2).mean(1)
    assert results["mse"] == pytest.approx(values.mean(), rel=1e-5)
    assert results["mean_squared_error"] == pytest.approx(
        np.average(values, weights=WEIGHTS), rel=1e-5
    )
    assert results["loss"] == pytest.approx((values * WEIGHTS).mean(), rel=1e-5)


def test_custom_metric_counts_in_fit():
    class Samples(pyclr.Metric):
        def __init__(self, name="samples"):
            super().__init__(name=name)
            self.count = self.add_weight(name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.count.assign_add(float(y_pred.shape[0]))

        def result(self):
            return self.count

    model = pyclr.Sequential([pyclr.Input((4,)), pyclr.layers.Dense(4)])
    model.compile("sgd", "mse", metrics=[Samples()])
    assert model.fit(SCORES, BINARY, batch_size=5, epochs=3, verbose=0).history["samples"] == [
        12.0, 12.0, 12.0,
    ]  # fmt: skip
