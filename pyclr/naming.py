"""Automatic names: `dense`, `dense_1`, `dense_2` ..."""

from __future__ import annotations

from collections import Counter

_counts: Counter = Counter()


def unique_name(prefix):
    """Returns `prefix`, or `prefix_1`, `prefix_2` ... when it has been given out before."""
    _counts[prefix] += 1
    count = _counts[prefix] - 1
    return prefix if count == 0 else f"{prefix}_{count}"


def get_uid(prefix=""):
    """Returns how often a name with this prefix has been asked for, this time included."""
    _counts[prefix] += 1
    return _counts[prefix]


def reset_names():
    """Forgets the names given out."""
    _counts.clear()
