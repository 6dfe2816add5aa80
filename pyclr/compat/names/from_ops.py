"""The functions whose meaning under TensorFlow is that of `pyclr.ops`, most by the same name."""

from __future__ import annotations

import functools

from ... import ops

_RENAMED = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "floormod": "mod",
    "floordiv": "floor_divide",
    "is_finite": "isfinite",
    "is_inf": "isinf",
    "is_nan": "isnan",
    "pow": "power",
    "truediv": "true_divide",
}


def lookup(name):
    """Returns the function of `pyclr.ops` that a TensorFlow name means.

    A module's `__getattr__` calls it. The result also takes TensorFlow's `name` argument, which
    has no effect.
    """
    function = getattr(ops, _RENAMED.get(name, name))
    if not callable(function) or isinstance(function, type):
        raise AttributeError(f"'{name}' is not a function of pyclr.ops")

    @functools.wraps(function)
    def with_name(*args, name=None, **kwargs):
        return function(*args, **kwargs)

    return with_name


def names():
    """Returns the names that `lookup` may know."""
    return {*dir(ops), *_RENAMED}
