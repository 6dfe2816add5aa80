"""Counts of right and wrong decisions, and the ratios of two of them: precision and recall."""

from __future__ import annotations

from .. import ops
from .metric import Metric
from .thresholds import NEG_INF, ConfusionCounter, checked_thresholds


class _ConfusionCount(Metric):
    """The weighted number of decisions of one kind, at each threshold."""

    _counted: str

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = checked_thresholds(thresholds, default=0.5)
        self._count = ConfusionCounter(self.thresholds, self.dtype)
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, ...)`; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights that broadcast to the labels from the left.
        """
        self._count({self._counted: self.accumulator}, y_true, y_pred, sample_weight)

    def result(self):
        counts = ops.copy(self.accumulator)
        return counts[0] if len(self.thresholds) == 1 else counts

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_ConfusionCount):
    """The weighted number of positive labels whose prediction is above the threshold.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each. Defaults to 0.5.
        name: String.
        dtype: String.
    """

    _direction = "up"
    _counted = "true_positives"


class TrueNegatives(_ConfusionCount):
    """The weighted number of negative labels whose prediction is not above the threshold.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each. Defaults to 0.5.
        name: String.
        dtype: String.
    """

    _direction = "up"
    _counted = "true_negatives"


class FalsePositives(_ConfusionCount):
    """The weighted number of negative labels whose prediction is above the threshold.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each. Defaults to 0.5.
        name: String.
        dtype: String.
    """

    _direction = "down"
    _counted = "false_positives"


class FalseNegatives(_ConfusionCount):
    """The weighted number of positive labels whose prediction is not above the threshold.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each. Defaults to 0.5.
        name: String.
        dtype: String.
    """

    _direction = "down"
    _counted = "false_negatives"


class _ConfusionRatio(Metric):
    """True positives by themselves and one kind of wrong decisions, at each threshold."""

    _direction = "up"
    _wrong: str

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        # With `top_k` alone, all of the k largest are positive.
        self.thresholds = checked_thresholds(thresholds, 0.5 if top_k is None else NEG_INF)
        self._count = ConfusionCounter(self.thresholds, self.dtype, top_k=top_k, class_id=class_id)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, name="true_positives")
        setattr(self, self._wrong, self.add_variable(shape, name=self._wrong))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, ...)`; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights that broadcast to the labels from the left.
        """
        states = {"true_positives": self.true_positives, self._wrong: getattr(self, self._wrong)}
        self._count(states, y_true, y_pred, sample_weight)

    def result(self):
        wrong = getattr(self, self._wrong)
        ratio = ops.divide_no_nan(self.true_positives, self.true_positives + wrong)
        return ratio[0] if len(self.thresholds) == 1 else ratio

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_ConfusionRatio):
    """The share of positive decisions that are right:
    `true_positives / (true_positives + false_positives)`, 0 without positive decisions.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each: a prediction above it
            is a positive decision. Defaults to 0.5; for logits use 0.
        top_k: Integer: only the `top_k` largest predictions of the last axis are positive. Without
            `thresholds`, all of them are.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.Precision()
    >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> round(float(metric.result()), 4)
    0.6667
    ```
    """

    _wrong = "false_positives"


class Recall(_ConfusionRatio):
    """The share of positive labels that are found:
    `true_positives / (true_positives + false_negatives)`, 0 without positive labels.

    Args:
        thresholds: Number in [0, 1], or a list of them for one result each: a prediction above it
            is a positive decision. Defaults to 0.5; for logits use 0.
        top_k: Integer: only the `top_k` largest predictions of the last axis are positive. Without
            `thresholds`, all of them are.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.Recall()
    >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> round(float(metric.result()), 4)
    0.6667
    ```
    """

    _wrong = "false_negatives"
