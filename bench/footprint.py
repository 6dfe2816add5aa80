"""What a library costs before it computes: time of its import, size of its files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Name: what is imported, the distributions that have it, environment.
LIBRARIES = {
    "pyclr": ("pyclr", ["pyclr"], {}),
    "TensorFlow-Keras": ("keras", ["tensorflow_cpu", "keras"], {"KERAS_BACKEND": "tensorflow"}),
    "PyTorch": ("torch", ["torch"], {}),
    "Keras on JAX": ("keras", ["keras", "jax", "jaxlib"], {"KERAS_BACKEND": "jax"}),
    "jitted JAX": ("jax", ["jax", "jaxlib"], {}),
    "scikit-learn": ("sklearn.neural_network", ["scikit-learn"], {}),
}
_IMPORT = """
import time, numpy
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""
_SIZE = """
import importlib.metadata as metadata, json, os
print(json.dumps([
    sum(os.path.getsize(file.locate()) for file in metadata.files(name) if file.locate().is_file())
    for name in {names!r}
]))
"""


def import_ms(name, python):
    """Milliseconds of the import in a new process that has NumPy already; `None` without it."""
    module, _, environment = LIBRARIES[name]
    out = _run(python, _IMPORT.format(module=module), environment)
    return None if out is None else 1000 * float(out)


def installed_mb(name, python):
    """Megabytes of the installed files, without what they depend on but the distributions named."""
    if name == "pyclr":
        return sum(path.stat().st_size for path in _own_files()) / 1e6
    out = _run(python, _SIZE.format(names=LIBRARIES[name][1]), {})
    return None if out is None else sum(json.loads(out)) / 1e6


def wheel_mb():
    """Megabytes of pyclr's wheel, which is built for it; `None` where that fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "pip", "wheel", str(ROOT), "--no-deps", "--wheel-dir", folder]
        # A build of its own: that of an editable installation is left as it is.
        build = f"--config-settings=build-dir={folder}/build"
        subprocess.run([sys.executable, *command, build], capture_output=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        return wheels[0].stat().st_size / 1e6 if wheels else None


def _own_files():
    """The files that a wheel has, of the package and of its compiled part, wherever they are."""
    import pyclr

    folders = {Path(pyclr.__file__).parent, Path(pyclr._core.__file__).parent}
    files = {}
    for folder in sorted(folders):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in (".pyc", ".pyx", ".cpp"):
                files[path.relative_to(folder)] = path
    return files.values()


def _run(python, code, environment):
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [python, "-c", code],
        cwd=ROOT,
        env={**inherited, **environment},  # a second import finds the bytecode
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        print(f"  {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return run.stdout
