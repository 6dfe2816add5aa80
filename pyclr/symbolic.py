"""Calls with symbolic tensors: they become nodes of a graph, and give symbolic tensors.

What a function returns for shapes alone is found by a dry run of the engine: the function is called
on tensors of the right shapes, and no kernel runs. An unknown size is tried with two numbers; sizes
of the result that differ then are unknown too.
"""

from __future__ import annotations

import contextlib
import functools
import inspect

from . import _core, tree
from ._lookup import to_snake_case
from .keras_tensor import KerasHistory, KerasTensor
from .naming import unique_name

# Two sizes each, for a batch and for any other dimension that is not known. The latter are large
# enough for several poolings in a row, and stay different after them.
_BATCHES, _SIZES = (2, 3), (96, 160)


@contextlib.contextmanager
def dry_run():
    """While open, ops check their inputs and give outputs of the right shapes, but do not run."""
    before = _core.set_mode("dry")
    try:
        yield
    finally:
        _core.set_mode(before)


def is_dry():
    """Returns whether a dry run is open: then an op that computes constants of its own may leave
    them out, and return any tensor of the right shape."""
    return _core.mode() == "dry"


@contextlib.contextmanager
def real_run():
    """While open, ops run, also inside a dry run: for what is made once, such as weights."""
    before = _core.set_mode("real")
    try:
        yield
    finally:
        _core.set_mode(before)


def is_symbolic(structure):
    """Returns whether a `KerasTensor` is in a nested structure."""
    if isinstance(structure, KerasTensor):
        return True
    if isinstance(structure, dict):
        structure = structure.values()
    elif not isinstance(structure, (list, tuple)):
        return False
    return any(is_symbolic(item) for item in structure)


def stand_in(tensor, attempt=0):
    """Returns a tensor of zeros for a symbolic one (in a dry run: one without memory)."""
    shape = [
        dim if dim is not None else (_BATCHES if axis == 0 else _SIZES)[attempt]
        for axis, dim in enumerate(tensor.shape)
    ]
    return _core.ops.full(shape=shape, dtype=tensor.dtype)


def infer(function, args, kwargs):
    """Returns the symbolic tensors that a function returns for symbolic arguments.

    Args:
        function: Function of tensors.
        args, kwargs: Its arguments, which hold `KerasTensor`s anywhere.

    Returns:
        The structure that the function returns, with a `KerasTensor` for every tensor.
    """
    leaves = [leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)]
    known = all(dim is not None for leaf in leaves for dim in leaf.shape)
    results = [_dry_call(function, args, kwargs, attempt) for attempt in range(1 if known else 2)]
    others = iter(tree.flatten(results[-1]))
    return tree.map_structure(lambda leaf: _merged(leaf, next(others)), results[0])


def _dry_call(function, args, kwargs, attempt):
    def replaced(leaf):
        return stand_in(leaf, attempt) if isinstance(leaf, KerasTensor) else leaf

    with dry_run():
        args, kwargs = tree.map_structure(replaced, (tuple(args), dict(kwargs)))
        return function(*args, **kwargs)


def _merged(one, other):
    if not hasattr(one, "shape") or not hasattr(one, "dtype"):
        return one
    shape = tuple(a if a == b else None for a, b in zip(one.shape, other.shape))
    return KerasTensor(shape, dtype=str(one.dtype))


class Node:
    """One call of an operation - a layer or a function of `pyclr.ops` - with symbolic tensors.

    Args:
        operation: The `Operation`. The node is appended to its `_inbound_nodes`.
        args, kwargs: What it was called with.
        outputs: Nested structure of `KerasTensor`s, whose history is set.
    """

    def __init__(self, operation, args, kwargs, outputs):
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        leaves = tree.flatten((args, kwargs))
        self.inputs = [leaf for leaf in leaves if isinstance(leaf, KerasTensor)]
        self.index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for i, tensor in enumerate(tree.flatten(outputs)):
            if isinstance(tensor, KerasTensor):
                tensor._keras_history = KerasHistory(operation, self.index, i)


def source_inputs(tensor):
    """Returns the symbolic inputs that a symbolic tensor is computed from, a list."""
    sources, seen, waiting = [], set(), [tensor]
    while waiting:
        tensor = waiting.pop(0)
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        history = getattr(tensor, "_keras_history", None)
        taken = history.operation._inbound_nodes[history.node_index].inputs if history else []
        if not taken:
            sources.append(tensor)
        waiting[:0] = taken
    return sources


class Operation:
    """A computation that is a node of a graph when it is called with symbolic tensors: the base of
    layers, and of what has no weights.

    A subclass implements `call`, and `get_config` if its constructor has arguments and models with
    it are saved.

    Args:
        name: String, unique in a model. Defaults to the class name in snake case.

    Example:

    ```python
    class Double(pyclr.Operation):
        def call(self, x):
            return 2 * x

    assert Double()(pyclr.Input((3,))).shape == (None, 3)
    ```
    """

    def __init__(self, name=None):
        self.name = name or unique_name(to_snake_case(type(self).__name__))
        self._inbound_nodes = []

    def __call__(self, *args, **kwargs):
        if not is_symbolic((args, kwargs)):
            return self.call(*args, **kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args, **kwargs):
        """Computes the outputs."""
        raise NotImplementedError(f"Operation '{type(self).__name__}' must implement `call`.")

    def compute_output_spec(self, *args, **kwargs):
        """Returns what `call` returns for symbolic tensors, as symbolic tensors."""
        return infer(self.call, args, kwargs)

    @property
    def input(self):
        """The symbolic tensor, or structure of them, that it was called on.

        Raises:
            AttributeError: if it was called on none, or several times.
        """
        node = self._only_node("input")
        if not node.args and not node.kwargs:
            return node.outputs
        return node.args[0] if node.args else next(iter(node.kwargs.values()))

    @property
    def output(self):
        """The symbolic tensor, or structure of them, that it returned.

        Raises:
            AttributeError: if it was called on no symbolic tensor, or several times.
        """
        return self._only_node("output").outputs

    def _only_node(self, what):
        if len(self._inbound_nodes) != 1:
            calls = len(self._inbound_nodes) or "no"
            raise AttributeError(
                f"Layer '{self.name}' has {calls} calls with symbolic tensors, so that its "
                f"`{what}` is not defined."
            )
        return self._inbound_nodes[0]

    def get_config(self):
        """Returns the constructor's arguments, as plain values."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """Returns an operation made from a `get_config()` dictionary."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}>"


