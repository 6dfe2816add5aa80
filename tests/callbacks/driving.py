"""Driving a callback by hand, here and in Keras, with a model that only notes what happens."""

from types import SimpleNamespace

import numpy as np


class Optimizer:
    """As much of an optimizer as the callbacks of both libraries need."""

    learning_rate_schedule = None
    rate_factor = 1.0

    def __init__(self, rate):
        self.learning_rate = rate

    @property
    def learning_rate(self):
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._rate = np.float32(value)

    def current_hyper(self):
        return {"learning_rate": float(self._rate)}


class Model:
    """A model whose weights are the number of the epoch."""

    def __init__(self, rate=0.1):
        self.stop_training = False
        self.optimizer = Optimizer(rate)
        self.metrics = []
        self.epoch = None
        self.saved = []

    def get_weights(self):
        return [np.array(self.epoch)]

    def set_weights(self, weights):
        self.epoch = int(weights[0])

    def save(self, path, overwrite=True):
        self.saved.append(path)

    save_weights = save


def drive(callback, values, batches=0, model=None):
    """Runs a callback over an epoch for each value of the loss, until it stops training.

    Returns:
        What it did: the epochs run, the epoch whose weights the model ends with, the files, and the
        rates in the epochs.
    """
    model = Model() if model is None else model
    callback.set_params({"epochs": len(values), "steps": batches, "verbose": 0})
    callback.set_model(model)
    callback.on_train_begin({})
    rates = []
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch, {})
        rates.append(float(model.optimizer.learning_rate))
        for batch in range(batches):
            callback.on_train_batch_begin(batch, {})
            callback.on_train_batch_end(batch, {"loss": value})
        callback.on_epoch_end(epoch, {"loss": value})
        if model.stop_training:
            break
    callback.on_train_end({})
    return SimpleNamespace(
        last=epoch, weights=model.epoch, files=model.saved, rates=rates, callback=callback
    )
