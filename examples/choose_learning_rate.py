"""From a range test to a cycle: how fast a network learns with a rate that was looked for.

A range test finds the rates between which the loss falls. Then four runs start from the same
weights and see the same batches: with the default rate of SGD, with the rate that the test
suggests, with one triangle over its bounds, and with one cycle up to the upper one. The table has
the epochs and seconds until 85 % and 90 % of the test set are right.

    python choose_learning_rate.py [digits | fashion_mnist] [epochs]
"""

import sys
import time

import pyclr
from pyclr.demo import digits_model, fashion_mnist_model
from pyclr.optimizers.schedules import OneCycle, TriangularCyclicalLearningRate

NAME = sys.argv[1] if len(sys.argv) > 1 else "digits"
EPOCHS = int(sys.argv[2]) if len(sys.argv) > 2 else 8
BATCH_SIZE = 64

(x_train, y_train), (x_test, y_test) = getattr(pyclr.datasets, NAME).load_data()
x_train, x_test = x_train[..., None], x_test[..., None]  # one channel


def make_model(rate):
    pyclr.utils.set_random_seed(42)  # weights, dropout and the order of batches follow from it
    model = {"digits": digits_model, "fashion_mnist": fashion_mnist_model}[NAME]()
    model.compile(
        pyclr.optimizers.SGD(rate, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


class Clock(pyclr.callbacks.Callback):
    """Notes the seconds since the beginning at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.begin, self.seconds = time.perf_counter(), []

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.begin)


def until(level, accuracies, seconds):
    """The epochs and seconds after which an accuracy is reached, as text."""
    for epoch, accuracy in enumerate(accuracies):
        if accuracy >= level:
            return f"{epoch + 1:>4} epochs {seconds[epoch]:>6.1f} s"
    return f"{'-':>4}"


begin = time.perf_counter()
found = make_model(0.01).lr_find(x_train, y_train, batch_size=BATCH_SIZE)
print(f"range test, {time.perf_counter() - begin:.1f} s: {found.message}\n")
low, high = found.bounds

rates = {
    "default": 0.01,
    "suggestion": found.suggestion,
    "triangle": TriangularCyclicalLearningRate(low, high, step_size=EPOCHS / 2, unit="epoch"),
    "one cycle": OneCycle(high),  # as long as the training
}
final = {}
print(f"{'rate':<12}{'test accuracy':>13}   {'until 85 %':<22} {'until 90 %':<22}")
for name, rate in rates.items():
    clock = Clock()
    history = make_model(rate).fit(
        x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS,
        validation_data=(x_test, y_test), callbacks=[clock], verbose=0,
    )  # fmt: skip
    accuracies = history.history["val_accuracy"]
    final[name] = accuracies[-1]
    reached = [until(level, accuracies, clock.seconds) for level in (0.85, 0.9)]
    print(f"{name:<12}{final[name]:>13.4f}   {reached[0]:<22} {reached[1]:<22}", flush=True)
