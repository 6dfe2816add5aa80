"""What losses do beyond Keras' values: gradients, replay, custom losses, masks, errors."""

import numpy as np
import pytest

import pyclr
from pyclr import activations, losses, ops
from pyclr.testing import assert_replays, check_gradients

from .cases import ACTIVATIONS, LOSSES

cases = pytest.mark.parametrize("case", LOSSES, ids=str)


def make(case, **kwargs):
    return getattr(losses, case.name)(**case.kwargs, **kwargs)


@cases
def test_gradients(case):
    y_true, y_pred = case.data()
    loss = make(case)
    check_gradients(lambda prediction: loss(y_true, prediction), [y_pred])
    if case.smooth_labels:
        check_gradients(lambda label: loss(label, y_pred), [y_true])


@cases
def test_replays(case):
    y_true, y_pred = case.data()
    loss = make(case)
    weight = np.arange(len(y_true), dtype="float32")
    if loss.fn(y_true, y_pred, **loss._fn_kwargs).ndim:
        assert_replays(loss, y_true, y_pred, weight)
    assert_replays(make(case, reduction="mean_with_sample_weight"), y_true, y_pred)


@cases
def test_trains(case):
    """By its name, from the layer's activation to the replayed step."""
    y_true, _ = case.data()
    last = pyclr.layers.Dense(case.shape[-1], activation=ACTIVATIONS[case.predictions])
    net = pyclr.Sequential([pyclr.Input((*case.shape[1:-1], 3)), last])
    loss = make(case)
    by_name = not case.kwargs and "q" not in loss.get_config()  # which has no default
    net.compile("sgd", loss.fn.__name__ if by_name else loss)
    x = np.random.default_rng(0).normal(size=(*case.shape[:-1], 3)).astype("float32")
    before = net.get_weights()
    history = net.fit(np.concatenate([x] * 4), np.concatenate([y_true] * 4), len(x), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not np.array_equal(before[0], net.get_weights()[0])
    assert net.explain_step().startswith("The step is replayed")


def gradient(loss, y_true, y_pred, *args):
    y_pred = pyclr.Variable(y_pred)
    with pyclr.GradientTape() as tape:
        value = loss(y_true, y_pred, *args)
    return value.numpy(), tape.gradient(value, y_pred).numpy()


# --- Weights: a row twice is a weight of 2, a weight of 0 is no row -------------------------------


@pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight"])
def test_weights_count_rows(reduction, rng):
    y_true, y_pred = rng.normal(size=(2, 4, 3))
    rows = [0, 0, 2, 3, 3, 3]
    loss = losses.MeanSquaredError(reduction=reduction)
    expected = loss(y_true[rows], y_pred[rows])
    found = loss(y_true, y_pred, [2.0, 0.0, 1.0, 3.0])
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize("shape", [(3,), (4, 2), (2, 4), (4, 5, 1, 1), (4, 5, 3)])
def test_weights_of_other_shapes(shape):
    y = np.zeros((4, 5, 3))
    with pytest.raises(ValueError, match="`sample_weight`.*one weight for each sample.*Received"):
        losses.MeanSquaredError()(y, y, np.ones(shape))


def test_weights_need_values():
    y = np.ones((4, 5))
    with pytest.raises(ValueError, match="`sample_weight` needs a loss with a value for each"):
        losses.Dice()(y, y, np.ones(4))
    found = losses.Dice(axis=-1)(y, 0 * y, np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(found.numpy(), 2.5)


# --- Masks ----------------------------------------------------------------------------------------


def masked(values, mask):
    tensor = ops.convert_to_tensor(values)
    tensor._keras_mask = ops.convert_to_tensor(mask)
    return tensor


def test_masked_values_may_be_anything(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 3))
    mask = np.array([True, False, True, True])
    expected = losses.MeanSquaredError()(y_true[mask], y_pred[mask])
    y_true[1] = np.nan
    found = losses.MeanSquaredError()(y_true, masked(y_pred, mask))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_mask_over_time_for_weights_of_samples(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3))
    mask, weight = rng.integers(0, 2, (4, 5)).astype(bool), rng.random(4)
    values = ((y_true - y_pred) ** 2).mean(-1)
    found = losses.MeanSquaredError()(y_true, masked(y_pred, mask), weight)
    expected = (values * weight[:, None])[mask].sum() / mask.sum()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_mask_and_ignored_class_are_both_left_out(rng):
    labels, y_pred = np.array([0, 1, 2, 1, 0]), rng.normal(size=(5, 3))
    mask = np.array([True, True, True, False, False])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    found = loss(labels, masked(y_pred, mask))
    plain = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = plain(labels[[0, 2]], y_pred[[0, 2]])
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32"])
@pytest.mark.parametrize("ignored", [-1, 2, 255])
def test_ignored_class_of_any_dtype(dtype, ignored, rng):
    if ignored < 0 and dtype == "uint8":
        labels = np.array([0, 1, 2, 1], dtype)  # holds none
    else:
        labels = np.array([0, 1, ignored, 1]).astype(dtype)
    y_pred = rng.normal(size=(4, 3))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignored)
    kept = labels != ignored
    plain = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = plain(labels[kept].astype(int), y_pred[kept])
    np.testing.assert_allclose(loss(labels, y_pred).numpy(), expected.numpy(), rtol=1e-12)


