"""Objects to and from config dictionaries, in the JSON format of Keras 3.

A file holds names and plain values, never code. Loading looks names up in pyclr's own public
packages and among registered or custom objects; it imports nothing and runs nothing that the file
names, whatever `safe_mode` says.
"""

import inspect
import os
import sys
from contextvars import ContextVar
from types import BuiltinFunctionType, FunctionType

import numpy as np

from .. import _core, _lookup
from . import object_registration

# Keras writes its own functions by bare name; they are looked up here, in this order.
_FUNCTION_PACKAGES = (
    "activations",
    "constraints",
    "initializers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
)
_NUMERIC_KINDS = "biuf"  # of NumPy dtypes; others are not data a layer could hold
_ROOT = __name__.partition(".")[0]

# While a scope is open: {id of object: (object, its config, number)} when saving,
# {number: object} when loading.
_sharing = ContextVar("shared_objects", default=None)
_collected = ContextVar("collected_objects", default=None)


class ObjectSharingScope:
    """While open, an object met twice is written once in full and restored as one object."""

    def __enter__(self):
        self._token = _sharing.set({})

    def __exit__(self, *exception):
        _sharing.reset(self._token)


class CollectedObjects:
    """While open, collects the classes and functions of the user's that configs name, in a
    dictionary that can be passed as `custom_objects`."""

    def __enter__(self):
        objects = {}
        self._token = _collected.set(objects)
        return objects

    def __exit__(self, *exception):
        _collected.reset(self._token)


class UnsavedFunction:
    """Stands for a lambda or local function that a file could not hold.

    Under `pyclr.compat`, saving a model whose learning rate schedule uses a lambda succeeds, and
    the file says which function is missing. The model loads and predicts; calling the function,
    which training would do, raises an error with the ways out. `custom_objects={"<lambda>": fn}`
    at load time fills the gap.

    Args:
        name: String, the function's `__name__`.
        defined_at: String, file name and line of the definition.
    """

    def __init__(self, name, defined_at):
        self.name = name
        self.defined_at = defined_at

    def __call__(self, *args, **kwargs):
        raise ValueError(
            f"The function `{self.name}` (defined at {self.defined_at}) is not in the file this "
            "object was loaded from: files hold names, never code. Pass it when loading, "
            f"`custom_objects={{{self.name!r}: function}}`, or replace the object that uses it, "
            "for example with `model.compile(...)`."
        )

    def to_config(self):
        return {
            "module": None,
            "class_name": "__unsaved_function__",
            "config": {"name": self.name, "defined_at": self.defined_at},
            "registered_name": None,
        }


def serialize_keras_object(obj):
    """Returns the config of an object, made of plain values that JSON can hold.

    Args:
        obj: `None`, a plain value, a list, tuple or dictionary of serializable objects, bytes, a
            slice, `Ellipsis`, a NumPy value, array or dtype, a tensor, a named function, or an
            instance of a class with a `get_config()` method.

    Returns:
        A plain value or a dictionary that `deserialize_keras_object` turns into an equal object.

    Raises:
        ValueError: if a function has no name to be found by (an unregistered lambda).
        TypeError: if an object has no `get_config()` method.

    Example:

    ```python
    >>> pyclr.saving.serialize_keras_object(pyclr.initializers.Constant(2.0))
    {'module': 'keras.initializers', 'class_name': 'Constant',
     'config': {'value': 2.0}, 'registered_name': None}
    ```
    """
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if obj is None or isinstance(obj, (str, int, float, bool)):
        return obj
    if isinstance(obj, list):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(item) for item in obj)
    if isinstance(obj, dict):
        return serialize_dict(obj)
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        bounds = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_dict(bounds)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": _array_config(obj)}
    if isinstance(obj, np.dtype) or (inspect.isclass(obj) and issubclass(obj, np.generic)):
        return np.dtype(obj).name
    if isinstance(obj, _own_class("KerasTensor")):
        history = list(obj._keras_history)
        config = {
            "shape": obj.shape,
            "dtype": obj.dtype,
            "keras_history": [history[0].name, *history[1:]],
        }
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(obj, _core.Tensor):
        return {"class_name": "__tensor__", "config": _array_config(np.asarray(obj))}
    if hasattr(type(obj), "to_config"):  # UnsavedFunction, and the operations of a graph
        return obj.to_config()
    if isinstance(obj, (FunctionType, BuiltinFunctionType)):
        return serialize_function(obj)
    return serialize_instance(obj)


