"""The modules that `tensorflow` and `keras` mean under `pyclr.compat`: one tree of names.

Each is a `Facade`: a module whose names are looked up, when asked for, in modules of pyclr. The
tree of `keras` is pyclr's own (`keras.layers` is `pyclr.layers`), so that `TREE` holds only what
differs from it.
"""

from __future__ import annotations

import importlib
import importlib.machinery
from types import ModuleType

from ..models import compile

# What can be imported: the name in messages, and the version of the API that pyclr follows.
ROOTS = {
    "keras": ("keras", "3.15.0+pyclr"),
    "tensorflow": ("tf", "2.21.0+pyclr"),
    "tensorflow_addons": ("tfa", "0.23.0+pyclr"),
    "tf_keras": ("tf_keras", "2.21.0+pyclr"),
}

# A module's name: the modules of pyclr in which its names are looked up, in this order. A string
# names the module that it is another name of.
TREE = {
    "keras": [""],
    "keras.backend": ["compat.names.backend", "backend", "ops", "losses", "utils"],
    "keras.layers.experimental": ["layers"],
    "keras.layers.experimental.preprocessing": ["layers"],
    "keras.optimizers.experimental": ["optimizers"],
    "keras.optimizers.legacy": ["optimizers"],
    "tensorflow": ["compat.names.tensorflow"],
    "tensorflow.config": ["compat.names.config"],
    "tensorflow.config.experimental": ["compat.names.config"],
    "tensorflow.config.threading": ["compat.names.config"],
    "tensorflow.data": ["data"],
    "tensorflow.data.experimental": ["data"],
    "tensorflow.image": ["compat.names.image"],
    "tensorflow.initializers": ["initializers"],
    "tensorflow.keras": "keras",
    "tensorflow.linalg": ["compat.names.linalg", "compat.names.tensorflow"],
    "tensorflow.losses": ["losses"],
    "tensorflow.math": ["compat.names.tensorflow"],
    "tensorflow.metrics": ["metrics"],
    "tensorflow.nn": ["compat.names.nn"],
    "tensorflow.optimizers": ["optimizers"],
    "tensorflow.random": ["compat.names.random", "random"],
    "tensorflow.test": ["compat.names.config"],
    "tensorflow_addons": [""],
    "tensorflow_addons.optimizers": ["optimizers", "optimizers.schedules"],
    "tf_keras": "keras",
}

_PYCLR = __name__.partition(".")[0]
_MISSING = object()


def import_module(name):
    """Returns the module of a name such as `"tensorflow.keras.layers"`.

    Raises:
        ModuleNotFoundError: if pyclr has no such module.
    """
    __tracebackhide__ = True  # IPython and pytest leave the frame out
    root, *path = name.split(".")
    module = _root(root)
    for part in path:
        child = getattr(module, part, None)
        if not isinstance(child, Facade):
            raise ModuleNotFoundError(module._lacks(part), name=name)
        module = child
    return module


def import_statement(name, fromlist):
    """Returns what `builtins.__import__` returns for a name and the names to take from it.

    Raises:
        ImportError: if pyclr lacks the module or one of the names.
    """
    __tracebackhide__ = True
    module = import_module(name)
    for wanted in fromlist or ():
        # Checked here, as the interpreter would go on to look in `sys.modules`.
        if wanted != "*" and not hasattr(module, wanted):
            raise ImportError(module._lacks(wanted), name=name)
    return module if fromlist else _root(name.partition(".")[0])


class Facade(ModuleType):
    """A module whose names are those of other modules.

    Args:
        name: String, as it is imported.
        key: String, its place in `TREE`, or where it would stand there.
        source: Optional module, for a place that `TREE` does not have.
    """

    def __init__(self, name, key, source=None):
        super().__init__(name)
        self.__path__ = []  # its children are found by `import_module`, not on a path
        self.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        key = TREE[key] if isinstance(TREE.get(key), str) else key
        self._key = key
        self._sources = [_pyclr(path) for path in TREE[key]] if key in TREE else [source]
        root = name if name in ROOTS else key
        if root in ROOTS:
            self.__version__ = ROOTS[root][1]

    def __getattr__(self, name):
        __tracebackhide__ = True
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_")]
        value = _MISSING if name.startswith("_") else self._find(name)
        if value is _MISSING:
            raise AttributeError(self._lacks(name), name=name, obj=self)
        setattr(self, name, value)
        return value

    def _find(self, name):
        key = f"{self._key}.{name}"
        if key in TREE:
            return Facade(f"{self.__name__}.{name}", key)
        for source in self._sources:
            value = getattr(source, name, _MISSING)
            if not isinstance(value, ModuleType):
                if value is not _MISSING:
                    return value
            elif value.__name__.startswith(f"{_PYCLR}."):
                return Facade(f"{self.__name__}.{name}", key, value)
        return _MISSING

    def _lacks(self, name):
        root, *path = self.__name__.split(".")
        path = ".".join([ROOTS[root][0], *path])
        message = f"{_PYCLR} has no '{path}.{name}' (asked for under {_PYCLR}.compat)."
        if name.startswith("_"):
            return message
        import difflib

        close = difflib.get_close_matches(name, dir(self), n=1)
        return f"{message} Did you mean '{path}.{close[0]}'?" if close else message

    def __dir__(self):
        children = (key.rpartition(".") for key in TREE)
        names = {name for parent, _, name in children if parent == self._key}
        for source in self._sources:
            names.update(name for name in dir(source) if not name.startswith("_"))
        found = ((name, self._find(name)) for name in names)
        return sorted({*vars(self), *(name for name, value in found if value is not _MISSING)})

    def __repr__(self):
        return f"<module {self.__name__!r} from {_PYCLR}.compat>"

    def __reduce__(self):
        return import_module, (self.__name__,)


_roots: dict[str, Facade] = {}


def _root(name):
    if name in ("tensorflow", "tf_keras"):
        compile.match_ranks = True
    if name not in _roots:
        _roots[name] = Facade(name, name)
    return _roots[name]


def _pyclr(path):
    return importlib.import_module(f"{_PYCLR}.{path}".rstrip("."))
