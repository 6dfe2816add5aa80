"""The four training workloads that every benchmark, peer and golden file shares, as plain data.

A layer is `(Keras class name, arguments)`, an optimizer likewise, so that
`getattr(layers, name)(**arguments)` builds the model in Keras and in pyclr, and any other peer can
walk the list. Shapes are channels-last, without the batch. Needs NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

CLASSES = 10
MIN_ACCURACY = 0.8  # on unseen data after three epochs of a training that works; 0.92 is perfect

Shape = tuple[int, ...]
Spec = tuple[str, dict[str, Any]]  # Keras class name, constructor arguments


@dataclass(frozen=True)
class Workload:
    """A model, its optimizer, batch size and data; the loss is sparse categorical crossentropy."""

    name: str
    input_shape: Shape
    input_dtype: str  # "uint8" (0..255) or "float32" (0..1)
    layers: tuple[Spec, ...]
    optimizer: Spec
    batch_size: int
    train_samples: int  # a multiple of the batch size: every step of an epoch has one shape

    @property
    def steps_per_epoch(self) -> int:
        return self.train_samples // self.batch_size

    def data(self, samples: int | None = None, stream: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Makes noisy images that a model can learn: each class has a black-and-white pattern.

        About a tenth of the labels are wrong, so the loss has a floor and gradients never vanish,
        as on real data. The bits come from the raw output of Philox, which NumPy never changes, so
        they are the same everywhere.

        Args:
            samples: Number of rows. Defaults to `train_samples`.
            stream: Number of the noise stream; another one gives unseen samples.

        Returns:
            `(x, y)`: `x` of shape `(samples, *input_shape)` and dtype `input_dtype`, `y` of shape
            `(samples,)` and dtype int32.
        """
        samples = self.train_samples if samples is None else samples
        rows = np.arange(samples)
        noise = _random_bytes(key=2 * stream + 1, shape=(samples, *self.input_shape))
        images = (noise >> 2) + _patterns(self.input_shape)[rows % CLASSES]
        if self.input_dtype == "float32":
            images = images * np.float32(1 / 255)
        shift = _random_bytes(key=2 * stream + 2, shape=(samples,))
        labels = np.where(shift < 26, rows + shift, rows) % CLASSES
        return images, labels.astype(np.int32)

    def layer_shapes(self) -> Iterator[tuple[str, dict[str, Any], Shape, Shape]]:
        """Yields `(name, arguments, input shape, output shape)` of each layer."""
        shape = self.input_shape
        for name, arguments in self.layers:
            output = _output_shape(name, arguments, shape)
            yield name, arguments, shape, output
            shape = output

    def kernel_shapes(self) -> list[Shape]:
        """Shapes of the kernels, in order: `(in, out)` or `(height, width, in, out)`."""
        return [kernel for kernel, _ in self._kernels_and_outputs()]

    def flops_per_step(self) -> int:
        """Floating-point operations of one training step in the dense and convolution layers.

        Forward, weight gradient and input gradient each take one multiply-add (two operations) for
        each kernel element, output position and sample; the first of these layers needs no input
        gradient. Biases, activations, pooling, loss and optimizer are not counted.
        """
        total = 0
        for index, (kernel, output) in enumerate(self._kernels_and_outputs()):
            passes = 2 if index == 0 else 3
            total += passes * 2 * self.batch_size * prod(output[:-1]) * prod(kernel)
        return total

    def _kernels_and_outputs(self) -> Iterator[tuple[Shape, Shape]]:
        for name, arguments, shape, output in self.layer_shapes():
            if name == "Dense":
                yield (shape[-1], arguments["units"]), output
            elif name == "Conv2D":
                yield (*arguments["kernel_size"], shape[-1], arguments["filters"]), output


def _output_shape(name: str, arguments: dict[str, Any], shape: Shape) -> Shape:
    if name in ("Rescaling", "SpatialDropout2D"):
        return shape
    if name == "Dense":
        return (*shape[:-1], arguments["units"])
    if name == "GlobalAveragePooling2D":
        return shape[-1:]
    if name == "MaxPooling2D":
        return (*(size // pool for size, pool in zip(shape, arguments["pool_size"])), shape[-1])
    if name == "Conv2D":
        lost = 0 if arguments.get("padding") == "same" else 1
        sizes = (size - lost * (k - 1) for size, k in zip(shape, arguments["kernel_size"]))
        return (*sizes, arguments["filters"])
    raise ValueError(f"No shape rule for this layer. Received: name={name!r}")


def _random_bytes(key: int, shape: Shape) -> np.ndarray:
    words = np.random.Philox(key=key).random_raw(-(-prod(shape) // 8))
    return words.astype("<u8", copy=False).view(np.uint8)[: prod(shape)].reshape(shape)


def _patterns(shape: Shape) -> np.ndarray:
    """A pattern of 0 and 192 for each class; 4x4 tiles on images, as pooling averages over all."""
    tile = (4, 4, *shape[2:]) if len(shape) == 3 else shape
    patterns = (_random_bytes(key=0, shape=(CLASSES, *tile)) >> 7) * np.uint8(192)
    return np.tile(patterns, (1, *(size // small for size, small in zip(shape, tile))))


def _dense(units: int, activation: str = "relu") -> Spec:
    return "Dense", {"units": units, "activation": activation}


def _conv(filters: int, kernel: int, padding: str = "valid") -> Spec:
    arguments = {"filters": filters, "kernel_size": (kernel, kernel), "padding": padding}
    return "Conv2D", {**arguments, "activation": "relu"}


_MAX_POOL: Spec = ("MaxPooling2D", {"pool_size": (2, 2)})
_GLOBAL_AVERAGE: Spec = ("GlobalAveragePooling2D", {})
_ADAM: Spec = ("Adam", {"learning_rate": 1e-3})

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            name="mlp",
            input_shape=(784,),
            input_dtype="float32",
            layers=(_dense(64), _dense(64), _dense(CLASSES, "softmax")),
            optimizer=("RMSprop", {"learning_rate": 1e-3}),
            batch_size=64,
            train_samples=64_000,
        ),
        Workload(
            name="cnn",
            input_shape=(28, 28, 1),
            input_dtype="uint8",
            layers=(
                ("Rescaling", {"scale": 1 / 255}),
                _conv(16, 5),
                _MAX_POOL,
                _conv(32, 5),
                _MAX_POOL,
                ("SpatialDropout2D", {"rate": 0.2}),
                _GLOBAL_AVERAGE,
                _dense(128),
                _dense(CLASSES, "softmax"),
            ),
            optimizer=("SGD", {"learning_rate": 0.01}),
            batch_size=64,
            train_samples=12_800,
        ),
        Workload(
            name="widemlp",
            input_shape=(784,),
            input_dtype="float32",
            layers=(_dense(1024), _dense(1024), _dense(CLASSES, "softmax")),
            optimizer=_ADAM,
            batch_size=256,
            train_samples=12_800,
        ),
        Workload(
            name="vgg",
            input_shape=(32, 32, 3),
            input_dtype="float32",
            layers=(
                *(_conv(32, 3, "same"), _conv(32, 3, "same"), _MAX_POOL),
                *(_conv(64, 3, "same"), _conv(64, 3, "same"), _MAX_POOL),
                *(_conv(128, 3, "same"), _conv(128, 3, "same")),
                _GLOBAL_AVERAGE,
                _dense(CLASSES, "softmax"),
            ),
            optimizer=_ADAM,
            batch_size=64,
            train_samples=1_280,
        ),
    )
}
