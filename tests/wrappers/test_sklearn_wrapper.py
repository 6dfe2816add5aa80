import pickle
import warnings

import numpy as np
import pytest

import pyclr

pytest.importorskip("sklearn", "1.6")
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from pyclr.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

RNG = np.random.default_rng(8)
X = RNG.normal(size=(80, 3)).astype("float32")
Y = X @ [1.0, -2.0, 0.5] + 3
BLOBS, LABELS = make_blobs(90, centers=3, n_features=4, random_state=1)
NAMES = np.array(["left", "middle", "right"])[LABELS]


def network(X, y, units=8, activation=None, loss="mse", seed=None):
    if seed is not None:
        pyclr.utils.set_random_seed(seed)
    model = pyclr.Sequential(
        [
            pyclr.Input(X.shape[1:]),
            pyclr.layers.Flatten(),
            pyclr.layers.Dense(units, activation="relu"),
            pyclr.layers.Dense(y.shape[1] if y.ndim > 1 else 1, activation=activation),
        ]
    )
    model.compile(pyclr.optimizers.Adam(0.05), loss)
    return model


SOFTMAX = {"activation": "softmax", "loss": "categorical_crossentropy"}


def classifier(**kwargs):
    fit_kwargs = {"epochs": 12, "verbose": 0}
    return SKLearnClassifier(network, model_kwargs={**SOFTMAX, **kwargs}, fit_kwargs=fit_kwargs)


def line(loss="mse"):
    model = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1)])
    model.compile(pyclr.optimizers.SGD(0.1), loss)
    return model


# What scikit-learn itself would not ask of a network that computes in float32, is trained by 12
# epochs and has an output for each of two classes.
EXPECTED = {
    "SKLearnClassifier": {"check_classifiers_classes", "check_classifiers_train"},
    "SKLearnRegressor": {"check_regressor_multioutput"},
    "SKLearnTransformer": set(),
}


@pytest.mark.parametrize(
    "estimator",
    [
        classifier(seed=1),
        SKLearnRegressor(network, model_kwargs={"seed": 1}, fit_kwargs={"verbose": 0}),
        SKLearnTransformer(network, model_kwargs={"seed": 1}, fit_kwargs={"verbose": 0}),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_scikit_learns_own_checks(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks give warnings on purpose
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {
        result["check_name"]: repr(result["exception"])
        for result in results
        if result["status"] == "failed"
    }
    assert set(failed) <= EXPECTED[type(estimator).__name__], failed
    assert len(results) > 30


def test_classifier():
    estimator = classifier(seed=3).fit(BLOBS, NAMES, epochs=15)
    assert len(estimator.history_["loss"]) == 15  # the argument of fit wins
    assert estimator.fit_kwargs == {"epochs": 12, "verbose": 0}
    assert estimator.classes_.tolist() == ["left", "middle", "right"]
    assert estimator.score(BLOBS, NAMES) > 0.9
    outputs = estimator.decision_function(BLOBS)
    np.testing.assert_allclose(outputs.sum(1), 1, rtol=1e-5)
    assert (estimator.predict(BLOBS) == estimator.classes_[outputs.argmax(1)]).all()


def test_two_classes_have_two_outputs():
    estimator = classifier().fit(BLOBS, LABELS == 1)
    assert estimator.decision_function(BLOBS).shape == (90, 2)
    assert estimator.predict(BLOBS).dtype == bool


def test_regressor_and_several_targets():
    estimator = SKLearnRegressor(line(), fit_kwargs={"epochs": 20, "verbose": 0})
    assert estimator.fit(X, Y).predict(X).shape == (80,)
    assert estimator.score(X, Y) > 0.99
    both = SKLearnRegressor(network, fit_kwargs={"verbose": 0}).fit(X, np.stack([Y, -Y], 1))
    assert both.predict(X).shape == (80, 2)


def test_a_given_model_is_cloned_unless_warm():
    model = line()
    before = model.get_weights()
    estimator = SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    first = estimator.model_
    assert estimator.fit(X, Y).model_ is not first
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0})
    losses = [warm.fit(X, Y).history_["loss"][0] for _ in range(4)]
    assert warm.model_ is model and losses == sorted(losses, reverse=True)


def test_transformer_in_a_pipeline():
    features = SKLearnTransformer(network, model_kwargs=SOFTMAX, fit_kwargs={"verbose": 0})
    one_hot = np.eye(3)[LABELS]
    assert features.fit_transform(BLOBS, one_hot).shape == (90, 3)
    regress = SKLearnTransformer(network, fit_kwargs={"epochs": 20, "verbose": 0})
    pipeline = make_pipeline(StandardScaler(), regress, KNeighborsClassifier())
    assert pipeline.fit(BLOBS, LABELS).score(BLOBS, LABELS) > 0.8


def test_cross_validation_and_grid_search_in_two_processes():
    scores = cross_val_score(classifier(seed=1), BLOBS, NAMES, cv=2)
    assert scores.shape == (2,) and scores.min() > 0.8
    grid = {"model_kwargs": [{**SOFTMAX, "units": 1, "seed": 1}, {**SOFTMAX, "seed": 1}]}
    alone = GridSearchCV(classifier(), grid, cv=2).fit(BLOBS, NAMES)
    parallel = GridSearchCV(classifier(), grid, cv=2, n_jobs=2).fit(BLOBS, NAMES)
    results = [search.cv_results_["mean_test_score"].tolist() for search in (alone, parallel)]
    assert results[0] == results[1]
    assert results[1][1] > 0.8


def test_images():
    images = BLOBS.reshape(90, 2, 2)
    estimator = classifier(seed=2).fit(images, NAMES)
    assert estimator.predict(images).shape == (90,)


def test_copies():
    estimator = SKLearnRegressor(line(), fit_kwargs={"epochs": 2, "verbose": 0})
    copied = clone(estimator)
    assert copied.fit_kwargs == estimator.fit_kwargs and copied.model is not estimator.model
    np.testing.assert_array_equal(copied.model.get_weights()[0], estimator.model.get_weights()[0])
    again = pickle.loads(pickle.dumps(estimator.fit(X, Y)))
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


def test_errors():
    with pytest.raises(NotFittedError):
        SKLearnRegressor(line()).predict(X)
    uncompiled = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1)])
    with pytest.raises(RuntimeError, match="`model` must be compiled .* Received: "):
        SKLearnRegressor(uncompiled).fit(X, Y)
    with pytest.raises(ValueError, match="Only binary and multiclass targets .* continuous"):
        classifier().fit(X, Y)
    with pytest.raises(ValueError, match="only one class is present"):
        classifier().fit(X, np.zeros(80, int))
    with pytest.raises(ValueError, match="features"):
        SKLearnRegressor(line(), fit_kwargs={"verbose": 0}).fit(X, Y).predict(X[:, :2])
