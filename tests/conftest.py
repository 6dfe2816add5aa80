"""What all tests share."""

import sys
from pathlib import Path

import numpy as np
import pytest

from pyclr import _core as core

# For `bench.workloads`; last, so that the installed pyclr is tested and not the source tree.
sys.path.append(str(Path(__file__).resolve().parent.parent))


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def threads():
    """set_num_threads for one test."""
    before = core.num_threads()
    yield core.set_num_threads
    core.set_num_threads(before)


@pytest.fixture
def isa():
    """select_isa for one test."""
    before = core.isa()
    yield core.select_isa
    core.select_isa(before)
