"""Models from models, and from text."""

from __future__ import annotations

from .. import tree
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from ..symbolic import FunctionOperation
from .functional import Functional
from .model import Model
from .sequential import Sequential


def clone_model(model, input_tensors=None, clone_function=None, call_function=None):
    """Returns a model of the same layers with weights of its own, newly initialised.

    Args:
        model: `Sequential`, functional model, or subclassed model with a `get_config`.
        input_tensors: Optional symbolic tensors, in the structure of the model's inputs, to build
            the clone on.
        clone_function: Optional function of a layer that returns the layer for the clone. Defaults
            to a layer made from the config.
        call_function: Optional function `call_function(layer, *args, **kwargs)` that calls a layer
            of the clone. Functional models only.

    Raises:
        ValueError: if `model` is no model, or an argument does not apply to its kind.

    Example:

    ```python
    base = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(2)])
    other = pyclr.models.clone_model(base)
    ```
    """
    if not isinstance(model, Model):
        raise ValueError(f"Argument `model` must be a Model. Received: {type(model).__name__}")
    clone = clone_function or _from_config
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError("Argument `call_function` applies to functional models only.")
        return _clone_sequential(model, input_tensors, clone)
    if model._graph is None:
        if input_tensors is not None or clone_function is not None or call_function is not None:
            raise ValueError(
                "A subclassed model is cloned from its config; `input_tensors`, `clone_function` "
                "and `call_function` do not apply to it."
            )
        return type(model).from_config(model.get_config())
    return _clone_graph(model, input_tensors, clone, call_function)


def _from_config(layer):
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model, input_tensors, clone):
    layers = [clone(layer) for layer in model.layers]
    first = model._input_layer
    if input_tensors is not None:
        symbols = tree.flatten(input_tensors)
        if len(symbols) != 1:
            raise ValueError(
                "Argument `input_tensors` must hold one tensor for a Sequential model. "
                f"Received: {len(symbols)}"
            )
        layers.insert(0, symbols[0])
    elif first is not None:
        layers.insert(0, _from_config(first))
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _clone_graph(model, input_tensors, clone, call_function):
    graph = model._graph
    clones = {}
    values = {}
    symbols = [None] * len(graph.flat_inputs)
    if input_tensors is not None:
        symbols = tree.flatten(input_tensors)
        if len(symbols) != len(graph.flat_inputs):
            raise ValueError(
                f"Argument `input_tensors` must hold {len(graph.flat_inputs)} symbolic tensors. "
                f"Received: {len(symbols)}"
            )
    for original, given in zip(graph.flat_inputs, symbols):
        if given is None:
            given = _from_config(original._keras_history.operation).output
        values[id(original)] = given

    def cloned(operation):
        if id(operation) not in clones:
            if isinstance(operation, FunctionOperation):
                copy = FunctionOperation(operation.function, operation.constants, operation.name)
            elif not isinstance(operation, Layer):
                copy = _from_config(operation)
            else:
                copy = clone(operation)
                if not isinstance(copy, Layer):
                    raise ValueError(
                        "Argument `clone_function` must return a layer. "
                        f"Received: {copy!r} for the layer '{operation.name}'"
                    )
            clones[id(operation)] = copy
        return clones[id(operation)]

    for node in graph.nodes:
        if isinstance(node.operation, InputLayer):
            continue
        args, kwargs = tree.map_structure(
            lambda leaf: values.get(id(graph.resolve(leaf)), leaf), (node.args, node.kwargs)
        )
        layer = cloned(node.operation)
        if call_function is None:
            outputs = layer(*args, **kwargs)
        else:
            outputs = call_function(layer, *args, **kwargs)
        for symbol, value in zip(tree.flatten(node.outputs), tree.flatten(outputs)):
            values[id(symbol)] = value
    inputs = tree.map_structure(lambda symbol: values[id(symbol)], graph.inputs)
    outputs = tree.map_structure(lambda symbol: values[id(graph.resolve(symbol))], graph.outputs)
    cls = type(model) if type(model) is not Model else Functional
    return cls(inputs=inputs, outputs=outputs, name=model.name, trainable=model.trainable)


def model_from_json(json_string, custom_objects=None):
    """Returns a model with the architecture that `model.to_json()` wrote, newly initialised.

    Args:
        json_string: String.
        custom_objects: Dictionary of names to classes and functions, or `None`.

    Raises:
        ValueError, TypeError: if the text is not the config of a model.
    """
    import json

    from ..saving.serialization import deserialize_keras_object

    return deserialize_keras_object(json.loads(json_string), custom_objects=custom_objects)
