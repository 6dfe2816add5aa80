"""Learning rates compared: `python -m pyclr.demo` trains a small network three times.

The three runs start from the same weights and see the same batches; only the learning rate differs:
constant; going up and down in triangles that halve ("triangular2", Smith, arXiv 1506.01186); one
triangle over the whole run ("one cycle", Smith and Topin, arXiv 1708.07120). It prints a table and
draws a picture of the rates and losses.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

from . import Input, Sequential, config, layers, utils
from .datasets import digits, fashion_mnist
from .optimizers import SGD
from .optimizers.schedules import Triangular2CyclicalLearningRate, TriangularCyclicalLearningRate


def digits_model():
    """Returns a model for images of 8 x 8 pixels from 0 to 16."""
    return Sequential(
        [
            Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def fashion_mnist_model():
    """Returns the model of TensorFlow Addons' tutorial on cyclical learning rates."""
    return Sequential(
        [
            Input((28, 28, 1)),
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


@dataclass(frozen=True)
class Comparison:
    """What is trained, and between which learning rates.

    Args:
        load_data: Function that returns `(x_train, y_train), (x_test, y_test)`.
        make_model: Function that returns the model.
        batch_size, epochs: Integers.
        constant: Number, the constant rate.
        triangular2, one_cycle: Tuples, the lowest and highest rate.
    """

    load_data: object
    make_model: object
    batch_size: int
    epochs: int
    constant: float
    triangular2: tuple
    one_cycle: tuple


COMPARISONS = {
    # The constant rate is the mean of the cycle: the runs differ in the shape alone.
    "digits": Comparison(digits.load_data, digits_model, 32, 12, 0.21, (0.02, 0.4), (0.02, 0.4)),
    # The tutorial's batches and rates; the one cycle is added.
    "fashion_mnist": Comparison(
        fashion_mnist.load_data, fashion_mnist_model, 64, 10, 0.01, (1e-4, 1e-2), (1e-2, 0.2)
    ),
}


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Args:
        name: String.
        seconds: Number, the time `fit` took.
        rates: Array, the learning rate of every step.
        history: Dictionary of lists, one value an epoch.
    """

    name: str
    seconds: float
    rates: np.ndarray
    history: dict

    @property
    def best_rate(self):
        """The learning rate at the end of the epoch with the lowest test loss."""
        losses = np.nan_to_num(self.history["val_loss"], nan=np.inf)
        steps_per_epoch = len(self.rates) // len(losses)
        return self.rates[(int(np.argmin(losses)) + 1) * steps_per_epoch - 1]


def compare(comparison, epochs=None, seed=0):
    """Trains with each schedule in turn and yields each `Run` when it is finished.

    Args:
        comparison: A `Comparison`.
        epochs: Optional integer instead of the comparison's.
        seed: Integer, from which weights, dropout and batches follow. Defaults to `0`.
    """
    train, test = comparison.load_data()
    (x_train, y_train), (x_test, y_test) = ((x[..., np.newaxis], y) for x, y in (train, test))
    epochs = comparison.epochs if epochs is None else epochs
    steps_per_epoch = -(-len(x_train) // comparison.batch_size)
    steps = epochs * steps_per_epoch
    schedules = {
        "constant": comparison.constant,
        "triangular2": Triangular2CyclicalLearningRate(
            *comparison.triangular2, step_size=2 * steps_per_epoch
        ),
        "one cycle": TriangularCyclicalLearningRate(*comparison.one_cycle, step_size=steps / 2),
    }
    for name, rate in schedules.items():
        utils.set_random_seed(seed)
        model = comparison.make_model()
        model.compile(SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        begin = time.perf_counter()
        history = model.fit(
            x_train,
            y_train,
            batch_size=comparison.batch_size,
            epochs=epochs,
            validation_data=(x_test, y_test),
            verbose=0,
        )
        seconds = time.perf_counter() - begin
        rates = rate(np.arange(steps)) if callable(rate) else np.full(steps, rate)
        yield Run(name, seconds, rates, history.history)


def draw(runs, path, title):
    """Draws the learning rates above and the losses below into a picture file.

    Args:
        runs: List of `Run`.
        path: Path of the file; its suffix (`.png`, `.svg`, `.pdf`) gives the format.
        title: String.

    Raises:
        ImportError: if Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "The picture needs Matplotlib. Install it with `pip install pyclr[plot]`."
        ) from error

    figure = Figure(figsize=(8, 7), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    epochs = len(runs[0].history["loss"])
    for run, color in zip(runs, ("#555555", "#0072b2", "#d55e00")):  # apart for the colour-blind
        steps = np.arange(len(run.rates)) * epochs / len(run.rates)
        top.plot(steps, run.rates, color=color, linewidth=2)
        ends = np.arange(1, epochs + 1)
        accuracy = run.history["val_accuracy"][-1]
        bottom.plot(ends, run.history["loss"], color=color, linewidth=1, linestyle="--")
        bottom.plot(
            ends, run.history["val_loss"], "o-", color=color, linewidth=2, markersize=4,
            clip_on=False, label=f"{run.name}: {accuracy:.1%} of the test set right",
        )  # fmt: skip
    rates = np.concatenate([run.rates for run in runs])
    top.set(ylabel="learning rate", title=title)
    if rates.max() > 100 * rates.min():
        _log_scale(top)
    bottom.set(ylabel="loss", xlabel="epoch", xlim=(0, epochs))
    _log_scale(bottom)
    bottom.plot([], [], color="black", linewidth=1, linestyle="--", label="on the training set")
    bottom.legend(frameon=False)
    for axes in (top, bottom):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels()
    figure.savefig(path, dpi=150)


def _log_scale(axes):
    from matplotlib.ticker import LogLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()


def main(arguments=None):
    """Runs the command line."""
    options = _parse(arguments)
    if options.threads is not None:
        config.set_num_threads(options.threads)
    comparison = COMPARISONS[options.data]
    epochs = options.epochs or comparison.epochs
    print(f"{options.data}, {epochs} epochs, seed {options.seed}, {config.num_threads()} threads")
    print("learning rate  seconds  test accuracy  test loss  best rate")
    runs = []
    for run in compare(comparison, epochs, options.seed):
        accuracy, loss = run.history["val_accuracy"][-1], run.history["val_loss"][-1]
        print(
            f"{run.name:<13}{run.seconds:>9.2f}{accuracy:>15.4f}{loss:>11.4f}{run.best_rate:>11.4g}",
            flush=True,
        )
        runs.append(run)
    print("best rate: the learning rate at the end of the epoch with the lowest test loss")
    try:
        draw(runs, options.out, f"{options.data}: same weights, same batches, three learning rates")
    except ImportError as error:
        print(error, file=sys.stderr)
    else:
        print(f"picture: {options.out}")


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m pyclr.demo", description="Compares three learning rate schedules."
    )
    add = parser.add_argument
    add("--data", choices=list(COMPARISONS), default="digits", help="default: %(default)s")
    defaults = ", ".join(f"{value.epochs} ({name})" for name, value in COMPARISONS.items())
    add("--epochs", type=_positive, help=f"default: {defaults}")
    add("--seed", type=int, default=0, help="default: %(default)s")
    add("--out", default="pyclr_demo.png", help="the picture's path; default: %(default)s")
    add("--threads", type=_positive, help="default: all cores")
    return parser.parse_args(arguments)


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Received: {text}")
    return value


if __name__ == "__main__":
    main()
