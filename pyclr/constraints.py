"""Constraints: functions that map a weight to an allowed one after each update."""

from __future__ import annotations

from . import _lookup, ops
from .config import epsilon
from .saving import serialization


class Constraint:
    """Base class of constraints.

    A subclass implements `__call__(w)`, which returns a tensor of the shape of `w`, and, to be
    saved, `get_config()`.

    Example:

    ```python
    class Clip(pyclr.constraints.Constraint):
        def __call__(self, w):
            return pyclr.ops.clip(w, -1, 1)
    ```
    """

    def __call__(self, w):
        """Returns the allowed weight; here, `w` itself."""
        return w

    def get_config(self):
        """Returns the constructor's arguments as a dictionary."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)


class MaxNorm(Constraint):
    """Scales weights whose norm is above `max_value` down to it.

    Args:
        max_value: Number, the largest norm. Defaults to `2`.
        axis: Integer or list of integers, the axes over which the norm is taken: `0` (default) for
            the kernel of a `Dense` layer, `[0, 1, 2]` for that of a `Conv2D` layer.
    """

    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (epsilon() + norms))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Scales weights so that their norm comes to lie between two bounds.

    Args:
        min_value: Number, the smallest norm. Defaults to `0.0`.
        max_value: Number, the largest norm. Defaults to `1.0`.
        rate: Number in (0, 1], how far a norm outside moves to the bound in one update. Defaults
            to `1.0`, which is all the way.
        axis: Integer or list of integers, the axes over which the norm is taken: `0` (default) for
            the kernel of a `Dense` layer, `[0, 1, 2]` for that of a `Conv2D` layer.
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        norms = _norms(w, self.axis)
        desired = self.rate * ops.clip(norms, self.min_value, self.max_value)
        desired = desired + (1 - self.rate) * norms
        return w * (desired / (epsilon() + norms))

    def get_config(self):
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


class NonNeg(Constraint):
    """Sets negative weights to 0."""

    def __call__(self, w):
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Scales weights to norm 1.

    Args:
        axis: Integer or list of integers, the axes over which the norm is taken: `0` (default) for
            the kernel of a `Dense` layer, `[0, 1, 2]` for that of a `Conv2D` layer.
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        return w / (epsilon() + _norms(w, self.axis))

    def get_config(self):
        return {"axis": self.axis}


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm


def get(identifier):
    """Returns the constraint that an identifier means.

    Args:
        identifier: `None`, a name (`"max_norm"`, `"non_neg"`, `"UnitNorm"`), a config dictionary,
            a constraint or its class, or a function of a tensor.

    Returns:
        A constraint or callable, or `None`.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    return deserialize(identifier)


def serialize(constraint):
    """Returns the config of a constraint as a dictionary."""
    return serialization.serialize_keras_object(constraint)


def deserialize(config, custom_objects=None):
    """Returns the constraint that a config or name describes; see `get`."""
    return _lookup.get(config, __name__, "constraint", Constraint, custom_objects=custom_objects)


def _norms(w, axis):
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))
