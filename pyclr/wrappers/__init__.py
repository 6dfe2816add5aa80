"""Models as estimators of scikit-learn, which is imported when one is asked for."""

from .._lazy import attach as _attach

__getattr__, __dir__ = _attach(
    __name__, {".sklearn_wrapper": "SKLearnClassifier SKLearnRegressor SKLearnTransformer"}
)
