"""What a layer's `call` and `build` take: names of tensors, masks, shapes."""

from __future__ import annotations

import inspect

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class CallSignature:
    """The arguments of a layer's `call`, and which of them `build` wants the shapes of.

    Args:
        call: The method, bound.
        build: The method, bound.
    """

    def __init__(self, call, build):
        parameters = inspect.signature(call).parameters
        self.names = [name for name, p in parameters.items() if p.kind not in _VARIADIC]
        self.takes_training = "training" in parameters
        # How many arguments stand before it.
        self.place_of_training = len(self.names)
        if "training" in self.names:
            self.place_of_training = self.names.index("training")
        wanted = inspect.signature(build).parameters.values()
        self._build_names = [p.name for p in wanted if p.kind not in _VARIADIC]
        self._build_takes_all = any(p.kind == p.VAR_KEYWORD for p in wanted)

    def named(self, args, kwargs):
        """Returns all arguments by name; positional ones beyond the named are left out."""
        return {**dict(zip(self.names, args)), **kwargs}

    def missing_masks(self, tensors, arguments):
        """Yields `(argument, tensors it is the mask of)` for masks that `call` takes and that were
        not given.

        Args:
            tensors: Dictionary of the arguments that hold tensors.
            arguments: Dictionary of all arguments.
        """
        for position, (name, value) in enumerate(tensors.items()):
            own = "mask" if len(tensors) == 1 or (position == 0 and "mask" in self.names) else ""
            for mask in (own, f"{name}_mask"):
                if mask in self.names and arguments.get(mask) is None:
                    yield mask, value

    def build_arguments(self, shapes):
        """Returns the keyword arguments for `build`.

        Args:
            shapes: Dictionary from `call`'s arguments to shapes (or nested structures of them).

        Raises:
            ValueError: if `build` wants a shape that there is not.
        """
        if len(self._build_names) == 1 and not self._build_takes_all:
            return {self._build_names[0]: next(iter(shapes.values()), None)}
        known = {f"{name}_shape": shape for name, shape in shapes.items()}
        if self._build_takes_all:
            return known
        if not set(known) & set(self._build_names):  # one structure: its parts, in order
            (structure,) = known.values() or ((),)
            return dict(zip(self._build_names, structure))
        return {name: known[name] for name in self._build_names if name in known}
