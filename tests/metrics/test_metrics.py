"""Metrics in models, the state of custom ones, masks, weights and errors."""

import copy
import pickle

import numpy as np
import pytest

import pyclr
from pyclr import metrics, ops
from pyclr.testing import assert_replays

from .cases import BINARY, CLASSES, MAP, MAP_CLASSES, ONE_HOT, SCORES, WEIGHTS


def scores_model(**compiled):
    model = pyclr.Sequential([pyclr.Input((4,)), pyclr.layers.Dense(4)])
    model.compile("sgd", "mse", **compiled)
    return model


# --- In models -----------------------------------------------------------------------------------


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

    loss = pyclr.losses.MeanSquaredError(name="as_loss")
    model = scores_model(metrics=["mse", metrics.MeanAbsoluteError, first_score, loss])
    results = model.evaluate(SCORES, BINARY, verbose=0, return_dict=True)
    assert list(results) == ["loss", "mse", "mean_absolute_error", "first_score", "as_loss"]
    assert results["loss"] == pytest.approx(results["mse"])
    assert results["loss"] == pytest.approx(results["as_loss"])
    assert results["first_score"] == pytest.approx(model.predict(SCORES, verbose=0)[:, 0].mean())


def test_weighted_metrics_see_the_weights():
    model = scores_model(metrics=["mse"], weighted_metrics=[metrics.MeanSquaredError()])
    results = model.evaluate(
        SCORES, BINARY, sample_weight=WEIGHTS, batch_size=12, verbose=0, return_dict=True
    )
    values = ((model.predict(SCORES, verbose=0) - BINARY) ** 2).mean(1)
    assert results["mse"] == pytest.approx(values.mean(), rel=1e-5)
    assert results["mean_squared_error"] == pytest.approx(
        np.average(values, weights=WEIGHTS), rel=1e-5
    )
    assert results["loss"] == pytest.approx((values * WEIGHTS).mean(), rel=1e-5)


# --- Custom metrics ------------------------------------------------------------------------------


class Largest(metrics.Metric):
    """The largest prediction; what `result` returns is `as_result` of the variable."""

    def __init__(self, as_result=lambda variable: variable, name="largest"):
        super().__init__(name=name)
        self.as_result = as_result
        self.largest = self.add_weight(initializer=pyclr.initializers.Constant(-9.0), name="value")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.largest.assign(np.maximum(self.largest, np.max(y_pred)))

    def result(self):
        return self.as_result(self.largest)


@pytest.mark.parametrize(
    "as_result",
    [
        lambda variable: variable,
        lambda variable: variable.value,
        lambda variable: variable * 1.0,
        lambda variable: {"largest": variable, "twice": variable * 2.0},
    ],
    ids=["variable", "value", "tensor", "dictionary"],
)
def test_results_of_custom_metrics_in_fit(as_result):
    model = scores_model(metrics=[Largest(as_result)])
    model.optimizer.learning_rate = 0.0
    largest = model.predict(SCORES, verbose=0).max()
    history = model.fit(SCORES, BINARY, batch_size=2, epochs=2, verbose=0).history
    assert history["largest"] == pytest.approx([largest] * 2)
    assert history.get("twice", [2 * largest] * 2) == pytest.approx([2 * largest] * 2)
    assert "is replayed" in model.explain_step()


def test_a_number_as_result():
    model = scores_model(metrics=[Largest(lambda variable: 4)])
    history = model.fit(SCORES, BINARY, batch_size=2, epochs=2, verbose=0).history
    assert history["largest"] == [4.0, 4.0]
    assert "is replayed" in model.explain_step()


def test_custom_metric_counts_in_fit():
    class Samples(pyclr.Metric):
        def __init__(self, name="samples"):
            super().__init__(name=name)
            self.count = self.add_weight(name="count", dtype="int32")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.count.assign_add(y_pred.shape[0])

        def result(self):
            return self.count

    model = scores_model(metrics=[Samples()])
    assert model.fit(SCORES, BINARY, batch_size=5, epochs=3, verbose=0).history["samples"] == [
        12.0, 12.0, 12.0,
    ]  # fmt: skip