# --- Labels and predictions -----------------------------------------------------------------------


def test_lists_of_numbers():
    assert float(losses.MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])) == 2.5
    assert losses.MeanSquaredError()([[0, 1]], [[1, 3]]).dtype == "float32"
    assert float(losses.mean_absolute_error([[0, 1]], [[1, 3]])[0]) == 1.5


def test_dtype():
    y = np.ones((2, 3), "float64")
    assert losses.MeanSquaredError()(y, y).dtype == "float64"
    assert losses.MeanSquaredError(dtype="float32")(y, y).dtype == "float32"
    assert losses.MeanSquaredError(dtype="float64")(y, y.astype("float32")).dtype == "float64"
    assert losses.MeanSquaredError().dtype == "float32"
    # Labels in a small type are not added up in it.
    labels = np.full((2, 3), 200, "uint8")
    double = losses.LossFunctionWrapper(lambda y_true, y_pred: ops.mean(y_true + y_true, axis=-1))
    assert float(double(labels, y)) == 400


def test_ranks_that_differ_by_one(rng):
    y_true, y_pred = rng.normal(size=(2, 6))
    for shapes in (((6,), (6, 1)), ((6, 1), (6,)), ((3, 2), (3, 2, 1)), ((3, 2, 1), (3, 2))):
        labels, predictions = (a.reshape(s) for a, s in zip((y_true, y_pred), shapes))
        found = losses.MeanSquaredError()(labels, predictions)
        np.testing.assert_allclose(found.numpy(), ((y_true - y_pred) ** 2).mean(), rtol=1e-12)


@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "Hinge", "Dice"])
def test_labels_are_not_broadcast(name):
    with pytest.raises(ValueError, match=r"shape of the predictions.*\(4, 1\).*\(4, 3\)"):
        getattr(losses, name)()(np.ones((4, 1)), np.ones((4, 3)))


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("axis", [1, -2])
@pytest.mark.parametrize("keepdims", [True, False])
def test_classes_on_another_axis(from_logits, axis, keepdims, rng):
    labels, y_pred = rng.integers(0, 3, (4, 5)), rng.random((4, 5, 3))
    arguments = dict(from_logits=from_logits, reduction=None)
    expected = losses.SparseCategoricalCrossentropy(**arguments)(labels, y_pred)
    labels = np.expand_dims(labels, axis) if keepdims else labels
    loss = losses.SparseCategoricalCrossentropy(**arguments, axis=axis)
    found = loss(labels, np.moveaxis(y_pred, -1, 1).copy())
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_smoothing_is_over_the_classes(rng):
    y_true, y_pred = np.eye(3)[rng.integers(0, 3, (4, 5))], rng.random((4, 5, 3))
    expected = losses.CategoricalCrossentropy(label_smoothing=0.3)(y_true, y_pred)
    y_true, y_pred = (np.moveaxis(a, -1, 1).copy() for a in (y_true, y_pred))
    found = losses.CategoricalCrossentropy(label_smoothing=0.3, axis=1)(y_true, y_pred)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


# --- Logits behind probabilities ------------------------------------------------------------------

FAR = np.array([[-200.0, 200.0], [200.0, -200.0]], "float32")
ONE_HOT = np.array([[1.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "activation", "labels"),
    [
        ("BinaryCrossentropy", "sigmoid", ONE_HOT),
        ("CategoricalCrossentropy", "softmax", ONE_HOT),
        ("SparseCategoricalCrossentropy", "softmax", ONE_HOT.argmax(-1)),
    ],
)
def test_gradients_do_not_vanish_behind_an_activation(name, activation, labels):
    """The probabilities are 0 and 1 in float32: clipped, they would have no gradient."""
    function, plain = getattr(activations, activation), getattr(losses, name)()
    found = gradient(lambda y, x: plain(y, function(x)), labels, FAR)
    expected = gradient(getattr(losses, name)(from_logits=True), labels, FAR)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)
    assert np.abs(found[1]).max() > 0.1


