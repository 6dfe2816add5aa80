"""Dtype policies: the dtype of a layer's weights and computations, under Keras' names."""

from __future__ import annotations

from . import config
from .ops.operands import DTYPES


class DTypePolicy:
    """The dtype of a layer: of its weights and of its computations, which is the same one.

    Args:
        name: String, a dtype: `"float32"`, `"float64"`, `"int32"`, `"int64"`, `"uint8"` or
            `"bool"`. Defaults to that of `pyclr.config.dtype_policy()`.

    Attributes:
        name, compute_dtype, variable_dtype: The dtype, a string.

    Raises:
        ValueError: for another name, such as those of mixed precision.

    Example:

    ```python
    policy = pyclr.DTypePolicy("float64")
    layer = pyclr.layers.Dense(4, dtype=policy)
    assert layer.dtype_policy == policy and layer.compute_dtype == "float64"
    ```
    """

    quantization_mode = None

    def __init__(self, name=None):
        name = config.dtype_policy().name if name is None else name
        if not isinstance(name, str) or name not in DTYPES:
            raise ValueError(
                "Argument `name` must be the dtype of weights and computations, one of "
                f"{', '.join(DTYPES)}; there is no mixed precision. Received: name={name!r}"
            )
        self._name = str(name)

    name = property(lambda self: self._name)
    compute_dtype = property(lambda self: self._name)
    variable_dtype = property(lambda self: self._name)

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


def get(identifier):
    """Returns a dtype policy.

    Args:
        identifier: A `DTypePolicy`, its config, a dtype (a string or a NumPy dtype), or `None` for
            `pyclr.config.dtype_policy()`.

    Raises:
        ValueError: if it is nothing of these, or a dtype that pyclr lacks.
    """
    if identifier is None:
        return config.dtype_policy()
    policy = deserialize(identifier) if isinstance(identifier, dict) else identifier
    name = getattr(policy, "name", None) or getattr(policy, "__name__", policy)
    if not isinstance(name, str) or name not in DTYPES:
        raise ValueError(
            f"Argument `dtype` must be one of {', '.join(DTYPES)}; there is no mixed precision. "
            f"Received: dtype={identifier!r}"
        )
    return DTypePolicy(name)


def serialize(dtype_policy):
    """Returns the config of a dtype policy."""
    from .saving import serialize_keras_object

    return serialize_keras_object(dtype_policy)


def deserialize(config, custom_objects=None):
    """Returns a dtype policy from its config."""
    from .saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects, package=__name__, base=DTypePolicy)
