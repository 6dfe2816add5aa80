"""The repository's rules, as tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyclr
from pyclr import _core

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("csrc", "pyclr", "tests", "bench", "examples")


def files(*suffixes, folders=SOURCES):
    found = [p for f in folders for p in (ROOT / f).rglob("*") if p.suffix in suffixes]
    return [p for p in found if "__pycache__" not in p.parts]


def test_no_file_is_too_long():
    long = {
        str(p.relative_to(ROOT)): n
        for p in files(".py", ".pyx", ".cpp", ".h", ".inc")
        if (n := len(p.read_text().splitlines())) > 700
    }
    assert not long, f"A file is one concept, of about 500 lines: {long}"


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_paths_named_in_the_docs_exist(page):
    path = ROOT / page if (ROOT / page).exists() else ROOT / "docs" / page
    named = re.findall(r"`((?:csrc|pyclr|tests|bench|docs)/[\w./-]+)`", path.read_text())
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing, f"{page} names paths that do not exist: {missing}"


def test_the_readmes_example_runs():
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
    code = code.replace("epochs=10", "epochs=1, verbose=0")
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT / "tests")


def test_import_is_quiet_and_loads_nothing_heavy():
    code = (
        "import sys, pyclr; heavy = {'h5py', 'tqdm', 'matplotlib', 'urllib.request', 'keras', "
        "'tensorflow', 'pandas', 'zipfile'} & set(sys.modules); assert not heavy, heavy"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT / "tests"
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "" and run.stderr == ""


def test_version_is_the_projects():
    text = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{pyclr.__version__}"' in text


def test_isa_can_be_forced():
    for name in _core.available_isas():
        code = f"import pyclr; assert pyclr.config.isa() == {name!r}"
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=ROOT / "tests",
            env={**os.environ, "PYCLR_ISA": name},
        )


def test_the_stub_names_what_the_extension_has():
    stub = (ROOT / "pyclr" / "_core.pyi").read_text()
    named = set(re.findall(r"^(?:def|class) (\w+)", stub, re.M)) | {"ops"}
    public = {name for name in vars(_core) if not name.startswith("_")}
    assert named == public, f"only in one of them: {sorted(named ^ public)}"


def test_the_checkout_uses_the_installed_engine(tmp_path):
    """`python -m pyclr.demo` in a checkout finds the Python files there, without the engine."""
    (tmp_path / "pyclr").mkdir()
    (tmp_path / "pyclr" / "__init__.py").write_text((ROOT / "pyclr" / "__init__.py").read_text())
    run = [sys.executable, "-c", "import pyclr; print(pyclr.config.isa())"]
    installed = Path(_core.__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": str(installed)}
    out = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert out.stdout.strip() in _core.available_isas()
    alone = subprocess.run(
        [run[0], "-S", *run[1:]], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert "pip install ." in alone.stderr