class Both(metrics.Metric):
    """Holds metrics as attributes and in containers, and states of several dtypes."""

    def __init__(self, name="both", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.mean = metrics.Mean()
        self.others = {"sum": metrics.Sum(), "more": [metrics.Mean(), metrics.Mean()]}
        self.steps = self.add_variable(shape=(2,), initializer="ones", dtype="int64", name="steps")
        self.seen = self.add_variable(dtype="bool", name="seen")
        self.own = pyclr.Variable(np.float32(3.0), trainable=False)

    def update_state(self, values):
        self.mean.update_state(values)
        self.others["sum"].update_state(values)
        self.steps.assign_add(ops.ones((2,), "int64"))
        self.seen.assign(True)
        self.own.assign_add(1.0)

    def result(self):
        return {"mean": self.mean.result(), "seen": self.seen, "steps": self.steps.value}


def test_state_is_tracked_and_reset():
    metric = Both()
    assert len(metric.variables) == 3 + 2 + 1 + 2 * 2
    before = [v.numpy() for v in metric.variables]
    assert [v.dtype for v in metric.variables[:3]] == ["int64", "bool", "float32"]
    result = metric([1.0, 2.0])
    assert {key: np.asarray(value).tolist() for key, value in result.items()} == {
        "mean": 1.5, "seen": True, "steps": [2, 2],
    }  # fmt: skip
    metric.reset_state()
    for variable, value in zip(metric.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)
    metric.others["more"].append(metrics.Sum())
    assert len(metric.variables) == 11


def test_ways_to_add_a_weight():
    metric = metrics.Metric()
    made = [
        metric.add_weight("old", initializer="ones"),
        metric.add_weight("old", shape=(2,)),
        metric.add_weight("old", (2,), initializer="ones"),
        metric.add_weight((2,), "ones", "int32", "new"),
        metric.add_weight(name="new", shape=3, initializer=None),
        metric.add_variable((), "zeros", None, "mean", "auto", "new"),
    ]
    assert [v.name for v in made] == ["old"] * 3 + ["new"] * 3
    assert [v.shape for v in made] == [(), (2,), (2,), (2,), (3,), ()]
    assert made[3].dtype == "int32" and made[3].numpy().tolist() == [1, 1]
    assert not any(v.trainable for v in made)
    with pytest.raises(TypeError, match="each once"):
        metric.add_weight("old", name="again")
    assert metrics.Metric(dtype="float64").add_weight().dtype == "float64"


def test_state_before_super_init():
    class Late(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises(RuntimeError, match=r"super\(\).__init__\(\)"):
        Late()


def test_a_metric_must_implement_its_methods():
    with pytest.raises(NotImplementedError, match="'Metric' must implement `update_state`"):
        metrics.Metric().update_state(1)
    with pytest.raises(NotImplementedError, match="'Metric' must implement `result`"):
        metrics.Metric().result()


def test_names_are_unique():
    pyclr.utils.clear_session()
    assert [metrics.Precision().name for _ in range(3)] == [
        "precision", "precision_1", "precision_2",
    ]  # fmt: skip
    assert [metrics.Mean().name for _ in range(2)] == ["mean", "mean"]
    model = scores_model(metrics=[metrics.AUC(from_logits=True, name=f"auc{i}") for i in (1, 2)])
    assert list(model.evaluate(SCORES, BINARY, verbose=0, return_dict=True)) == [
        "loss", "auc1", "auc2",
    ]  # fmt: skip


def test_copies_are_apart():
    metric = metrics.AUC(num_thresholds=5)
    metric.update_state(BINARY, SCORES)
    copies = [copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))]
    for other in copies:
        assert float(other.result()) == float(metric.result())
        other.reset_state()
        assert all((v.numpy() == 0).all() for v in other.variables)
    assert metric.true_positives.numpy().any()


