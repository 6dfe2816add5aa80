"""class_weight is sample_weight by class, bit for bit, for every kind of labels and data."""

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.data import Dataset
from pyclr.data.weights import ClassWeights

RNG = np.random.default_rng(1)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = RNG.integers(0, 3, 60)
WEIGHTS = {0: 2.0, 2: 0.25}
BY_SAMPLE = np.array([2.0, 1.0, 0.25], "float32")[Y]


def make(loss, units):
    pyclr.utils.set_random_seed(1)
    activation = "sigmoid" if units == 1 else "softmax"
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("adam", loss, weighted_metrics=["accuracy"])
    return model


BINARY = (Y > 0).astype("float32")
LABELS = {  # labels, loss, units, class weights, weight of each sample
    "integers": (Y, "sparse_categorical_crossentropy", 3, WEIGHTS, BY_SAMPLE),
    "column": (Y[:, None], "sparse_categorical_crossentropy", 3, WEIGHTS, BY_SAMPLE),
    "one-hot": (np.eye(3)[Y], "categorical_crossentropy", 3, WEIGHTS, BY_SAMPLE),
    "binary": (BINARY, "binary_crossentropy", 1, {0: 3.0}, np.where(BINARY, 1.0, 3.0)),
    "binary column": (
        BINARY[:, None], "binary_crossentropy", 1, {0: 3, 1: 0.5}, np.where(BINARY, 0.5, 3.0),
    ),
}  # fmt: skip


class Batches(pyclr.utils.PyDataset):
    def __init__(self, y):
        super().__init__()
        self.y = y

    def __len__(self):
        return 6

    def __getitem__(self, index):
        rows = slice(10 * index, 10 * index + 10)
        return X[rows], self.y[rows]


