"""Runs of `fit` in processes that are killed, for tests of resuming."""

import os
import random
import signal
import time
import traceback

import numpy as np

import pyclr
from pyclr import layers

ROWS, BATCH, EPOCHS = 96, 8, 5
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 6)).astype("float32")
Y = (X.sum(-1) > 0).astype("int64") + (X[:, 0] > 0.5)


class Batches(pyclr.utils.PyDataset):
    def __len__(self):
        return ROWS // BATCH

    def __getitem__(self, index):
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return X[rows], Y[rows]


def data(kind):
    """What `fit` is given: arguments by name."""
    if kind == "dataset":
        dataset = pyclr.data.Dataset.from_tensor_slices((X, Y)).shuffle(50, seed=3).batch(BATCH)
        return dict(x=dataset)
    if kind == "mapped dataset":
        dataset = pyclr.data.Dataset.from_tensor_slices((X, Y)).shuffle(30, seed=3)
        return dict(x=dataset.map(lambda x, y: (x * 2.0, y)).batch(BATCH))
    if kind == "sequence":
        return dict(x=Batches())
    if kind == "validation within epochs":
        return dict(x=X, y=Y, batch_size=BATCH, validation_freq="7 steps")
    if kind == "class weights":
        return dict(x=X, y=Y, batch_size=BATCH, class_weight={0: 2.0, 2: 0.5})
    return dict(x=X, y=Y, batch_size=BATCH)


def model():
    pyclr.utils.clear_session()  # layers are named as in a new process
    pyclr.utils.set_random_seed(11)
    net = pyclr.Sequential(
        [
            pyclr.Input((6,)),
            layers.Dense(16, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    cycle = pyclr.optimizers.schedules.Triangular2CyclicalLearningRate(1e-3, 1e-2, step_size=7)
    net.compile(
        pyclr.optimizers.Adam(cycle), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return net


def callbacks(folder):
    return [
        pyclr.callbacks.EarlyStopping("loss", patience=50, min_delta=1e-6),
        pyclr.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=0, min_delta=0.05),
        pyclr.callbacks.CSVLogger(os.path.join(folder, "log.csv")),
        pyclr.callbacks.ModelCheckpoint(
            os.path.join(folder, "best.weights.h5"), "val_loss", save_best_only=True,
            save_weights_only=True,
        ),
    ]  # fmt: skip


def train(folder, kind="arrays", save_freq=5, epochs=EPOCHS, **options):
    """The script: it trains to the end, or goes on where the last process was killed."""
    os.makedirs(folder, exist_ok=True)
    net = model()
    history = net.fit(
        **data(kind), epochs=epochs, verbose=0, validation_data=(X[:32], Y[:32]),
        callbacks=callbacks(folder), resume=os.path.join(folder, "state"),
        resume_save_freq=save_freq, **options,
    )  # fmt: skip
    return net, history


def result_of_training(net, history):
    """What training has made: arrays by name."""
    found = {f"weight {i}": w for i, w in enumerate(net.get_weights())}
    found |= {f"slot {i}": v.numpy() for i, v in enumerate(net.optimizer.variables)}
    found |= {f"history {name}": np.array(values) for name, values in history.history.items()}
    found |= {f"all {name}": np.array(values) for name, values in history.validations.items()}
    return found | {"epochs": np.array(history.epoch)}


def result(folder, net, history):
    """Everything that must be equal: arrays by name, and the bytes of the files."""
    found = result_of_training(net, history)
    for name in ("log.csv", "best.weights.h5"):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = np.frombuffer(file.read(), np.uint8)
    return found


def run_and_kill(seconds, function, *args):
    """Runs a function in a forked process and kills it after so many seconds (`None`: lets it
    end). Returns whether it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function(*args)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def train_with_kills(folder, kind, kills, seed, duration, threads=None):
    """Trains with kills at random moments until the end.

    Args:
        duration: Number, about how many seconds an undisturbed run takes.
        threads: Function of the number of the run that returns its number of threads, or `None`.

    Returns:
        What `result` returns, and the number of runs that were killed.
    """
    moments = random.Random(seed)
    target = os.path.join(folder, "result.npz")
    killed = 0

    def script(number):
        if threads is not None:
            pyclr.config.set_num_threads(threads(number))
        net, history = train(folder, kind)
        np.savez(target + ".new.npz", **result(folder, net, history))
        os.replace(target + ".new.npz", target)

    for number in range(kills):
        killed += not run_and_kill(moments.uniform(0, 0.5 * duration), script, number)
        if os.path.exists(target):
            break
    assert os.path.exists(target) or run_and_kill(None, script, kills)
    with np.load(target) as archive:
        return dict(archive), killed
