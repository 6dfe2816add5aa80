"""What `compile` was given, ready to use: the loss and the metrics."""

from __future__ import annotations

from .. import losses, metrics, ops
from ..losses.loss import Loss, reduce_weighted
from ..metrics.metric import MeanMetricWrapper, Metric


class CompiledLoss:
    """The loss of a model, weighted by sample.

    Args:
        loss: A `Loss`, a function of `(y_true, y_pred)`, or a name.
        weight: Number or `None`, a factor.
    """

    def __init__(self, loss, weight=None):
        self.loss = losses.get(loss)
        self.weight = weight

    @property
    def function(self):
        """The loss as a function of `(y_true, y_pred)`, for recognition."""
        return getattr(self.loss, "fn", self.loss)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if isinstance(self.loss, Loss):
            value = self.loss(y_true, y_pred, sample_weight)
        else:
            y_pred = ops.convert_to_tensor(y_pred)
            value = reduce_weighted(
                self.loss(ops.convert_to_tensor(y_true), y_pred),
                sample_weight,
                "sum_over_batch_size",
            )
        return value if self.weight is None else value * self.weight


class CompiledMetrics:
    """The metrics of a model. Names such as `"accuracy"` are resolved by the first batch's shapes.

    Args:
        names: What `compile(metrics=...)` was given.
        weighted_names: What `compile(weighted_metrics=...)` was given.
    """

    def __init__(self, names=None, weighted_names=None):
        self._names = _as_list("metrics", names)
        self._weighted_names = _as_list("weighted_metrics", weighted_names)
        self.built = False
        self._unweighted, self._weighted = [], []

    @property
    def metrics(self):
        return self._unweighted + self._weighted

    def build(self, y_true, y_pred):
        """Makes the metrics for labels and predictions of these shapes."""
        if self.built:
            return
        self._unweighted = [_resolve(name, y_true, y_pred) for name in self._names]
        self._weighted = [_resolve(name, y_true, y_pred) for name in self._weighted_names]
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch."""
        self.build(y_true, y_pred)
        for metric in self._unweighted:
            metric.update_state(y_true, y_pred)
        for metric in self._weighted:
            metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def reset_state(self):
        """Forgets all batches."""
        for metric in self.metrics:
            metric.reset_state()


def _as_list(argument, names):
    if names is None:
        return []
    names = list(names) if isinstance(names, (list, tuple)) else [names]
    for name in names:
        if isinstance(name, str) and name.lower() in ("accuracy", "acc", "crossentropy", "ce"):
            continue
        if metrics.get(name) is None:  # raises for an unknown name
            raise ValueError(f"Argument `{argument}` must not hold None. Received: {names}")
    return names


def _resolve(name, y_true, y_pred):
    if isinstance(name, Metric):
        return name
    if isinstance(name, str) and name.lower() in ("accuracy", "acc", "crossentropy", "ce"):
        cls = _by_shape(name.lower(), y_true, y_pred)
        return cls(name=name)
    found = metrics.get(name)
    if isinstance(found, Metric):
        return found if not isinstance(name, str) else type(found)(name=name)
    return MeanMetricWrapper(found, name=name if isinstance(name, str) else found.__name__)


def _by_shape(name, y_true, y_pred):
    """Keras' rule: one score means binary, one axis less (or a last axis of 1) sparse labels."""
    accuracy = name in ("accuracy", "acc")
    if y_pred.shape[-1] == 1:
        return metrics.BinaryAccuracy if accuracy else metrics.BinaryCrossentropy
    if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1:
        if accuracy:
            return metrics.SparseCategoricalAccuracy
        return metrics.SparseCategoricalCrossentropy
    return metrics.CategoricalAccuracy if accuracy else metrics.CategoricalCrossentropy
