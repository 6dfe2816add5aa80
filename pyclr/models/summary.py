"""The text of `model.summary()`."""

from __future__ import annotations

import math

from .. import tree


def summary_lines(model, line_length=None, expand_nested=False, show_trainable=False):
    """Returns the lines of a table of a model's layers, their output shapes and parameters.

    Args:
        model: The model.
        line_length: Integer, characters a line, or `None` for what the table needs.
        expand_nested: Boolean, whether the layers of models in the model are listed too.
        show_trainable: Boolean, whether a column tells what is trainable.
    """
    branches = _is_branched(model)
    header = ["Layer (type)", "Output Shape", "Param #"]
    header += ["Connected to"] * branches + ["Trainable"] * show_trainable
    rows = [header]
    for depth, layer, shape, parents in _entries(model, expand_nested):
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = [f"{'  ' * depth}{layer.name} ({type(layer).__name__})", _text(shape), count]
        row += [", ".join(parents) or "-"] * branches
        row += [("Y" if layer.trainable else "N") if layer.weights else "-"] * show_trainable
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    if line_length is not None:
        spare = line_length - sum(widths) - 3 * len(widths) - 1
        widths = [w + max(0, spare) // len(widths) for w in widths]
    lines = [f'Model: "{model.name}"', _rule(widths, "┏┳┓", "━"), _row(rows[0], widths, "┃")]
    lines.append(_rule(widths, "┡╇┩", "━"))
    for i, row in enumerate(rows[1:]):
        if i:
            lines.append(_rule(widths, "├┼┤", "─"))
        lines.append(_row(row, widths, "│"))
    lines.append(_rule(widths, "└┴┘", "─"))
    trainable = _count(model.trainable_weights)
    fixed = _count(model.non_trainable_weights)
    lines.append(f" Total params: {_size(trainable[0] + fixed[0], trainable[1] + fixed[1])}")
    lines.append(f" Trainable params: {_size(*trainable)}")
    lines.append(f" Non-trainable params: {_size(*fixed)}")
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        lines.append(f" Optimizer params: {_size(*_count(optimizer.variables))}")
    return lines


def _is_branched(model):
    """Whether layers take what others than the one before them give."""
    if model._graph is None:
        return False
    nodes = model._graph.nodes
    straight = all(len(node.inputs) <= 1 for node in nodes)
    return not straight or len({id(node.operation) for node in nodes}) != len(nodes)


def _entries(model, expand_nested, depth=0):
    """Yields `(depth, layer, output shape or None, names of what it takes)`."""
    shape = model._build_shape
    for layer in model.layers:
        parents = []
        if model._graph is not None and model._graph.nodes_of(layer):
            nodes = model._graph.nodes_of(layer)
            shape = tree.map_structure(lambda tensor: tensor.shape, nodes[0].outputs)
            for node in nodes:
                for tensor, parent in zip(node.inputs, model._graph.parents(node)):
                    output = tensor._keras_history.tensor_index
                    parents.append(f"{parent.operation.name}[{parent.index}][{output}]")
        else:
            shape = _output_shape(layer, shape)
        yield depth, layer, shape, parents
        if expand_nested and hasattr(layer, "_graph"):
            yield from _entries(layer, expand_nested, depth + 1)


def _output_shape(layer, shape):
    if shape is None or not layer.built:
        return None
    try:
        return layer.compute_output_shape(shape)
    except Exception:  # a layer of the user's that says nothing of its output
        return None


def _text(shape):
    if shape is None:
        return "?"
    if isinstance(shape, dict):
        return ", ".join(f"{key}: {_text(value)}" for key, value in shape.items())
    if isinstance(shape, list) or (shape and isinstance(shape[0], (tuple, list, dict))):
        return ", ".join(_text(value) for value in shape)
    return "(" + ", ".join(str(dim) for dim in shape) + ")"


def _rule(widths, corners, line):
    left, middle, right = corners
    return left + middle.join(line * (w + 2) for w in widths) + right


def _row(cells, widths, bar):
    padded = [
        cell.rjust(w) if i == 2 else cell.ljust(w) for i, (cell, w) in enumerate(zip(cells, widths))
    ]
    return bar + bar.join(f" {cell} " for cell in padded) + bar


def _count(variables):
    numbers = sum(math.prod(v.shape) for v in variables)
    sizes = {"float64": 8, "int64": 8, "uint8": 1, "bool": 1}
    return numbers, sum(math.prod(v.shape) * sizes.get(v.dtype, 4) for v in variables)


def _size(numbers, size):
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{numbers:,} ({size:.2f} {unit})"
