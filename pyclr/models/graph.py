"""Graph: the calls of layers and functions that lead from symbolic inputs to symbolic outputs."""

from __future__ import annotations

from .. import tree
from ..keras_tensor import KerasTensor
from ..layers.input_layer import InputLayer


class Graph:
    """The nodes between inputs and outputs, in an order in which they can be run.

    Args:
        inputs: Nested structure of `KerasTensor`s.
        outputs: Nested structure of `KerasTensor`s that are computed from them.

    Attributes:
        inputs, outputs: As given.
        flat_inputs: List of the inputs, each the output of an `InputLayer` (a new one, for an input
            that is the output of none).
        operations: List of the layers and operations, in Keras' order: by decreasing distance from
            the outputs, and in the order of traversal for the same distance.

        nodes: List of the nodes, in an order in which they can be run.

    Raises:
        ValueError: if inputs or outputs are not symbolic tensors, or the outputs can not be
            computed from the inputs.
    """

    def __init__(self, inputs, outputs):
        for name, structure in (("inputs", inputs), ("outputs", outputs)):
            for leaf in tree.flatten(structure):
                if not isinstance(leaf, KerasTensor):
                    raise ValueError(
                        f"Argument `{name}` of a functional model must hold KerasTensors, as "
                        f"`Input` and calls of layers on them return. Received: {leaf!r} of type "
                        f"{type(leaf).__name__}"
                    )
        self.outputs = outputs
        self._replaced = {}  # id of an input that a layer computed: what stands for it
        self.inputs = tree.map_structure(self._as_input, inputs)
        self.flat_inputs = tree.flatten(self.inputs)
        if len({id(tensor) for tensor in self.flat_inputs}) != len(self.flat_inputs):
            raise ValueError("Every input of a functional model must be a different tensor.")
        self.nodes, self._indices = [], {}
        self._walk(tree.flatten(outputs))
        self.operations = self._ordered_operations()
        self._check_names()

    def _as_input(self, tensor):
        history = getattr(tensor, "_keras_history", None)
        if history is not None and isinstance(history.operation, InputLayer):
            return tensor
        layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype)
        self._replaced[id(tensor)] = layer.output
        return layer.output

    def resolve(self, tensor):
        """Returns what stands for a symbolic tensor in this graph: itself, or an input."""
        return self._replaced.get(id(tensor), tensor)

    def parents(self, node):
        """Returns the nodes whose outputs a node takes."""
        return [_node_of(self.resolve(tensor)) for tensor in node.inputs]

    def add_outputs(self, tensors):
        """Adds what is computed for the sake of `tensors` to the graph."""
        self._walk(tensors)
        self.operations = self._ordered_operations()
        self._check_names()

    def _walk(self, tensors):
        """Depth first from the tensors to the inputs; notes nodes in the order they can run."""
        allowed = {id(tensor) for tensor in self.flat_inputs}
        finished = set(map(id, self.nodes))
        for tensor in tensors:
            # Without recursion: a model may be thousands of layers deep.
            stack = [(self.resolve(tensor), None)]
            while stack:
                tensor, parents = stack.pop()
                node = _node_of(tensor)
                if parents is None:
                    if id(node) in finished:
                        continue
                    self._indices.setdefault(id(node.operation), len(self._indices))
                    if not node.inputs and id(tensor) not in allowed:
                        raise ValueError(
                            "The outputs of the model can not be computed from its inputs: "
                            f"'{node.operation.name}' is needed and is not among the inputs "
                            f"{[t._keras_history.operation.name for t in self.flat_inputs]}."
                        )
                    parents = iter([self.resolve(t) for t in node.inputs])
                following = next(parents, None)
                if following is not None:
                    stack.append((tensor, parents))
                    stack.append((following, None))
                elif id(node) not in finished:
                    finished.add(id(node))
                    self.nodes.append(node)

    def _ordered_operations(self):
        node_depths, depths, operations = {}, {}, {}
        for node in reversed(self.nodes):
            key = id(node.operation)
            depth = max(node_depths.get(id(node), 0), depths.get(key, 0))
            depths[key] = node_depths[id(node)] = depth
            operations[key] = node.operation
            for parent in self.parents(node):
                node_depths[id(parent)] = max(depth + 1, node_depths.get(id(parent), 0))
        for tensor in self.flat_inputs:  # inputs that no output needs
            operation = tensor._keras_history.operation
            if id(operation) not in depths:
                depths[id(operation)] = 0
                operations[id(operation)] = operation
                self._indices[id(operation)] = -1
                self.nodes.insert(0, _node_of(tensor))
        order = sorted(depths, key=lambda key: (-depths[key], self._indices[key]))
        return [operations[key] for key in order]

    def _check_names(self):
        names = [operation.name for operation in self.operations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"The names of layers must be unique in a model. Received: {twice} more than once"
            )

    def nodes_of(self, operation):
        """Returns the nodes of an operation that belong to this graph, in the order of calls."""
        own = {id(node) for node in self.nodes}
        return [node for node in operation._inbound_nodes if id(node) in own]

    def run(self, tensors):
        """Runs the graph.

        Args:
            tensors: List of tensors (or `None`, for an optional one), as `flat_inputs`.

        Returns:
            A function that gives the tensor for a symbolic one of the graph.
        """
        values = {id(symbol): tensor for symbol, tensor in zip(self.flat_inputs, tensors)}

        def value_of(leaf):
            if not isinstance(leaf, KerasTensor):
                return leaf
            return values[id(self.resolve(leaf))]

        for node in self.nodes:
            if not node.inputs:
                continue
            args, kwargs = tree.map_structure(value_of, (node.args, node.kwargs))
            outputs = tree.flatten(node.operation(*args, **kwargs))
            for symbol, value in zip(tree.flatten(node.outputs), outputs):
                values[id(symbol)] = value
        return value_of


def _node_of(tensor):
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        raise ValueError(
            "A symbolic tensor of a model must come from `Input` or from calls of layers and "
            f"functions of pyclr.ops. Received: {tensor!r}"
        )
    return history.operation._inbound_nodes[history.node_index]
