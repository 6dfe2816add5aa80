"""What the golden files were computed from: models, optimizers, layers, losses, and the arrays that feed them.

The maker (Keras) and the tests (pyclr) both read this module, so the files hold results only. NumPy only; every random
number is made from the raw output of Philox, which NumPy never changes, so the inputs are the same bits everywhere.

Keys of the files:

* `trajectories.npz`: `<model>/<optimizer>/losses`, `(STEPS,)`; `.../weights`, one row `(mean, std, first 8 values)` for each
  variable in the order kernel, bias, kernel, ...; mean and std are those of float64.
* `layers.npz`: for each entry of `LAYERS`, `<case>/output`, `<case>/input_gradient`, `<case>/gradient_<i>` for the i-th
  trainable weight; for `BATCH_NORMALIZATION`, see there.
* `losses.npz`: for each entry of `LOSSES`, `<case>/values` (one for each sample) and `<case>/gradient` of their mean.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np

from bench.workloads import WORKLOADS, Shape, Spec

STEPS = 50
BATCH_SIZE = 8

_SGD: Spec = ("SGD", {"learning_rate": 0.01})
_ADAM: Spec = ("Adam", {"learning_rate": 1e-3})

# (model, name of the optimizer case) -> optimizer
TRAJECTORIES: dict[tuple[str, str], Spec] = {
    ("mlp", "sgd"): _SGD,
    ("mlp", "momentum"): ("SGD", {"learning_rate": 0.01, "momentum": 0.9}),
    ("mlp", "nesterov"): ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}),
    ("mlp", "rmsprop"): ("RMSprop", {"learning_rate": 1e-3}),
    ("mlp", "rmsprop_centered"): (
        "RMSprop",
        {"learning_rate": 1e-3, "momentum": 0.9, "centered": True},
    ),
    ("mlp", "adam"): _ADAM,
    ("mlp", "amsgrad"): ("Adam", {"learning_rate": 1e-3, "amsgrad": True}),
    ("cnn", "sgd"): _SGD,
    ("cnn", "adam"): _ADAM,
}


def layers_of(model: str) -> list[Spec]:
    """The workload's layers without dropout, whose random numbers no two libraries share."""
    return [spec for spec in WORKLOADS[model].layers if spec[0] != "SpatialDropout2D"]


def initial_weights(model: str) -> list[np.ndarray]:
    """Glorot-uniform kernels and zero biases, in the order of Keras' `model.get_weights()`."""
    weights = []
    for index, shape in enumerate(WORKLOADS[model].kernel_shapes()):
        limit = sqrt(6 / (prod(shape[:-2]) * (shape[-2] + shape[-1])))
        weights += [uniform(shape, -limit, limit, key=index), np.zeros(shape[-1], np.float32)]
    return weights


