"""What type checkers and editors see without running the library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyclr

pytest.importorskip("mypy")

# Prints a use of every public name, by an interpreter in which nothing else has been imported.
USES = """
from types import ModuleType
import pyclr
print("import pyclr")
for package, module in list(vars(pyclr).items()):
    if isinstance(module, ModuleType) and not package.startswith("_"):
        names = [name for name in vars(module) if not name.startswith("_")]
        for name in names + ["misspelt"] * (not hasattr(module, "__getattr__")):
            print(f"pyclr.{package}.{name}")
"""


def test_public_names_are_seen(tmp_path):
    """All of them; and a misspelt one is not, but where `__getattr__` finds names."""

    def run(*arguments):
        root = str(Path(pyclr.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "MYPYPATH": root}
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, env=environment
        )

    program = tmp_path / "program.py"
    program.write_text(run("-c", USES).stdout)
    options = ["--follow-imports=silent", "--no-error-summary", f"--cache-dir={tmp_path}/cache"]
    checked = run("-m", "mypy", *options, str(program))
    lines = program.read_text().splitlines()
    wrong = {lines[int(error.split(":")[1]) - 1] for error in checked.stdout.splitlines()}
    misspelt = {line for line in lines if line.endswith(".misspelt")}
    assert "pyclr.ops.matmul" in lines and misspelt
    assert wrong == misspelt, checked.stdout + checked.stderr
