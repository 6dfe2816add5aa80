"""Names that are imported when they are used, so that `import pyclr` is quick."""

from __future__ import annotations

import importlib
import sys


def attach(package, modules):
    """Returns the `__getattr__` and `__dir__` of a package, of which parts are imported on demand.

    Args:
        package: String, the package's `__name__`.
        modules: Dictionary from a module, relative to the package (`".mnist"`, `"..backend"`), to
            the names it gives, as one string (`new=name` gives one another name); an empty string
            for the module itself.

    Example:

    ```python
    __getattr__, __dir__ = attach(__name__, {".file_utils": "get_file", ".mnist": ""})
    ```
    """
    places = {}
    for module, names in modules.items():
        for name in names.split() or [module.lstrip(".")]:
            new, _, source = name.partition("=")
            places[new] = module, (source or new) if names else None

    def getattribute(name):
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, source = places[name]
        found = importlib.import_module(module, package)
        if source is not None:
            found = vars(sys.modules[package])[name] = getattr(found, source)
        return found

    def directory():
        own = [name for name in vars(sys.modules[package]) if not name.startswith("_")]
        return sorted({*own, *places})

    return getattribute, directory
