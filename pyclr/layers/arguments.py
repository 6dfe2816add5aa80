"""Checks of layers' arguments, with the messages users see."""

from __future__ import annotations

from operator import index

from .. import constraints, initializers, regularizers

_WEIGHT_OPTIONS = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


def positive_integer(name, value):
    """Returns a positive integer argument as a Python int, or raises a ValueError."""
    number = _integer(value)
    if number is None or number < 1:
        raise ValueError(
            f"Argument `{name}` must be a positive integer. Received: {name}={value!r}"
        )
    return number


def number_between(name, value, low, high, below=False):
    """Returns a number in [low, high], or in [low, high) with `below`, or raises a ValueError."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or (below and value == high):
        end = ")" if below else "]"
        raise ValueError(
            f"Argument `{name}` must be a number in [{low}, {high}{end}. Received: {name}={value!r}"
        )
    return value


def integer_tuple(name, value, count, minimum=1):
    """Returns an integer, or a sequence of `count` of them, as a tuple of `count` integers."""
    try:
        items = tuple(value)
    except TypeError:
        items = (value,) * count
    numbers = tuple(_integer(item) for item in items)
    if len(numbers) != count or any(n is None or n < minimum for n in numbers):
        raise ValueError(
            f"Argument `{name}` must be an integer or a tuple of {count} integers, each at least "
            f"{minimum}. Received: {name}={value!r}"
        )
    return numbers


def pairs(name, value, rank):
    """Returns what is added to or taken off the two ends of `rank` axes as `rank` pairs
    `((before, after), ...)`; an integer, or one for each axis, is symmetric."""
    try:
        items = (value,) * rank if _integer(value) is not None else tuple(value)
        if len(items) == rank:
            return tuple(integer_tuple(name, item, 2, minimum=0) for item in items)
    except (TypeError, ValueError):
        pass
    count = {2: "two", 3: "three"}[rank]
    raise ValueError(
        f"Argument `{name}` must be an integer, a tuple of {count} integers, or a tuple of {count} "
        f"tuples of two integers, none negative. Received: {name}={value!r}"
    )


def normalized_axis(axis):
    """Returns the argument `axis` of a normalization, an integer or a list of integers."""
    if not isinstance(axis, (int, list, tuple)):
        raise TypeError(
            f"Argument `axis` must be an integer or a list of integers. Received: axis={axis!r}"
        )
    return axis if isinstance(axis, int) else list(axis)


def checked_axes(layer, input_shape):
    """Returns the axes that `layer.axis` names, counted from 0 and sorted, or raises a
    ValueError."""
    rank = len(input_shape)
    axes = [layer.axis] if isinstance(layer.axis, int) else layer.axis
    if any(not -rank <= axis < rank for axis in axes):
        raise ValueError(
            f"Argument `axis` must name axes of the input. Received: axis={layer.axis}, "
            f"input_shape={tuple(input_shape)} for layer '{layer.name}'"
        )
    return sorted(axis % rank for axis in axes)


def one_of(name, value, allowed):
    """Returns a string argument in lower case, or raises a ValueError."""
    text = value.lower() if isinstance(value, str) else value
    if text not in allowed:
        names = " or ".join(repr(each) for each in allowed)
        raise ValueError(f"Argument `{name}` must be {names}. Received: {name}={value!r}")
    return text


def channels_last(data_format):
    """Returns `"channels_last"`, the only layout there is, or raises a ValueError."""
    text = data_format.lower() if isinstance(data_format, str) else data_format
    if text not in (None, "channels_last"):
        hint = (
            " Move the channels of the data to the last axis, as with `np.moveaxis(x, 1, -1)`."
            if text == "channels_first"
            else ""
        )
        raise ValueError(
            "Argument `data_format` must be 'channels_last' or None: there is no other layout."
            f"{hint} Received: data_format={data_format!r}"
        )
    return "channels_last"


def drop_unsupported(kwargs, **defaults):
    """Removes arguments that Keras' configs have and this layer has not. A value other than the
    default, which would change what the layer does, raises a ValueError."""
    for name, default in defaults.items():
        value = kwargs.pop(name, default)
        if value != default:
            raise ValueError(
                f"Argument `{name}` must be {default!r}: there is no other mode. "
                f"Received: {name}={value!r}"
            )


def weight_options(layer, name):
    """Returns what `layer.add_weight` is told by the attributes `{name}_initializer`,
    `{name}_regularizer` and `{name}_constraint`."""
    attributes = {option: f"{name}_{option}" for option in _WEIGHT_OPTIONS}
    return {
        option: getattr(layer, attribute)
        for option, attribute in attributes.items()
        if hasattr(layer, attribute)
    }


def weight_config(layer, *names):
    """Returns the same attributes for several weights, serialized, for `get_config`."""
    return {
        f"{name}_{option}": _WEIGHT_OPTIONS[option].serialize(value)
        for name in names
        for option, value in weight_options(layer, name).items()
    }


def _integer(value):
    try:
        return None if isinstance(value, bool) else index(value)
    except TypeError:
        return None
