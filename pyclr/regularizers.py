"""Regularizers: penalties on weights or outputs that are added to the loss."""

from __future__ import annotations

import math

import numpy as np

from . import _lookup, ops
from .config import epsilon
from .saving import serialization


class Regularizer:
    """Base class of regularizers: functions of a tensor that return a scalar penalty.

    A subclass implements `__call__(x)` and, to be saved, `get_config()`.

    Example:

    ```python
    class Variance(pyclr.regularizers.Regularizer):
        def __call__(self, x):
            return pyclr.ops.var(x)
    ```
    """

    def __call__(self, x):
        """Returns the penalty of a tensor, a scalar tensor."""
        raise NotImplementedError(
            f"Regularizer '{type(self).__name__}' must override `__call__(self, x)`."
        )

    def get_config(self):
        """Returns the constructor's arguments as a dictionary."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)


class L1(Regularizer):
    """The penalty `l1 * sum(abs(x))`.

    Args:
        l1: Number, at least 0. Defaults to `0.01`.

    Example:

    ```python
    >>> float(pyclr.regularizers.L1(0.5)(np.array([1.0, -3.0])))
    2.0
    ```
    """

    def __init__(self, l1=0.01):
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self):
        return {"l1": self.l1}


class L2(Regularizer):
    """The penalty `l2 * sum(square(x))`.

    Args:
        l2: Number, at least 0. Defaults to `0.01`.
    """

    def __init__(self, l2=0.01):
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self):
        return {"l2": self.l2}


class L1L2(Regularizer):
    """The penalty `l1 * sum(abs(x)) + l2 * sum(square(x))`.

    Args:
        l1: Number, at least 0. Defaults to `0.0`; the name `"l1_l2"` gives `0.01`.
        l2: Number, at least 0. Defaults to `0.0`; the name `"l1_l2"` gives `0.01`.
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        penalties = []
        if self.l1:
            penalties.append(self.l1 * ops.sum(ops.abs(x)))
        if self.l2:
            penalties.append(self.l2 * ops.sum(ops.square(x)))
        return sum(penalties[1:], penalties[0]) if penalties else ops.zeros((), x.dtype)

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty on the rows (or columns) of a matrix that are not orthogonal to each other.

    With the rows scaled to length 1, the penalty is `factor` times the mean of the absolute dot
    products of all pairs of different rows.

    Args:
        factor: Number, at least 0. Defaults to `0.01`.
        mode: `"rows"` (default) or `"columns"`.

    Raises:
        ValueError: if an argument is invalid or, when called, `x` is not a matrix.
    """

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = _factor("factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"Argument `mode` must be 'rows' or 'columns'. Received: mode={mode!r}"
            )
        self.mode = mode

    def __call__(self, x):
        x = ops.convert_to_tensor(x)
        if x.ndim != 2:
            raise ValueError(
                f"The input of OrthogonalRegularizer must be a matrix. Received: shape={x.shape}"
            )
        rows = x if self.mode == "rows" else ops.transpose(x)
        squared = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = rows * ops.rsqrt(ops.maximum(squared, epsilon() ** 2))
        products = ops.abs(ops.matmul(rows, ops.transpose(rows)))
        count = rows.shape[0]
        others = products * (1 - np.eye(count, dtype=x.dtype))
        return self.factor * 0.5 * ops.sum(others) / (count * (count - 1) / 2)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer


def get(identifier):
    """Returns the regularizer that an identifier means.

    Args:
        identifier: `None`, a name (`"l1"`, `"l2"`, `"l1_l2"`, `"orthogonal_regularizer"`), a
            config dictionary, a regularizer or its class, or a function of a tensor.

    Returns:
        A regularizer or callable, or `None`.

    Raises:
        ValueError: if the identifier cannot be interpreted.
    """
    if identifier == "l1_l2":
        return L1L2(0.01, 0.01)
    return deserialize(identifier)


def serialize(regularizer):
    """Returns the config of a regularizer as a dictionary."""
    return serialization.serialize_keras_object(regularizer)


def deserialize(config, custom_objects=None):
    """Returns the regularizer that a config or name describes; see `get`."""
    return _lookup.get(config, __name__, "regularizer", Regularizer, custom_objects=custom_objects)


def _factor(name, value):
    if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(
            f"Argument `{name}` must be a finite number, at least 0. Received: {name}={value!r}"
        )
    return float(value)
