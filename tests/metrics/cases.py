"""One row a metric and way to use it: what tests of values, configs, replay and fit read."""

from dataclasses import dataclass, field

import numpy as np

RNG = np.random.default_rng(0)
ROWS = 12
BATCHES = (slice(0, 5), slice(5, ROWS))

SCORES = RNG.random((ROWS, 4)).astype("float32")
PROBABILITIES = SCORES / SCORES.sum(-1, keepdims=True)
LOGITS = RNG.normal(size=(ROWS, 4)).astype("float32")
CLASSES = RNG.integers(0, 4, ROWS)
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
BINARY = RNG.integers(0, 2, (ROWS, 4)).astype("float32")
POSITIVE = RNG.random((ROWS, 4)).astype("float32") * 3 + 0.1
MAP = RNG.random((ROWS, 3, 4)).astype("float32")
MAP_CLASSES = RNG.integers(0, 4, (ROWS, 3))
MAP_ONE_HOT = np.eye(4, dtype="float32")[MAP_CLASSES]
GUESSES = RNG.integers(0, 4, ROWS)
WEIGHTS = RNG.random(ROWS).astype("float32")
WHOLE_WEIGHTS = RNG.integers(0, 3, ROWS)


@dataclass
class Case:
    """A metric with arguments, labels and predictions for `ROWS` samples.

    Without `y_true`, `y_pred` are the values of a reduction.
    """

    name: str
    y_true: np.ndarray | None
    y_pred: np.ndarray
    kwargs: dict = field(default_factory=dict)
    weights: np.ndarray | None = field(default_factory=lambda: WEIGHTS)

    def make(self, package):
        return getattr(package, self.name)(**{"name": "metric", **self.kwargs})

    def batches(self, weighted=False):
        """The arguments of `update_state`, batch by batch."""
        for rows in BATCHES:
            data = [a[rows] for a in (self.y_true, self.y_pred) if a is not None]
            yield data, {"sample_weight": self.weights[rows]} if weighted else {}

    def __str__(self):
        given = ",".join(f"{key}={value}" for key, value in self.kwargs.items())
        shape = "x".join(map(str, self.y_pred.shape))
        return f"{self.name}({given})-{shape}"


def at_thresholds(name, **kwargs):
    """The shapes and options that metrics with thresholds share."""
    yield Case(name, BINARY, SCORES, kwargs)
    yield Case(name, BINARY[:, 0], SCORES[:, 0], kwargs)
    yield Case(name, BINARY[:, :1], SCORES[:, 0], kwargs)
    yield Case(name, BINARY, SCORES, kwargs, weights=RNG.random((ROWS, 4)).astype("float32"))


def with_threshold_lists(name):
    yield Case(name, BINARY, SCORES, {"thresholds": 0.3})
    yield Case(name, BINARY, SCORES, {"thresholds": [0.7, 0.1, 0.4]})
    yield Case(name, BINARY, SCORES, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]})


def accuracies():
    yield Case("Accuracy", CLASSES, GUESSES)
    yield Case("Accuracy", CLASSES[:, None], GUESSES.astype("float32"))
    yield Case("BinaryAccuracy", BINARY, SCORES)
    yield Case("BinaryAccuracy", BINARY[:, 0], SCORES[:, :1], {"threshold": 0.3})
    yield Case("CategoricalAccuracy", ONE_HOT, SCORES)
    yield Case("CategoricalAccuracy", MAP_ONE_HOT, MAP)
    for labels in (CLASSES, CLASSES[:, None], CLASSES.astype("float32")):
        yield Case("SparseCategoricalAccuracy", labels, SCORES)
        yield Case("SparseTopKCategoricalAccuracy", labels, SCORES, {"k": 2})
    yield Case("SparseCategoricalAccuracy", MAP_CLASSES, MAP)
    yield Case("SparseCategoricalAccuracy", MAP_CLASSES[..., None], MAP)
    yield Case("SparseTopKCategoricalAccuracy", MAP_CLASSES, MAP, {"k": 3})
    yield Case("SparseTopKCategoricalAccuracy", CLASSES, SCORES)
    ids = np.argsort(-SCORES, -1)
    yield Case("SparseTopKCategoricalAccuracy", CLASSES, ids, {"k": 2, "from_sorted_ids": True})
    yield Case("TopKCategoricalAccuracy", ONE_HOT, SCORES, {"k": 2})
    yield Case("TopKCategoricalAccuracy", MAP_ONE_HOT, MAP, {"k": 1})


