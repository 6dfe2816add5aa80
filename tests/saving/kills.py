"""Saves in processes that are killed; a script, as a small process is quickly forked.

`python kills.py folder kind kills`: each process saves one version after another, all numbers of
which are its number, and is killed at a random moment. What it leaves is loaded, and must be whole
and not older than what was there.
"""

import gc
import json
import os
import random
import signal
import sys
import time

import numpy as np

import pyclr
from pyclr import layers
from pyclr.callbacks.callback_list import CallbackList
from pyclr.models.run_state import Place, RunState


def make():
    model = pyclr.Sequential([pyclr.Input((60,)), layers.Dense(60), layers.Dense(9)])
    model.compile(pyclr.optimizers.Adam(0.001), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def variables(model):
    return model.trainable_variables + model.optimizer.variables


def number(model):
    """Makes a model a version of a number."""

    def set_to(version):
        for variable in variables(model):
            variable.assign(np.full(variable.shape, version, variable.dtype))

    return set_to


def version_of(arrays):
    """The one number that all arrays consist of."""
    found = {float(value) for array in arrays for value in np.unique(array)}
    assert len(found) == 1, found
    return int(found.pop())


class State:
    """States of a run."""

    def __init__(self, folder):
        self.state, self.model = RunState(folder), make()

    def save(self, version):
        number(self.model)(version)
        place = Place(version, 0, version, 0)
        assert self.state.save(self.model, CallbackList(), place, {"loss": 0.5}, {})

    def load(self):
        info, arrays = self.state.read()  # a damaged one would be warned of: an error here
        place = info["place"]["epoch"]
        names = [f"v{i}" for i in range(len(variables(self.model)))]
        assert version_of(arrays[name] for name in names) == place
        return place


class Model:
    """A model, in one file that is replaced."""

    name = "model.keras"

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.path, self.model = os.path.join(folder, self.name), make()

    def save(self, version):
        number(self.model)(version)
        self.model.save(self.path)

    def load(self):
        number(self.model)(-1)
        self.model.load_weights(self.path)
        return version_of(variable.numpy() for variable in variables(self.model))


class Weights(Model):
    name = "model.weights.h5"

    def save(self, version):
        number(self.model)(version)
        self.model.save_weights(self.path)


KINDS = {"state": State, "model": Model, "weights": Weights}


def save_in_child(saved, version, times, seconds):
    """Saves in a process; returns the seconds that took. After so many it is killed (`None`: it
    comes to its end)."""
    ready, begun = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(begun, b" ")
            for i in range(times):
                saved.save(version + i)
        finally:
            os._exit(0)
    os.read(ready, 1)
    start = time.perf_counter()
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(begun)
    return time.perf_counter() - start


def main(folder, kind, kills):
    saved = KINDS[kind](folder)
    moments = random.Random(kind)
    gc.freeze()
    longest = min(save_in_child(saved, version, 1, None) for version in range(10))
    versions = [saved.load()]
    for _ in range(kills):
        save_in_child(saved, versions[-1] + 1, 99, moments.uniform(0, longest))
        version = saved.load()
        assert version >= versions[-1]
        versions.append(version)
    cut_off = sum(name.startswith(".pyclr-") for name in os.listdir(folder))
    print(json.dumps({"versions": versions, "cut_off": cut_off}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
