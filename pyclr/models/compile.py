"""What `compile` was given, ready to use: the losses and the metrics of every output."""

from __future__ import annotations

import numbers

from .. import losses, metrics, ops, tree
from ..losses import Loss
from ..metrics import Mean, MeanMetricWrapper, Metric
from .per_output import Outputs

# tf.keras gives labels of shape (batch,) a last axis of 1 where the output has two axes; Keras 3
# does not. `pyclr.compat` sets this for programs that import tensorflow.
match_ranks = False

_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


class CompiledLoss:
    """The losses of a model, summed over outputs, each weighted by sample.

    Args:
        loss: A `Loss`, a function of `(y_true, y_pred)`, a name, or a structure of them: a list in
            the order of outputs, a dictionary by their names (an output without a key, or with
            `None`, has no loss), or a list of losses that are added up, for a model with one
            output.
        weights: Number, list or dictionary of numbers, or `None`: factors of the losses.
    """

    def __init__(self, loss, weights=None):
        for leaf in tree.flatten(loss):
            if not (isinstance(leaf, str) and leaf.lower() in _BY_SHAPE):
                losses.get(leaf)  # raises for an unknown name
        for leaf in tree.flatten(weights):
            if leaf is not None and (isinstance(leaf, bool) or not isinstance(leaf, numbers.Real)):
                raise ValueError(
                    f"Argument `loss_weights` must hold numbers. Received: loss_weights={weights!r}"
                )
        self._given, self._weights = loss, weights
        self.outputs = None
        self._terms = []  # (place of the output, loss, factor, metric of the mean or None)

    @property
    def metrics(self):
        """The mean loss of each output, for a model with several losses."""
        return [metric for *_, metric in self._terms if metric is not None]

    @property
    def losses(self):
        """The loss of each output, `None` where there is none; known after `build`. Of several
        losses for one output, the first."""
        first = [None] * (self.outputs.count if self.outputs else 0)
        for place, loss, *_ in reversed(self._terms):
            first[place] = loss
        return first

    def build(self, y_true, y_pred, names=None):
        """Resolves names and structures for labels and predictions of these shapes."""
        if self.outputs is not None:
            return
        outputs = Outputs(y_pred, names)
        given = self._given
        several = outputs.is_single and isinstance(given, (list, tuple)) and len(given) > 1
        if several:
            terms = [(0, *pair) for pair in zip(given, _one_each(self._weights, given))]
        else:
            weights = outputs.align("loss_weights", self._weights, _is_number)
            aligned = outputs.align("loss", given, _is_one)
            terms = [(place, one, weights[place]) for place, one in enumerate(aligned)]
        terms = [term for term in terms if term[1] is not None]
        labels, flat = _labels(outputs, y_true, [t[0] for t in terms]), tree.flatten(y_pred)
        built, taken = [], set()
        for place, one, weight in terms:
            loss = _resolved_loss(one, labels[place], flat[place])
            metric = None
            if len(terms) > 1:
                name = None if several else outputs.names[place]
                taken.add(name := _unused(f"{name or loss.name}_loss", taken))
                metric = Mean(name=name)
            built.append((place, loss, weight, metric))
        self.outputs, self._terms = outputs, built

    def labels(self, y_true):
        """Returns the labels in the order of the outputs, `None` where there are none."""
        return _labels(self.outputs, y_true, [term[0] for term in self._terms])

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the weighted sum of the losses, or `None` if no output has one."""
        self.build(y_true, y_pred)
        flat = tree.flatten(y_pred)
        labels = self.labels(y_true)
        weights = self.outputs.align("sample_weight", sample_weight, _is_tensor)
        total = None
        for place, loss, factor, metric in self._terms:
            if labels[place] is None:
                name = self.outputs.names[place]
                what = f"output '{name}'" if name else "model"
                raise ValueError(f"The {what} has a loss and needs labels. Received: y=None")
            value = loss(_ranked(labels[place], flat[place]), flat[place], weights[place])
            if metric is not None:
                metric.update_state(value, sample_weight=float(flat[place].shape[0]))
            value = value if factor is None else value * factor
            total = value if total is None else total + value
        return total


class CompiledMetrics:
    """The metrics of a model. Names such as `"accuracy"` are resolved by the first batch's shapes.

    Args:
        names: What `compile(metrics=...)` was given: a list for a model with one output; for one
            with several, a list with one entry (or list of entries) an output, or a dictionary.
        weighted_names: What `compile(weighted_metrics=...)` was given, alike.
    """

    def __init__(self, names=None, weighted_names=None):
        self._given = {"metrics": names, "weighted_metrics": weighted_names}
        for argument, given in self._given.items():
            _check_names(argument, given)
        self.outputs = None
        self._entries = []  # (place of the output, metric, whether it takes weights)

    @property
    def metrics(self):
        return [metric for _, metric, _ in self._entries]

    @property
    def built(self):
        return self.outputs is not None

    def build(self, y_true, y_pred, names=None):
        """Makes the metrics for labels and predictions of these shapes."""
        if self.built:
            return
        outputs = Outputs(y_pred, names)
        entries = []
        flat = tree.flatten(y_pred)
        labels = _labels(outputs, y_true, range(outputs.count))
        for argument, given in self._given.items():
            for place, metric in enumerate(_metrics_of_outputs(argument, given, outputs)):
                for one in metric:
                    made = _resolved_metric(one, labels[place], flat[place])
                    entries.append((place, made, argument == "weighted_metrics"))
        self.outputs, self._entries = outputs, entries

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch."""
        self.build(y_true, y_pred)
        flat = tree.flatten(y_pred)
        labels = _labels(self.outputs, y_true, {entry[0] for entry in self._entries})
        weights = self.outputs.align("sample_weight", sample_weight, _is_tensor)
        for place, metric, weighted in self._entries:
            if labels[place] is None:
                continue
            weight = {"sample_weight": weights[place]} if weighted else {}
            metric.update_state(_ranked(labels[place], flat[place]), flat[place], **weight)

    def results(self):
        """Returns the results by their names in logs: with several outputs, the output's first."""
        found = {}
        for place, metric, weighted in self._entries:
            result = metric.result()
            for name, value in (result if isinstance(result, dict) else {None: result}).items():
                name = metric.name if name is None else name
                output = self.outputs.names[place] if self.outputs.count > 1 else None
                prefix = f"{output}_" if output else ""
                if weighted and prefix + name in found:
                    name = f"weighted_{name}"
                found[_unused(prefix + name, found)] = value
        return found

    def reset_state(self):
        """Forgets all batches."""
        for metric in self.metrics:
            metric.reset_state()