def serialize_dict(obj):
    """Returns a dictionary with every value serialized."""
    return {key: serialize_keras_object(value) for key, value in obj.items()}


def serialize_function(function, allow_local=True, hint=""):
    """Returns the config of a function: its registered name or its `__name__`.

    Args:
        function: A function.
        allow_local: Boolean, whether an unregistered function defined inside another may be
            written by name; whoever loads the file must then pass it as a custom object.
        hint: String, a further way out for the error message.

    Raises:
        ValueError: if the function has no name to be found by, except under `pyclr.compat`,
            where the config of an `UnsavedFunction` is returned.
    """
    name = object_registration.get_registered_name(function)
    is_registered = name != function.__name__
    qualified = function.__name__ if allow_local else function.__qualname__
    if not is_registered and "<" in qualified:
        unsaved = UnsavedFunction(name, _defined_at(function))
        if object_registration.allow_unregistered_functions:
            return unsaved.to_config()
        written_name = "my_function" if name == "<lambda>" else name
        raise ValueError(
            f"Cannot save the function `{name}` (defined at {unsaved.defined_at}): a file holds "
            "the name of a function, not its code, and a lambda or local function has no name "
            "it can be found by. Define and register it at the top level of a module:\n\n"
            "    @pyclr.saving.register_keras_serializable()\n"
            f"    def {written_name}(...):\n        ...\n\n{hint}Received: {function}"
        )
    _collect(name, function)
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


def deserialize_keras_object(
    config, custom_objects=None, safe_mode=True, *, package=None, base=None, functions=False
):
    """Returns the object that a config describes.

    Names are looked up, in this order, in open `CustomObjectScope`s, among registered objects, in
    `custom_objects` and in pyclr's public packages. Nothing else can be reached from a file.

    Args:
        config: A config made by `serialize_keras_object`, here or in Keras 3.
        custom_objects: Optional dictionary of names to classes and functions.
        safe_mode: Accepted for Keras' sake. Lambdas in files are refused whatever its value.
        package: Optional string, the full name of a pyclr package. A class or function name that
            comes without a module is looked up there, with `base` and `functions` as in
            `_lookup.find`.
        base, functions: See `package`.

    Returns:
        The object. Tuples come back as lists, as JSON and Keras have it.

    Raises:
        ValueError: if the config holds a Python lambda.
        TypeError: if the config is malformed, or names a class or function that is not known; the
            message gives the line that registers it.
    """
    if config is None:
        return None
    if isinstance(config, str):
        found = object_registration.get_registered_object(config, custom_objects)
        return config if found is None else found
    if isinstance(config, (int, float, bool)):
        return config
    if isinstance(config, (list, tuple)):
        return [deserialize_keras_object(item, custom_objects, safe_mode) for item in config]
    if not isinstance(config, dict):
        raise TypeError(f"Could not parse config. Received: {config!r} of type {type(config)}")
    if "class_name" not in config or "config" not in config:
        return {
            key: deserialize_keras_object(value, custom_objects, safe_mode)
            for key, value in config.items()
        }

    for key in ("class_name", "module", "registered_name"):
        if not isinstance(config.get(key), (str, type(None))):
            raise TypeError(f"`{key}` of a config must be a string or None. Received: {config}")
    class_name = config["class_name"]
    inner = {} if config["config"] is None else config["config"]
    if class_name in _SPECIAL:
        try:
            return _SPECIAL[class_name](inner)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise TypeError(f"Malformed config ({error}). Received: {config}") from error
    if class_name == "__lambda__":
        raise ValueError(
            "The file holds the code of a Python lambda, and pyclr never runs code from a file "
            "(`safe_mode=False` does not change that). Save the object with a named function "
            "registered with `@pyclr.saving.register_keras_serializable()` instead, or rebuild "
            "the model in Python and load its weights alone with `model.load_weights(...)`."
        )
    if class_name == "__unsaved_function__":
        unsaved = UnsavedFunction(**inner)
        found = object_registration.get_registered_object(unsaved.name, custom_objects)
        return unsaved if found is None else found
    if class_name == "function":
        if not isinstance(inner, str):
            raise TypeError(
                "The `config` of a function must be its name, a string. "
                f"Received: {inner!r} in {config}"
            )
        found = _find_function(inner, custom_objects, package)
        if found is None:
            _raise_unknown("function", inner.rpartition(">")[2], inner, config)
        return found
    return _deserialize_instance(config, inner, custom_objects, package, base, functions)


