"""When `fit` validates, and that training goes on as if it had not."""

import io

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers, schedules

from .killed_runs import result_of_training

rng = np.random.default_rng(4)
ROWS, BATCH, STEPS = 44, 8, 6  # five batches of eight, and one of four
X = rng.normal(size=(ROWS, 4)).astype("float32")
Y = (X.sum(-1) > 0).astype("int64") + (X[:, 0] > 0.5)
TEST = X[:20] * 0.9, Y[:20]


class Noise(layers.Layer):
    """Draws in validation, too, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.seed_generator = pyclr.random.SeedGenerator(5)
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        shape = pyclr.ops.shape(x)
        own = pyclr.random.normal(shape, seed=self.seed_generator)
        return x + 0.1 * own + 0.1 * pyclr.random.normal(shape)


def make(noise=True, **options):
    pyclr.utils.clear_session()
    pyclr.utils.set_random_seed(3)
    model = pyclr.Sequential(
        [
            pyclr.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            *([Noise()] if noise else []),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rate = schedules.TriangularCyclicalLearningRate(1e-3, 1e-2, step_size=5)
    optimizer = pyclr.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def batches(x, y):
    """A generator without end."""
    while True:
        for first in range(0, len(x), BATCH):
            yield x[first : first + BATCH], y[first : first + BATCH]


class Sequence(pyclr.utils.PyDataset):
    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return X[rows], Y[rows]


def dataset(x, y):
    return pyclr.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)


def fit(model, validate="4 steps", epochs=3, more=(), **options):
    arguments = dict(x=X, y=Y, batch_size=BATCH, validation_data=TEST, validation_freq=validate)
    arguments |= dict(epochs=epochs, verbose=0, callbacks=list(more)) | options
    if validate is None:
        for name in ("validation_data", "validation_freq", "validation_steps"):
            arguments.pop(name, None)
    return model.fit(**arguments)


KINDS = {
    "arrays": lambda: {},
    "sequence": lambda: dict(x=Sequence(), y=None, batch_size=None),
    "generator": lambda: dict(x=batches(X, Y), y=None, batch_size=None, steps_per_epoch=STEPS),
    "steps of arrays": lambda: dict(steps_per_epoch=3),
    "dataset": lambda: dict(x=dataset(X, Y), y=None, batch_size=None),
    "validation by generator": lambda: dict(validation_data=batches(*TEST), validation_steps=2),
    "validation by dataset": lambda: dict(validation_data=dataset(*TEST)),
}


class Listen(callbacks.Callback):
    """Makes every batch run by itself, and keeps its logs."""

    def __init__(self):
        super().__init__()
        self.logs = []

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append(dict(logs))


def training(model, history):
    found = result_of_training(model, history)
    return {name: value for name, value in found.items() if not {"val", "all"} & set(split(name))}


def split(name):
    return name.replace("_", " ").split()


@pytest.mark.parametrize("eager, listen", [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize("kind", KINDS)
def test_training_is_the_same_with_validations_within_epochs(kind, eager, listen):
    results = []
    for validate in ("4 steps", "1 step", None):
        model = make(run_eagerly=eager)
        data = KINDS[kind]()
        listener = Listen()
        history = fit(model, validate, more=[listener] if listen else [], **data)
        logs = [{k: v for k, v in log.items() if "val_" not in k} for log in listener.logs]
        results.append((training(model, history), logs))
    for found, logs in results[:2]:
        assert found.keys() == results[2][0].keys()
        for name, value in results[2][0].items():
            np.testing.assert_array_equal(found[name], value, err_msg=name)
        assert logs == results[2][1]


def test_states_of_recurrent_layers_go_on(tmp_path):
    """After a validation, and in another process."""

    def run(validate, *more, folder=None):
        pyclr.utils.set_random_seed(3)
        model = pyclr.Sequential(
            [
                pyclr.Input((4, 1)),
                layers.Bidirectional(layers.LSTM(3, stateful=True)),
                layers.Dense(3, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        options = dict(x=X[:40, :, None], y=Y[:40], shuffle=False, resume=folder)
        options |= dict(resume_save_freq=3, validation_data=(TEST[0][:16, :, None], TEST[1][:16]))
        fit(model, validate, more=more, **options)
        return model.get_weights()

    expected = run(None)
    assert all(map(np.array_equal, run("3 steps"), expected))
    with pytest.raises(ConnectionError):
        run("3 steps", Lost(), folder=tmp_path)
    assert all(map(np.array_equal, run("3 steps", folder=tmp_path), expected))


def test_results_are_those_of_evaluate_with_the_weights_of_that_step():
    weights = {}

    class Note(callbacks.Callback):
        def on_test_begin(self, logs=None):
            step = int(self.model.optimizer.iterations)
            weights[step] = self.model.get_weights()

    model, listener = make(noise=False), Listen()
    history = fit(model, "4 steps", more=[Note(), listener])
    assert history.validations["step"] == [4, 8, 12, 16] == list(weights)
    expected = []
    for step in weights:
        model.set_weights(weights[step])
        expected.append(model.evaluate(*TEST, batch_size=BATCH, verbose=0))
    found = [history.validations["val_loss"], history.validations["val_accuracy"]]
    assert np.array(found).T.tolist() == expected
    # The batch's logs have them, and those of an epoch the last ones in it.
    seen = {i + 1: log["val_loss"] for i, log in enumerate(listener.logs) if "val_loss" in log}
    assert seen == dict(zip(weights, found[0]))
    assert history.history["val_loss"] == [found[0][0], found[0][2], found[0][3]]


def test_epochs_without_a_validation_have_no_results():
    history = fit(make(), "9 steps", epochs=4)  # in the second epoch, at the end of the third
    assert history.validations["step"] == [9, 18]
    assert history.history["val_loss"] == history.validations["val_loss"]
    assert len(history.history["loss"]) == 4
    with pytest.warns(UserWarning, match="no validation: .* is 99 steps, and training has 18"):
        assert fit(make(), "99 steps").history.keys() == {"loss", "accuracy"}


def test_steps_are_counted_from_the_beginning_of_fit():
    model = make()
    fit(model, "4 steps", epochs=1)
    assert fit(model, "4 steps", epochs=2, initial_epoch=1).validations["step"] == [10]


@pytest.mark.parametrize(
    "freq, epochs",
    [
        (2, [2, 4]), ("2 epochs", [2, 4]), ("2epochs", [2, 4]), ("1 epoch", [1, 2, 3, 4, 5]),
        (np.int64(3), [3]), ([1, 4], [1, 4]), ({5}, [5]), (range(1, 3), [1, 2]),
        (np.array([2, 3]), [2, 3]), ([], []), ("6 steps", [1, 2, 3, 4, 5]), ("12 steps", [2, 4]),
    ],
)  # fmt: skip
def test_frequencies(freq, epochs):
    history = fit(make(), freq, epochs=5)
    assert history.validations.get("step", []) == [STEPS * epoch for epoch in epochs]
    assert len(history.history.get("val_loss", [])) == len(epochs)


@pytest.mark.parametrize(
    "freq",
    [0, -1, 1.5, None, True, "", "500", "0 steps", "-5 steps", "1.5 steps", "5 batches", "steps",
     [0], [1, "2"], [1.5], [True], {"a": 1}],
)  # fmt: skip
@pytest.mark.parametrize("validated", [True, False])
def test_wrong_frequencies_are_refused_first(freq, validated):
    model = make()
    before = model.get_weights()
    data = TEST if validated else None
    with pytest.raises(ValueError, match="`validation_freq` must be a positive integer, a list"):
        model.fit(X, Y, verbose=0, validation_data=data, validation_freq=freq)
    assert not model.optimizer.built and all(map(np.array_equal, model.get_weights(), before))


def test_a_generator_that_is_needed_several_times_needs_steps():
    with pytest.raises(ValueError, match="come once.* several times.*`validation_steps`"):
        fit(make(), "2 steps", epochs=1, validation_data=iter(list(dataset(*TEST))))


def test_validation_split():
    rows = int(ROWS * 0.75)
    whole = fit(make(), "3 steps", validation_data=None, validation_split=0.25)
    parts = fit(make(), "3 steps", x=X[:rows], y=Y[:rows], validation_data=(X[rows:], Y[rows:]))
    assert whole.validations == parts.validations and len(whole.validations["step"]) == 5


def test_early_stopping_counts_epochs():
    stop = callbacks.EarlyStopping("val_loss", min_delta=99, patience=2)
    history = fit(make(), "2 steps", epochs=9, more=[stop])
    assert history.epoch == [0, 1, 2] and stop.best == history.history["val_loss"][0]


@pytest.mark.parametrize("listen", [False, True])
def test_training_that_a_validation_stops(listen):
    class Enough(callbacks.Callback):
        def on_test_end(self, logs=None):
            if int(self.model.optimizer.iterations) == 8:
                self.model.stop_training = True

    model = make()
    history = fit(model, "4 steps", more=[Enough(), *([Listen()] if listen else [])])
    assert int(model.optimizer.iterations) == 8 and history.epoch == [0, 1]
    assert history.validations["step"] == [4, 8]


@pytest.mark.parametrize("every", [2, 4, 3])
def test_checkpoints_of_the_best_validation(tmp_path, every):
    """Saved after the first validation at which it is due."""
    save = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}-{batch}-{val_loss:.5f}.keras", save_freq=every
    )
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", save_freq=every, save_best_only=True)
    model = make(noise=False)
    history = fit(model, "4 steps", more=[save, best])
    losses = history.validations["val_loss"]
    places = ["1-4", "2-2", "2-6", "3-4"]
    expected = [f"{place}-{loss:.5f}.keras" for place, loss in zip(places, losses)]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*expected, "best.keras"])
    loaded = pyclr.models.load_model(tmp_path / "best.keras")
    assert loaded.evaluate(*TEST, batch_size=BATCH, verbose=0)[0] == min(losses)


def test_callbacks_see_the_data_and_the_predictions_of_that_step():
    class Look(callbacks.Callback):
        found = ()

        def on_test_batch_end(self, batch, logs=None):
            self.tested = self.context.batch()[0]

        def on_test_end(self, logs=None):
            np.testing.assert_array_equal(self.tested, TEST[0][16:])
            self.found += (self.context.validation_predictions(),)
            assert self.context.validation_predictions() is self.found[-1]

        def on_train_batch_end(self, batch, logs=None):
            (count,) = {len(array) for array in self.context.batch()[:2]}
            assert count == (4 if batch == 5 else 8)

        def on_epoch_end(self, epoch, logs=None):
            expected = self.model.predict(TEST[0], batch_size=BATCH, verbose=0)
            np.testing.assert_array_equal(self.context.validation_predictions(), expected)

    look = Look()
    fit(make(noise=False), "4 steps", more=[look])
    assert len({predictions.tobytes() for predictions in look.found}) == 4


def test_weights_of_moving_averages_are_validated():
    model = make(noise=False)
    model.compile(pyclr.optimizers.Adam(0.01, use_ema=True), "sparse_categorical_crossentropy")
    history = fit(model, "4 steps", more=[callbacks.SwapEMAWeights()])
    plain = make(noise=False)
    plain.compile(pyclr.optimizers.Adam(0.01, use_ema=True), "sparse_categorical_crossentropy")
    fit(plain, None)
    for one, other in zip(model.get_weights(), plain.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert len(set(history.validations["val_loss"])) == 4


@pytest.mark.parametrize("freq", [1, "2 steps"])
@pytest.mark.parametrize("epochs", [1, 2])
def test_the_progress_bar_counts_training_only(monkeypatch, freq, epochs):
    out = io.StringIO()
    out.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("pyclr.utils.progbar._INTERVAL", 0.0)
    fit(make(), freq, epochs=epochs, verbose=1, more=[Listen()])
    lines = [line for line in out.getvalue().replace("\n", "\r").split("\r") if "/6 " in line]
    assert [line.split("/")[0] for line in lines] == [*map(str, range(1, 7)), "6"] * epochs
    assert "val_loss" in lines[-1]


class Lost(callbacks.Callback):
    """Ends a run as a lost connection would."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 8:
            raise ConnectionError


@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_goes_on_validates_as_one_that_was_not_stopped(kind, save_freq, tmp_path):
    """A metric that is a vector is in the state as well."""

    class Share(pyclr.metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(pyclr.ops.max(y_pred, -1))

        def result(self):
            return super().result() * np.array([1.0, 2.0], "float32")

    def run(folder, *more):
        model = make()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=[Share(name="share")])
        data = KINDS[kind]()
        state = dict(resume=folder, resume_save_freq=save_freq)
        history = fit(model, "4 steps", more=more, **state, **data)
        return result_of_training(model, history)

    expected = run(tmp_path / "direct")
    with pytest.raises(ConnectionError):
        run(tmp_path / "run", Lost())
    found = run(tmp_path / "run")
    assert found.keys() == expected.keys() and "all val_share" in found
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
