import numpy as np
import pytest

import pyclr
from pyclr import layers


@pytest.fixture
def blobs():
    """Three well separated classes: (x, y)."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = rng.normal(size=(300, 4)).astype("float32") + 3 * np.eye(3, 4, dtype="float32")[y]
    return x, y


@pytest.fixture
def make_model():
    """A small classifier with dropout, from a seed; keyword arguments go to compile."""

    def make(seed=1, optimizer="adam", compile=True, dropout=0.2, **kwargs):
        pyclr.utils.set_random_seed(seed)
        model = pyclr.Sequential(
            [
                pyclr.Input((4,)),
                layers.Dense(16, activation="relu"),
                layers.Dropout(dropout),
                layers.Dense(3, activation="softmax"),
            ]
        )
        if compile:
            model.compile(
                optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **kwargs
            )
        return model

    return make
