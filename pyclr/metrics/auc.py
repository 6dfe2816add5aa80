"""Area under the ROC, precision-recall or precision-recall-gain curve."""

from __future__ import annotations

import numpy as np

from .. import config, ops
from .metric import Metric
from .operating_point import COUNTS, RATIOS, ratio
from .thresholds import ConfusionCounter, spread_thresholds

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATION_METHODS = ("interpolation", "minoring", "majoring")


class AUC(Metric):
    """The area under a curve of a binary classifier, by the trapezoids between thresholds.

    Args:
        num_thresholds: Integer, at least 2, the number of thresholds from 0 to 1. More of them are
            closer to the exact area. Defaults to 200.
        curve: The curve: `"ROC"` (recall over false positive rate; the default), `"PR"` (precision
            over recall) or `"PRGAIN"` (precision gain over recall gain; Flach & Kull, "Precision-
            Recall-Gain Curves", 2015).
        summation_method: The height between two thresholds: `"interpolation"` (the middle; for
            `"PR"` true and false positives are interpolated, not their ratio: Davis & Goadrich,
            "The Relationship Between Precision-Recall and ROC Curves", 2006), `"minoring"` (the
            lower end) or `"majoring"` (the upper end). Defaults to `"interpolation"`.
        name: String.
        dtype: String.
        thresholds: List of numbers in [0, 1], instead of `num_thresholds`. One below 0 and one
            above 1 are added.
        multi_label: Boolean, whether each column of labels `(batch, labels)` has an area of its
            own, of which the result is the mean. Defaults to `False`: all are one.
        num_labels: Integer, the number of columns with `multi_label`. Defaults to what the first
            batch has.
        label_weights: List of numbers, a weight of each column: of its area with `multi_label`,
            else of its predictions.
        from_logits: Boolean, whether predictions are logits instead of probabilities.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    ```python
    >>> metric = pyclr.metrics.AUC(num_thresholds=3)
    >>> metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    >>> float(metric.result())
    0.75
    ```
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", curve, CURVES)
        self.summation_method = _one_of("summation_method", summation_method, SUMMATION_METHODS)
        self._init_thresholds = None
        if thresholds is not None:
            self._init_thresholds = inner = sorted(float(t) for t in thresholds)
            if any(not 0 <= t <= 1 for t in inner):
                raise ValueError(
                    "Argument `thresholds` must be a list of numbers in [0, 1]. "
                    f"Received: thresholds={thresholds}"
                )
        elif num_thresholds <= 1:
            raise ValueError(
                "Argument `num_thresholds` must be an integer > 1. "
                f"Received: num_thresholds={num_thresholds!r}"
            )
        else:
            inner = spread_thresholds(num_thresholds)[1:-1]
        # Outside [0, 1], so that all predictions are above the first and none above the last.
        self.thresholds = [-config.epsilon(), *inner, 1.0 + config.epsilon()]
        self.num_thresholds = len(self.thresholds)
        if num_labels and not multi_label:
            raise ValueError(
                "Argument `num_labels` is for `multi_label=True` only. "
                f"Received: num_labels={num_labels}, multi_label={multi_label}"
            )
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = (
            None if label_weights is None else ops.convert_to_tensor(label_weights, self.dtype)
        )
        self._from_logits = from_logits
        self._count = ConfusionCounter(self.thresholds, self.dtype, multi_label)
        self._states = None
        if num_labels or not multi_label:
            self._build(num_labels)

    def _build(self, num_labels):
        shape = (self.num_thresholds, num_labels) if self.multi_label else (self.num_thresholds,)
        self._states = {name: self.add_variable(shape, name=name) for name in COUNTS}
        for name, variable in self._states.items():
            setattr(self, name, variable)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels `(batch, ...)`; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Optional weights that broadcast to the labels from the left.
        """
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        if self.multi_label:
            labels = self.num_labels if self._states is None else self.true_positives.shape[1]
            if y_pred.ndim != 2 or labels not in (None, y_pred.shape[1]):
                raise ValueError(
                    f"With `multi_label=True`, predictions must have shape (batch, "
                    f"{labels or 'labels'}). Received: y_pred.shape={y_pred.shape}"
                )
            if self._states is None:
                self._build(y_pred.shape[1])
        if self._from_logits:
            y_pred = ops.sigmoid(y_pred)
        label_weights = None if self.multi_label else self.label_weights
        self._count(self._states, y_true, y_pred, sample_weight, label_weights)

    def result(self):
        if self._states is None:
            return ops.zeros((), self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = self._interpolated_precision()
        else:
            x, y = self._points()
            low, high = y[:-1], y[1:]
            heights = {
                "interpolation": lambda: (low + high) / 2.0,
                "minoring": lambda: ops.minimum(low, high),
                "majoring": lambda: ops.maximum(low, high),
            }[self.summation_method]()
            areas = (x[:-1] - x[1:]) * heights
        if not self.multi_label:
            return ops.sum(areas)
        by_label = ops.sum(areas, axis=0)
        if self.label_weights is None:
            return ops.mean(by_label)
        return ops.divide_no_nan(
            ops.sum(by_label * self.label_weights), ops.sum(self.label_weights)
        )

    def _points(self):
        """The points of the curve, from the lowest threshold to the highest."""
        recall = ratio(self, *RATIOS["recall"])
        if self.curve == "ROC":
            return ratio(self, "false_positives", "true_negatives"), recall
        if self.curve == "PR":
            return recall, ratio(self, *RATIOS["precision"])
        # 1 - (positives / negatives) * (wrong / true positives). Without true positives the recall
        # gain is 0 and the precision gain 1; a recall gain below 0 is 0.
        found, missed = self.true_positives, self.false_negatives
        odds = ops.divide_no_nan(found + missed, self.true_negatives + self.false_positives)
        recall_gain = 1.0 - odds * ops.divide_no_nan(missed, found)
        precision_gain = 1.0 - odds * ops.divide_no_nan(self.false_positives, found)
        none = found == 0
        recall_gain = ops.maximum(ops.where(none, 0.0, recall_gain), 0.0)
        return recall_gain, ops.where(none, 1.0, precision_gain)

    def _interpolated_precision(self):
        """The areas between thresholds with true positives linear in all positives:
        `slope * (d_tp + intercept * log(p_high / p_low)) / positive labels`."""
        found, all_ = self.true_positives, self.true_positives + self.false_positives
        d_found = found[:-1] - found[1:]
        low, high = all_[1:], all_[:-1]
        slope = ops.divide_no_nan(d_found, ops.maximum(high - low, 0.0))
        intercept = found[1:] - slope * low
        both = ops.logical_and(low > 0, high > 0)
        growth = ops.where(both, ops.divide_no_nan(high, ops.maximum(low, 0.0)), 1.0)
        labels = ops.maximum(found[1:] + self.false_negatives[1:], 0.0)
        return ops.divide_no_nan(slope * (d_found + intercept * ops.log(growth)), labels)

    def get_config(self):
        weights = self.label_weights
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else np.asarray(weights).tolist(),
            "from_logits": self._from_logits,
        }
        if self._init_thresholds is not None:
            config["thresholds"] = self._init_thresholds
        return config


def _one_of(name, value, allowed):
    for each in allowed:
        if isinstance(value, str) and value.lower() == each.lower():
            return each
    raise ValueError(f"Argument `{name}` must be one of {allowed}. Received: {name}={value!r}")
