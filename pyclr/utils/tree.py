"""Nested structures of lists, tuples and dictionaries; anything else is a leaf."""


def flatten(structure):
    """Returns the leaves in order; dictionaries by sorted key, `None` is a leaf."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in flatten(item)]
    return [structure]


def map_structure(function, structure):
    """Returns the structure with `function(leaf)` in place of every leaf."""
    if isinstance(structure, dict):
        # Called in sorted order, as flatten() sees the leaves; returned in the given order.
        values = {key: map_structure(function, structure[key]) for key in sorted(structure)}
        return {key: values[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        items = [map_structure(function, item) for item in structure]
        if hasattr(structure, "_fields"):  # a named tuple
            return type(structure)(*items)
        return items if isinstance(structure, list) else tuple(items)
    return function(structure)


def pack_like(structure, leaves):
    """Returns the structure with the given leaves, in the order of `flatten`."""
    iterator = iter(leaves)
    return map_structure(lambda _: next(iterator), structure)
