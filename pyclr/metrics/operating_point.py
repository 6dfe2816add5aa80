"""The best of one ratio where another one is at least a given value."""

from __future__ import annotations

from .. import ops
from .metric import Metric
from .thresholds import ConfusionCounter, spread_thresholds

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def ratio(metric, right, wrong):
    """Returns `right / (right + wrong)` of the metric's counts, 0 where both are 0."""
    right = getattr(metric, right)
    return ops.divide_no_nan(right, right + getattr(metric, wrong))


# Ratios by name: what is right, and what is wrong, of their decisions or labels.
RATIOS = {
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
    "sensitivity": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
}


class _BestWhere(Metric):
    """The largest `_best` over all thresholds at which `_given` is at least `value`, or 0."""

    _direction = "up"
    _best: str
    _given: str

    def __init__(self, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ValueError(
                f"Argument `{self._given}` must be in the range [0, 1]. "
                f"Received: {self._given}={value!r}"
            )
        if num_thresholds <= 0:
            raise ValueError(
                "Argument `num_thresholds` must be an integer > 0. "
                f"Received: num_thresholds={num_thresholds!r}"
            )
        setattr(self, self._given, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self.thresholds = [0.5] if num_thresholds == 1 else spread_thresholds(num_thresholds)
        self._count = ConfusionCounter(self.thresholds, self.dtype, class_id=class_id)
        self._states = {name: self.add_variable((num_thresholds,), name=name) for name in COUNTS}
        for name, variable in self._states.items():
            setattr(self, name, variable)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, ...)`; what is not 0 is positive.
            y_pred: Predictions in [0, 1], of the same shape.
            sample_weight: Optional weights that broadcast to the labels from the left.
        """
        self._count(self._states, y_true, y_pred, sample_weight)

    def result(self):
        best, given = ratio(self, *RATIOS[self._best]), ratio(self, *RATIOS[self._given])
        return ops.max(ops.where(given >= getattr(self, self._given), best, 0.0))

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "class_id": self.class_id,
            self._given: getattr(self, self._given),
        }


class SensitivityAtSpecificity(_BestWhere):
    """The best sensitivity, `tp / (tp + fn)`, at a specificity, `tn / (tn + fp)`, not below the
    given one; 0 if no threshold has that.

    Args:
        specificity: Number in [0, 1].
        num_thresholds: Integer, the number of thresholds from 0 to 1. Defaults to 200.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.

    Example:

    ```python
    >>> metric = pyclr.metrics.SensitivityAtSpecificity(0.5)
    >>> metric.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    >>> float(metric.result())
    0.5
    ```
    """

    _best, _given = "sensitivity", "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_BestWhere):
    """The best specificity, `tn / (tn + fp)`, at a sensitivity, `tp / (tp + fn)`, not below the
    given one; 0 if no threshold has that.

    Args:
        sensitivity: Number in [0, 1].
        num_thresholds: Integer, the number of thresholds from 0 to 1. Defaults to 200.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.
    """

    _best, _given = "specificity", "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_BestWhere):
    """The best precision, `tp / (tp + fp)`, at a recall, `tp / (tp + fn)`, not below the given
    one; 0 if no threshold has that.

    Args:
        recall: Number in [0, 1].
        num_thresholds: Integer, the number of thresholds from 0 to 1. Defaults to 200.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.
    """

    _best, _given = "precision", "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_BestWhere):
    """The best recall, `tp / (tp + fn)`, at a precision, `tp / (tp + fp)`, not below the given
    one; 0 if no threshold has that.

    Args:
        precision: Number in [0, 1].
        num_thresholds: Integer, the number of thresholds from 0 to 1. Defaults to 200.
        class_id: Integer, the only class (index of the last axis) that counts. Defaults to all.
        name: String.
        dtype: String.
    """

    _best, _given = "recall", "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
