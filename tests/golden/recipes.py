"""What the golden files were computed from: models, optimizers, layers, losses and their inputs.

The maker (Keras) and the tests (pyclr) both read this module, so the files hold results only. It
needs NumPy only. Every random number is made from the raw output of Philox, which NumPy never
changes, so the inputs are the same bits everywhere.

Keys of the files:

* `trajectories.npz`, for each entry of `TRAJECTORIES`: `<model>/<case>/losses`, the loss of each of
  the `STEPS` batches before its update, and `<model>/<case>/weight_<i>`, the `summary` of the i-th
  variable (kernel, bias, kernel, ...) after the last.
* `layers.npz`, for each entry of `LAYERS`: `<case>/output`, `<case>/input_gradient` and
  `<case>/gradient_<i>` for the i-th trainable weight. For each entry of `BATCH_NORMALIZATION`, the
  same as `<case>/<step>/...` with `moving_mean` and `moving_variance` after that training step
  (gamma and beta stay as they are), and `<case>/inference`, the first input's output at the end.
* `losses.npz`, for each entry of `LOSSES`: `<case>/values`, one for each prediction, and
  `<case>/gradient`, that of the loss under its default reduction by `y_pred`.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np

from bench.workloads import WORKLOADS, Shape, Spec

STEPS = 50
BATCH_SIZE = 8

# The largest difference to a stored array that rounding explains, relative to the largest value of
# the array.
#
# Layers and losses: in float64 they differ from the files by 9.5e-7 at most.
#
# Trajectories: Keras on torch or TensorFlow (float32), and on JAX in float64, differ from the files
# by at most
#
#               losses: float32  float64    weights: float32  float64
#     SGD                2.8e-7   1.9e-7              1.1e-6   1.1e-6
#     RMSprop            1.9e-7   1.4e-7              5.9e-7   6.1e-7
#     Adam               2.0e-7   3.2e-6              1.5e-6   1.7e-4
#     AdamW                       2.2e-6                       5.4e-6
#     Lamb, Muon                  1.3e-7                       6.7e-6
#     Adafactor                   1.0e-7                       1.1e-6
#     Lion                        4.2e-6                       1.5e-6
#     the others                  3.0e-7                       1.1e-6
#     SGD with clipvalue          4.3e-6                       3.6e-5
#
# Adam in float64 is that far off (and AdamW, Lamb and Muon with it) as Keras takes 1 - beta_2**step
# in float32, where 1 - 0.999 is wrong by 1.3e-5; with only that done as in float32, it is 2.6e-7
# and 1.1e-6. Both ways are right. Lion takes signs, which rounding may turn. The bounds leave a
# factor of about three or more (that of clipped SGD is for float32) and lie below the mistakes
# tried: a learning rate off by 1e-5 under SGD moves the weights by 1.2e-5, one off by 1e-4 under
# Adam by 0.016, an epsilon of 1.1e-7 for 1e-7 in RMSprop by 0.2.
#
# The batch is small on purpose: where an activation lies within rounding of a kink of ReLU or max
# pooling, correct implementations part. With a batch of 64, `cnn` meets such a point in 50 steps:
# torch and JAX end 2e-4 (SGD) and 8e-4 (Adam) apart in the weights. With 8 they agree as above.
# Learning rates are small enough for losses to stay far from the 16 at which Keras clips
# probabilities on some backends (JAX, torch) and works on the logits on others (TensorFlow).
TOLERANCE = 5e-6
_CORRECTED = ("Adam", "AdamW")
_KINDS = (
    "SGD RMSprop Adam AdamW Adamax Nadam Adagrad Adadelta Ftrl Lion ScheduleFreeAdamW Lamb "
    "Adafactor Muon"
).split()
LOSSES_TOLERANCE = {kind: 1e-5 if kind in _CORRECTED else 2e-6 for kind in _KINDS}
WEIGHTS_TOLERANCE = {
    **dict.fromkeys(_KINDS, 5e-6),
    **dict.fromkeys(_CORRECTED, 5e-4),
    **dict.fromkeys(("Lamb", "Muon"), 5e-5),
    "Adafactor": 2e-5,
}

_SGD: Spec = ("SGD", {"learning_rate": 0.01})
_ADAM: Spec = ("Adam", {"learning_rate": 1e-3})

# (model, case) -> optimizer
TRAJECTORIES: dict[tuple[str, str], Spec] = {
    ("mlp", "sgd"): _SGD,
    ("mlp", "momentum"): ("SGD", {"learning_rate": 0.01, "momentum": 0.9}),
    ("mlp", "nesterov"): ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}),
    ("mlp", "rmsprop"): ("RMSprop", {"learning_rate": 1e-3}),
    ("mlp", "rmsprop_centered"): (
        "RMSprop",
        {"learning_rate": 1e-4, "momentum": 0.9, "centered": True},
    ),
    ("mlp", "adam"): _ADAM,
    ("mlp", "amsgrad"): ("Adam", {"learning_rate": 1e-3, "amsgrad": True}),
    ("mlp", "adamw"): ("AdamW", {"learning_rate": 1e-3, "weight_decay": 0.1}),
    ("mlp", "adamax"): ("Adamax", {"learning_rate": 1e-3}),
    ("mlp", "nadam"): ("Nadam", {"learning_rate": 1e-3}),
    ("mlp", "adagrad"): ("Adagrad", {"learning_rate": 0.01}),
    ("mlp", "adadelta"): ("Adadelta", {"learning_rate": 0.5}),
    ("mlp", "ftrl"): ("Ftrl", {"learning_rate": 0.1, "beta": 0.1}),
    ("mlp", "ftrl_regularized"): (
        "Ftrl",
        {
            "learning_rate": 0.05,
            "learning_rate_power": -0.6,
            "l1_regularization_strength": 1e-3,
            "l2_regularization_strength": 1e-3,
            "l2_shrinkage_regularization_strength": 1e-3,
        },
    ),
    ("mlp", "lion"): ("Lion", {"learning_rate": 1e-4, "weight_decay": 0.1}),
    ("mlp", "schedule_free"): ("ScheduleFreeAdamW", {"learning_rate": 1e-3, "warmup_steps": 10}),
    ("mlp", "lamb"): ("Lamb", {"learning_rate": 1e-3}),
    # With the default epsilon_1, Keras gets NaN: v underflows where pixel and unit are always 0.
    ("mlp", "adafactor"): ("Adafactor", {"learning_rate": 0.01, "epsilon_1": 1e-12}),
    ("cnn", "adafactor"): ("Adafactor", {"learning_rate": 0.01, "epsilon_1": 1e-12}),
    ("mlp", "muon"): ("Muon", {"learning_rate": 1e-3}),
    ("cnn", "sgd"): _SGD,
    ("cnn", "adam"): _ADAM,
    # The options that all optimizers have.
    ("mlp", "clipvalue"): ("SGD", {"learning_rate": 0.01, "clipvalue": 1e-3}),
    ("mlp", "clipnorm"): ("SGD", {"learning_rate": 0.01, "clipnorm": 0.05}),
    ("mlp", "global_clipnorm"): ("SGD", {"learning_rate": 0.01, "global_clipnorm": 0.1}),
    ("mlp", "decay"): ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    ("mlp", "ema"): ("SGD", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.8}),
    ("mlp", "ema_overwrite"): (
        "SGD",
        {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 7},
    ),
    ("mlp", "accumulation"): (
        "Adam",
        {
            "learning_rate": 1e-3,
            "weight_decay": 0.1,
            "global_clipnorm": 0.1,
            "gradient_accumulation_steps": 3,
        },
    ),
    ("mlp", "accumulation_ema"): (
        "Nadam",
        {
            "learning_rate": 1e-3,
            "gradient_accumulation_steps": 4,
            "use_ema": True,
            "ema_momentum": 0.8,
            "ema_overwrite_frequency": 3,
        },
    ),
    ("mlp", "accumulation_composed"): (
        "Lamb",
        {"learning_rate": 1e-3, "weight_decay": 0.1, "gradient_accumulation_steps": 3},
    ),
    ("mlp", "loss_scale"): ("SGD", {"learning_rate": 0.01, "loss_scale_factor": 64.0}),
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


def summary(weight: np.ndarray) -> np.ndarray:
    """Mean, standard deviation (both taken in float64) and the first eight values."""
    weight = np.asarray(weight, np.float64)
    return np.array([weight.mean(), weight.std(), *weight.flat[:8]])


def uniform(shape: Shape, low: float, high: float, key: int) -> np.ndarray:
    """Uniform float32 numbers in `[low, high)`; `key` selects the stream."""
    raw = np.random.Philox(key=key).random_raw(prod(shape))
    fraction = (raw >> np.uint64(40)).astype(np.float64) * 2.0**-24
    return (low + (high - low) * fraction).astype(np.float32).reshape(shape)


# --- single layers --------------------------------------------------------------------------------

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
for _kind in ("Max", "Average"):
    for _padding in ("valid", "same"):
        _name, _case = f"{_kind}Pooling", f"{_kind.lower()}_pooling_{_padding}"
        _1d = {"pool_size": 3, "strides": 2, "padding": _padding}
        _2d = {"pool_size": (3, 2), "strides": (2, 3), "padding": _padding}
        LAYERS[f"{_case}_1d"] = (f"{_name}1D", _1d), _1D
        LAYERS[f"{_case}_2d"] = (f"{_name}2D", _2d), _2D

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
    """Values for the trainable weights, given their shapes in the layer's order."""
    return [uniform(shape, 0.5, -0.6, key=200 + index) for index, shape in enumerate(shapes)]


def output_gradient(shape: Shape, step: int = 0) -> np.ndarray:
    """The gradient that arrives at the layer's output."""
    return uniform(shape, -1.0, 1.0, key=300 + step)


# --- losses ---------------------------------------------------------------------------------------

# case -> (loss, shape of the predictions)
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

    Class probabilities do not add up to one (Keras divides by their sum), and the first sample has
    zeros, which must be clipped. Logits reach +-30, where naive formulas lose everything.
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