GIVEN = {
    "arrays": lambda y: dict(x=X, y=y, batch_size=10, shuffle=False),
    "dataset": lambda y: dict(x=Dataset.from_tensor_slices((X, y)).batch(10)),
    "stream": lambda y: dict(x=Dataset.from_tensor_slices((X, y)).batch(10).map(lambda *b: b)),
    "py dataset": lambda y: dict(x=Batches(y), shuffle=False),
    "generator": lambda y: dict(x=iter([Batches(y)[i % 6] for i in range(12)]), steps_per_epoch=6),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("given", GIVEN)
def test_class_weight_is_sample_weight(labels, given):
    y, loss, units, class_weight, by_sample = LABELS[labels]
    ours, expected = make(loss, units), make(loss, units)
    log = ours.fit(**GIVEN[given](y), class_weight=class_weight, epochs=2, verbose=0).history
    assert (
        log
        == expected.fit(
            X, y, sample_weight=by_sample, batch_size=10, shuffle=False, epochs=2, verbose=0
        ).history
    )
    for a, b in zip(ours.get_weights(), expected.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_validation_is_not_weighted():
    model, twin = make(*LABELS["integers"][1:3]), make(*LABELS["integers"][1:3])
    log = model.fit(X, Y, class_weight=WEIGHTS, validation_split=0.5, verbose=0).history
    expected = twin.fit(
        X[:30], Y[:30], class_weight=WEIGHTS, validation_data=(X[30:], Y[30:]), verbose=0
    ).history
    assert log == expected
    plain = twin.evaluate(X[30:], Y[30:], verbose=0, return_dict=True)
    assert log["val_loss"][0] == plain["loss"]


def test_balanced():
    """The formula of scikit-learn: n_samples / (n_classes * np.bincount(y))."""
    y = np.array([0, 0, 0, 1, 1, 3])
    expected = np.array([6 / 9, 6 / 6, 0, 6 / 3])[y].astype("float32")
    np.testing.assert_array_equal(ClassWeights("balanced").of(y, whole=True), expected)
    np.testing.assert_array_equal(ClassWeights("balanced").of(np.eye(4)[y], whole=True), expected)
    ours, twin = make(*LABELS["integers"][1:3]), make(*LABELS["integers"][1:3])
    counts = np.bincount(Y)
    ours.fit(X, Y, class_weight="balanced", verbose=0)
    twin.fit(X, Y, sample_weight=60 / (3 * counts[Y]), verbose=0)
    for a, b in zip(ours.get_weights(), twin.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_train_on_batch():
    ours, twin = make(*LABELS["integers"][1:3]), make(*LABELS["integers"][1:3])
    assert ours.train_on_batch(X, Y, class_weight=WEIGHTS) == twin.train_on_batch(
        X, Y, sample_weight=BY_SAMPLE
    )


class TwoOutputs(pyclr.Model):
    def __init__(self, as_dictionary):
        super().__init__()
        self.first = layers.Dense(3, activation="softmax")
        self.second = layers.Dense(1, activation="sigmoid")
        self.as_dictionary = as_dictionary

    def call(self, inputs):
        outputs = self.first(inputs), self.second(inputs)
        return dict(zip("ab", outputs)) if self.as_dictionary else list(outputs)


@pytest.mark.parametrize("as_dictionary", [False, True])
@pytest.mark.parametrize("second", [{0: 4.0}, None])
def test_weights_of_each_output(as_dictionary, second):
    def make():
        pyclr.utils.set_random_seed(1)
        model = TwoOutputs(as_dictionary)
        losses = ["sparse_categorical_crossentropy", "binary_crossentropy"]
        model.compile("sgd", dict(zip("ab", losses)) if as_dictionary else losses)
        return model

    def both(a, b):
        return {"a": a, "b": b} if as_dictionary else [a, b]

    y = both(Y, BINARY[:, None])
    weight = None if second is None else np.where(BINARY, 1.0, 4.0)
    ours, twin = make(), make()
    log = ours.fit(X, y, class_weight=both(WEIGHTS, second), verbose=0).history
    expected = twin.fit(X, y, sample_weight=both(BY_SAMPLE, weight), verbose=0).history
    assert log == expected
    for a, b in zip(ours.get_weights(), twin.get_weights()):
        np.testing.assert_array_equal(a, b)


ERRORS = {
    "key that is no class": (dict(y=Y, class_weight={0: 1, 7: 2}), r"0 to 2.*7: 2"),
    "key that is no class, batches": (
        dict(x=iter([(X, Y)]), class_weight={0: 1, 7: 2}),
        r"0 to 2.*7: 2",
    ),
    "negative key": (dict(y=Y, class_weight={-1: 1}), "integers, at least 0"),
    "fraction": (dict(y=Y, class_weight={0.5: 1}), "integers, at least 0"),
    "name": (dict(y=Y, class_weight={"cat": 1.0}), "integers, at least 0"),
    "negative": (dict(y=Y, class_weight={0: -1}), "not negative"),
    "nan": (dict(y=Y, class_weight={0: np.nan}), "finite"),
    "empty": (dict(y=Y, class_weight={}), "not be empty"),
    "another text": (dict(y=Y, class_weight="equal"), "'balanced'"),
    "list": (dict(y=Y, class_weight=[1, 2, 3]), "dictionary of class to weight"),
    "no labels": (dict(class_weight={0: 1}), "needs labels"),
    "balanced batches": (dict(x=iter([(X, Y)]), class_weight="balanced"), "all labels at once"),
    "two kinds": (dict(y=Y, class_weight={0: 1}, sample_weight=Y), "Only one"),
    "two kinds in batches": (dict(x=iter([(X, Y, Y)]), class_weight={0: 1}), "Only one"),
    "two kinds in a dataset": (
        dict(x=Dataset.from_tensor_slices((X, Y, Y)).batch(5), class_weight={0: 1}),
        "Only one",
    ),
    "outputs that are not there": (
        dict(y=Y, class_weight={"a": {0: 1.0}}),
        "names of the labels",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    arguments, words = ERRORS[case]
    model = make("sparse_categorical_crossentropy", 3)
    with pytest.raises(ValueError, match=words):
        model.fit(**{"x": X, "verbose": 0, **arguments})
    assert int(model.optimizer.iterations) == 0


def test_a_class_the_labels_lack_may_have_a_weight():
    few = Y[Y < 2]
    make("sparse_categorical_crossentropy", 3).fit(
        X[: len(few)], few, class_weight={0: 1.0, 2: 3.0}, verbose=0
    )