@pytest.mark.parametrize("make", [metrics.Mean, metrics.Sum, lambda: Largest(lambda v: v.value)])
def test_stateless_use_leaves_the_state(make):
    metric, reference = make(), make()
    data = (SCORES,) if make in (metrics.Mean, metrics.Sum) else (BINARY, SCORES)
    initial = [v.numpy() for v in metric.variables]
    state = metric.stateless_update_state(metric.stateless_reset_state(), *data)
    state = metric.stateless_update_state(state, *data)
    result = metric.stateless_result(state)
    reference(*data), reference(*data)
    assert float(result) == float(reference.result())
    for variable, value in zip(metric.variables, initial):
        np.testing.assert_array_equal(variable.numpy(), value)
    with pytest.raises(ValueError, match="`metric_variables` must hold one tensor for each"):
        metric.stateless_result(state[:-1] * 3)


@pytest.mark.parametrize("make", [metrics.Sum, metrics.TruePositives, metrics.Mean])
def test_a_result_does_not_change_later(make):
    metric = make()
    data = [BINARY, SCORES] if make is metrics.TruePositives else [SCORES]
    result = metric(*data)
    value = float(result)
    metric.reset_state()
    assert float(result) == value > 0


# --- Wrapped functions, weights, masks -----------------------------------------------------------


def off_by(y_true, y_pred, by=0.0):
    return np.mean(np.abs(y_true - y_pred - by), axis=-1)


def test_wrapped_function():
    metric = metrics.MeanMetricWrapper(off_by, name="off", by=0.5)
    metric.update_state(BINARY.tolist(), SCORES.tolist())
    assert float(metric.result()) == pytest.approx(np.abs(BINARY - SCORES - 0.5).mean(), rel=1e-5)
    with pyclr.saving.custom_object_scope({"off_by": off_by}):
        again = metrics.deserialize(metrics.serialize(metric))
    assert again.get_config() == metric.get_config()
    assert again.get_config()["by"] == 0.5 and again.get_config()["name"] == "off"
    assert float(again(BINARY, SCORES)) == float(metric.result())
    assert metrics.MeanMetricWrapper(pyclr.losses.mean_squared_error)._direction == "down"


def test_structures_reach_the_function():
    def difference(y_true, y_pred):
        return y_pred["a"] - y_true["a"] + y_pred["b"]

    metric = metrics.MeanMetricWrapper(difference)
    metric.update_state({"a": np.ones(3)}, {"a": np.full(3, 3.0), "b": np.arange(3)})
    assert float(metric.result()) == 3.0


@pytest.mark.parametrize("weights", [None, WEIGHTS, np.linspace(0, 1, 36).reshape(12, 3)])
def test_masked_values_have_no_weight(weights):
    mask = np.arange(36).reshape(12, 3) % 4 > 0
    masked = ops.convert_to_tensor(MAP)
    masked._keras_mask = ops.convert_to_tensor(mask)
    metric, expected = (metrics.SparseCategoricalAccuracy() for _ in range(2))
    metric.update_state(MAP_CLASSES, masked, sample_weight=weights)
    full = np.ones((12, 3)) if weights is None else weights
    full = full if full.ndim == 2 else full[:, None]
    expected.update_state(MAP_CLASSES, MAP, sample_weight=full * mask)
    assert float(metric.result()) == pytest.approx(float(expected.result()), rel=1e-6)
    assert float(metric.count) == pytest.approx((full * mask).mean(1).sum(), rel=1e-6)


@pytest.mark.parametrize("weight", [2, 0.5, np.float32(3), [0.5] * 12])
def test_equal_weights_change_no_mean(weight):
    for metric in (metrics.MeanSquaredError(), metrics.Precision(), metrics.RootMeanSquaredError()):
        expected = float(metric(BINARY, SCORES))
        metric.reset_state()
        assert float(metric(BINARY, SCORES, sample_weight=weight)) == pytest.approx(expected)


def test_a_row_twice_is_a_row_of_weight_two():
    for metric in (metrics.AUC(), metrics.F1Score("macro"), metrics.R2Score(), metrics.Recall()):
        expected = float(metric(np.r_[ONE_HOT, ONE_HOT[:3]], np.r_[SCORES, SCORES[:3]]))
        metric.reset_state()
        weights = np.r_[2.0, 2.0, 2.0, np.ones(9)]
        assert float(metric(ONE_HOT, SCORES, sample_weight=weights)) == pytest.approx(expected)


