"""What users give for each output of a model: losses, metrics, labels."""

from __future__ import annotations

from .. import tree


class Outputs:
    """The outputs of a model, flat, with their names.

    Args:
        structure: Nested structure with a leaf for each output, as the model returns it.
        names: Flat list of names, or `None` where there are none: then the keys of a dictionary
            (`"a/b"` for nested ones) name them.
    """

    def __init__(self, structure, names=None):
        self.structure = tree.map_structure(lambda leaf: None, structure)
        self.count = len(tree.flatten(structure))
        paths = _paths(structure)
        by_key = isinstance(structure, dict) or self.count != len(names or ())
        self.names = paths if by_key else list(names)

    @property
    def is_single(self):
        """Whether the model returns one tensor, not a structure of them."""
        return self.structure is None

    def align(self, argument, value, is_leaf):
        """Returns a flat list with what `value` says of each output; `None` where it says nothing.

        Args:
            argument: String, the name of the argument for messages.
            value: One thing for all outputs, a list with one for each, a dictionary by names, or a
                structure like that of the outputs.
            is_leaf: Function that tells whether something is one output's.

        Raises:
            ValueError: if a name is unknown or the number differs.
        """
        if value is None or is_leaf(value):
            return [value] * self.count
        if isinstance(value, dict) and not isinstance(self.structure, dict):
            return self._by_name(argument, value)
        if isinstance(value, dict):
            unknown = sorted(set(value) - set(self.structure))
            if unknown:
                raise ValueError(
                    f"Argument `{argument}` must be given by the names of outputs, "
                    f"{sorted(self.structure)}. Received: {unknown}"
                )
        return self._like(argument, self.structure, value, is_leaf)

    def _by_name(self, argument, value):
        unknown = [key for key in value if key not in self.names]
        if unknown:
            raise ValueError(
                f"Argument `{argument}` must be given by the names of outputs, {self.names}. "
                f"Received: {unknown}"
            )
        return [value.get(name) for name in self.names]

    def _like(self, argument, structure, value, is_leaf):
        if structure is None or value is None or is_leaf(value):
            single = structure is None and isinstance(value, (list, tuple)) and len(value) == 1
            return [value[0] if single else value] * len(tree.flatten(structure))
        if isinstance(structure, dict) and isinstance(value, dict):
            parts = [(structure[key], value.get(key)) for key in sorted(structure)]
        elif isinstance(value, (list, tuple)) and len(value) == len(structure):
            inner = structure.values() if isinstance(structure, dict) else structure
            if isinstance(structure, dict):
                inner = [structure[key] for key in sorted(structure)]
            parts = list(zip(inner, value))
        else:
            raise ValueError(
                f"Argument `{argument}` must have one entry for each output of the model, "
                f"{self.names}. Received: {argument}={value!r}"
            )
        return [
            leaf for inner, part in parts for leaf in self._like(argument, inner, part, is_leaf)
        ]


def _paths(structure, prefix=""):
    if isinstance(structure, dict):
        items = [(key, structure[key]) for key in sorted(structure)]
    elif isinstance(structure, (list, tuple)):
        return [path for item in structure for path in _paths(item, prefix)]
    else:
        return [prefix or None]
    return [
        p for key, item in items for p in _paths(item, f"{prefix}/{key}" if prefix else str(key))
    ]