def serialize_instance(obj, parts=("build_config", "compile_config")):
    """Returns the config of an object with a `get_config()` method.

    Args:
        obj: The object.
        parts: What else is asked for, by methods such as `get_build_config`, if they are there.
    """
    if not hasattr(obj, "get_config") or inspect.isclass(obj):
        raise TypeError(
            f"Cannot serialize the object {obj!r}. To be serializable, it must be an instance of "
            f"a class with a `get_config()` method. Received: type={type(obj)}"
        )
    cls = type(obj)
    inner = obj.get_config()
    if not isinstance(inner, dict):
        raise TypeError(f"`{cls.__name__}.get_config()` must return a dict. Received: {inner!r}")

    registered_name = object_registration.get_registered_name(cls)
    public_module = _lookup.public_module(cls)
    if public_module is None:
        module = None if cls.__module__ == "__main__" else cls.__module__
        _collect(registered_name, cls)
    else:
        module = public_module
        # Keras lacks the class: under this name a user of Keras can register one of theirs.
        is_extension = module.partition(".")[0] == _ROOT
        is_internal = module.startswith("keras.src.")
        registered_name = f"{_ROOT}>{cls.__name__}" if is_extension else None
        registered_name = cls.__name__ if is_internal else registered_name
    config = {
        "module": module,
        "class_name": cls.__name__,
        "config": serialize_dict(inner),
        "registered_name": registered_name,
    }
    for part in parts:
        getter = getattr(obj, f"get_{part}", None)
        value = getter() if getter else None
        if value is not None:
            config[part] = serialize_dict(value)

    shared = _sharing.get()
    if shared is not None:
        _, first, number = shared.setdefault(id(obj), (obj, config, len(shared)))
        if first is not config:
            first["shared_object_id"] = config["shared_object_id"] = number
    return config


def _collect(name, obj):
    collected = _collected.get()
    if collected is None or (obj.__module__ or "").partition(".")[0] == _ROOT:
        return
    if collected.setdefault(name, obj) is not obj:
        raise ValueError(
            f"Two different objects are named {name!r}: {collected[name]} and {obj}. Register them "
            "under different names with `@pyclr.saving.register_keras_serializable()`."
        )


def _deserialize_instance(config, inner, custom_objects, package, base, functions):
    if not isinstance(inner, dict):
        raise TypeError(
            f"The `config` of {config['class_name']} must be a dict. Received: {inner!r}"
        )
    shared = _sharing.get()
    shared_id = config.get("shared_object_id")
    if shared is not None and shared_id in shared:
        return shared[shared_id]

    if (config.get("module") or "").startswith("keras.src.ops."):
        from ..symbolic import FunctionOperation

        return FunctionOperation.from_file(
            config["class_name"], deserialize_keras_object(inner, custom_objects)
        )
    cls = _find_class(config, custom_objects, package, base, functions)
    if not inspect.isclass(cls):
        return cls
    if not hasattr(cls, "from_config"):
        raise TypeError(
            f"Cannot restore an instance of {cls.__name__}: the class has no `from_config()` "
            f"method. Received: {config}"
        )
    # In a scope, so that `from_config` methods find the custom objects their configs refer to.
    known = dict(custom_objects or {})
    known.update(object_registration.get_custom_objects())
    known.update(object_registration.get_scope_objects())
    with object_registration.CustomObjectScope(known):
        try:
            instance = cls.from_config(inner)
        except _UnknownNameError:
            raise
        except TypeError as error:
            raise TypeError(
                f"{cls} could not be restored from its config. A class whose `get_config()` "
                "returns other objects (layers, functions) must deserialize them in its "
                f"`from_config()`. Received: config={config}\n\nThe error was: {error}"
            ) from error
        if config.get("build_config") and not getattr(instance, "built", False):
            instance.build_from_config(config["build_config"])
            instance.built = True
        if config.get("compile_config"):
            instance.compile_from_config(config["compile_config"])
    if shared is not None and shared_id is not None:
        shared[shared_id] = instance
    return instance