# --- Values at the edge --------------------------------------------------------------------------


def test_before_the_first_batch():
    for metric in (metrics.Mean(), metrics.Precision(), metrics.F1Score(), metrics.R2Score(),
                   metrics.AUC(multi_label=True), metrics.MeanIoU(3)):  # fmt: skip
        assert float(metric.result()) == 0.0
        metric.reset_state()


def test_predictions_out_of_range_and_nan():
    scores = np.array([np.nan, -0.5, 0.0, 0.5, 1.0, 7.0, np.inf, -np.inf], "float32")
    with np.errstate(invalid="ignore"):
        above = [(scores > t).sum() for t in (0.0, 0.25, 0.5, 0.75, 0.999)]
    for thresholds in ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.25, 0.5, 0.75, 0.999]):
        metric = metrics.TruePositives(thresholds)
        counted = metric(np.ones(8), scores).numpy().tolist()
        assert counted[:4] == above[:4]
    assert counted[4] == above[4]


def test_equal_thresholds_and_equal_predictions():
    metric = metrics.FalseNegatives([0.5, 0.2, 0.5])
    assert metric([1, 1, 1, 0], [0.5, 0.2, 0.6, 0.1]).numpy().tolist() == [2.0, 1.0, 2.0]
    # Of equal scores, the first k classes are the top k.
    metric = metrics.Precision(top_k=2)
    assert float(metric([[1, 1, 0, 0]], [[0.5, 0.5, 0.5, 0.5]])) == 1.0


def test_top_k_of_odd_scores():
    scores = [[1.0, 1.0, 0.0], [np.nan, 1.0, 2.0], [-np.inf, -1.0, -2.0], [3.0, 2.0, 1.0]]
    found = metrics.sparse_top_k_categorical_accuracy([1, 0, 1, 7], scores, k=1)
    assert found.numpy().tolist() == [1.0, 0.0, 1.0, 0.0]
    assert metrics.sparse_top_k_categorical_accuracy([2], [[3.0, 2.0, 1.0]], k=5).numpy() == 1


def test_iou_along_another_axis():
    metric, expected = (metrics.MeanIoU(4, sparse_y_pred=False, axis=axis) for axis in (1, -1))
    metric.update_state(MAP_CLASSES, MAP.transpose(0, 2, 1))
    expected.update_state(MAP_CLASSES, MAP)
    assert float(metric.result()) == float(expected.result()) > 0


def test_iou_truncates_weights_loudly():
    with pytest.warns(UserWarning, match="has dtype int32: fractions of `sample_weight` are cut"):
        metrics.MeanIoU(4).update_state(CLASSES, CLASSES, sample_weight=WEIGHTS)


def test_adjusted_r2_needs_enough_values():
    data = np.array([[1.0], [2.0], [4.0]]), np.array([[1.5], [2.0], [3.0]])
    plain = float(metrics.R2Score()(*data))
    assert float(metrics.R2Score(num_regressors=2)(*data)) == plain
    assert float(metrics.R2Score(num_regressors=1)(*data)) == pytest.approx(1 - (1 - plain) * 2)


def test_float64():
    metric = metrics.AUC(dtype="float64", curve="PR")
    assert metric(BINARY, SCORES.astype("float64")).dtype == "float64"
    assert metrics.Mean(dtype="float64")(SCORES.astype("float64")).dtype == "float64"


def test_steps_with_several_metrics_replay():
    both = [metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True), metrics.Recall()]

    def step(y_true, y_pred):
        for metric in both:
            metric.reset_state()
            metric.update_state(y_true, y_pred)
        return [metric.result() for metric in both]

    assert_replays(step, BINARY, SCORES)


# --- Errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: metrics.get("acuracy"), "Did you mean 'Accuracy'"),
        (lambda: metrics.get(3), "Could not interpret metric identifier. Received: 3"),
        (lambda: metrics.Precision(thresholds=1.5), r"`thresholds` must be a number in \[0, 1\]"),
        (lambda: metrics.Recall(thresholds=[]), "Received: thresholds="),
        (lambda: metrics.TruePositives([0.5, None]), "Received: thresholds="),
        (lambda: metrics.AUC(thresholds=[-1.0]), "`thresholds` must be a list of numbers"),
        (lambda: metrics.AUC(num_thresholds=1), "`num_thresholds` must be an integer > 1"),
        (lambda: metrics.AUC(curve="X"), "`curve` must be one of"),
        (lambda: metrics.AUC(summation_method=3), "`summation_method` must be one of"),
        (lambda: metrics.AUC(num_labels=3), "`num_labels` is for `multi_label=True` only"),
        (
            lambda: metrics.AUC(multi_label=True).update_state([1, 0], [0.1, 0.2]),
            r"must have shape \(batch, labels\)",
        ),
        (
            lambda: metrics.AUC(multi_label=True, num_labels=2).update_state(BINARY, SCORES),
            r"must have shape \(batch, 2\). Received: y_pred.shape=\(12, 4\)",
        ),
        (lambda: metrics.PrecisionAtRecall(1.2), r"`recall` must be in the range \[0, 1\]"),
        (lambda: metrics.RecallAtPrecision(0.5, 0), "`num_thresholds` must be an integer > 0"),
        (lambda: metrics.FBetaScore("mean"), "`average` must be None, 'micro', 'macro'"),
        (lambda: metrics.FBetaScore(beta=1), "`beta` must be a float > 0. Received: beta=1"),
        (lambda: metrics.F1Score(threshold=0.0), "`threshold` must be None or a float in"),
        (lambda: metrics.F1Score().update_state([1], [0.3]), r"shape \(batch, classes\)"),
        (lambda: metrics.R2Score("mean"), "`class_aggregation` must be one of"),
        (lambda: metrics.R2Score(num_regressors=-1), "`num_regressors` must be an integer >= 0"),
        (lambda: metrics.R2Score().update_state([1.0], [0.3]), r"shape \(batch, columns\)"),
        (lambda: metrics.IoU(2, [2]), r"`target_class_ids` must hold integers in \[0, 2\)"),
        (lambda: metrics.MeanIoU(2).update_state([1, 0], [1]), "one class in `y_true` for each"),
        (lambda: metrics.Mean(dtype="floaty"), "dtype='floaty'"),
    ],
)
def test_arguments_are_checked(call, message):
    with pytest.raises(ValueError, match=message):
        call()


ELEMENTWISE = [
    metrics.Accuracy, metrics.BinaryAccuracy, metrics.Precision, metrics.AUC,
    metrics.RootMeanSquaredError, metrics.MeanSquaredError, metrics.PearsonCorrelation,
]  # fmt: skip


@pytest.mark.parametrize("make", ELEMENTWISE)
def test_shapes_are_not_broadcast_silently(make):
    metric = make()
    before = [v.numpy() for v in metric.variables]
    with pytest.raises(ValueError, match=r"needs labels of the shape of the predictions"):
        metric.update_state(np.ones((12, 3)), SCORES)
    with pytest.raises(ValueError, match=r"`sample_weight` must have one weight for each sample"):
        metric.update_state(BINARY, SCORES, sample_weight=np.ones(7))
    with pytest.raises(ValueError, match=r"Received: sample_weight.shape=\(12, 3\)"):
        metrics.Precision().update_state(BINARY, SCORES, sample_weight=np.ones((12, 3)))
    for variable, value in zip(metric.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize("make", [metrics.SparseCategoricalAccuracy, metrics.CategoricalAccuracy])
def test_labels_must_fit_the_scores(make):
    with pytest.raises(ValueError, match="one integer label for each vector of class scores"):
        make().update_state(np.ones((12, 3, 4)), SCORES)
    with pytest.raises(ValueError, match="`class_id`, predictions must have shape"):
        metrics.Precision(class_id=1).update_state([0, 1], [0.1, 0.9])
