"""The article on callbacks, cell by cell, unchanged, on its data."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(os.environ.get("PYCLR_ACCEPTANCE", REPOSITORY.parent / "shared" / "acceptance"))
DATA = Path(os.environ.get("PYCLR_DATASETS", SCRIPTS.parent / "data"))


@pytest.mark.skipif(
    not (SCRIPTS.is_dir() and DATA.is_dir()),
    reason="needs the acceptance scripts (PYCLR_ACCEPTANCE) and their data (PYCLR_DATASETS)",
)
def test_every_cell_of_the_article_passes(tmp_path):
    scripts = [str(SCRIPTS / name) for name in ("run_cells.py", "seed_callbacks.py")]
    process = subprocess.run(
        [sys.executable, "-m", "pyclr.compat", *scripts],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYCLR_DATASETS": str(DATA),
            "ACCEPTANCE_OUT": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"seed_callbacks.py: \d+ passed, 0 failed", process.stdout)
    assert process.stderr == ""
