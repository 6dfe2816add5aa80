"""Keras 3 through `compile` and `fit`, on the backend that `KERAS_BACKEND` names."""

from __future__ import annotations

import importlib
import os
import time

import numpy as np
from common import Chain, Trainer, Workload, batches, run

from bench.cases import build_model

BACKEND = os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    backend = importlib.import_module(BACKEND)
    import keras

    inputs = keras.Input(workload.input_shape, dtype=workload.input_dtype)
    model = build_model(keras, workload, inputs)
    name, arguments = workload.optimizer
    model.compile(
        optimizer=getattr(keras.optimizers, name)(**arguments),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def fit(data, epochs: int, **arguments) -> list[float]:
        marks = [time.perf_counter()]
        at_end = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter())
        )
        model.fit(*data, epochs=epochs, verbose=0, callbacks=[at_end], **arguments)
        return list(np.diff(marks))

    def train_from(source: str, epochs: int) -> list[float]:
        if source == "dataset":
            rows = backend.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x))
            data = rows.batch(workload.batch_size).prefetch(backend.data.AUTOTUNE)
            return fit((data,), epochs)
        return fit((batches(workload, x, y),), epochs, steps_per_epoch=workload.steps_per_epoch)

    return Trainer(
        version=f"{keras.__version__} on {backend.__version__}",
        train=lambda epochs: fit((x, y), epochs, batch_size=workload.batch_size),
        predict=lambda inputs, size: model.predict(inputs, batch_size=size, verbose=0),
        evaluate=lambda x, y, size: model.evaluate(x, y, batch_size=size, verbose=0),
        train_from=train_from if BACKEND == "tensorflow" else None,
    )


def chain(case: Chain, x: np.ndarray, target: np.ndarray):
    """A function that makes a step as a graph of TensorFlow, and one that returns x."""
    import tensorflow as tf

    x, target = tf.Variable(x), tf.constant(target)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(case.function(tf, x) - target))
        x.assign_sub(case.rate * tape.gradient(loss, x))
        return loss

    return step, x.numpy


if __name__ == "__main__":
    run(f"keras-{BACKEND}", build, **({"chain": chain} if BACKEND == "tensorflow" else {}))
