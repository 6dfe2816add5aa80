"""F-scores: the weighted harmonic mean of precision and recall."""

from __future__ import annotations

from .. import config, ops
from .metric import Metric
from .weighting import check_same_shape, expand_to_rank


class FBetaScore(Metric):
    """The F-beta score of each class:
    `(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: What becomes of the scores of the classes: `None` (all are returned), `"micro"`
            (one score from the counts over all classes), `"macro"` (their mean) or `"weighted"`
            (their mean weighted by the number of true labels). Defaults to `None`.
        beta: Float above 0, how much more recall counts than precision. Defaults to 1.0.
        threshold: Float in (0, 1]: a prediction above it is a 1. Defaults to `None`: the largest of
            a row is the 1.
        name: String.
        dtype: String.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    ```python
    >>> metric = pyclr.metrics.FBetaScore(beta=2.0, threshold=0.5)
    >>> metric.update_state([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.4]])
    >>> metric.result().numpy().round(4)
    array([0.5556, 1.    ], dtype=float32)
    ```
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Argument `average` must be None, 'micro', 'macro' or 'weighted'. "
                f"Received: average={average!r}"
            )
        if not isinstance(beta, float) or not beta > 0:
            raise ValueError(f"Argument `beta` must be a float > 0. Received: beta={beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(
                f"Argument `threshold` must be None or a float in (0, 1]. "
                f"Received: threshold={threshold!r}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, classes):
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels 0 or 1, `(batch, classes)`.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights `(batch,)`.

        Raises:
            ValueError: if a shape does not fit.
        """
        y_true = ops.convert_to_tensor(y_true, self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        if y_pred.ndim != 2 or y_true.ndim != 2:
            raise ValueError(
                f"{type(self).__name__} needs labels and predictions of shape (batch, classes). "
                f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
            )
        check_same_shape(self.name, y_true, y_pred)
        if not self._built:
            self._build(y_pred.shape[1])
        if self.threshold is None:
            largest = y_pred >= ops.max(y_pred, axis=-1, keepdims=True)
            # A row of zeros decides for no class.
            decided = ops.logical_and(largest, ops.abs(y_pred) > 1e-9)
        else:
            decided = y_pred > self.threshold
        decided = ops.cast(decided, self.dtype)
        weight = 1.0
        if sample_weight is not None:
            weight = expand_to_rank(ops.convert_to_tensor(sample_weight, self.dtype), 2)
        axis = None if self.average == "micro" else 0

        def add(variable, values):
            variable.assign_add(ops.sum(values * weight, axis=axis))

        add(self.true_positives, decided * y_true)
        add(self.false_positives, decided * (1.0 - y_true))
        add(self.false_negatives, (1.0 - decided) * y_true)
        add(self.intermediate_weights, y_true)

    def result(self):
        if not self._built:
            return ops.zeros((), self.dtype)
        epsilon, found = config.epsilon(), self.true_positives
        precision = found / (found + self.false_positives + epsilon)
        recall = found / (found + self.false_negatives + epsilon)
        beta2 = self.beta**2
        score = precision * recall / (beta2 * precision + recall + epsilon) * (1 + beta2)
        if self.average == "weighted":
            labels = self.intermediate_weights
            return ops.sum(score * (labels / (ops.sum(labels) + epsilon)))
        return score if self.average is None else ops.mean(score)

    def get_config(self):
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """The F1 score of each class: `2 * precision * recall / (precision + recall)`.

    Args:
        average, threshold: See `FBetaScore`.
        name: String.
        dtype: String.
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config