@pytest.mark.parametrize(
    ("name", "activation"),
    [("BinaryCrossentropy", "softmax"), ("CategoricalCrossentropy", "sigmoid")],
)
def test_logits_of_the_other_activation_are_not_used(name, activation, rng):
    x, loss = rng.normal(size=(4, 3)), getattr(losses, name)()
    y_true = np.eye(3)[[0, 1, 2, 0]]
    y_pred = getattr(activations, activation)(x)
    expected = loss(y_true, y_pred.numpy())
    np.testing.assert_array_equal(loss(y_true, y_pred).numpy(), expected.numpy())


def test_logits_of_another_axis_are_not_used(rng):
    y_pred, y_true = activations.softmax(rng.normal(size=(2, 3, 3))), np.eye(3)[[[0, 1, 2]] * 2]
    for name, labels in (("", y_true), ("Sparse", y_true.argmax(1))):
        loss = getattr(losses, f"{name}CategoricalCrossentropy")(axis=1)
        expected = loss(labels, y_pred.numpy())
        np.testing.assert_array_equal(loss(labels, y_pred).numpy(), expected.numpy())


def test_logits_stay_known_when_an_axis_is_dropped():
    labels, x = np.ones((2, 3)), np.full((2, 3, 1), -200.0, "float32")
    loss = losses.BinaryCrossentropy()
    _, found = gradient(lambda y, x: loss(y, activations.sigmoid(x)), labels, x)
    np.testing.assert_allclose(found, np.full(x.shape, -1 / 6), rtol=1e-6)


# --- Finite where formulas are not ----------------------------------------------------------------


def test_finite_gradients():
    zeros = np.zeros((2, 3))
    for loss, labels, y_pred in [
        (losses.CategoricalGeneralizedCrossEntropy(), np.array([0, 1]), zeros),
        (losses.CosineSimilarity(), zeros + 1, zeros),
        (losses.BinaryFocalCrossentropy(gamma=0.5), zeros, zeros),
        (losses.CategoricalFocalCrossentropy(gamma=0.5), np.eye(3)[:2], np.eye(3)[:2]),
        (losses.Poisson(), zeros + 1, zeros),
        (losses.KLDivergence(), zeros + 1 / 3, zeros),
        (losses.LogCosh(), zeros - 1e4, zeros),
        (losses.Dice(), zeros, zeros),
        (losses.Circle(), np.array([0, 1]), np.eye(3)[:2]),  # no two of one class
        (losses.Circle(), np.array([1, 1]), np.eye(3)[:2]),  # no two of different classes
        (losses.CTC(), np.array([[1, 1, 1]] * 2), np.zeros((2, 3, 3))),  # not enough time
    ]:
        value, slope = gradient(loss, labels, y_pred)
        assert np.isfinite(value) and np.isfinite(slope).all(), loss.name


def test_circle_against_references(rng):
    labels, embeddings = np.array([0, 1, 0, 1]), rng.normal(size=(4, 3))
    embeddings /= np.linalg.norm(embeddings, axis=-1, keepdims=True)
    arguments = dict(remove_diagonal=False, gamma=4.0)
    whole = losses.circle(labels, embeddings, **arguments)
    found = losses.circle(labels[:2], embeddings[:2], labels, embeddings, **arguments)
    np.testing.assert_allclose(found.numpy(), whole.numpy()[:2], rtol=1e-12)


def test_ctc_sums_over_alignments(rng):
    """Against the sum over all ways to write each step's class."""
    logits = rng.normal(size=(1, 4, 3))
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    for label in ([1, 2], [1, 1], [2, 0], [0, 0]):
        total = 0.0
        for path in np.ndindex(3, 3, 3, 3):
            merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
            if [c for c in merged if c] == [c for c in label if c]:
                total += np.prod(p[range(4), path])
        found = losses.ctc(np.array([label]), logits)
        np.testing.assert_allclose(found.numpy(), [-np.log(total)], rtol=1e-10)


def test_ctc_of_sequences_that_end_early(rng):
    labels, logits = np.array([[1, 2, 0], [2, 2, 1]]), rng.normal(size=(2, 6, 4))
    short = ops.ctc_loss(labels[:1], logits[:1, :4], [2], [4])
    both = ops.ctc_loss(labels, logits, [2, 3], [4, 6])
    np.testing.assert_allclose(both.numpy()[:1], short.numpy(), rtol=1e-12)
    check_gradients(lambda x: ops.ctc_loss(labels, x, [2, 3], [4, 6]), [logits])


