import pytest

from .program import Programs


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path)
