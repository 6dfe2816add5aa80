"""What type checkers and editors see without running the library."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pyclr

pytest.importorskip("mypy")

PACKAGES = [
    name for name, value in vars(pyclr).items()
    if isinstance(value, ModuleType) and not name.startswith("_")
]  # fmt: skip


def test_public_names_are_seen(tmp_path):
    """All of them; and a misspelt one is not, but where `__getattr__` finds names."""
    lines, misspelt = ["import pyclr"], set()
    for package in PACKAGES:
        namespace = vars(getattr(pyclr, package))
        lines += [f"pyclr.{package}.{name}" for name in namespace if not name.startswith("_")]
        if "__getattr__" not in namespace:
            lines.append(f"pyclr.{package}.misspelt")
            misspelt.add(lines[-1])
    program = tmp_path / "program.py"
    program.write_text("\n".join(lines))
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--no-error-summary",
         "--cache-dir", str(tmp_path / "cache"), str(program)],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(Path(pyclr.__file__).parents[1])},
    )  # fmt: skip
    wrong = {lines[int(error.split(":")[1]) - 1] for error in run.stdout.splitlines()}
    assert wrong == misspelt, run.stdout + run.stderr
