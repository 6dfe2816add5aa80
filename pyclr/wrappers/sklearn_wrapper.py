"""Estimators of scikit-learn that fit and use a model."""

from __future__ import annotations

import copy

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.utils.multiclass import type_of_target
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError(
        "pyclr.wrappers needs scikit-learn 1.6 or newer: `pip install scikit-learn`."
    ) from error

from ..models import Model, clone_model


class SKLBase(BaseEstimator):
    """The base of the estimators.

    Args:
        model: A compiled model, of which every fit trains a clone with weights of its own; or a
            function `model(X, y, **model_kwargs)` that returns a compiled model.
        warm_start: Boolean, whether a further fit goes on with the trained model; a model that was
            given is then trained itself.
        model_kwargs: Optional dictionary, arguments of the function.
        fit_kwargs: Optional dictionary, arguments of `model.fit`. Those given to `fit` win.
    """

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X, y, **kwargs):
        """Fits the model.

        Args:
            X: Array-like, the samples.
            y: Array-like, the targets.
            **kwargs: Arguments of `model.fit`, such as `epochs` or `sample_weight`.

        Raises:
            RuntimeError: if the model is not compiled with a loss.
            ValueError: if the data do not fit.
        """
        X, y = validate_data(self, X, y, allow_nd=True, multi_output=True, y_numeric=self._numeric)
        y = self._encoded(y)
        model = self._model_for(X, y)
        if not model.compiled or not model.loss:
            raise RuntimeError(
                f"Argument `model` must be compiled with an optimizer and a loss. Received: {model}"
            )
        history = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.history_, self.model_ = history.history, model
        return self

    def predict(self, X):
        """Returns the predictions for samples, in the form of the targets."""
        return self._decoded(self._outputs(X))

    _numeric = True  # the targets are numbers

    def _model_for(self, X, y):
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        if self.warm_start or not self.model.compiled:
            return self.model
        clone = clone_model(self.model)
        clone.compile_from_config(self.model.get_compile_config())
        return clone

    def _outputs(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True)
        verbose = (self.fit_kwargs or {}).get("verbose", "auto")
        return self.model_.predict(X, verbose=verbose)

    def _encoded(self, y):
        if type_of_target(y) == "unknown":
            raise ValueError(f"Unknown label type. Received: y={y!r}")
        self._target_ndim = y.ndim
        return y[:, None] if y.ndim == 1 else y

    def _decoded(self, outputs):
        if self._target_ndim == 1 and outputs.ndim == 2 and outputs.shape[1] == 1:
            return outputs[:, 0]
        return outputs

    def __sklearn_clone__(self):
        model = copy.deepcopy(self.model) if isinstance(self.model, Model) else self.model
        return type(self)(model, self.warm_start, self.model_kwargs, self.fit_kwargs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.input_tags.three_d_array = True
        return tags


class SKLearnClassifier(ClassifierMixin, SKLBase):
    """A classifier of scikit-learn that fits a model.

    The model gets one-hot targets, also for two classes: its output has a value for each class, and
    its loss is such as `"categorical_crossentropy"`.

    Args:
        model: A compiled model, of which every fit trains a clone with weights of its own; or a
            function `model(X, y, **model_kwargs)` that returns a compiled model.
        warm_start: Boolean, whether a further fit goes on with the trained model; a model that was
            given is then trained itself.
        model_kwargs: Optional dictionary, arguments of the function.
        fit_kwargs: Optional dictionary, arguments of `model.fit`. Those given to `fit` win.

    Attributes:
        classes_: The labels, sorted.
        history_: Dictionary of the logs of every epoch.
        model_: The trained model.

    Example:

    ```python
    def network(X, y, units):
        hidden = pyclr.layers.Dense(units, activation="relu")
        out = pyclr.layers.Dense(y.shape[1], activation="softmax")
        model = pyclr.Sequential([pyclr.Input((X.shape[1],)), hidden, out])
        model.compile("adam", "categorical_crossentropy")
        return model

    estimator = pyclr.wrappers.SKLearnClassifier(network, fit_kwargs={"epochs": 5})
    search = GridSearchCV(estimator, {"model_kwargs": [{"units": 8}, {"units": 16}]}, n_jobs=2)
    ```
    """

    _numeric = False

    def decision_function(self, X):
        """Returns the outputs of the model, one value for each class."""
        return self._outputs(X)

    def _encoded(self, y):
        kind = type_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                "Only binary and multiclass targets are supported. "
                f"Unknown label type: {kind}. Received: y={y!r}"
            )
        y = column_or_1d(y, warn=True)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                f"Classifier can't train when only one class is present. Received: {self.classes_}"
            )
        return np.eye(len(self.classes_))[numbers]

    def _decoded(self, outputs):
        return self.classes_[outputs.argmax(axis=-1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, SKLBase):
    """A regressor of scikit-learn that fits a model, with one or several targets.

    Args:
        model: A compiled model, of which every fit trains a clone with weights of its own; or a
            function `model(X, y, **model_kwargs)` that returns a compiled model.
        warm_start: Boolean, whether a further fit goes on with the trained model; a model that was
            given is then trained itself.
        model_kwargs: Optional dictionary, arguments of the function.
        fit_kwargs: Optional dictionary, arguments of `model.fit`. Those given to `fit` win.

    Attributes:
        history_: Dictionary of the logs of every epoch.
        model_: The trained model.

    Example:

    ```python
    model = pyclr.Sequential([pyclr.Input((8,)), pyclr.layers.Dense(1)])
    model.compile("adam", "mse")
    estimator = pyclr.wrappers.SKLearnRegressor(model, fit_kwargs={"epochs": 20})
    scores = cross_val_score(estimator, X, y)
    ```
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags


class SKLearnTransformer(TransformerMixin, SKLBase):
    """A transformer of scikit-learn - a step of a pipeline - whose result is a model's output.

    Args:
        model: A compiled model, of which every fit trains a clone with weights of its own; or a
            function `model(X, y, **model_kwargs)` that returns a compiled model.
        warm_start: Boolean, whether a further fit goes on with the trained model; a model that was
            given is then trained itself.
        model_kwargs: Optional dictionary, arguments of the function.
        fit_kwargs: Optional dictionary, arguments of `model.fit`. Those given to `fit` win.

    Attributes:
        history_: Dictionary of the logs of every epoch.
        model_: The trained model.

    Example:

    ```python
    embedding = pyclr.wrappers.SKLearnTransformer(network, fit_kwargs={"epochs": 5})
    pipeline = make_pipeline(embedding, KNeighborsClassifier())
    ```
    """

    def transform(self, X):
        """Returns the outputs of the model."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.target_tags.multi_output = True
        return tags
