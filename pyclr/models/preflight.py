"""What is wrong with the data is said before the first update."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import _core, tree
from .. import losses as L
from .._warn import warn
from ..losses.reduction import broadcast_weight
from ..symbolic import dry_run

_ROWS = 4096  # looked at for values that are not finite: all of small data, an even sample of large
_ELEMENTS = 2**24  # looked at for labels out of range, alike
_TOLERANCE = 1e-3  # of shares and their sums, for labels that were computed


def check_data(x, y, sample_weight, losses, output_shapes, output_names=None):
    """Checks labels against the losses and outputs of a model, and all data for NaN.

    Args:
        x: Nested structure of arrays; leaves may be `None`, here and below.
        y: Flat list of labels, one entry for each output; or `None`.
        sample_weight: An array for all outputs, or a list of arrays or dictionary by the names of
            outputs; or `None`.
        losses: Flat list of the outputs' losses: `Loss` objects, functions or `None`. Labels are
            checked for pyclr's own.
        output_shapes: Flat list of the outputs' shapes, with the batch axis.
        output_names: Flat list of names, for messages about one of several outputs.

    Raises:
        ValueError: naming the argument, what is expected, what was received and what helps.
    """
    names = output_names or [None] * len(losses)
    arguments = ["y"]
    if len(losses) > 1:
        arguments = [f"y[{i if name is None else name!r}]" for i, name in enumerate(names)]
    for array in _arrays(x):
        _check_finite("x", array)
    weights = _by_output(sample_weight, names)
    for weight in _arrays(weights):
        _check_finite("sample_weight", weight)
        _check_not_negative(weight)
    for argument, array, loss, shape, weight in zip(
        arguments, y or [None] * len(losses), losses, output_shapes, weights
    ):
        if array is None:
            continue
        _check_finite(argument, array)
        function = _function(loss)
        checks = _CHECKS.get(function, ())
        labels = _Labels(argument, array, tuple(shape), loss, function)
        for check in checks:
            check(labels)
        if checks and weight is not None:
            _check_weight_shape(weight, labels)


def _function(loss):
    """The function that a loss computes; `None` where a class of the user's computes another."""
    if not isinstance(loss, L.Loss):
        return loss
    as_made = type(loss).call is L.LossFunctionWrapper.call
    return loss.fn if as_made and type(loss).__call__ is L.Loss.__call__ else None


def _arrays(structure):
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def _by_output(sample_weight, names):
    if isinstance(sample_weight, dict):
        return [sample_weight.get(name) for name in names]
    if isinstance(sample_weight, (list, tuple)):
        return list(sample_weight) + [None] * (len(names) - len(sample_weight))
    return [sample_weight] * len(names)


