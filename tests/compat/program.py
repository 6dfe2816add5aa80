"""Runs programs in a new process, beside packages that stand for installed ones."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pyclr

# Tries to import what may be there, as many packages do.
PROBE = """
    try:
        import tensorflow
        found = tensorflow.__version__
    except ImportError:
        found = "nothing"

    def find_by_name(name):
        import importlib
        return importlib.import_module(name)
    """


class Programs:
    """A folder of programs and a folder of installed packages.

    Args:
        folder: Path of an empty folder.
    """

    def __init__(self, folder):
        self.folder = folder / "project"
        self.packages = folder / "site-packages"
        self.folder.mkdir()
        self.packages.mkdir()
        self.install("probe", PROBE)

    def write(self, **files):
        """Writes modules of the user beside the script."""
        for name, source in files.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(source))

    def install(self, name, source):
        """Writes a package into the folder of installed ones."""
        (self.packages / name).mkdir()
        (self.packages / name / "__init__.py").write_text(textwrap.dedent(source))

    def install_tensorflow(self):
        """Installs packages that stand for a real TensorFlow and Keras."""
        self.install("tensorflow", "__version__ = 'real'\nonly_in_the_real_one = True\n")
        self.install("keras", "__version__ = 'real'\n")

    def run(self, *arguments, compat=True, stdin=None):
        """Runs `python [-m pyclr.compat] arguments` in the folder; returns the finished process."""
        path = os.pathsep.join([str(self.packages), str(Path(pyclr.__file__).parents[1])])
        command = [sys.executable, "-W", "error", *(["-m", "pyclr.compat"] if compat else [])]
        return subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def output(self, *arguments):
        """Runs as `run`, expects success, and returns what was printed."""
        process = self.run(*arguments)
        assert process.returncode == 0, process.stderr
        return process.stdout.strip()
