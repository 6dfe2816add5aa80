"""Writes docs/keras_names.md: every public name of Keras, and whether pyclr has it.

    python docs/keras_names.py            # needs Keras; writes the page
    python docs/keras_names.py --check    # exits with 1 if the page is out of date

What a name does otherwise than in Keras, or why it is not there, stands in docs/keras_names.toml,
by the name's path.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "numpy")

PAGE = Path(__file__).with_name("keras_names.md")
NOTES = Path(__file__).with_name("keras_names.toml")
# Of other packages, of Keras' past, or the same names again.
SKIPPED = {"keras.src", "keras.legacy", "keras.ops.numpy", "keras.ops.nn"}

HEAD = """# Keras' names in pyclr

Every public name of Keras {version}, and whether pyclr {own} has it. `pyclr.x` stands where
`keras.x` does. A name in the list of a module is there and is compared with Keras by the tests of
its kind. The page is made by `docs/keras_names.py`; what differs, and why a name is not there,
comes from `docs/keras_names.toml`.

**{has} of {total} names** are there.
"""


def modules(module, path, seen):
    """Yields `(path, module)` for the public modules of Keras."""
    if path in SKIPPED or id(module) in seen:
        return
    seen.add(id(module))
    yield path, module
    for name, value in sorted(vars(module).items()):
        public = isinstance(value, types.ModuleType) and not name.startswith("_")
        if public and value.__name__.startswith("keras"):
            yield from modules(value, f"{path}.{name}", seen)


def names_of(module):
    return [
        name
        for name, value in sorted(vars(module).items())
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]


def find(path, name):
    """Returns whether pyclr has the name at the path."""
    target = importlib.import_module("pyclr")
    for part in path.split(".")[1:]:
        target = getattr(target, part, None)
    # First in what imports nothing that a module has lazily.
    return name in dir(target) or hasattr(target, name)


def reason_for(path, name, lacks):
    """Returns the key in `lacks` that speaks of a name, or `None`."""
    keys = [f"{path}.{name}"]
    while path:
        keys.append(f"{path}.*")
        path = path.rpartition(".")[0]
    return next((key for key in keys if key in lacks), None)


def notes():
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib
    return tomllib.loads(NOTES.read_text())


def page():
    import keras

    import pyclr

    differs, lacks = notes()["differs"], notes()["lacks"]
    sections, total, there = [], 0, 0
    used = set()
    for path, module in modules(keras, "keras", set()):
        names = names_of(module)
        if not names:
            continue
        present = [name for name in names if find(path, name)]
        absent = [name for name in names if name not in present]
        total, there = total + len(names), there + len(present)
        lines = [f"## {path}", ""]
        if present:
            lines += ["has: " + ", ".join(f"`{name}`" for name in present), ""]
        reasons = {name: reason_for(path, name, lacks) for name in absent}
        used.update(key for key in reasons.values() if key)
        rows = []
        if len(names) > 1 and set(reasons) == set(names) and len(set(reasons.values())) == 1:
            lines += [f"lacks all {len(names)}: {lacks.get(reasons[names[0]], 'not yet')}", ""]
            names = []
        for name in names:
            full = f"{path}.{name}"
            if name in absent:
                rows.append(f"| `{name}` | lacks | {lacks.get(reasons[name], 'not yet')} |")
            elif full in differs:
                used.add(full)
                rows.append(f"| `{name}` | differs | {differs[full]} |")
        if rows:
            lines += ["| name | | how, or why |", "|---|---|---|", *rows, ""]
        sections.append("\n".join(lines))
    stale = sorted((set(differs) | set(lacks)) - used)
    if stale:
        raise SystemExit(f"{NOTES.name} speaks of names that are not in the page: {stale}")
    head = HEAD.format(version=keras.__version__, own=pyclr.__version__, has=there, total=total)
    return head + "\n" + "\n".join(sections).rstrip() + "\n"


def main():
    text = page()
    if "--check" in sys.argv:
        if PAGE.read_text() != text:
            raise SystemExit("docs/keras_names.md is out of date: python docs/keras_names.py")
    else:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
