"""`python -m pyclr.compat`: runs a script, module or command as `python` would."""

import builtins
import io
import linecache
import os
import pkgutil
import runpy
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

from . import facade, importing, install

_USAGE = "usage: python -m pyclr.compat (script | -m module | -c command) [argument ...]"


def main(arguments):
    """Runs what the command line names, in a fresh `__main__`."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(_USAGE)
        return
    kind = arguments[0] if arguments[:1] in (["-m"], ["-c"]) else None
    if len(arguments) < (1 if kind is None else 2):
        sys.exit(f"{_USAGE}\nWhat to run is missing. Received: {' '.join(arguments) or 'nothing'}")
    install()
    sys.excepthook = _excepthook
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    if kind is None:
        sys.argv[:] = arguments
        _run_script(arguments[0], module)
        return
    sys.argv[:] = [kind, *arguments[2:]]
    if kind == "-m":
        runpy._run_module_as_main(arguments[1])  # what `python -m` itself calls
    else:
        _set_first_path("")
        code = arguments[1]
        if sys.version_info >= (3, 13):  # whose tracebacks show the lines of a command
            linecache.cache["<string>"] = len(code), None, code.splitlines(True), "<string>"
        exec(compile(code, "<string>", "exec", dont_inherit=True), module.__dict__)


def _run_script(script, module):
    if pkgutil.get_importer(script) is not None:  # a folder or zip file with a `__main__.py`
        _set_first_path(script)
        runpy._run_module_as_main("__main__", alter_argv=False)
        return
    path = os.path.abspath(script)
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        print(
            f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}",
            file=sys.stderr,
        )
        sys.exit(2)
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    module.__file__ = path
    module.__dict__["__cached__"] = None
    module.__loader__ = SourceFileLoader("__main__", path)
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)


def _set_first_path(path):
    """Puts `path` where Python put the current folder for `-m pyclr.compat`."""
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):  # Python 3.10 has no safe_path
        sys.path[0] = path


def _excepthook(kind, error, traceback):
    """Prints an uncaught exception without the frames of this package, as `python` would."""
    errors, seen = [error], set()
    while errors:
        shown = errors.pop()
        if shown is not None and id(shown) not in seen:
            seen.add(id(shown))
            shown.__traceback__ = _without_own_frames(shown.__traceback__)
            errors += [shown.__cause__, shown.__context__]
    sys.__excepthook__(kind, error, error.__traceback__)


def _without_own_frames(traceback):
    entries = []
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file == __file__:
            entries.clear()  # what comes before is how this file was run
        elif file not in (importing.__file__, facade.__file__):
            entries.append(traceback)
        traceback = traceback.tb_next
    for entry, following in zip(entries, [*entries[1:], None]):
        entry.tb_next = following
    return entries[0] if entries else None


if __name__ == "__main__":
    main(sys.argv[1:])
