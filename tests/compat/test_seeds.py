"""Three documents as scripts, cell by cell, unchanged, on the whole data: the tutorial on cyclical
learning rates, the article on callbacks, and the guide to training and evaluation."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(os.environ.get("PYCLR_ACCEPTANCE", REPOSITORY.parent / "shared" / "acceptance"))
DATA = Path(os.environ.get("PYCLR_DATASETS", SCRIPTS.parent / "data"))

# What the cells of a script import, or run.
NEEDS = {
    "seed_clr.py": ["matplotlib"],
    "seed_callbacks.py": [],
    "seed_guide.py": ["PIL", "pandas", "pydot", "tensorboard", "tensorboardX"],
}


@pytest.mark.skipif(
    not (SCRIPTS.is_dir() and DATA.is_dir()),
    reason="needs the acceptance scripts (PYCLR_ACCEPTANCE) and their data (PYCLR_DATASETS)",
)
@pytest.mark.parametrize("script", NEEDS)
def test_every_cell_passes(script, tmp_path):
    for package in NEEDS[script]:
        pytest.importorskip(package)
    if "pydot" in NEEDS[script] and shutil.which("dot") is None:
        pytest.skip("needs Graphviz")
    process = subprocess.run(
        [sys.executable, "-m", "pyclr.compat", SCRIPTS / "run_cells.py", SCRIPTS / script],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYCLR_DATASETS": str(DATA),
            "ACCEPTANCE_EPOCHS": "2",  # the fewest with which the loss can fall between epochs
            "ACCEPTANCE_OUT": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(rf"{script}: \d+ passed, 0 failed", process.stdout)
