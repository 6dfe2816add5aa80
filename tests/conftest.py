"""What all tests share."""

import sys
from pathlib import Path

import numpy as np
import pytest

from pyclr import _core as core

# For `bench.workloads`; last, so that the installed pyclr is tested and not the source tree.
sys.path.append(str(Path(__file__).resolve().parent.parent))


# Processes that tests start by `fork` do not touch what is warned of: JAX, where Keras has imported
# it before, and threads.
_OF_FORK = [pytest.mark.filterwarnings(f"ignore:{text}") for text in ("os.fork", "This process")]


def pytest_collection_modifyitems(items):
    for item in items:
        for mark in _OF_FORK:
            item.add_marker(mark)


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
