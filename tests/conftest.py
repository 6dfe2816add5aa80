"""Fixtures for the tests of the engine."""

import numpy as np
import pytest

from pyclr import _core as core


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def threads():
    """set_num_threads for one test."""
    before = core.num_threads()
    yield core.set_num_threads
    core.set_num_threads(before)
