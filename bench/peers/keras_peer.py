"""Keras 3 through `compile` and `fit`, on the backend that `KERAS_BACKEND` names."""

from __future__ import annotations

import importlib
import os
import time

import numpy as np
from common import Trainer, Workload, run

BACKEND = os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    backend = importlib.import_module(BACKEND)
    import keras

    layers = [getattr(keras.layers, name)(**arguments) for name, arguments in workload.layers]
    inputs = keras.Input(workload.input_shape, dtype=workload.input_dtype)
    model = keras.Sequential([inputs, *layers])
    name, arguments = workload.optimizer
    model.compile(
        optimizer=getattr(keras.optimizers, name)(**arguments),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def train(epochs: int) -> list[float]:
        marks = [time.perf_counter()]
        at_end = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter())
        )
        model.fit(x, y, workload.batch_size, epochs, verbose=0, callbacks=[at_end])
        return list(np.diff(marks))

    def predict(inputs: np.ndarray) -> np.ndarray:
        return model.predict(inputs, verbose=0)

    return Trainer(f"{keras.__version__} on {backend.__version__}", train, predict)


if __name__ == "__main__":
    run(f"keras-{BACKEND}", build)