def _find_class(config, custom_objects, package, base, functions):
    name, module = config["class_name"], config.get("module")
    # An explicit null says that the class is built in and no custom object may take its place.
    registered_name = config.get("registered_name", name)
    found = object_registration.get_registered_object(registered_name, custom_objects)
    if found is None and registered_name is not None:
        found = object_registration.get_registered_object(name, custom_objects)
    if found is None and registered_name in (None, name, f"{_ROOT}>{name}"):
        if module:
            found = _lookup.resolve(module, name)
        elif package:
            found = _lookup.find(name, package, base, functions)
    if found is None:
        found = _find_registered_since(name)
    if found is None:
        _raise_unknown("class", name, registered_name or "", config)
    return found


def _find_function(name, custom_objects, package):
    found = object_registration.get_registered_object(name, custom_objects)
    if found is None:
        short_name = name.rpartition(">")[2]
        found = object_registration.get_registered_object(short_name, custom_objects)
    packages = [package] if package else []
    packages += [f"{_ROOT}.{each}" for each in _FUNCTION_PACKAGES]
    for each in packages:
        if found is None and each in sys.modules:
            found = _lookup.find(name, each, functions=True)
    return _find_registered_since(name) if found is None else found


def _find_registered_since(name):
    """An object that was saved under its plain name and is registered now, if that is clear."""
    objects = object_registration.get_custom_objects()
    found = [obj for key, obj in objects.items() if key.partition(">")[2] == name]
    return found[0] if len(found) == 1 else None


class _UnknownNameError(TypeError):
    """A config names a class or function that is not known."""


def _raise_unknown(kind, name, registered_name, config):
    module = config.get("module") or ""
    if not registered_name and module.partition(".")[0] == "keras":
        raise _UnknownNameError(
            f"Could not locate the {kind} `{module}.{name}`: pyclr has none of that name. "
            f"Received: {config}"
        )
    package, separator, short_name = registered_name.partition(">")
    arguments = f'package="{package}", name="{short_name}"' if separator else ""
    raise _UnknownNameError(
        f"Could not locate the {kind} `{name}`. If it is yours, add this line above its "
        "definition and import that module before loading:\n\n"
        f"    @pyclr.saving.register_keras_serializable({arguments})\n\n"
        f"or pass `custom_objects={{{name!r}: {name}}}`. Received: {config}"
    )


def _defined_at(function):
    code = getattr(function, "__code__", None)
    return f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}" if code else "unknown"


def _own_class(name):
    """pyclr's public class of that name; an empty tuple (for isinstance) while there is none."""
    return getattr(sys.modules[_ROOT], name, ())


def _restore_keras_tensor(inner):
    tensor = _own_class("KerasTensor")(inner["shape"], dtype=inner["dtype"])
    tensor._pre_serialization_keras_history = inner["keras_history"]
    return tensor


def _array_config(array):
    if array.dtype.kind not in _NUMERIC_KINDS:
        raise TypeError(f"Cannot serialize an array of dtype {array.dtype}. Received: {array!r}")
    return {"value": array.tolist(), "dtype": array.dtype.name}


def _restore_array(inner):
    dtype = np.dtype(inner["dtype"])
    if dtype.kind not in _NUMERIC_KINDS:
        raise ValueError(f"an array must be numeric, not {dtype}")
    return np.array(inner["value"], dtype=dtype)


_SPECIAL = {
    "__bytes__": lambda inner: inner["value"].encode("utf-8"),
    "__ellipsis__": lambda inner: Ellipsis,
    "__keras_tensor__": _restore_keras_tensor,
    "__numpy__": _restore_array,
    "__slice__": lambda inner: slice(inner["start"], inner["stop"], inner["step"]),
    "__tensor__": lambda inner: _core.tensor(_restore_array(inner)),
}