def batches(model: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """The `STEPS` batches `(x, y)`, in order."""
    x, y = WORKLOADS[model].data(STEPS * BATCH_SIZE)
    return list(zip(np.split(x, STEPS), np.split(y, STEPS)))


def summary(weights: list[np.ndarray]) -> np.ndarray:
    """One row for each variable: mean, standard deviation, the first eight values."""
    rows = [np.asarray(w, np.float64) for w in weights]
    return np.array([[w.mean(), w.std(), *w.flat[:8]] for w in rows])


def uniform(shape: Shape, low: float, high: float, key: int) -> np.ndarray:
    """Uniform float32 numbers in `[low, high)`; `key` selects the stream."""
    raw = np.random.Philox(key=key).random_raw(prod(shape))
    fraction = (raw >> np.uint64(40)).astype(np.float64) * 2.0**-24
    return (low + (high - low) * fraction).astype(np.float32).reshape(shape)


# --- single layers -------------------------------------------------------------------------------------------------

_1D, _2D = (2, 13, 4), (2, 9, 8, 4)


def _conv1d(**arguments: Any) -> Spec:
    return "Conv1D", {"filters": 6, "kernel_size": 3, **arguments}


def _conv2d(**arguments: Any) -> Spec:
    return "Conv2D", {"filters": 6, "kernel_size": (3, 2), **arguments}


# case -> (layer, shape of its input with the batch)
LAYERS: dict[str, tuple[Spec, Shape]] = {
    "conv1d": (_conv1d(), _1D),
    "conv1d_same": (_conv1d(padding="same"), _1D),
    "conv1d_same_even_kernel": (_conv1d(kernel_size=4, padding="same"), _1D),
    "conv1d_causal_dilation": (_conv1d(padding="causal", dilation_rate=2), _1D),
    "conv1d_strides": (_conv1d(strides=2), _1D),
    "conv1d_same_strides": (_conv1d(padding="same", strides=3), _1D),
    "conv1d_dilation": (_conv1d(dilation_rate=3), _1D),
    "conv1d_groups": (_conv1d(groups=2), _1D),
    "conv2d": (_conv2d(), _2D),
    "conv2d_relu_no_bias": (_conv2d(activation="relu", use_bias=False), _2D),
    "conv2d_same": (_conv2d(padding="same"), _2D),
    "conv2d_strides": (_conv2d(strides=(2, 3)), _2D),
    "conv2d_same_strides": (_conv2d(padding="same", strides=(2, 3)), _2D),
    "conv2d_dilation": (_conv2d(dilation_rate=(2, 3)), _2D),
    "conv2d_same_dilation": (_conv2d(padding="same", dilation_rate=2), _2D),
    "conv2d_groups": (_conv2d(groups=2), _2D),
    "conv2d_same_strides_groups": (_conv2d(padding="same", strides=2, groups=2), _2D),
    "layer_normalization": (("LayerNormalization", {}), _2D),
    "layer_normalization_axes": (("LayerNormalization", {"axis": (1, 2), "epsilon": 1e-5}), _1D),
    "layer_normalization_plain": (("LayerNormalization", {"center": False, "scale": False}), _1D),
}
for _pooling in ("Max", "Average"):
    for _padding in ("valid", "same"):
        _arguments = {"pool_size": 3, "strides": 2, "padding": _padding}
        LAYERS[f"{_pooling.lower()}_pooling1d_{_padding}"] = ((f"{_pooling}Pooling1D", _arguments), _1D)
        _arguments = {"pool_size": (3, 2), "strides": (2, 3), "padding": _padding}
        LAYERS[f"{_pooling.lower()}_pooling2d_{_padding}"] = ((f"{_pooling}Pooling2D", _arguments), _2D)

# Five training steps and one of inference. Files hold, for step i, `<case>/<i>/output`, `/input_gradient`, `/gradient_0`
# (gamma), `/gradient_1` (beta), `/moving_mean`, `/moving_variance`; and `<case>/inference`. Gamma and beta stay as they are.
BATCH_NORMALIZATION: dict[str, tuple[Spec, Shape]] = {
    "batch_normalization": (("BatchNormalization", {}), _2D),
    "batch_normalization_momentum": (
        ("BatchNormalization", {"momentum": 0.8, "epsilon": 1e-2}),
        (16, 5),
    ),
    "batch_normalization_axis": (("BatchNormalization", {"axis": 1, "momentum": 0.9}), _2D),
}
BATCH_NORMALIZATION_STEPS = 5


def layer_input(shape: Shape, step: int = 0) -> np.ndarray:
    return uniform(shape, -1.0, 2.0, key=100 + step)


def layer_weights(shapes: list[Shape]) -> list[np.ndarray]:
    """Values for the trainable weights, given their shapes in the layer's order (kernel, bias; gamma, beta)."""
    return [uniform(shape, 0.5, -0.6, key=200 + index) for index, shape in enumerate(shapes)]


def output_gradient(shape: Shape, step: int = 0) -> np.ndarray:
    """The gradient that arrives at the layer's output."""
    return uniform(shape, -1.0, 1.0, key=300 + step)


# --- losses --------------------------------------------------------------------------------------------------------

# case -> (loss, shape of the predictions); the kind of targets and predictions follows from the loss, see loss_arguments.
LOSSES: dict[str, tuple[Spec, Shape]] = {
    "sparse": (("SparseCategoricalCrossentropy", {}), (12, 7)),
    "sparse_logits": (("SparseCategoricalCrossentropy", {"from_logits": True}), (12, 7)),
    "sparse_sequence": (("SparseCategoricalCrossentropy", {"from_logits": True}), (3, 4, 7)),
    "sparse_ignored": (("SparseCategoricalCrossentropy", {"ignore_class": 2}), (12, 7)),
    "categorical": (("CategoricalCrossentropy", {}), (12, 7)),
    "categorical_logits": (("CategoricalCrossentropy", {"from_logits": True}), (12, 7)),
    "categorical_smooth": (("CategoricalCrossentropy", {"label_smoothing": 0.1}), (12, 7)),
    "binary": (("BinaryCrossentropy", {}), (12, 3)),
    "binary_logits": (("BinaryCrossentropy", {"from_logits": True}), (12, 3)),
    "binary_smooth": (("BinaryCrossentropy", {"label_smoothing": 0.2}), (12, 1)),
    "mean_squared_error": (("MeanSquaredError", {}), (12, 3)),
}


def loss_arguments(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns `(y_true, y_pred)`.

    Probabilities are not normalised to one (Keras does it) and the first row of each has values that must be clipped; logits
    reach +-30, where a naive logarithm of an exponential overflows or loses everything.
    """
    (name, arguments), shape = LOSSES[case]
    y_pred = uniform(shape, 0.02, 0.98, key=400)
    if arguments.get("from_logits"):
        y_pred = uniform(shape, -4.0, 4.0, key=401)
        y_pred[0] *= np.float32(7.5)
    elif name != "MeanSquaredError":
        y_pred[0, ::2] = 0.0
    classes = uniform(shape[:-1], 0.0, shape[-1], key=402).astype(np.int32)
    if name == "SparseCategoricalCrossentropy":
        return classes, y_pred
    if name == "CategoricalCrossentropy":
        return np.eye(shape[-1], dtype=np.float32)[classes], y_pred
    y_true = uniform(shape, 0.0, 1.0, key=403)
    return (y_true.round() if name == "BinaryCrossentropy" else y_true), y_pred
