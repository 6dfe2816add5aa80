"""Makes the files in this folder with Keras: models trained for some steps, saved as Keras saves
them, and `expected.npz`.

From the root of the repository, with Keras 3.15 or newer:

    KERAS_BACKEND=jax python -m tests.saving.golden.make_keras_files

`expected.npz` holds for each model `<name>/x` and `<name>/prediction`; for those that were compiled
and have no random layers also `<name>/y` and `<name>/after_<i>`, the i-th weight after one more
training step on x and y, for which the optimizer's state must be right.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers, losses, metrics, optimizers

FOLDER = Path(__file__).parent
STEPS, BATCH_SIZE = 3, 8


def conv():
    model = keras.Sequential(
        [
            keras.Input((9, 8, 2)),
            layers.Rescaling(2.0, offset=-1.0),
            layers.Conv2D(3, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.SpatialDropout2D(0.2),
            layers.DepthwiseConv2D(2, depth_multiplier=2),
            layers.Flatten(),
            layers.Dense(6),
            layers.LayerNormalization(),
            layers.PReLU(),
            layers.Dropout(0.3, seed=3),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(
        optimizers.RMSprop(0.002, momentum=0.5, centered=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=[metrics.SparseCategoricalCrossentropy()],
    )
    return model


def sequence():
    model = keras.Sequential(
        [
            keras.Input((12, 3)),
            layers.Conv1D(
                4, 3, padding="causal", dilation_rate=2, activation="silu", kernel_regularizer="l2"
            ),
            layers.BatchNormalization(momentum=0.9, scale=False),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, kernel_constraint="max_norm"),
        ]
    )
    model.compile(
        optimizers.Adam(0.003, beta_1=0.8, amsgrad=True, clipnorm=0.5),
        loss=losses.MeanSquaredError(),
        metrics=[metrics.MeanAbsoluteError(name="error")],
    )
    return model


def nested():
    encoder = keras.Sequential(
        [layers.Dense(5, activation="tanh"), layers.BatchNormalization()], name="encoder"
    )
    model = keras.Sequential([keras.Input((6,)), encoder, layers.Dense(5), layers.Dense(3)])
    model.layers[1].trainable = False
    model.compile(
        optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        loss=losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
    )
    return model


def plain():
    model = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.build((None, 3))
    return model


def labels(model, rng):
    classes = model.output_shape[-1]
    numbers = rng.integers(0, classes, BATCH_SIZE)
    if model.loss == "sparse_categorical_crossentropy":
        return numbers
    return np.eye(classes, dtype="float32")[numbers]


def main():
    expected = {}
    for make in (conv, sequence, nested, plain):
        keras.utils.set_random_seed(7)
        rng = np.random.default_rng(7)
        model, name = make(), make.__name__
        x = rng.random((BATCH_SIZE, *model.input_shape[1:]), "float32")
        if model.compiled:
            y = labels(model, rng)
            for _ in range(STEPS):
                model.train_on_batch(x, y)
        model.save(FOLDER / f"{name}.keras")
        if make is plain:
            model.save_weights(FOLDER / f"{name}.weights.h5")
        expected |= {f"{name}/x": x, f"{name}/prediction": model.predict(x, verbose=0)}
        if model.compiled and make is not conv:
            model.train_on_batch(x, y)
            expected[f"{name}/y"] = y
            expected |= {f"{name}/after_{i}": w for i, w in enumerate(model.get_weights())}
    np.savez_compressed(FOLDER / "expected.npz", **expected)


if __name__ == "__main__":
    main()
