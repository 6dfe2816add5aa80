"""What the report measures beyond the four workloads, as plain data that every peer reads.

A case is a `Workload` under a name of its own, so that any peer that builds a workload builds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from bench.workloads import CLASSES, WORKLOADS, Shape, Spec, Workload

_STEPS_OF_BATCH_SIZE = {
    "mlp": {1: 400, 8: 400, 32: 200, 128: 100, 512: 40},
    "cnn": {1: 200, 8: 80, 32: 40, 128: 12, 512: 4},
}
_STEPS_OF_WIDTH = {16: 200, 64: 200, 256: 100, 1024: 12, 4096: 2}
_OUTPUT: Spec = ("Dense", {"units": CLASSES, "activation": "softmax"})
_SGD: Spec = ("SGD", {"learning_rate": 0.01})
_ADAM: Spec = ("Adam", {"learning_rate": 1e-3})
_AVERAGE: Spec = ("GlobalAveragePooling1D", {})


def _batch_size(name: str, size: int, steps: int) -> Workload:
    return replace(
        WORKLOADS[name], name=f"{name} batch {size}", batch_size=size, train_samples=size * steps
    )


def _width(width: int, steps: int) -> Workload:
    hidden: Spec = ("Dense", {"units": width, "activation": "relu"})
    return Workload(
        f"width {width}", (width,), "float32", (hidden, hidden, _OUTPUT), _SGD, 64, 64 * steps
    )


def _layer(name: str, input_shape: Shape, layers: tuple[Spec, ...], dtype="float32") -> Workload:
    return Workload(name, input_shape, dtype, (*layers, _OUTPUT), _ADAM, 32, 32 * 40)


BATCH_SIZES = [
    _batch_size(name, size, steps)
    for name, sizes in _STEPS_OF_BATCH_SIZE.items()
    for size, steps in sizes.items()
]
WIDTHS = [_width(width, steps) for width, steps in _STEPS_OF_WIDTH.items()]
_SEQUENCE = (32, 32)  # steps, features
LAYERS = [
    _layer("LSTM", _SEQUENCE, (("LSTM", {"units": 64}),)),
    _layer("GRU", _SEQUENCE, (("GRU", {"units": 64}),)),
    _layer(
        "Embedding", (64,), (("Embedding", {"input_dim": 256, "output_dim": 64}), _AVERAGE), "uint8"
    ),
    _layer(
        "BatchNormalization",
        (16, 16, 16),
        (("BatchNormalization", {}), ("GlobalAveragePooling2D", {})),
    ),
    _layer("LayerNormalization", (256,), (("LayerNormalization", {}),)),
    _layer("Attention", _SEQUENCE, (("Attention", {}), _AVERAGE)),
    _layer(
        "MultiHeadAttention",
        _SEQUENCE,
        (("MultiHeadAttention", {"num_heads": 4, "key_dim": 16}), _AVERAGE),
    ),
]
SOURCES = replace(WORKLOADS["mlp"], name="mlp sources", train_samples=64 * 200)

CASES = {w.name: w for w in (*WORKLOADS.values(), *BATCH_SIZES, *WIDTHS, *LAYERS, SOURCES)}


def build_model(library: Any, workload: Workload, inputs: Any) -> Any:
    """The workload's model with Keras' names, which `library` (Keras or pyclr) has.

    Attention layers attend to their own input, so a model with one is functional.
    """
    layers = [getattr(library.layers, name)(**arguments) for name, arguments in workload.layers]
    if not any(name.endswith("Attention") for name, _ in workload.layers):
        return library.Sequential([inputs, *layers])
    x = inputs
    for (name, _), layer in zip(workload.layers, layers):
        if name == "Attention":
            x = layer([x, x])
        elif name == "MultiHeadAttention":
            x = layer(x, x)
        else:
            x = layer(x)
    return library.Model(inputs, x)


@dataclass(frozen=True)
class Convolution:
    """A convolution of square images, channels last; "same" padding unless it is strided."""

    size: int
    channels: int
    filters: int
    kernel: int
    stride: int = 1
    batch: int = 16
    groups: int = 1

    @property
    def name(self) -> str:
        stride = f" stride {self.stride}" if self.stride > 1 else ""
        to = f" to {self.filters}" if self.groups == 1 else ""
        return f"{self.kernel}x{self.kernel}{stride}, {self.size}x{self.size}, {self.channels}{to}"

    @property
    def x_shape(self) -> Shape:
        return (self.batch, self.size, self.size, self.channels)

    @property
    def kernel_shape(self) -> Shape:
        return (self.kernel, self.kernel, self.channels // self.groups, self.filters)

    @property
    def y_shape(self) -> Shape:
        size = self.size if self.stride == 1 else (self.size - self.kernel) // self.stride + 1
        return (self.batch, size, size, self.filters)

    def flops(self) -> int:
        """Operations of a forward pass, those on padding included; each gradient takes as many."""
        return 2 * prod(self.y_shape[:-1]) * prod(self.kernel_shape)


def _depthwise(size: int, channels: int, kernel: int, stride: int = 1) -> Convolution:
    return Convolution(size, channels, channels, kernel, stride, groups=channels)


CONVOLUTIONS = {
    convolution.name: convolution
    for convolution in (
        Convolution(32, 64, 64, 1),
        Convolution(16, 256, 256, 1),
        Convolution(32, 64, 128, 1, stride=2),
        Convolution(28, 1, 16, 3),
        Convolution(32, 3, 32, 3),
        Convolution(32, 32, 32, 3),
        Convolution(16, 64, 64, 3),
        Convolution(8, 128, 128, 3),
        Convolution(8, 256, 256, 3),
        Convolution(32, 32, 64, 3, stride=2),
        Convolution(16, 128, 128, 3, stride=2),
        Convolution(28, 1, 16, 5),
        Convolution(12, 16, 32, 5),
        Convolution(16, 64, 64, 5),
        Convolution(32, 16, 32, 5, stride=2),
        Convolution(28, 1, 8, 7),
        Convolution(16, 32, 32, 7),
        Convolution(64, 3, 64, 7, stride=2),
    )
}
DEPTHWISE = {  # those of MobileNet, and wider ones
    convolution.name: convolution
    for convolution in (
        _depthwise(112, 32, 3),
        _depthwise(112, 64, 3, stride=2),
        _depthwise(56, 128, 3),
        _depthwise(56, 128, 3, stride=2),
        _depthwise(28, 256, 3),
        _depthwise(28, 256, 3, stride=2),
        _depthwise(14, 512, 3),
        _depthwise(14, 512, 3, stride=2),
        _depthwise(7, 1024, 3),
        _depthwise(28, 256, 5),
        _depthwise(14, 512, 5, stride=2),
    )
}


@dataclass(frozen=True)
class Chain:
    """Pointwise functions by hand: steps of gradient descent on x, to where f(x) is a target.

    The loss is the mean of squares. `function(library, x)` takes what has NumPy's names.
    """

    function: Callable[[Any, Any], Any]
    rows: int
    columns: int

    @property
    def name(self) -> str:
        return f"{self.function.__name__} {self.rows}x{self.columns}"

    @property
    def rate(self) -> float:
        return 0.1 * self.rows * self.columns


def swish(library, x):
    return x / (1 + library.exp(-x))


def gelu(library, x):
    return 0.5 * x * (1 + library.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def huber(library, x):
    size = library.abs(x)
    return library.where(size < 1, 0.5 * x * x, size - 0.5)


CHAINS = {
    chain.name: chain
    for rows, columns in ((64, 256), (256, 1024), (1024, 4096))
    for chain in (Chain(function, rows, columns) for function in (swish, gelu, huber))
}
