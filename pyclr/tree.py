"""Nested structures of lists, tuples and dictionaries; anything else is a leaf, also `None`.

The leaves have an order: dictionaries are gone through by sorted key, those of the class
`OrderedDict` in their own order.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import copy


class MAP_TO_NONE:
    """What a function given to `traverse` returns to have `None` in the result."""


def is_nested(structure):
    """Returns whether it is a list, tuple (named ones too) or dictionary."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure):
    """Returns the leaves in order."""
    if isinstance(structure, dict):
        return [leaf for key in _keys(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in flatten(item)]
    return [structure]


def flatten_with_path(structure):
    """Returns a list of `(path, leaf)`; a path is the tuple of indices and keys that lead there."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, item in _items(structure)
        for path, leaf in flatten_with_path(item)
    ]


def map_structure(func, *structures, none_is_leaf=True):
    """Returns the structure with `func(leaf)` in place of every leaf.

    Args:
        func: Function of as many leaves as there are structures.
        *structures: Structures that are alike (see `assert_same_structure`). The first one decides
            the classes of the result's containers.
        none_is_leaf: Boolean, whether `func` is called for `None`, which otherwise stays.

    Raises:
        ValueError: if the structures differ.
    """
    if len(structures) == 1 and none_is_leaf:
        return _map(func, structures[0])
    if not structures:
        raise TypeError("map_structure() needs at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    if none_is_leaf:
        return _map_all(func, structures)
    return _map_all(lambda *leaves: None if leaves[0] is None else func(*leaves), structures)


def _map(func, structure):
    if isinstance(structure, dict):
        # Called in the order of `flatten`; returned in the given order.
        return _refilled(structure, {key: _map(func, structure[key]) for key in _keys(structure)})
    if isinstance(structure, (list, tuple)):
        items = [_map(func, item) for item in structure]
        return items if type(structure) is list else _refilled(structure, items)
    return func(structure)


def _map_all(func, structures, shallow=None):
    """`_map` for several structures, down to the leaves of `shallow`."""
    shallow = structures[0] if shallow is None else shallow
    if not is_nested(shallow):
        return func(*structures)
    results = {
        key: _map_all(func, [structure[key] for structure in structures], item)
        if is_nested(item)
        else func(*(structure[key] for structure in structures))
        for key, item in _items(shallow)
    }
    return _refilled(shallow, results if isinstance(shallow, dict) else list(results.values()))


def map_structure_up_to(shallow_structure, func, *structures):
    """Returns a structure as `shallow_structure`, with `func` of what stands in each place.

    Args:
        shallow_structure: Structure whose leaves are the places.
        func: Function of as many arguments as there are structures; what it is given may be nested.
        *structures: Structures at least as deep.

    Raises:
        ValueError: if a structure is not as deep or has other containers.
    """
    if not structures:
        raise TypeError("map_structure_up_to() needs at least one structure.")
    for structure in structures:
        _check_same(shallow_structure, structure, up_to=True)
    if not is_nested(shallow_structure):
        return func(*structures)
    return _map_all(func, structures, shallow_structure)


def assert_same_structure(a, b):
    """Raises a ValueError unless two structures have the same containers, with the same lengths and
    keys. Dictionaries of all classes count as the same; lists, tuples and named tuples do not."""
    _check_same(a, b)


def assert_same_paths(a, b):
    """Raises a ValueError unless two structures have leaves at the same paths, as
    `flatten_with_path` gives them: whatever the classes of their containers."""
    paths = [{path for path, _ in flatten_with_path(structure)} for structure in (a, b)]
    if paths[0] != paths[1]:
        raise ValueError(
            "The two structures must have leaves at the same paths. Received: only in the first "
            f"{sorted(paths[0] - paths[1], key=str)}, only in the second "
            f"{sorted(paths[1] - paths[0], key=str)}"
        )


def pack_sequence_as(structure, flat_sequence):
    """Returns the structure with other leaves, in the order of `flatten`.

    Raises:
        TypeError: if `flat_sequence` is not a sequence.
        ValueError: if it does not have as many leaves as the structure.
    """
    leaves, wanted = list(flat_sequence), len(flatten(structure))
    if len(leaves) != wanted:
        raise ValueError(
            f"Argument `flat_sequence` must have the {wanted} leaves of the structure. "
            f"Received: {len(leaves)}"
        )
    return pack_like(structure, leaves)


def pack_like(structure, leaves):
    """`pack_sequence_as` of any iterable, without its checks."""
    iterator = iter(leaves)
    return _map(lambda _: next(iterator), structure)


def lists_to_tuples(structure):
    """Returns the structure with tuples in place of lists."""
    if not is_nested(structure):
        return structure
    return _refilled(
        tuple(structure) if isinstance(structure, list) else structure,
        {key: lists_to_tuples(item) for key, item in _items(structure)}
        if isinstance(structure, dict)
        else [lists_to_tuples(item) for item in structure],
    )


def map_shape_structure(func, structure):
    """Returns the structure with `func(shape)` for every shape in it, a tuple (or list) of integers
    and `None`.

    Raises:
        ValueError: if there is anything else.
    """

    def replaced(item):
        if isinstance(item, (list, tuple)) and all(d is None or isinstance(d, int) for d in item):
            return func(item)
        if not is_nested(item):
            raise ValueError(
                f"Argument `structure` must consist of shapes. Received: {item!r} in {structure!r}"
            )

    return traverse(replaced, structure)


def traverse(func, structure, top_down=True):
    """Returns the structure with `func(part)` in place of every part - container or leaf - for
    which it is not `None`.

    Args:
        func: Function of a part. To have `None` in the result it returns `MAP_TO_NONE`.
        structure: The structure.
        top_down: Boolean, whether containers come before what is in them. Then parts of a replaced
            container are not visited.
    """
    if not callable(func):
        raise TypeError(f"Argument `func` must be callable. Received: func={func!r}")
    if top_down:
        result = func(structure)
        if result is not None:
            return None if result is MAP_TO_NONE else result
    if is_nested(structure):
        results = {key: traverse(func, item, top_down) for key, item in _items(structure)}
        is_dict = isinstance(structure, dict)
        structure = _refilled(structure, results if is_dict else list(results.values()))
    if not top_down:
        result = func(structure)
        if result is not None:
            return None if result is MAP_TO_NONE else result
    return structure


def _keys(dictionary):
    return dictionary if isinstance(dictionary, OrderedDict) else sorted(dictionary)


def _items(container):
    """The keys or indices of a container with what is there, in the order of the leaves."""
    if isinstance(container, dict):
        return [(key, container[key]) for key in _keys(container)]
    return list(enumerate(container))


def _refilled(container, items):
    """A container of the class of another, with other items: a dictionary of them, or a list."""
    if isinstance(container, dict):
        if type(container) is dict:
            return {key: items[key] for key in container}
        result = copy(container)  # keeps the order of the keys, and a defaultdict's factory
        result.update(items)
        return result
    if hasattr(container, "_fields"):  # a named tuple
        return type(container)(*items)
    return items if isinstance(container, list) else tuple(items)


def _check_same(a, b, up_to=False):
    if not is_nested(a) and (up_to or not is_nested(b)):
        return
    kinds = [dict if isinstance(item, dict) else type(item) for item in (a, b)]
    if not is_nested(a) or kinds[0] is not kinds[1] or len(a) != len(b):
        raise ValueError(f"The two structures must be alike. Received: {a!r} and {b!r}")
    if isinstance(a, dict) and a.keys() != b.keys():
        raise ValueError(
            f"The two dictionaries must have the same keys. Received: {list(a)} and {list(b)}"
        )
    for key, item in _items(a):
        _check_same(item, b[key], up_to)
