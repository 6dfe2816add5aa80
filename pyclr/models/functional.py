"""Functional: a model that is a graph of layers."""

from __future__ import annotations

import copy
import inspect

from .. import ops, tree
from .._warn import warn
from ..keras_tensor import KerasTensor
from .graph_config import tensors_from_config
from .model import Model


class Functional(Model):
    """A model from symbolic inputs to symbolic outputs; what `Model(inputs, outputs)` makes.

    Args:
        inputs: `KerasTensor` from `Input` (or from a layer, whose model is cut there), or a list,
            tuple or dictionary of them.
        outputs: `KerasTensor` computed from the inputs, or a structure of them.
        name: String.
        trainable: Boolean.

    Example:

    ```python
    inputs = pyclr.Input((3,))
    hidden = pyclr.layers.Dense(8, activation="relu")(inputs)
    model = pyclr.Model(inputs, pyclr.layers.Dense(1)(hidden))
    ```
    """

    # Keras' files name the place where Keras defines the class.
    _saved_module = "keras.src.models.functional"

    def __init__(self, inputs, outputs, name=None, **kwargs):
        Model.__init__(self, inputs=inputs, outputs=outputs, name=name, **kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return model_from_config(cls, config, custom_objects)


def model_from_config(cls, config, custom_objects=None):
    """Returns a functional model of a class made from a `get_config()` dictionary."""
    config = copy.deepcopy(config)
    inputs, outputs = tensors_from_config(config, custom_objects)
    inputs = _only(inputs)
    outputs = _only(outputs)
    model = cls(inputs=inputs, outputs=outputs, name=config.get("name"))
    if config.get("trainable") is not None and not config["trainable"]:
        model.trainable = False
    return model


def _only(structure):
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure


def is_functional_constructor(cls):
    """Returns whether a class is made from `inputs` and `outputs`, as its config will be."""
    if cls in (Model, Functional):
        return True
    spec = inspect.getfullargspec(cls.__init__)
    wanted = inspect.getfullargspec(Functional.__init__).args[1:]
    return spec.args[1:] == wanted or bool(spec.varargs and spec.varkw)


def standardized(graph, inputs):
    """Returns what a model was given as the flat list of tensors its graph wants.

    Dictionaries go by the names of the inputs, other structures by order. A last axis of size 1
    that is missing or surplus is added or dropped, and dtypes are those of the inputs.

    Raises:
        ValueError: if the number, a name, or a shape does not fit.
    """
    symbols = graph.flat_inputs
    if isinstance(inputs, dict) and not isinstance(graph.inputs, dict):
        values = _by_name(inputs, symbols)
    elif isinstance(inputs, dict):
        keys = sorted(graph.inputs)
        missing = [key for key in keys if key not in inputs and not _optional(graph.inputs[key])]
        if missing:
            raise ValueError(
                f"The model has inputs named {keys}. Received: a dictionary with the keys "
                f"{sorted(inputs)}, without {missing}"
            )
        _warn_surplus(inputs, keys)
        values = [value for key in keys for value in tree.flatten(inputs.get(key))]
    else:
        values = tree.flatten(inputs)
    if len(values) != len(symbols):
        raise ValueError(
            f"The model has {len(symbols)} input(s), {[s.name for s in symbols]}. "
            f"Received: {len(values)}"
        )
    return [_fitted(value, symbol) for value, symbol in zip(values, symbols)]


def _by_name(inputs, symbols):
    names = [symbol._keras_history.operation.name for symbol in symbols]
    missing = [n for n, s in zip(names, symbols) if n not in inputs and not _optional(s)]
    if missing:
        raise ValueError(
            f"The model has inputs named {names}. Received: a dictionary with the keys "
            f"{sorted(inputs)}, without {missing}"
        )
    _warn_surplus(inputs, names)
    return [inputs.get(name) for name in names]


def _warn_surplus(inputs, names):
    surplus = sorted(set(inputs) - set(names))
    if surplus:
        warn(f"The model has no inputs named {surplus}; they are not used. Its inputs are {names}.")


def _optional(symbol):
    layer = symbol._keras_history.operation if isinstance(symbol, KerasTensor) else None
    return getattr(layer, "optional", False)


def _fitted(value, symbol):
    if value is None:
        if _optional(symbol):
            return None
        raise ValueError(f"The input '{symbol.name}' of the model is needed. Received: None")
    mask = getattr(value, "_keras_mask", None)
    fitted = value if isinstance(value, KerasTensor) else ops.convert_to_tensor(value)
    rank, wanted = len(fitted.shape), len(symbol.shape)
    if rank == wanted + 1 and fitted.shape[-1] == 1:
        fitted = ops.squeeze(fitted, -1)
    elif rank == wanted - 1 and symbol.shape[-1] == 1:
        fitted = ops.expand_dims(fitted, -1)
    fits = len(fitted.shape) == wanted and all(
        expected is None or found is None or expected == found
        for expected, found in zip(symbol.shape[1:], fitted.shape[1:])
    )
    if not fits:
        raise ValueError(
            f"Input '{symbol.name}' of the model must have the shape {symbol.shape}. "
            f"Received: a tensor of shape {tuple(fitted.shape)}"
        )
    if fitted.dtype != symbol.dtype:
        fitted = ops.cast(fitted, symbol.dtype)
    if mask is not None and fitted is not value:
        fitted._keras_mask = mask
    return fitted
