"""Finds pyclr's own classes and functions by the names Keras gives them.

A package's namespace is its registry: what is importable from `pyclr.initializers` under a public
name is what `pyclr.initializers.get("that_name")` finds. An alias is an assignment there.
"""

import functools
import inspect
import re
import sys
from types import ModuleType

_ROOT = __name__.partition(".")[0]
_NOT_IDENTIFIERS = {"get", "serialize", "deserialize"}  # functions about identifiers


def to_snake_case(name):
    """Returns a CamelCase name in snake case, as Keras does: `"Conv2DTranspose"` becomes
    `"conv2d_transpose"`, `"RMSprop"` becomes `"rm_sprop"`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def find(name, package, base=None, functions=False):
    """Finds a class or function of a package by one of its names.

    The exact name wins; otherwise case and underscores do not matter, so that `"he_normal"`,
    `"HeNormal"` and `"henormal"` are one. Where only classes are wanted and `name` is a function's,
    the class of the function's name is found: in `pyclr.metrics`, `"mse"` leads over
    `mean_squared_error` to `MeanSquaredError`.

    Args:
        name: String.
        package: String, the package's full name (its `__name__`).
        base: Class that a found class must be or inherit from. `None` allows no class.
        functions: Boolean, whether functions may be found.

    Returns:
        The class or function, or `None`.
    """
    candidates = _candidates(package, base, functions)
    if name in candidates:
        return candidates[name]
    function = _candidates(package, None, True).get(name)
    folded = _fold(function.__name__ if function else name)
    return _by_folded_name(package, base, functions, len(vars(sys.modules[package]))).get(folded)


def get(identifier, package, kind, base=None, functions=False, custom_objects=None):
    """Interprets what a user may pass for an initializer, optimizer, loss and so on.

    Args:
        identifier: `None` (returned as it is), a name, a config dictionary, a class (which is
            instantiated without arguments), an instance of `base`, or, where instances of `base`
            are themselves callable or functions are allowed, any callable.
        package, base, functions: As in `find`.
        kind: String, how messages name the thing: `"initializer"`.
        custom_objects: Optional dictionary of names to classes and functions.

    Returns:
        An instance of `base` or a callable.

    Raises:
        ValueError: if the identifier cannot be interpreted; close matches are listed.
    """
    # Here, because serialization itself looks names up.
    from .saving import object_registration, serialization

    if identifier is None:
        return None
    obj = identifier
    if isinstance(identifier, dict):
        obj = serialization.deserialize_keras_object(
            identifier, custom_objects, package=package, base=base, functions=functions
        )
    elif isinstance(identifier, str):
        obj = object_registration.get_registered_object(identifier, custom_objects)
        obj = find(identifier, package, base, functions) if obj is None else obj
    if inspect.isclass(obj):
        obj = obj()
    if (base and isinstance(obj, base)) or (callable(obj) and (functions or _is_callable(base))):
        return obj
    raise ValueError(
        f"Could not interpret {kind} identifier."
        f"{_close_matches(identifier, package, base, functions)} Received: {identifier!r}"
    )


def alias(name, package, base):
    """Returns the class whose snake-case name is `name`: `pyclr.initializers.he_normal`.

    A package's `__getattr__` calls it, so that these aliases need no list.
    """
    for cls in _candidates(package, base, False).values():
        if to_snake_case(cls.__name__) == name:
            return cls
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def public_module(cls):
    """Returns the module a file names for one of pyclr's public classes, or `None` for others.

    The shallowest public module counts, under Keras' name: `"keras.layers"` for `Dense`, `"keras"`
    for `Model`. A class that Keras keeps elsewhere or lacks says so in `_saved_module`.
    """
    parts = cls.__module__.split(".")
    if parts[0] != _ROOT:
        return None
    if hasattr(cls, "_saved_module"):
        return cls._saved_module
    for depth in range(1, len(parts) + 1):
        module = sys.modules.get(".".join(parts[:depth]))
        if getattr(module, cls.__name__, None) is cls:
            return ".".join(["keras", *parts[1:depth]])
    return None


def resolve(module, name):
    """Returns pyclr's class for a module and class name in a file, or `None`.

    Only attributes of pyclr's public modules are followed and only classes with a `from_config()`
    are returned; nothing is imported. `"keras.layers"` and `"pyclr.layers"` mean `pyclr.layers`;
    Keras' internal `"keras.src.models.functional"` means `pyclr.models`.
    """
    root, *path = module.split(".")
    if root not in ("keras", _ROOT):
        return None
    if path[:1] == ["src"]:
        path = path[1:2]
    package = sys.modules[_ROOT]
    for part in path:
        package = None if part.startswith("_") else getattr(package, part, None)
        if not (isinstance(package, ModuleType) and package.__name__.startswith(f"{_ROOT}.")):
            return None
    obj = None if name.startswith("_") else getattr(package, name, None)
    is_public = inspect.isclass(obj) and _is_ours(obj) and hasattr(obj, "from_config")
    return obj if is_public else None


def _candidates(package, base, functions):
    """The public classes and functions of a package, by every name they have there."""
    namespace = vars(sys.modules[package])
    return _candidates_of(package, base, functions, len(namespace))


@functools.cache
def _candidates_of(package, base, functions, size):
    """`size`, of the namespace, changes when a name is added: found by a lazy import, say."""
    return {
        name: obj
        for name, obj in vars(sys.modules[package]).items()
        if not name.startswith("_")
        and name not in _NOT_IDENTIFIERS
        and (
            (base is not None and inspect.isclass(obj) and issubclass(obj, base))
            or (functions and inspect.isroutine(obj) and _is_ours(obj))
        )
    }


@functools.cache
def _by_folded_name(package, base, functions, size):
    """`_candidates_of` by names without case and underscores; of equal ones the first counts."""
    candidates = _candidates_of(package, base, functions, size)
    return {_fold(name): obj for name, obj in reversed(candidates.items())}


def _is_ours(obj):
    return (obj.__module__ or "").partition(".")[0] == _ROOT


def _fold(name):
    return name.replace("_", "").lower()


def _is_callable(base):
    return base is not None and any("__call__" in vars(cls) for cls in base.__mro__)


def _close_matches(identifier, package, base, functions):
    if not isinstance(identifier, str):
        return ""
    import difflib

    names = {_fold(name): name for name in _candidates(package, base, functions)}
    close = difflib.get_close_matches(_fold(identifier), names, cutoff=0.6)
    if not close:
        return ""
    return " Did you mean " + " or ".join(repr(names[match]) for match in close) + "?"
