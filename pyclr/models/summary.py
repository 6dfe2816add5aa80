"""The text of `model.summary()`."""

from __future__ import annotations

import math


def summary_lines(model, line_length=None):
    """Returns the lines of a table of a model's layers, their output shapes and parameters."""
    rows = [("Layer (type)", "Output Shape", "Param #")]
    shape = model._build_shape
    for layer in model.layers:
        shape = _output_shape(layer, shape)
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        rows.append((f"{layer.name} ({type(layer).__name__})", _text(shape), count))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    if line_length is not None:
        spare = line_length - sum(widths) - 10
        widths = [w + max(0, spare) // 3 for w in widths]
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


def _output_shape(layer, shape):
    if shape is None:
        return None
    try:
        return layer.compute_output_shape(shape)
    except NotImplementedError:
        return None


def _text(shape):
    return "?" if shape is None else "(" + ", ".join(str(dim) for dim in shape) + ")"


def _rule(widths, corners, line):
    left, middle, right = corners
    return left + middle.join(line * (w + 2) for w in widths) + right


def _row(cells, widths, bar):
    name, shape, count = (cell.ljust(w) for cell, w in zip(cells, widths))
    count = count.strip().rjust(widths[2])
    return f"{bar} {name} {bar} {shape} {bar} {count} {bar}"


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
