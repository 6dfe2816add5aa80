"""The page of Keras' names says what is there."""

import os
import re
import sys
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "numpy")
DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_page_is_up_to_date(monkeypatch):
    keras = pytest.importorskip("keras")
    text = (DOCS / "keras_names.md").read_text()
    version = re.search(r"public name of Keras (\S+),", text).group(1)
    if keras.__version__ != version:
        pytest.skip(f"The page is about Keras {version}.")
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli")
    monkeypatch.syspath_prepend(DOCS)
    import keras_names

    assert keras_names.page() == text, "It is made by: python docs/keras_names.py"