# --- Custom losses --------------------------------------------------------------------------------


def quartic(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 4, axis=-1)


def quartic_mean(y_true, y_pred):
    return np.mean(np.square(np.square(y_true - y_pred)))


class Quartic(losses.Loss):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * ops.mean((y_true - y_pred) ** 4, axis=-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


CUSTOM = [quartic, quartic_mean, Quartic(), losses.LossFunctionWrapper(quartic)]


@pytest.mark.parametrize("loss", CUSTOM, ids=lambda loss: getattr(loss, "name", str(loss)))
def test_custom_losses_train_and_replay(loss, rng):
    y_true, y_pred = rng.normal(size=(2, 6, 3))
    check_gradients(lambda y: loss(y_true, y), [y_pred])
    net = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(3)])
    net.compile("sgd", loss)
    expected = ((y_true - net.predict(y_pred, verbose=0)) ** 4).mean()
    np.testing.assert_allclose(net.evaluate(y_pred, y_true, verbose=0), expected, rtol=1e-5)
    net.fit(np.tile(y_pred, (4, 1)), np.tile(y_true, (4, 1)), 6, verbose=0)
    assert net.explain_step().startswith("The step is replayed")


def test_custom_class():
    loss = Quartic(2.0, reduction="sum")
    assert loss.name == "quartic" and type(loss).from_config(loss.get_config()).factor == 2.0
    config = losses.serialize(loss)
    assert losses.deserialize(config, {"Quartic": Quartic}).get_config() == loss.get_config()
    with pytest.raises(NotImplementedError, match="must implement `call`"):
        losses.Loss()(np.ones(2), np.ones(2))


def test_wrapped_function():
    loss = losses.LossFunctionWrapper(losses.huber, delta=2.0)
    assert loss.name == "huber" and loss.delta == 2.0
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert again.fn is losses.huber and again.get_config() == loss.get_config()
    with pytest.raises(AttributeError, match="gamma"):
        loss.gamma  # noqa: B018


def test_nested_structures(rng):
    a, b, c, d = rng.normal(size=(4, 5, 1))

    def total(y_true, y_pred):
        first = ops.mean(ops.square(y_true["a"] - y_pred["a"]), axis=-1)
        return first + ops.mean(ops.abs(y_true["b"][0] - y_pred["b"][0]), axis=-1)

    loss = losses.LossFunctionWrapper(total)
    found = loss({"a": a[:, 0], "b": [b]}, {"a": c, "b": [d]})
    expected = ((a - c) ** 2 + np.abs(b - d)).mean()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="structure of the predictions"):
        loss({"a": a}, {"a": c, "b": [d]})


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.Hinge(reduction="average"), "`reduction` must be one of .*'average'"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2), r"`label_smoothing`.*\[0, 1\].*2"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.0), r"`q`.*\(0, 1\).*1.0"),
        (lambda: losses.get("mean_sqared_error"), "loss identifier.*mean_squared_error"),
        (lambda: losses.ctc(np.ones(3), np.ones((3, 4, 5))), r"\(batch, max_length\).*\(3,\)"),
        (lambda: losses.ctc([[7]], np.ones((1, 4, 5))), "labels from 0 to 4.*7"),
        (
            lambda: losses.sparse_categorical_crossentropy([3], np.ones((1, 3)), True),
            r"labels must be in \[0, 3\).*3",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy(np.ones((2, 4), int), np.ones((2, 3))),
            r"one integer label.*\(2, 4\)",
        ),
        (lambda: ops.ctc_loss([[1]], np.ones((1, 4, 5)), [1, 2], [4]), r"target_length \(2,\)"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("name", ["Categorical", "SparseCategorical"])
def test_one_class_is_warned_of(name):
    labels = np.ones((2, 1)) if name == "Categorical" else np.zeros(2, int)
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        getattr(losses, f"{name}Crossentropy")()(labels, np.ones((2, 1)))


@cases
def test_of_symbolic_tensors(case):
    """In a graph of layers, for batches of any size where the loss does not compare samples."""
    data = case.data()
    loss = make(case)
    batch = len(data[0]) if case.name in ("Circle", "CTC") else None
    inputs = [pyclr.Input(a.shape[1:], batch_size=batch, dtype=str(a.dtype)) for a in data]
    for function in (lambda *args: loss.fn(*args, **loss._fn_kwargs), loss):
        model = pyclr.Model(inputs, function(*inputs))
        np.testing.assert_allclose(model(list(data)), function(*data), rtol=1e-6, atol=1e-7)
