"""Values of logs as plain Python objects."""

from __future__ import annotations

import numpy as np


def plain(value):
    """Returns a number as a Python number, and an array or tensor as nested lists of them."""
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    return np.asarray(value).tolist()


def json_value(value):
    """Returns a number or array as what JSON has for it; what is not finite becomes `None`."""
    value = plain(value)
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
