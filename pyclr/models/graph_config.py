"""The config of a graph of layers, in the format of Keras 3's files."""

from __future__ import annotations

from .. import tree
from ..keras_tensor import KerasHistory, KerasTensor
from ..symbolic import Operation
from .graph import Graph


def graph_config(graph):
    """Returns `{"layers": ..., "input_layers": ..., "output_layers": ...}` for a graph."""
    from ..saving.serialization import serialize_keras_object

    places = {}  # id of a node: its place among the operation's nodes in this graph
    for operation in graph.operations:
        for place, node in enumerate(graph.nodes_of(operation)):
            places[id(node)] = place

    def history(tensor):
        tensor = graph.resolve(tensor)
        operation, index, output = tensor._keras_history
        return operation, places[id(operation._inbound_nodes[index])], output

    def reference(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        copy = KerasTensor(leaf.shape, leaf.dtype)
        copy._keras_history = KerasHistory(*history(leaf))
        return copy

    def node_config(node):
        args, kwargs = tree.map_structure(reference, (list(node.args), node.kwargs))
        return {"args": serialize_keras_object(args), "kwargs": serialize_keras_object(kwargs)}

    def address(tensor):
        operation, place, output = history(tensor)
        # Keras counts a node more for models: one that leads from their inputs to their outputs.
        return [operation.name, place + _is_functional(operation), output]

    layers = []
    for operation in graph.operations:
        config = serialize_keras_object(operation)
        config["name"] = operation.name
        nodes = [node for node in graph.nodes_of(operation) if node.inputs]
        config["inbound_nodes"] = [node_config(node) for node in nodes]
        layers.append(config)
    return {
        "layers": layers,
        "input_layers": tree.map_structure(address, graph.inputs),
        "output_layers": tree.map_structure(address, graph.outputs),
    }


def _is_functional(operation):
    return isinstance(getattr(operation, "_graph", None), Graph) and not hasattr(operation, "add")


def tensors_from_config(config, custom_objects=None):
    """Makes the layers of a config, calls them as it says, and returns the symbolic tensors.

    Args:
        config: Dictionary with what `graph_config` returns.
        custom_objects: Dictionary of names to classes and functions, or `None`.

    Returns:
        The inputs and the outputs, in their structures.

    Raises:
        ValueError: if the config is not that of a graph.
    """
    from ..saving.serialization import deserialize_keras_object

    made, waiting = {}, []
    for entry in config["layers"]:
        layer = deserialize_keras_object(entry, custom_objects=custom_objects)
        if not isinstance(layer, Operation):
            raise ValueError(
                "The layers of a functional model must be layers or functions of pyclr.ops. "
                f"Received: {layer!r}"
            )
        made[entry["name"]] = layer
        waiting.append((layer, list(entry["inbound_nodes"])))
    # Nodes of a layer are made in their order, each when what it takes has been made.
    while waiting:
        before = sum(len(nodes) for _, nodes in waiting)
        for layer, nodes in waiting:
            while nodes and _call(layer, nodes[0], made, deserialize_keras_object):
                nodes.pop(0)
        waiting = [(layer, nodes) for layer, nodes in waiting if nodes]
        if waiting and sum(len(nodes) for _, nodes in waiting) == before:
            raise ValueError(
                "The graph of the model has a cycle or refers to layers that it does not have. "
                f"Not resolved: {[layer.name for layer, _ in waiting]}"
            )

    def tensor(address):
        layer = made[address[0]]
        node = layer._inbound_nodes[address[1] - _is_functional(layer)]
        return tree.flatten(node.outputs)[address[2]]

    return (
        _map_addresses(tensor, config["input_layers"]),
        _map_addresses(tensor, config["output_layers"]),
    )


def _call(layer, node, made, deserialize):
    """Calls a layer as a node says; returns False if what it takes is not there yet."""
    if isinstance(node, list):  # the format of Keras 2: [[layer, node, output, kwargs], ...]
        addresses = [entry[:3] for entry in node]
        args = [[_Reference(address) for address in addresses]]
        args = [args[0][0]] if len(addresses) == 1 else args
        kwargs = dict(node[0][3]) if len(node[0]) > 3 else {}
    else:
        args, kwargs = deserialize(node["args"]), deserialize(node["kwargs"])

    class Missing(Exception):
        pass

    def revived(leaf):
        address = getattr(leaf, "_pre_serialization_keras_history", None)
        if address is None:
            return leaf
        if address[0] not in made:
            raise ValueError(f"The graph of the model refers to an unknown layer: {address[0]!r}")
        nodes = made[address[0]]._inbound_nodes
        if address[1] >= len(nodes):
            raise Missing
        return tree.flatten(nodes[address[1]].outputs)[address[2]]

    try:
        args, kwargs = tree.map_structure(revived, (args, kwargs))
    except Missing:
        return False
    layer(*args, **kwargs)
    return True


class _Reference:
    def __init__(self, address):
        self._pre_serialization_keras_history = address


def _map_addresses(function, structure):
    if isinstance(structure, dict):
        return {key: _map_addresses(function, value) for key, value in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        return function(structure)
    items = [_map_addresses(function, item) for item in structure]
    return items
