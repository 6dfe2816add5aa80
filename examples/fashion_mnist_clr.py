"""Cyclical learning rates on Fashion-MNIST, after the tutorial of TensorFlow Addons.

Two runs start from the same weights and see the same batches. One keeps the learning rate at 0.01;
in the other it swings between 0.0001 and 0.01, half as high with each cycle.

    python fashion_mnist_clr.py [epochs]
"""

import sys

import pyclr
from pyclr import layers

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
BATCH_SIZE = 64

(x_train, y_train), (x_test, y_test) = pyclr.datasets.fashion_mnist.load_data()
x_train, x_test = x_train[..., None], x_test[..., None]  # one channel


def train(learning_rate):
    pyclr.utils.set_random_seed(42)  # weights, dropout and the order of batches follow from it
    model = pyclr.Sequential(
        [
            pyclr.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.SpatialDropout2D(0.2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=pyclr.optimizers.SGD(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    data = dict(x=x_train, y=y_train, validation_data=(x_test, y_test))
    return model.fit(**data, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2).history


steps_per_epoch = len(x_train) // BATCH_SIZE
clr = pyclr.optimizers.schedules.Triangular2CyclicalLearningRate(
    initial_learning_rate=1e-4, maximal_learning_rate=1e-2, step_size=2 * steps_per_epoch
)
for name, rate in [("constant", 0.01), ("cyclical", clr)]:
    print(f"{name}: test accuracy {train(rate)['val_accuracy'][-1]:.4f}")