def confusions():
    for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"):
        yield from at_thresholds(name)
        yield from with_threshold_lists(name)
    for name in ("Precision", "Recall"):
        yield from at_thresholds(name)
        yield from with_threshold_lists(name)
        yield Case(name, BINARY, SCORES, {"top_k": 2})
        yield Case(name, BINARY, LOGITS, {"top_k": 3, "thresholds": 0})
        yield Case(name, BINARY, SCORES, {"class_id": 1})
        yield Case(name, BINARY, SCORES, {"class_id": 2, "top_k": 2, "thresholds": [0.2, 0.8]})
    for name, given in {
        "SensitivityAtSpecificity": "specificity",
        "SpecificityAtSensitivity": "sensitivity",
        "PrecisionAtRecall": "recall",
        "RecallAtPrecision": "precision",
    }.items():
        yield from at_thresholds(name, **{given: 0.4})
        yield Case(name, BINARY, SCORES, {given: 0.7, "num_thresholds": 1})
        yield Case(name, BINARY, SCORES, {given: 0.3, "num_thresholds": 2})
        yield Case(name, BINARY, SCORES, {given: 0.5, "num_thresholds": 9, "class_id": 3})


def areas():
    yield from at_thresholds("AUC")
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            options = {"curve": curve, "summation_method": method}
            yield Case("AUC", BINARY, SCORES, {**options, "num_thresholds": 7})
            yield Case("AUC", BINARY, SCORES, {**options, "thresholds": [0.9, 0.2, 0.3]})
            yield Case("AUC", BINARY, SCORES, {**options, "multi_label": True})
    yield Case("AUC", BINARY, SCORES, {"num_thresholds": 2})
    yield Case("AUC", BINARY, SCORES, {"thresholds": [0.25, 0.5, 0.75]})
    yield Case("AUC", BINARY, LOGITS, {"from_logits": True})
    weights = {"label_weights": [1.0, 0.5, 2.0, 0.0]}
    yield Case("AUC", BINARY, SCORES, weights)
    yield Case("AUC", BINARY, SCORES, {**weights, "multi_label": True, "num_labels": 4})
    yield Case("AUC", BINARY, SCORES, {**weights, "multi_label": True, "curve": "PR"})
    yield Case("AUC", BINARY, SCORES, {"multi_label": True, "thresholds": [0.2, 0.9]})


def f_scores():
    for average in (None, "micro", "macro", "weighted"):
        yield Case("F1Score", ONE_HOT, SCORES, {"average": average})
        yield Case("FBetaScore", BINARY, SCORES, {"average": average, "beta": 2.0})
        yield Case("FBetaScore", BINARY, SCORES, {"average": average, "threshold": 0.4})
    yield Case("F1Score", ONE_HOT, SCORES * (CLASSES[:, None] > 0))  # rows of zeros


def unions():
    whole = {"weights": WHOLE_WEIGHTS}
    map_weights = {"weights": RNG.integers(0, 3, (ROWS, 3))}
    guesses = RNG.integers(0, 4, (ROWS, 3))
    yield Case("IoU", CLASSES, GUESSES, {"num_classes": 4, "target_class_ids": [0, 2]}, **whole)
    beyond = {"num_classes": 4, "target_class_ids": [1]}
    yield Case("IoU", CLASSES - 1, GUESSES + 1, beyond, **whole)
    yield Case(
        "IoU", MAP_CLASSES, MAP,
        {"num_classes": 4, "target_class_ids": [3], "sparse_y_pred": False}, **map_weights,
    )  # fmt: skip
    yield Case(
        "IoU", MAP_ONE_HOT, guesses,
        {"num_classes": 4, "target_class_ids": [1, 3], "sparse_y_true": False}, **map_weights,
    )  # fmt: skip
    yield Case("MeanIoU", CLASSES, GUESSES, {"num_classes": 4, "dtype": "float32"})
    yield Case("MeanIoU", CLASSES, GUESSES, {"num_classes": 6, "ignore_class": 2}, **whole)
    yield Case("MeanIoU", MAP_CLASSES, guesses, {"num_classes": 4}, **map_weights)
    yield Case("BinaryIoU", BINARY[:, 0], SCORES[:, 0], {"dtype": "float32"})
    yield Case(
        "BinaryIoU", BINARY, SCORES, {"target_class_ids": [1], "threshold": 0.3},
        weights=RNG.integers(0, 3, (ROWS, 4)),
    )  # fmt: skip
    yield Case("OneHotIoU", ONE_HOT, SCORES, {"num_classes": 4, "target_class_ids": [0]}, **whole)
    yield Case("OneHotMeanIoU", ONE_HOT, SCORES, {"num_classes": 4, "dtype": "float32"})
    yield Case(
        "OneHotMeanIoU", MAP_ONE_HOT, guesses, {"num_classes": 4, "sparse_y_pred": True},
        **map_weights,
    )  # fmt: skip


