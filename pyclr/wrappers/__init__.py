"""Models as estimators of scikit-learn, which is imported when one is asked for."""

_NAMES = ("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer")


def __getattr__(name):
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import sklearn_wrapper

    return getattr(sklearn_wrapper, name)


def __dir__():
    return sorted({*globals(), *_NAMES})