class FunctionOperation(Operation):
    """A function of `pyclr.ops` in a graph, with the arguments that are not tensors.

    Args:
        function: The function.
        constants: Dictionary of keyword arguments that every call uses.
        name: String. Defaults to the function's name, made unique.
    """

    def __init__(self, function, constants=None, name=None):
        super().__init__(name or unique_name(function.__name__))
        self.function = function
        self.constants = constants or {}

    def call(self, *args, **kwargs):
        return self.function(*args, **kwargs, **self.constants)

    def get_config(self):
        """Returns the name and the arguments that are not tensors."""
        return {"name": self.name, **self.constants}

    def to_config(self):
        """Returns the config that Keras' files have for the operation."""
        from .saving.serialization import serialize_dict

        # `pyclr.ops.numpy...` is `keras.src.ops.numpy` there, and `expand_dims` a class ExpandDims.
        package = ((self.function.__module__ or "").split(".") + ["numpy"] * 3)[2]
        class_name = "".join(part.capitalize() for part in self.function.__name__.split("_"))
        return {
            "module": f"keras.src.ops.{package}",
            "class_name": class_name,
            "config": serialize_dict(self.get_config()),
            "registered_name": class_name,
        }

    @classmethod
    def from_file(cls, class_name, config):
        """Returns the operation for the class and config in a file.

        Raises:
            ValueError: if `pyclr.ops` has no such function.
        """
        from . import ops

        wanted = class_name.lower()
        config = dict(config)
        name = config.pop("name", None)
        if wanted == "getitem":
            return cls(get_item, config, name)
        for candidate, function in {**vars(ops.image), **vars(ops)}.items():
            if not candidate.startswith("_") and candidate.replace("_", "") == wanted:
                return cls(getattr(function, "__wrapped__", function), config, name)
        raise ValueError(f"pyclr.ops has no function for the operation {class_name!r} of the file.")


# Arguments that are tensors even where a number is given.
_TENSOR_ARGUMENTS = ("x", "x1", "x2", "xs", "arrays", "key")


def call(function, args, kwargs):
    """Calls a function of `pyclr.ops` with symbolic tensors: makes an operation and its node.

    As in Keras' files, the tensors are arguments of the call; everything else belongs to the
    operation.
    """
    if not inspect.isfunction(function):
        return FunctionOperation(function)(*args, **kwargs)
    bound = inspect.signature(function).bind(*args, **kwargs)
    parameters = bound.signature.parameters
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()):
        return FunctionOperation(function)(*args, **kwargs)
    given = set(bound.arguments)
    bound.apply_defaults()
    positional, named, constants = [], {}, {}
    for name, value in bound.arguments.items():
        if name in _TENSOR_ARGUMENTS and name not in given:
            continue
        if name in _TENSOR_ARGUMENTS or _holds_tensor(value):
            if constants or named:
                named[name] = value
            else:
                positional.append(value)
        else:
            constants[name] = value
    return FunctionOperation(function, constants)(*positional, **named)


def _holds_tensor(value):
    return any(
        isinstance(leaf, KerasTensor) or _core.is_tensor(leaf) or hasattr(leaf, "__array__")
        for leaf in tree.flatten(value)
    )


def dispatching(function):
    """Returns the function such that a symbolic argument makes a node of a graph."""

    @functools.wraps(function)
    def dispatched(*args, **kwargs):
        for value in (*args, *kwargs.values()):
            if isinstance(value, (KerasTensor, list, tuple)) and is_symbolic(value):
                return call(function, args, kwargs)
        return function(*args, **kwargs)

    return dispatched


def _install_operators():
    """Gives KerasTensor the operators of tensors."""
    names = {
        "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
        "floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul",
        "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
    }  # fmt: skip
    for operator, name in names.items():

        def method(self, other, name=name):
            from . import ops

            return getattr(ops, name)(self, other)

        def reflected(self, other, name=name):
            from . import ops

            return getattr(ops, name)(other, self)

        setattr(KerasTensor, f"__{operator}__", method)
        setattr(KerasTensor, f"__r{operator}__", reflected)
    # Equality stays identity: symbolic tensors are looked up in lists.
    comparisons = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
    for operator, name in comparisons.items():

        def method(self, other, name=name):
            from . import ops

            return getattr(ops, name)(self, other)

        setattr(KerasTensor, f"__{operator}__", method)
    for operator, name in {"neg": "negative", "abs": "absolute", "invert": "logical_not"}.items():

        def method(self, name=name):
            from . import ops

            return getattr(ops, name)(self)

        setattr(KerasTensor, f"__{operator}__", method)

    def getitem(self, key):
        return call(get_item, (self, key), {})

    KerasTensor.__getitem__ = getitem


def get_item(x, key):
    """Returns `x[key]`."""
    return x[tuple(key) if isinstance(key, list) else key]


_install_operators()
