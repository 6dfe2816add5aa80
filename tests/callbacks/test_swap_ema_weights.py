"""SwapEMAWeights: when the model holds the moving averages."""

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers
from pyclr.optimizers import SGD

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20.0)[:, None]
DATA = dict(x=X, y=Y, batch_size=5, verbose=0)


def make(**options):
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(1)])
    model.compile(SGD(0.01, use_ema=True, ema_momentum=0.5, **options), "mse")
    return model


class Average(callbacks.Callback):
    """The moving average of the kernel, by the formula, and the kernel itself in hooks."""

    def on_train_begin(self, logs=None):
        self.average, self.seen, self.kernels = None, {}, []

    def on_train_batch_end(self, batch, logs=None):
        kernel = self.model.get_weights()[0]
        self.kernels.append(kernel)
        # The first update's weights are the first average.
        self.average = kernel if self.average is None else (self.average + kernel) / 2

    def see(self, name):
        self.seen[name] = (self.model.get_weights()[0], self.average)

    def on_test_begin(self, logs=None):
        self.see("test")

    def on_test_end(self, logs=None):
        self.see("test end")

    def on_epoch_end(self, epoch, logs=None):
        self.see("epoch end")

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.see("epoch begin")


@pytest.mark.parametrize("on_epoch", [False, True])
def test_the_model_holds_averages_in_validation(on_epoch):
    model, note = make(), Average()
    swap = callbacks.SwapEMAWeights(swap_on_epoch=on_epoch)
    model.fit(**DATA, epochs=2, validation_data=(X, Y), callbacks=[swap, note])
    averaged = {"test": True, "test end": False, "epoch end": on_epoch, "epoch begin": False}
    for name, expected in averaged.items():
        kernel, average = note.seen[name]
        assert np.allclose(kernel, average, rtol=1e-5) == expected, name
    # Training went on from the weights.
    plain = make()
    other = Average()
    plain.fit(**DATA, epochs=2, callbacks=[other])
    np.testing.assert_array_equal(note.kernels, other.kernels)
    np.testing.assert_allclose(model.get_weights()[0], note.average, rtol=1e-5)


def test_averages_stay_when_training_stops_early():
    model, note = make(), Average()
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    stop = callbacks.EarlyStopping("loss", min_delta=1e9, patience=1)
    model.fit(**DATA, epochs=9, callbacks=[swap, note, stop])
    assert len(note.kernels) == 8
    np.testing.assert_allclose(model.get_weights()[0], note.average, rtol=1e-5)


def test_prediction_has_averages_and_puts_the_weights_back():
    model = make()
    swap = callbacks.SwapEMAWeights()
    np.testing.assert_array_equal(  # before the first update there are none
        model.predict(X, verbose=0, callbacks=[swap]), model.predict(X, verbose=0)
    )
    model.optimizer.build(model.trainable_variables)
    for batch in range(3):
        model.train_on_batch(X + batch, Y)
    weights = model.get_weights()
    averages = [v.numpy() for v in model.optimizer.variables if "average" in v.name]
    predicted = model.predict(X, verbose=0, callbacks=[swap])
    np.testing.assert_allclose(predicted, X @ averages[0] + averages[1], rtol=1e-4, atol=1e-5)
    for ours, kept in zip(model.get_weights(), weights):
        np.testing.assert_array_equal(ours, kept)


@pytest.mark.parametrize("on_epoch", [False, True])
@pytest.mark.parametrize("hook", ["on_test_end", "on_epoch_end"])
def test_an_error_leaves_the_weights(hook, on_epoch):
    """Training can go on from them, and from the averages."""
    fail = callbacks.LambdaCallback(**{hook: lambda *arguments: 1 / 0})
    found = []
    for swaps in ([], [callbacks.SwapEMAWeights(swap_on_epoch=on_epoch)]):
        model = make()
        order = [fail, *swaps] if hook == "on_test_end" else [*swaps, fail]
        with pytest.raises(ZeroDivisionError):
            model.fit(**DATA, validation_data=(X, Y), callbacks=order)
        found.append([v.numpy() for v in model.weights + model.optimizer.variables])
    for expected, value in zip(*found):
        np.testing.assert_array_equal(value, expected)


def test_without_averages():
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="use_ema=True"):
        model.fit(**DATA, callbacks=[callbacks.SwapEMAWeights()])
    assert int(model.optimizer.iterations) == 0
