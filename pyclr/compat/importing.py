"""Decides, import by import, whether `tensorflow` means pyclr: for the user's own code it does.

`sys.modules` has one place a name and can not hold two views, so it is left alone: the import
statement itself is intercepted (`docs/decisions/0004-compat.md`).
"""

from __future__ import annotations

import builtins
import functools
import importlib
import importlib.util
import multiprocessing.spawn
import os
import sys
from pathlib import Path

from . import facade

_python_import = builtins.__import__
_python_import_module = importlib.import_module
_python_find_spec = importlib.util.find_spec
_python_preparation_data = multiprocessing.spawn.get_preparation_data

_STANDARD_LIBRARY = os.path.dirname(os.__file__)
_PYCLR = os.path.dirname(os.path.dirname(__file__))


def install():
    """Replaces Python's ways to import."""
    for (owner, name), (_, ours) in _REPLACED.items():
        setattr(owner, name, ours)


def uninstall():
    """Restores what `install` replaced, unless somebody else has replaced it since."""
    for (owner, name), (pythons, ours) in _REPLACED.items():
        if getattr(owner, name) is ours:
            setattr(owner, name, pythons)


def is_user_code(namespace, frame):
    """Returns whether code that runs is the user's own.

    Args:
        namespace: The globals of the code.
        frame: The frame of the code. Code without a file, as `exec` runs it, belongs to who runs
            it: the next frame outward that has one. `__main__` without a file is the user's: `-c`,
            a notebook's cell.
    """
    while True:
        file = namespace.get("__file__")
        if isinstance(file, str):
            return not _is_installed(file)
        if namespace.get("__name__") == "__main__":
            return True
        frame = frame.f_back
        if frame is None:
            return False
        namespace = frame.f_globals


@functools.cache
def _is_installed(file):
    path = Path(os.path.abspath(file))
    return (
        not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
        or path.is_relative_to(_STANDARD_LIBRARY)
        or path.is_relative_to(_PYCLR)
    )


def _is_ours(name, frame, namespace=None):
    return name.partition(".")[0] in facade.ROOTS and is_user_code(
        frame.f_globals if namespace is None else namespace, frame
    )


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    __tracebackhide__ = True  # IPython and pytest leave the frame out
    if level == 0 and _is_ours(name, sys._getframe(1), globals):
        return facade.import_statement(name, fromlist)
    return _python_import(name, globals, locals, fromlist, level)


@functools.wraps(_python_import_module)
def _import_module(name, package=None):
    if _is_ours(name, sys._getframe(1)):
        return facade.import_module(name)
    return _python_import_module(name, package)


@functools.wraps(_python_find_spec)
def _find_spec(name, package=None):
    if not _is_ours(name, sys._getframe(1)):
        return _python_find_spec(name, package)
    try:
        return facade.import_module(name).__spec__
    except ModuleNotFoundError:
        return None


class _InstallWhenUnpickled:
    def __reduce__(self):
        return importlib.import_module("pyclr.compat").install, ()


@functools.wraps(_python_preparation_data)
def _preparation_data(name):
    # A spawned process unpickles this before it imports the user's main module again.
    data = {**_python_preparation_data(name), "pyclr.compat": _InstallWhenUnpickled()}
    if name == "ignore":  # the fork server asks, which takes paths only: it must not import main
        data.pop("init_main_from_path", None)
    return data


_REPLACED = {
    (builtins, "__import__"): (_python_import, _import),
    (importlib, "import_module"): (_python_import_module, _import_module),
    (importlib.util, "find_spec"): (_python_find_spec, _find_spec),
    (multiprocessing.spawn, "get_preparation_data"): (_python_preparation_data, _preparation_data),
}