def means_of_losses():
    for name in (
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError", "LogCoshError", "RootMeanSquaredError", "Poisson",
        "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation",
    ):  # fmt: skip
        yield Case(name, POSITIVE, SCORES)
        yield Case(name, MAP, MAP**2, weights=RNG.random((ROWS, 3)).astype("float32"))
    yield Case("RootMeanSquaredError", POSITIVE[:, 0], SCORES[:, :1])
    yield Case("CosineSimilarity", MAP, MAP**2, {"axis": 1})
    yield Case("PearsonCorrelation", MAP, MAP**2, {"axis": 1})
    yield Case("ConcordanceCorrelation", MAP, MAP**2, {"axis": 1})
    for name in ("Hinge", "SquaredHinge"):
        yield Case(name, BINARY, LOGITS)
        yield Case(name, BINARY * 2 - 1, LOGITS)
    yield Case("CategoricalHinge", ONE_HOT, LOGITS)
    yield Case("KLDivergence", PROBABILITIES[::-1], PROBABILITIES)
    yield Case("BinaryCrossentropy", BINARY, SCORES)
    yield Case("BinaryCrossentropy", BINARY, LOGITS, {"from_logits": True, "label_smoothing": 0.2})
    yield Case("CategoricalCrossentropy", ONE_HOT, PROBABILITIES)
    yield Case(
        "CategoricalCrossentropy", ONE_HOT, LOGITS, {"from_logits": True, "label_smoothing": 0.1}
    )
    yield Case("CategoricalCrossentropy", MAP, MAP**2, {"axis": 1})
    yield Case("SparseCategoricalCrossentropy", CLASSES, PROBABILITIES)
    yield Case("SparseCategoricalCrossentropy", MAP_CLASSES, MAP, {"from_logits": True})
    yield Case("SparseCategoricalCrossentropy", CLASSES, PROBABILITIES, {"ignore_class": 2})
    yield Case(
        "SparseCategoricalCrossentropy", MAP_CLASSES - 1, MAP,
        {"from_logits": True, "ignore_class": -1},
        weights=RNG.random((ROWS, 3)).astype("float32"),
    )  # fmt: skip


def variances():
    for aggregation in ("uniform_average", "variance_weighted_average", None):
        options = {"class_aggregation": aggregation}
        yield Case("R2Score", POSITIVE, SCORES, options)
        yield Case("R2Score", POSITIVE, SCORES, {**options, "num_regressors": 3})
    yield Case("R2Score", POSITIVE[:, 0], SCORES[:, :1])
    yield Case("R2Score", POSITIVE, SCORES, weights=RNG.random((ROWS, 4)).astype("float32"))


def reductions():
    for name in ("Mean", "Sum"):
        yield Case(name, None, SCORES[:, 0])
        yield Case(name, None, CLASSES)
        yield Case(name, None, MAP)
        yield Case(name, None, MAP, weights=RNG.random((ROWS, 3)).astype("float32"))
        yield Case(name, None, SCORES[:, 0], weights=WEIGHTS[:, None])


GROUPS = (
    accuracies, confusions, areas, f_scores, unions, means_of_losses, variances, reductions,
)  # fmt: skip
CASES = [case for group in GROUPS for case in group()]