def _unused(name, names):
    number, free = 0, name
    while free in names:
        number += 1
        free = f"{name}_{number}"
    return free


def _one_each(weights, losses):
    """A factor for each of several losses of one output, from a number or a list of them."""
    if weights is None or _is_number(weights):
        return [weights] * len(losses)
    if isinstance(weights, dict) or len(weights) != len(losses):
        raise ValueError(
            f"Argument `loss_weights` must be a number, or a list with one for each of the "
            f"{len(losses)} losses. Received: loss_weights={weights!r}"
        )
    return weights


def _is_one(value):
    return not isinstance(value, (list, tuple, dict))


def _is_number(value):
    return isinstance(value, numbers.Real)


def _is_tensor(value):
    return hasattr(value, "shape")


def _labels(outputs, y_true, places):
    """The labels of each output. A list may also have them for the outputs with a loss alone."""
    wanted = list(places)
    given = list(y_true) if isinstance(y_true, (list, tuple)) else None
    if given is not None and len(given) == len(wanted) < outputs.count:
        aligned = [None] * outputs.count
        for place, labels in zip(wanted, given):
            aligned[place] = labels
        return aligned
    if outputs.count > 1 and y_true is not None and _is_tensor(y_true) and len(wanted) > 1:
        raise ValueError(
            f"Argument `y` must have labels for each output of the model, {outputs.names}. "
            f"Received: one array of shape {tuple(y_true.shape)}"
        )
    return outputs.align("y", y_true, _is_tensor)


def _ranked(y_true, y_pred):
    if match_ranks and len(y_true.shape) == 1 and len(y_pred.shape) == 2:
        return ops.expand_dims(y_true, -1)
    return y_true


def _resolved_loss(given, y_true, y_pred):
    if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):
        return losses.get(_by_shape("crossentropy", y_true, y_pred).__name__)
    found = losses.get(given)
    return found if isinstance(found, Loss) else losses.LossFunctionWrapper(found)


def _check_names(argument, given):
    for leaf in tree.flatten(given):
        if leaf is None or (isinstance(leaf, str) and leaf.lower() in _BY_SHAPE):
            continue
        metrics.get(leaf)  # raises for an unknown name


def _metrics_of_outputs(argument, given, outputs):
    """A list of metrics for each output."""
    if given is None:
        return [[] for _ in range(outputs.count)]
    if outputs.count == 1:
        if isinstance(given, dict):
            given = outputs.align(argument, given, lambda value: not isinstance(value, dict))
        return [[one for one in tree.flatten(given) if one is not None]]
    if _is_one(given):
        given = [given]

    def is_leaf(value):
        return _is_one(value) or all(map(_is_one, value)) and not isinstance(value, dict)

    flat_list = isinstance(given, (list, tuple)) and is_leaf(given)
    if flat_list and len(given) != outputs.count:
        raise ValueError(
            f"Argument `{argument}` must have one entry, or list of entries, for each output of "
            f"the model, {outputs.names}. Received: {argument}={given!r}"
        )
    aligned = list(given) if flat_list else outputs.align(argument, given, is_leaf)
    return [[one for one in tree.flatten(entry) if one is not None] for entry in aligned]


def _resolved_metric(name, y_true, y_pred):
    if isinstance(name, Metric):
        return name
    if isinstance(name, str) and name.lower() in _BY_SHAPE:
        return _by_shape(name.lower(), y_true, y_pred)(name=name)
    found = metrics.get(name)
    if isinstance(found, Metric):
        return found if not isinstance(name, str) else type(found)(name=name)
    if not isinstance(name, str):  # a function, a loss or another callable
        name = getattr(found, "__name__", getattr(found, "name", type(found).__name__))
    return MeanMetricWrapper(found, name=name)


def _by_shape(name, y_true, y_pred):
    """Keras' rule: one score means binary, one axis less (or a last axis of 1) sparse labels."""
    accuracy = name in ("accuracy", "acc")
    if y_pred.shape[-1] == 1:
        return metrics.BinaryAccuracy if accuracy else metrics.BinaryCrossentropy
    if len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1:
        if accuracy:
            return metrics.SparseCategoricalAccuracy
        return metrics.SparseCategoricalCrossentropy
    return metrics.CategoricalAccuracy if accuracy else metrics.CategoricalCrossentropy
