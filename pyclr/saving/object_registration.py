"""The names under which custom classes and functions are saved and found again."""

import inspect
from contextvars import ContextVar

# Set by `pyclr.compat`. A script written for another library may save a lambda: there the file gets
# a marker instead of an error (see `serialization.UnsavedFunction`).
allow_unregistered_functions = False

_objects: dict = {}  # "package>name" -> class or function
_names: dict = {}  # class or function -> "package>name", valid while `_objects` agrees
_scope = ContextVar("custom_objects", default=None)  # the dictionaries of open scopes, merged


def register_keras_serializable(package="Custom", name=None):
    """Registers a class or function, so that files can refer to it by name.

    The object is stored under the key `"package>name"`. A file written with pyclr or Keras holds
    that key and the object's config; loading looks the key up and never imports a module or runs
    code that the file names.

    Args:
        package: String, the first part of the key. Defaults to `"Custom"`.
        name: String, the second part of the key. Defaults to the object's `__name__`.

    Returns:
        A decorator that registers a class or function and returns it unchanged.

    Raises:
        ValueError: if a decorated class has no `get_config()` method.

    Example:

    ```python
    @pyclr.saving.register_keras_serializable(package="my_package")
    def halve(x):
        return 0.5**x

    assert pyclr.saving.get_registered_name(halve) == "my_package>halve"
    assert pyclr.saving.get_registered_object("my_package>halve") is halve
    ```
    """

    def decorator(obj):
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(
                "Cannot register a class that does not have a `get_config()` method. "
                f"Received: {obj}"
            )
        registered_name = f"{package}>{obj.__name__ if name is None else name}"
        _objects[registered_name] = obj
        _names[obj] = registered_name
        return obj

    return decorator


def get_registered_name(obj):
    """Returns the name a class or function is registered under.

    Args:
        obj: A class or function.

    Returns:
        The key `"package>name"`, or `obj.__name__` if the object is not registered.
    """
    name = _names.get(obj)
    return name if name is not None and _objects.get(name) is obj else obj.__name__


def get_registered_object(name, custom_objects=None, module_objects=None):
    """Returns the class or function registered under a name.

    The places are searched in this order: open `CustomObjectScope`s, `get_custom_objects()`,
    `custom_objects`, `module_objects`.

    Args:
        name: String, such as `"my_package>MyLayer"`.
        custom_objects: Optional dictionary of names to objects.
        module_objects: Optional dictionary of names to objects.

    Returns:
        The class or function, or `None` if no place has the name.
    """
    for objects in (_scope.get(), _objects, custom_objects, module_objects):
        if objects and name in objects:
            return objects[name]
    return None


def get_custom_objects():
    """Returns the live global dictionary of registered objects.

    Names given by `CustomObjectScope` are not in it.

    Returns:
        A dictionary of `"package>name"` to class or function.
    """
    return _objects


def get_scope_objects():
    """Returns the objects of all open `CustomObjectScope`s as one dictionary."""
    return _scope.get() or {}


class CustomObjectScope:
    """Makes custom classes and functions known by name inside a `with` block.

    Scopes nest: an inner scope adds to the outer one and wins where both have a name. A scope
    belongs to the thread that opened it.

    Args:
        custom_objects: Dictionary of names to classes and functions.

    Example:

    ```python
    config = {"class_name": "MyInitializer", "config": {}}
    with pyclr.saving.custom_object_scope({"MyInitializer": MyInitializer}):
        initializer = pyclr.initializers.get(config)
    ```
    """

    def __init__(self, custom_objects):
        self.custom_objects = dict(custom_objects or {})
        self._tokens = []

    def __enter__(self):
        self._tokens.append(_scope.set({**get_scope_objects(), **self.custom_objects}))
        return self

    def __exit__(self, *exception):
        _scope.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope
