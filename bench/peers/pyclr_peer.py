"""pyclr through `compile` and `fit`; `PYCLR_BENCH_EAGER=1` trains without replay."""

from __future__ import annotations

import os
import time

import numpy as np
from common import Chain, Convolution, Trainer, Workload, batches, run

from bench.cases import build_model


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    import pyclr

    pyclr.utils.set_random_seed(1)
    inputs = pyclr.Input(workload.input_shape, dtype=workload.input_dtype)
    model = build_model(pyclr, workload, inputs)
    name, arguments = workload.optimizer
    model.compile(
        getattr(pyclr.optimizers, name)(**arguments),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=os.environ.get("PYCLR_BENCH_EAGER") == "1",
    )

    def fit(data, epochs: int, **arguments) -> list[float]:
        marks = [time.perf_counter()]
        at_end = pyclr.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter())
        )
        model.fit(*data, epochs=epochs, verbose=0, callbacks=[at_end], **arguments)
        return list(np.diff(marks))

    def train_from(source: str, epochs: int) -> list[float]:
        if source == "dataset":
            rows = pyclr.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x))
            return fit((rows.batch(workload.batch_size),), epochs)
        return fit((batches(workload, x, y),), epochs, steps_per_epoch=workload.steps_per_epoch)

    return Trainer(
        version=pyclr.__version__,
        train=lambda epochs: fit((x, y), epochs, batch_size=workload.batch_size),
        predict=lambda inputs, size: model.predict(inputs, batch_size=size, verbose=0),
        evaluate=lambda x, y, size: model.evaluate(x, y, batch_size=size, verbose=0),
        train_from=train_from,
    )


def convolution(case: Convolution, x: np.ndarray, w: np.ndarray, dy: np.ndarray):
    """Functions for the forward pass and for both gradients, with NumPy arrays as results."""
    from pyclr._core import ops, tensor

    x, w, dy = tensor(x), tensor(w), tensor(dy)
    attributes = {
        "strides": [case.stride] * 2,
        "dilation": [1, 1],
        "padding": "same" if case.stride == 1 else "valid",
        "groups": case.groups,
    }

    def forward():
        return (ops.conv2d(x, w, **attributes),)

    def gradients():
        return (
            ops.conv2d_input_gradient(dy, w, shape=case.x_shape, **attributes),
            ops.conv2d_weight_gradient(x, dy, shape=case.kernel_shape, **attributes),
        )

    return forward, gradients, lambda tensors: [t.numpy() for t in tensors]


def chain(case: Chain, x: np.ndarray, target: np.ndarray):
    """A function that makes a step, replayed as `fit` does it, and one that returns x."""
    import pyclr

    variable, inputs = pyclr.Variable(x), [pyclr._core.tensor(target)]

    def step():
        with pyclr.GradientTape() as tape:
            value = case.function(pyclr.ops, variable)
            loss = pyclr.ops.mean(pyclr.ops.square(value - inputs[0]))
        variable.assign_sub(case.rate * tape.gradient(loss, variable))
        return loss

    recording = pyclr._core.Recording(inputs)
    recording.begin()
    recording.set_outputs([step()])
    recording.end()
    variable.assign(x)
    program = pyclr._core.Program(recording)
    return lambda: program.run(inputs), variable.numpy


def peak(seconds: float) -> float:
    from bench.step import peak_gflops

    return peak_gflops(seconds)


if __name__ == "__main__":
    run("pyclr", build, convolution=convolution, chain=chain, peak=peak)
