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


def pairs(name, value):
    """Returns what is added to or taken off the two ends of height and width as
    `((top, bottom), (left, right))`; an integer or a pair of integers is symmetric."""
    try:
        items = (value, value) if _integer(value) is not None else tuple(value)
        if len(items) == 2:
            return tuple(integer_tuple(name, item, 2, minimum=0) for item in items)
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"Argument `{name}` must be an integer, a tuple of two integers, or a tuple of two tuples "
        f"of two integers, none negative. Received: {name}={value!r}"
    )


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
