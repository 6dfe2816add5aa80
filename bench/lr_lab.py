"""Learning rates from a range test, against a grid: `python bench/lr_lab.py`.

Trains the convnet of TensorFlow Addons' tutorial on Fashion-MNIST, each time from the same weights
and with the same batches: with the constant rates of a grid, and with what `lr_find` suggests. It
prints the accuracies on the test set.

    python bench/lr_lab.py --optimizers SGD,Adam --seeds 0,1,2 --epochs 3 --samples 20000
"""

import argparse
import warnings

import pyclr
from pyclr.demo import fashion_mnist_model
from pyclr.optimizers.schedules import OneCycle, TriangularCyclicalLearningRate

BATCH_SIZE = 64
# Half decades around what suits each of them.
GRIDS = {
    "SGD": (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
    "momentum": (3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3),
    "Adam": (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1),
    "RMSprop": (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03),
}


class Lab:
    """One optimizer, one seed.

    Args:
        optimizer: A key of `GRIDS`.
        seed, epochs, samples: Integers.
    """

    def __init__(self, optimizer, seed, epochs, samples):
        (x, y), (x_test, y_test) = pyclr.datasets.fashion_mnist.load_data()
        self.data = x[:samples, ..., None], y[:samples]
        self.test = x_test[..., None], y_test
        self.optimizer, self.seed, self.epochs = optimizer, seed, epochs

    def model(self, rate):
        pyclr.utils.set_random_seed(self.seed)
        model = fashion_mnist_model()
        if self.optimizer == "momentum":
            optimizer = pyclr.optimizers.SGD(rate, momentum=0.9)
        else:
            optimizer = getattr(pyclr.optimizers, self.optimizer)(rate)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def accuracy(self, rate):
        model = self.model(rate)
        model.fit(*self.data, batch_size=BATCH_SIZE, epochs=self.epochs, verbose=0)
        return model.evaluate(*self.test, verbose=0)[1]

    def found(self, **arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # no answer is a failure here
            return self.model(0.01).lr_find(*self.data, batch_size=BATCH_SIZE, **arguments)

    def row(self):
        """The grid's accuracies; then those of the suggestion, the cycle and the one cycle."""
        grid = [self.accuracy(rate) for rate in GRIDS[self.optimizer]]
        found = self.found()
        low, high = found.bounds
        half = self.epochs / 2
        cycle = TriangularCyclicalLearningRate(low, high, step_size=half, unit="epoch")
        rates = found.suggestion, cycle, OneCycle(high)
        return grid, found, [self.accuracy(rate) for rate in rates]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--optimizers", default=",".join(GRIDS), help="default: %(default)s")
    add("--seeds", default="0,1,2", help="default: %(default)s")
    add("--epochs", type=int, default=3, help="default: %(default)s")
    add("--samples", type=int, default=20000, help="for training; default: %(default)s")
    add("--threads", type=int, help="default: all cores")
    options = parser.parse_args()
    if options.threads:
        pyclr.config.set_num_threads(options.threads)
    print("| optimizer | seed | best of grid | suggestion | cycle over `bounds` | one cycle |")
    print("|---|---|---|---|---|---|")
    for optimizer in options.optimizers.split(","):
        for seed in map(int, options.seeds.split(",")):
            grid, found, others = Lab(optimizer, seed, options.epochs, options.samples).row()
            best = max(range(len(grid)), key=grid.__getitem__)
            constant, cycle, one = (f"{accuracy:.3f}" for accuracy in others)
            low, high = found.bounds
            print(
                f"| {optimizer} | {seed} | {grid[best]:.3f} at {GRIDS[optimizer][best]:g} "
                f"| {constant} at {found.suggestion:.2g} | {cycle} from {low:.2g} to {high:.2g} "
                f"| {one} up to {high:.2g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