def _looked_at(array, rows=None):
    """Every so manieth row, and the step between them."""
    if rows is None:
        rows = max(1, _ELEMENTS // max(1, array[:1].size))
    step = max(1, len(array) // rows)
    return array[::step], step


def _check_finite(argument, array):
    if array.dtype.kind != "f":
        return
    sample, step = _looked_at(array, _ROWS)
    finite = np.isfinite(sample)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"Argument `{argument}` must hold finite numbers. "
            f"Received: {sample[place]} in sample {place[0] * step}"
        )


def _check_not_negative(weight):
    sample, _ = _looked_at(weight)
    if sample.size and sample.min() < 0:
        raise ValueError(
            f"Argument `sample_weight` must not be negative. Received: a weight of {sample.min()}"
        )


class _Labels(NamedTuple):
    """Labels of one output.

    `argument` is how messages name them; `output_shape` has the batch axis; `function` is what the
    loss computes.
    """

    argument: str
    array: np.ndarray
    output_shape: tuple
    loss: object
    function: object

    @property
    def loss_name(self):
        return self.function.__name__

    def option(self, name, default=None):
        """An argument of the loss, such as `axis`."""
        return getattr(self.loss, name, default)

    @property
    def axis(self):
        """The axis of the output that the loss sums or averages over."""
        return self.option("axis", -1)

    @property
    def shown_output_shape(self):
        return ("batch", *self.output_shape[1:])

    @property
    def range(self):
        """The smallest and the largest label."""
        sample, _ = _looked_at(self.array)
        return (sample.min(), sample.max()) if sample.size else (0, 0)

    def refuse(self, expected, received, fix=""):
        raise ValueError(f"Argument {self._text('must', expected, received, fix)}")

    def warn(self, expected, received, fix=""):
        warn(self._text("should", expected, received, fix))

    def _text(self, verb, expected, received, fix):
        return (
            f"`{self.argument}` {verb} {expected} for the loss '{self.loss_name}'. "
            f"Received: {received}.{fix}"
        )


def _without(shape, axis):
    shape = list(shape)
    del shape[axis]
    return tuple(shape)


def _several_classes(labels):
    if labels.output_shape[labels.axis] == 1:
        raise ValueError(
            f"The loss '{labels.loss_name}' needs an output of two classes or more: the "
            "probability of a single one is 1, whatever is learned. Received: output shape="
            f"{labels.shown_output_shape}. For yes/no labels with one score, use "
            "activation='sigmoid' and the loss 'binary_crossentropy'; for more classes, give the "
            "last layer one unit for each."
        )


def _same_shape(labels):
    shape, wanted = labels.array.shape[1:], labels.output_shape[1:]
    if shape == wanted or (*shape, 1) == wanted or shape == (*wanted, 1):
        return
    fix = " Change the units of the last layer, or the labels."
    if wanted and labels.array.dtype.kind in "iu" and shape in (wanted[:-1], (*wanted[:-1], 1)):
        fix = (
            " These look like integer labels: for classes use the loss "
            "'sparse_categorical_crossentropy', or one-hot labels, "
            "`pyclr.utils.to_categorical(y)`."
        )
    labels.refuse(
        f"have the shape of the output, {('batch', *wanted)},",
        f"{labels.argument}.shape={labels.array.shape}",
        fix,
    )


def _from_0_to_1(labels):
    low, high = labels.range
    if low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        return
    fix = ""
    if low == -1 and high == 1:
        fix = " Labels -1 and 1 are those of the loss 'hinge'; `(y + 1) / 2` makes them 0 and 1."
    elif high > 1 and labels.array.dtype.kind in "iu":
        fix = (
            " For integer labels of several classes, use activation='softmax' and the loss "
            f"'sparse_categorical_crossentropy'; masks of 0 and {high} are divided by {high}."
        )
    labels.refuse("hold labels from 0 to 1", f"labels from {low} to {high}", fix)


def _not_negative(labels):
    low, high = labels.range
    if low < -_TOLERANCE:
        fix = " For numbers of any sign, use 'mean_squared_error' or 'huber'."
        labels.refuse("hold labels that are not negative", f"labels from {low} to {high}", fix)


def _signs(labels):
    sample, _ = _looked_at(labels.array)
    bad = sample[(sample != 0) & (np.abs(sample) != 1)]
    if bad.size:
        fix = " For classes of more than two kinds, use 'categorical_hinge' with one-hot labels."
        labels.refuse("hold labels -1 and 1 (or 0 and 1)", f"the label {bad.flat[0]}", fix)


def _distributions(labels):
    if labels.array.ndim < len(labels.output_shape):
        return
    sample, step = _looked_at(labels.array)
    sums = sample.sum(labels.axis, dtype="float64")
    # A row of zeros says nothing: it stands for a place without a label.
    bad = np.argwhere((np.abs(sums - 1) > _TOLERANCE) & (sums != 0))
    if len(bad):
        place = tuple(int(i) for i in bad[0])
        fix = ""
        if sums[place] > 1:
            fix = (
                " If several classes may hold at once, use activation='sigmoid' and the loss "
                "'binary_crossentropy'."
            )
        expected = "hold one-hot labels or probabilities, which add up to 1,"
        received = f"labels that add up to {sums[place]:.6g} in sample {place[0] * step}"
        if np.isin(sample, (0, 1)).all():
            labels.refuse(expected, received, fix)
        # Numbers in between may be meant as weights of the classes.
        labels.warn(expected, received, fix)


def _class_numbers(labels):
    y, classes = labels.array, labels.output_shape[labels.axis]
    wanted = _without(labels.output_shape, labels.axis)[1:]
    with_axis = list(labels.output_shape)
    with_axis[labels.axis] = 1
    if y.shape[1:] not in (wanted, tuple(with_axis[1:])):
        fix = ""
        if y.ndim == len(labels.output_shape) and y.shape[labels.axis] == classes:
            fix = (
                " These look like one-hot labels: use the loss 'categorical_crossentropy', or "
                f"`y.argmax({labels.axis})`."
            )
        labels.refuse(
            f"hold one integer label for each vector of class scores, shape {('batch', *wanted)},",
            f"{labels.argument}.shape={y.shape}, output shape={labels.shown_output_shape}",
            fix,
        )
    _check_integers(labels)
    sample, _ = _looked_at(y)
    ignored = labels.option("ignore_class")
    checked = sample if ignored is None else sample[sample != ignored]
    low, high = (checked.min(), checked.max()) if checked.size else (0, 0)
    if low < 0 or high >= classes:
        fix = " Give the last layer a unit for each class, or number the labels from 0."
        if low == 1 and high == classes:
            fix = " These look like classes numbered from 1: use `y - 1`."
        elif low < 0 and ignored is None:
            fix = (
                " Labels that mean none are left out with "
                f"SparseCategoricalCrossentropy(ignore_class={low:g})."
            )
        labels.refuse(
            f"hold labels from 0 to {classes - 1}, one for each of the output's {classes} classes,",
            f"labels from {low} to {high}",
            fix,
        )


def _check_integers(labels):
    y, _ = _looked_at(labels.array)
    if y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        bad = y[y != np.round(y)].flat[0]
        fix = " To predict numbers, use a loss such as 'mean_squared_error'."
        labels.refuse("hold integer labels", f"the label {bad} (dtype={y.dtype})", fix)


def _one_integer(labels):
    if labels.array.shape[1:] not in ((), (1,)):
        labels.refuse(
            "hold one integer label for each sample, shape ('batch',),",
            f"{labels.argument}.shape={labels.array.shape}",
            " One-hot labels become integers with `y.argmax(-1)`.",
        )
    _check_integers(labels)


def _words(labels):
    y, shape = labels.array, labels.output_shape
    if y.ndim != 2 or len(shape) != 3:
        labels.refuse(
            "hold a row of integer labels for each sample, shape ('batch', max_length), and the "
            "output must be logits ('batch', time, classes)",
            f"{labels.argument}.shape={y.shape}, output shape={labels.shown_output_shape}",
        )
    _check_integers(labels)
    low, high = labels.range
    if low < 0 or high >= shape[-1]:
        labels.refuse(
            f"hold labels from 1 to {shape[-1] - 1}, filled up with 0,",
            f"labels from {low} to {high}",
            " Give the last layer a unit for each label and one more, for 0.",
        )
    sample, step = _looked_at(y)
    repeats = (sample[:, 1:] == sample[:, :-1]) & (sample[:, 1:] != 0)
    needed = (sample != 0).sum(-1) + repeats.sum(-1)  # a blank must stand between equal labels
    if needed.size and needed.max() > shape[1]:
        labels.refuse(
            f"hold rows that fit into the {shape[1]} time steps of the output",
            f"labels that take {needed.max()} steps in sample {int(needed.argmax()) * step}",
        )


def _check_weight_shape(weight, labels):
    """Refuses weights that do not fit the values of the loss, whose shape a dry run tells."""
    rows = len(labels.array)
    call = getattr(labels.loss, "call", labels.loss)
    with dry_run():
        values = call(
            _core.ops.full(shape=(1, *labels.array.shape[1:])),
            _core.ops.full(shape=(1, *labels.output_shape[1:])),
        )
        shape = (rows, *values.shape[1:]) if values.ndim else ()
        broadcast_weight(_core.ops.full(shape=shape), _core.ops.full(shape=weight.shape))


# What labels of a loss must be.
_CHECKS = {
    L.mean_squared_error: (_same_shape,),
    L.mean_absolute_error: (_same_shape,),
    L.mean_absolute_percentage_error: (_same_shape,),
    L.mean_squared_logarithmic_error: (_same_shape, _not_negative),
    L.cosine_similarity: (_same_shape,),
    L.huber: (_same_shape,),
    L.log_cosh: (_same_shape,),
    L.hinge: (_same_shape, _signs),
    L.squared_hinge: (_same_shape, _signs),
    L.categorical_hinge: (_same_shape, _from_0_to_1),
    L.kl_divergence: (_same_shape, _from_0_to_1),
    L.poisson: (_same_shape, _not_negative),
    L.binary_crossentropy: (_same_shape, _from_0_to_1),
    L.binary_focal_crossentropy: (_same_shape, _from_0_to_1),
    L.categorical_crossentropy: (_several_classes, _same_shape, _from_0_to_1, _distributions),
    L.categorical_focal_crossentropy: (
        _several_classes,
        _same_shape,
        _from_0_to_1,
        _distributions,
    ),
    L.sparse_categorical_crossentropy: (_several_classes, _class_numbers),
    L.categorical_generalized_cross_entropy: (_several_classes, _class_numbers),
    L.dice: (_same_shape, _from_0_to_1),
    L.tversky: (_same_shape, _from_0_to_1),
    L.circle: (_one_integer,),
    L.ctc: (_words,),
}
