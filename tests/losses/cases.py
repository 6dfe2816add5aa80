"""One table of losses: what is compared with Keras, and what every loss must do."""

from dataclasses import dataclass, field

import numpy as np

SHAPE, SEQUENCE = (6, 5), (4, 3, 5)


def _normal(rng, shape):
    return rng.normal(size=shape)


def _positive(rng, shape):
    return rng.uniform(0.1, 4.0, shape)


def _probability(rng, shape):
    return rng.uniform(0.05, 0.95, shape)


def _distribution(rng, shape):
    values = rng.uniform(0.1, 1.0, shape)
    return values / values.sum(-1, keepdims=True)


def _unit(rng, shape):
    """Vectors of length 0.9: at 1, their distance to themselves has no derivative."""
    values = rng.normal(size=shape)
    return 0.9 * values / np.linalg.norm(values, axis=-1, keepdims=True)


def _binary(rng, shape):
    return rng.integers(0, 2, shape)


def _signs(rng, shape):
    return 2 * _binary(rng, shape) - 1


def _classes(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1])


def _one_hot(rng, shape):
    return np.eye(shape[-1])[_classes(rng, shape)]


def _one_hot_columns(rng, shape):
    """One-hot along axis 1."""
    return np.moveaxis(_one_hot(rng, (shape[0], shape[2], shape[1])), -1, 1).copy()


def _few_classes(rng, shape):
    return rng.integers(0, 3, shape[:1])


def _words(rng, shape):
    """Two labels and one of padding, for the first axis."""
    labels = rng.integers(1, shape[-1], (shape[0], 3))
    labels[:, 2] = 0
    return labels


# What predictions are, and the activation of a last layer that gives such.
ACTIVATIONS = {
    _normal: None,
    _unit: None,
    _positive: "softplus",
    _probability: "sigmoid",
    _distribution: "softmax",
}


@dataclass(frozen=True)
class LossCase:
    """A loss, its constructor's arguments, and what makes its labels and predictions."""

    name: str
    labels: object
    predictions: object
    kwargs: dict = field(default_factory=dict)
    shape: tuple = SHAPE

    def __str__(self):
        text = ",".join(f"{key}={value}" for key, value in self.kwargs.items())
        return f"{self.name}({text}){list(self.shape)}"

    def data(self, seed=4):
        """Returns labels and predictions, floats in float64."""
        rng = np.random.default_rng(seed)
        return self.labels(rng, self.shape), self.predictions(rng, self.shape)

    @property
    def smooth_labels(self):
        """Whether a loss has a smooth derivative by its labels at those of the table."""
        divides = self.name == "MeanAbsolutePercentageError"  # by labels that may be near 0
        return self.labels in (_normal, _distribution) and not divides


def _both_shapes(name, labels, predictions, **kwargs):
    for shape in (SHAPE, SEQUENCE):
        yield LossCase(name, labels, predictions, kwargs, shape)


LOSSES = [
    *_both_shapes("MeanSquaredError", _normal, _normal),
    *_both_shapes("MeanAbsoluteError", _normal, _normal),
    *_both_shapes("MeanAbsolutePercentageError", _normal, _normal),
    *_both_shapes("MeanSquaredLogarithmicError", _positive, _positive),
    *_both_shapes("CosineSimilarity", _normal, _normal),
    LossCase("CosineSimilarity", _normal, _normal, {"axis": 1}, SEQUENCE),
    *_both_shapes("Huber", _normal, _normal),
    LossCase("Huber", _normal, _normal, {"delta": 0.5}),
    *_both_shapes("LogCosh", _normal, _normal),
    *_both_shapes("Hinge", _signs, _normal),
    LossCase("Hinge", _binary, _normal),
    *_both_shapes("SquaredHinge", _signs, _normal),
    LossCase("SquaredHinge", _binary, _normal),
    *_both_shapes("CategoricalHinge", _one_hot, _normal),
    *_both_shapes("KLDivergence", _distribution, _distribution),
    LossCase("KLDivergence", _one_hot, _distribution),
    *_both_shapes("Poisson", _positive, _positive),
    *_both_shapes("BinaryCrossentropy", _binary, _probability),
    *_both_shapes("BinaryCrossentropy", _binary, _normal, from_logits=True),
    LossCase("BinaryCrossentropy", _binary, _probability, {"label_smoothing": 0.2}),
    LossCase("BinaryCrossentropy", _binary, _probability, {"axis": 1}, SEQUENCE),
    *_both_shapes("BinaryFocalCrossentropy", _binary, _probability),
    LossCase(
        "BinaryFocalCrossentropy",
        _binary,
        _probability,
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "label_smoothing": 0.1},
    ),
    LossCase("BinaryFocalCrossentropy", _binary, _normal, {"from_logits": True, "gamma": 0.0}),
    *_both_shapes("CategoricalCrossentropy", _one_hot, _distribution),
    *_both_shapes("CategoricalCrossentropy", _distribution, _normal, from_logits=True),
    LossCase("CategoricalCrossentropy", _one_hot, _probability, {"label_smoothing": 0.1}),
    LossCase("CategoricalCrossentropy", _one_hot_columns, _probability, {"axis": 1}, SEQUENCE),
    LossCase(
        "CategoricalCrossentropy",
        _one_hot_columns,
        _normal,
        {"axis": 1, "from_logits": True},
        SEQUENCE,
    ),
    *_both_shapes("CategoricalFocalCrossentropy", _one_hot, _distribution),
    LossCase(
        "CategoricalFocalCrossentropy",
        _one_hot,
        _normal,
        {"from_logits": True, "alpha": 0.6, "gamma": 1.5, "label_smoothing": 0.1},
    ),
    LossCase(
        "CategoricalFocalCrossentropy",
        _one_hot_columns,
        _probability,
        {"axis": 1, "gamma": 0.5},
        SEQUENCE,
    ),
    *_both_shapes("SparseCategoricalCrossentropy", _classes, _distribution),
    *_both_shapes("SparseCategoricalCrossentropy", _classes, _normal, from_logits=True),
    *_both_shapes("SparseCategoricalCrossentropy", _classes, _probability, ignore_class=2),
    LossCase(
        "SparseCategoricalCrossentropy",
        _classes,
        _normal,
        {"from_logits": True, "ignore_class": 0},
    ),
    *_both_shapes("CategoricalGeneralizedCrossEntropy", _classes, _distribution),
    LossCase("CategoricalGeneralizedCrossEntropy", _classes, _distribution, {"q": 0.7}),
    LossCase("Dice", _binary, _probability),
    LossCase("Dice", _binary, _probability, {"axis": (1, 2)}, SEQUENCE),
    LossCase("Tversky", _binary, _probability),
    LossCase("Tversky", _binary, _probability, {"alpha": 0.3, "beta": 0.8, "axis": -1}, SEQUENCE),
    LossCase("Circle", _few_classes, _unit, {"gamma": 4.0}),
    LossCase("Circle", _few_classes, _unit, {"gamma": 8, "margin": 0.25, "remove_diagonal": False}),
    LossCase("CTC", _words, _normal, {}, (4, 7, 5)),
]
