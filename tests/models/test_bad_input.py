"""Bad input is refused by name, with what was expected and received, before any weight changes."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.models.preflight import check_data

X = np.zeros((6, 4), "float32")
Y = np.arange(6) % 3


def bad(value, place=(2, 1)):
    x = X.copy()
    x[place] = value
    return x


# name -> (arguments of fit, words of the message)
FIT = {
    "wrong number of features": (
        dict(x=np.zeros((6, 5), "float32"), y=Y),
        ["expected", "4", "(1, 5)"],
    ),
    "wrong rank": (dict(x=np.zeros((6, 4, 4, 1), "float32")[:, 0, 0], y=Y), ["shape"]),
    "label too large": (dict(x=X, y=Y + 1), ["`y`", "from 0 to 2", "labels from 1 to 3"]),
    "label negative": (dict(x=X, y=Y - 1), ["`y`", "from 0 to 2", "labels from -1 to 1"]),
    "float label": (dict(x=X, y=Y + 0.5), ["`y`", "integer labels", "0.5"]),
    "one-hot labels for a sparse loss": (
        dict(x=X, y=np.eye(3)[Y]),
        ["`y`", "one integer label", "categorical_crossentropy"],
    ),
    "different lengths": (dict(x=X, y=Y[:5]), ["same number of samples", "x: 6", "y: 5"]),
    "nan": (dict(x=bad(np.nan), y=Y), ["`x`", "finite", "nan", "sample 2"]),
    "infinity": (dict(x=bad(np.inf), y=Y), ["`x`", "finite", "inf", "sample 2"]),
    "none": (dict(x=[None] * 6, y=Y), ["`x`", "numbers", "object"]),
    "objects": (dict(x=np.array([[1, 2], [3]], dtype=object), y=Y[:2]), ["`x`", "object"]),
    "ragged lists": (dict(x=[[1.0, 2.0], [3.0]], y=Y[:2]), ["`x`", "equal length"]),
    "text": (dict(x=np.array([["a"] * 4] * 6), y=Y), ["`x`", "numbers", "<U1"]),
    "no samples": (dict(x=X[:0], y=Y[:0]), ["no samples", "x: 0"]),
    "a scalar": (dict(x=np.float32(1), y=Y), ["`x`", "first axis"]),
    "no labels": (dict(x=X, y=[]), ["same number of samples"]),
    "batch size": (dict(x=X, y=Y, batch_size=0), ["`batch_size`", "positive", "0"]),
    "batch size of another type": (dict(x=X, y=Y, batch_size=2.5), ["`batch_size`", "2.5"]),
    "epochs": (dict(x=X, y=Y, epochs=-1), ["`epochs`", "-1"]),
    "negative weights": (
        dict(x=X, y=Y, sample_weight=-np.ones(6)),
        ["`sample_weight`", "negative", "-1"],
    ),
    "nan weights": (dict(x=X, y=Y, sample_weight=bad(np.nan)[:, 1]), ["`sample_weight`", "nan"]),
    "class that is none": (dict(x=X, y=Y, class_weight={0: 1, 7: 2}), ["class_weight", "7"]),
    "two kinds of weights": (
        dict(x=X, y=Y, class_weight={0: 2}, sample_weight=np.ones(6)),
        ["class_weight", "sample_weight"],
    ),
    "validation of other shape": (
        dict(x=X, y=Y, validation_data=(X[:, :3], Y)),
        ["expected", "4", "3)"],
    ),
    "validation label": (dict(x=X, y=Y, validation_data=(X, Y + 5)), ["`y`", "from 5 to 7"]),
    "validation of one array": (dict(x=X, y=Y, validation_data=X), ["`validation_data`"]),
    "validation_split": (dict(x=X, y=Y, validation_split=1.5), ["`validation_split`", "1.5"]),
    "split that leaves nothing": (dict(x=X, y=Y, validation_split=0.01), ["no samples"]),
    "verbose": (dict(x=X, y=Y, verbose=7), ["`verbose`", "7"]),
    "a callback that is none": (dict(x=X, y=Y, callbacks=["early"]), ["`callbacks`", "'early'"]),
    "too many steps": (dict(x=X, y=Y, steps_per_epoch=9), ["`steps_per_epoch`", "9"]),
}


def make():
    pyclr.utils.set_random_seed(0)
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(pyclr.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("case", FIT)
def test_fit(case):
    arguments, words = FIT[case]
    model = make()
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError)) as error:
        model.fit(**{"verbose": 0, **arguments})
    for word in words:
        assert word in str(error.value), str(error.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert int(model.optimizer.iterations) == 0
    assert model.fit(X, Y, verbose=0).epoch == [0]


COMPILE = {
    "optimizer": (dict(optimizer="sdg"), ["optimizer", "sdg", "sgd"]),
    "loss": (dict(loss="catagorical_crossentropy"), ["loss", "categorical_crossentropy"]),
    "metric": (dict(loss="mse", metrics=["acuracy"]), ["metric", "acuracy"]),
    "no optimizer": (dict(optimizer=None), ["optimizer"]),
}


@pytest.mark.parametrize("case", COMPILE)
def test_compile(case):
    arguments, words = COMPILE[case]
    model = make()
    optimizer = model.optimizer
    with pytest.raises(ValueError) as error:
        model.compile(**arguments)
    for word in words:
        assert word.lower() in str(error.value).lower(), str(error.value)
    assert model.optimizer is optimizer


def test_not_compiled():
    model = pyclr.Sequential([layers.Dense(3)])
    with pytest.raises(RuntimeError, match="must be compiled"):
        model.fit(X, Y)
    with pytest.raises(RuntimeError, match="must be compiled"):
        model.evaluate(X, Y)


def test_kernel_larger_than_the_input():
    with pytest.raises(ValueError) as error:
        pyclr.Sequential([pyclr.Input((3, 3, 1)), layers.Conv2D(2, 5)])
    assert "5" in str(error.value) and "(None, 3, 3, 1)" in str(error.value)


ONE_HOT = np.eye(3)[Y]
SCORE, CLASSES = (1, "sigmoid"), (3, "softmax")

# name -> (loss, units and activation of the last layer, labels, words of the message)
LABELS = {
    "mse, another size": (
        "mse",
        (3, None),
        np.zeros((6, 2)),
        ["`y`", "shape of the output", "(6, 2)"],
    ),
    "mse, one number for three": ("mse", (3, None), np.zeros(6), ["shape of the output", "(6,)"]),
    "mae": ("mae", (2, None), ONE_HOT, ["shape of the output", "'mean_absolute_error'", "(6, 3)"]),
    "huber": (pyclr.losses.Huber(2.0), (2, None), ONE_HOT, ["shape of the output", "'huber'"]),
    "msle": ("msle", SCORE, -X[:, :1] - 1, ["not negative", "-1.0", "'mean_squared_error'"]),
    "poisson": ("poisson", SCORE, Y - 1, ["not negative", "from -1 to 1"]),
    "integers for one-hot": (
        "categorical_crossentropy",
        CLASSES,
        Y,
        ["`y`", "shape of the output", "sparse_categorical_crossentropy", "to_categorical"],
    ),
    "percent": ("categorical_crossentropy", CLASSES, 100 * ONE_HOT, ["from 0 to 1", "100"]),
    "several classes at once": (
        "categorical_crossentropy",
        CLASSES,
        np.array([[1, 0, 0]] * 4 + [[1, 1, 0]] * 2),
        ["add up to 1", "add up to 2 in sample 4", "'binary_crossentropy'"],
    ),
    "focal, not one-hot": (
        pyclr.losses.CategoricalFocalCrossentropy(),
        CLASSES,
        np.maximum(ONE_HOT, np.roll(ONE_HOT, 1, axis=-1)),
        ["'categorical_focal_crossentropy'", "add up to 1", "add up to 2 in sample 0"],
    ),
    "softmax over one class": (
        "categorical_crossentropy",
        (1, "softmax"),
        np.ones((6, 1)),
        ["two classes or more", "('batch', 1)", "sigmoid", "binary_crossentropy"],
    ),
    "sparse, one class": (
        "sparse_categorical_crossentropy",
        (1, "softmax"),
        np.zeros(6, int),
        ["two classes or more", "sigmoid", "binary_crossentropy"],
    ),
    "classes from 1": (
        "sparse_categorical_crossentropy",
        CLASSES,
        Y + 1,
        ["from 0 to 2", "from 1 to 3", "`y - 1`"],
    ),
    "too few units": (
        pyclr.losses.SparseCategoricalCrossentropy(from_logits=True),
        (2, None),
        Y,
        ["from 0 to 1", "from 0 to 2", "unit for each class"],
    ),
    "a label for none": (
        "sparse_categorical_crossentropy",
        CLASSES,
        np.where(Y == 1, -1, Y),
        ["from -1 to 2", "ignore_class=-1"],
    ),
    "ignored class": (
        pyclr.losses.SparseCategoricalCrossentropy(ignore_class=-1),
        CLASSES,
        np.where(Y == 1, -1, 4 * Y),
        ["from 0 to 2", "from 0 to 8"],
    ),
    "generalized": (
        pyclr.losses.CategoricalGeneralizedCrossEntropy(),
        CLASSES,
        Y + 0.5,
        ["integer labels", "0.5"],
    ),
    "classes for yes or no": (
        "binary_crossentropy",
        SCORE,
        Y,
        ["from 0 to 1", "from 0 to 2", "softmax", "sparse_categorical_crossentropy"],
    ),
    "signs for yes or no": (
        "binary_crossentropy",
        SCORE,
        2 * (Y > 0) - 1,
        ["from 0 to 1", "from -1 to 1", "hinge", "(y + 1) / 2"],
    ),
    "integers for several yes or no": (
        "binary_focal_crossentropy",
        (3, "sigmoid"),
        Y,
        ["shape of the output", "sparse_categorical_crossentropy"],
    ),
    "hinge": ("hinge", SCORE, Y, ["-1 and 1", "the label 2", "categorical_hinge"]),
    "squared hinge": ("squared_hinge", SCORE, Y / 2, ["-1 and 1", "the label 0.5"]),
    "categorical hinge": ("categorical_hinge", CLASSES, 2 * ONE_HOT, ["from 0 to 1", "2.0"]),
    "divergence": ("kl_divergence", CLASSES, -ONE_HOT, ["from 0 to 1", "-1.0"]),
    "dice": (
        "dice",
        (3, "sigmoid"),
        255 * ONE_HOT.astype("uint8"),
        ["from 0 to 1", "255", "divided by 255"],
    ),
    "tversky": ("tversky", (2, "sigmoid"), ONE_HOT, ["shape of the output", "'tversky'"]),
    "circle": ("circle", CLASSES, ONE_HOT, ["one integer label for each sample", "argmax"]),
    "nan": ("mse", SCORE, np.where(Y == 2, np.nan, 1.0), ["`y`", "finite", "nan in sample 2"]),
}


def dense(loss, units, activation):
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("case", LABELS)
def test_labels(case):
    loss, last, y, words = LABELS[case]
    model = dense(loss, *last)
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        model.fit(X, y, verbose=0)
    for word in words:
        assert word in str(error.value), str(error.value)
    with pytest.raises(ValueError) as again:
        model.evaluate(X, y, verbose=0)
    assert str(again.value) == str(error.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


@pytest.mark.parametrize(
    ("loss", "last", "y"),
    [
        ("mse", SCORE, Y),
        ("mse", SCORE, Y[:, None]),
        ("binary_crossentropy", SCORE, Y > 0),
        ("binary_crossentropy", SCORE, np.full(6, 0.3)),
        ("categorical_crossentropy", CLASSES, 0.9 * ONE_HOT + 0.1 / 3),
        ("categorical_crossentropy", CLASSES, ONE_HOT.astype("uint8")),
        ("kl_divergence", CLASSES, 1.000001 * ONE_HOT),
        # A row without a label, as of padding.
        ("categorical_crossentropy", CLASSES, ONE_HOT * (Y > 0)[:, None]),
        ("sparse_categorical_crossentropy", CLASSES, Y[:, None].astype("float32")),
        (
            pyclr.losses.SparseCategoricalCrossentropy(ignore_class=255),
            CLASSES,
            np.where(Y == 2, 255, Y).astype("uint8"),
        ),
        ("hinge", SCORE, Y > 0),
        ("hinge", SCORE, Y - 1),
        ("poisson", SCORE, 10 * Y),
        ("circle", (3, None), Y),
        (lambda y_true, y_pred: np.mean(y_pred, axis=-1), CLASSES, np.zeros((6, 7, 5))),
    ],
)
def test_labels_that_fit(loss, last, y):
    assert np.isfinite(dense(loss, *last).fit(X, y, verbose=0).history["loss"][0])


class Percent(pyclr.losses.BinaryCrossentropy):
    """Labels of its own range."""

    def call(self, y_true, y_pred):
        return super().call(y_true / 100.0, y_pred)


def test_labels_of_a_subclass_are_its_own():
    y = np.full(6, 70)
    assert np.isfinite(dense(Percent(), *SCORE).fit(X, y, verbose=0).history["loss"][0])


def sequence_model(loss):
    model = pyclr.Sequential([pyclr.Input((5, 4)), layers.Dense(3)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.ones((6, 2, 1)), ["a row of integer labels", "(6, 2, 1)"]),
        (np.full((6, 2), 3), ["from 1 to 2", "from 3 to 3", "one more"]),
        (np.full((6, 2), 1.5), ["integer labels", "1.5"]),
        (np.full((6, 4), 2), ["5 time steps", "take 7 steps in sample 0"]),
    ],
)
def test_labels_of_ctc(y, words):
    with pytest.raises(ValueError) as error:
        sequence_model("ctc").fit(np.zeros((6, 5, 4)), y, verbose=0)
    for word in words:
        assert word in str(error.value), str(error.value)


@pytest.mark.parametrize(
    ("loss", "y", "shape"),
    [
        ("mse", np.zeros((6, 5, 3)), (6, 4)),
        ("mse", np.zeros((6, 5, 3)), (6, 5, 3)),
        (pyclr.losses.SparseCategoricalCrossentropy(from_logits=True), np.zeros((6, 5)), (6, 3)),
        ("ctc", np.ones((6, 2)), (6, 5)),
        ("dice", np.zeros((6, 5, 3)), (6,)),
    ],
)
def test_weights_of_another_shape(loss, y, shape):
    x = np.zeros((6, 5, 4))
    model = sequence_model(loss)
    with pytest.raises(ValueError, match="`sample_weight`.*Received: sample_weight.shape="):
        model.fit(x, y, sample_weight=np.ones(shape), verbose=0)
    assert int(model.optimizer.iterations) == 0
    if loss != "dice":
        model.fit(x, y, sample_weight=np.ones(6), verbose=0)


def test_no_labels():
    model = sequence_model("mse")
    with pytest.raises(ValueError, match="The model has a loss and needs labels. Received: y=None"):
        model.fit(np.zeros((6, 5, 4)), verbose=0)
    assert int(model.optimizer.iterations) == 0


def test_one_of_several_outputs_is_named():
    losses = [None, pyclr.losses.get("binary_crossentropy"), pyclr.losses.Hinge()]
    shapes = [(1, 7), (1, 1), (1, 1)]
    names = ["features", "score", None]

    def check(y, sample_weight=None, x=(X, {"a": X, "b": None})):
        check_data(x, y, sample_weight, losses, shapes, names)

    check([None, Y > 0, Y - 1])
    check([None, None, Y - 1], [None, None, np.ones(6)])
    check(None)
    for message, arguments in {
        r"`y\['score'\]` must hold labels from 0 to 1": ([None, Y, Y - 1],),
        r"`y\[2\]` must hold labels -1 and 1": ([None, Y > 0, Y],),
        r"`sample_weight`.*one weight for each sample": (
            [None, Y > 0, Y - 1],
            {"score": np.ones((6, 2))},
        ),
        r"`sample_weight` must not be negative": ([None, Y > 0, Y - 1], [None, None, -np.ones(6)]),
        r"`x` must hold finite numbers": ([None, Y > 0, Y - 1], None, [X, bad(np.nan)]),
    }.items():
        with pytest.raises(ValueError, match=message):
            check(*arguments)


def test_model_with_several_outputs():
    x = pyclr.Input((4,))
    score = layers.Dense(1, activation="sigmoid", name="score")(x)
    kind = layers.Dense(3, activation="softmax", name="kind")(x)
    model = pyclr.Model(x, [score, kind])
    model.compile("sgd", ["binary_crossentropy", "sparse_categorical_crossentropy"])
    with pytest.raises(ValueError, match=r"`y\['score'\]` must hold labels from 0 to 1"):
        model.fit(X, [Y, Y], verbose=0)
    with pytest.raises(ValueError, match=r"`y\['kind'\]` must hold labels from 0 to 2"):
        model.fit(X, {"score": Y > 0, "kind": Y + 1}, verbose=0)
    with pytest.raises(ValueError, match="`sample_weight` must have one weight"):
        model.fit(X, [Y > 0, Y], sample_weight={"kind": np.ones((6, 2))}, verbose=0)
    assert int(model.optimizer.iterations) == 0
    model.fit(X, [Y > 0, Y], sample_weight={"kind": np.ones(6)}, verbose=0)


def test_one_bad_label_among_many():
    y = np.zeros((70_000, 2), "int64")
    y[-1, 1] = 5
    loss = pyclr.losses.SparseCategoricalCrossentropy()
    with pytest.raises(ValueError, match="labels from 0 to 5"):
        check_data(None, [y], None, [loss], [(1, 2, 4)])


def test_whole_floats_are_labels():
    assert np.isfinite(make().fit(X, Y.astype("float32"), verbose=0).history["loss"][0])


@pytest.mark.parametrize("argument", ["learning_rate", "momentum"])
@pytest.mark.parametrize("value", [np.nan, "fast", None])
def test_optimizer_arguments(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`"):
        pyclr.optimizers.SGD(**{argument: value})


def test_set_weights_changes_nothing_when_refused():
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match="shape"):
        model.set_weights([np.ones((4, 3)), np.ones(4)])
    with pytest.raises(ValueError, match="2 weights"):
        model.set_weights([np.ones((4, 3))])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_pandas_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    with pytest.raises(ValueError, match="column 'b'"):
        make().fit(frame, Y[:2], verbose=0)


def test_weights_of_classes_that_do_not_add_up_are_warned_about():
    model = pyclr.Sequential([pyclr.Input((2,)), pyclr.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with pytest.warns(UserWarning, match="`y` should hold .* add up to 0.9 in sample 0"):
        model.fit(np.ones((4, 2)), np.full((4, 3), 0.3), verbose=0)
