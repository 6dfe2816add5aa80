"""What is saved and loaded goes on as if it had not been."""

import copy
import pickle

import numpy as np
import pytest

import pyclr
from pyclr import layers, losses, metrics, optimizers
from pyclr.models import load_model, save_model
from pyclr.naming import reset_names
from pyclr.optimizers import schedules
from pyclr.saving import get_custom_objects, object_registration, register_keras_serializable

X = np.random.default_rng(0).random((24, 8, 6, 2), "float32")
Y = np.random.default_rng(1).integers(0, 4, 24)


@pytest.fixture(autouse=True)
def clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def make_model(optimizer="sgd", **compile_arguments):
    pyclr.utils.set_random_seed(2)
    model = pyclr.Sequential(
        [
            pyclr.Input((8, 6, 2)),
            layers.Conv2D(3, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.SpatialDropout2D(0.3),
            pyclr.Sequential([layers.Flatten(), layers.Dropout(0.4), layers.Dense(5)]),
            layers.LayerNormalization(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    arguments = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(optimizer, **{**arguments, **compile_arguments})
    return model


def state(model):
    return [v.numpy() for v in model.variables + model.optimizer.variables]


def assert_equal_states(first, second):
    first, second = state(first), state(second)
    assert len(first) == len(second)
    for a, b in zip(first, second):
        assert np.array_equal(a, b)


OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.02),
    "momentum": lambda: optimizers.SGD(0.02, momentum=0.9, nesterov=True, weight_decay=1e-4),
    "rmsprop": lambda: optimizers.RMSprop(0.002, rho=0.8, clipvalue=0.5),
    "rmsprop_all": lambda: optimizers.RMSprop(0.002, momentum=0.5, centered=True),
    "adam": lambda: optimizers.Adam(0.002, global_clipnorm=1.0),
    "amsgrad": lambda: optimizers.Adam(0.002, amsgrad=True),
    "cyclical": lambda: optimizers.Adam(
        schedules.Triangular2CyclicalLearningRate(1e-4, 1e-2, step_size=5)
    ),
}


@pytest.fixture(params=OPTIMIZERS)
def trained(request):
    model = make_model(OPTIMIZERS[request.param]())
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return model


COPIES = {
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
}


class TestGoesOn:
    def test_train_on_batch_is_bit_equal(self, trained, tmp_path):
        trained.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        assert_equal_states(trained, loaded)
        for start in (0, 8):
            batch = X[start : start + 8], Y[start : start + 8]
            assert trained.train_on_batch(*batch) == loaded.train_on_batch(*batch)
        assert_equal_states(trained, loaded)

    def test_fit_goes_on_in_the_same_order(self, tmp_path):
        whole, half = make_model("adam"), make_model("adam")
        whole.fit(X, Y, batch_size=8, epochs=4, verbose=0)
        half.fit(X, Y, batch_size=8, epochs=2, verbose=0)
        half.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        loaded.fit(X, Y, batch_size=8, initial_epoch=2, epochs=4, verbose=0)
        assert_equal_states(whole, loaded)

    @pytest.mark.parametrize("how", COPIES)
    def test_copies(self, how, tmp_path):
        model = make_model("adam")
        model.fit(X, Y, batch_size=8, verbose=0)
        copied = COPIES[how](model, tmp_path)
        model.fit(X, Y, batch_size=8, verbose=0)
        copied.fit(X, Y, batch_size=8, verbose=0)
        assert_equal_states(model, copied)

    def test_saving_changes_nothing(self, tmp_path):
        quiet, saved = make_model("adam"), make_model("adam")
        for model in (quiet, saved):
            for start in (0, 8, 16):
                model.train_on_batch(X[start : start + 8], Y[start : start + 8])
                if model is saved:
                    model.save(tmp_path / "model.keras")
        assert_equal_states(quiet, saved)

    def test_equal_models_give_equal_files(self, tmp_path):
        for name in ("first", "second"):
            reset_names()
            model = make_model("adam")
            model.fit(X, Y, batch_size=8, verbose=0)
            model.save(tmp_path / name)
        assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()

    def test_a_changed_learning_rate(self, tmp_path):
        model = make_model("adam")
        model.train_on_batch(X, Y)
        model.optimizer.learning_rate = 0.3
        model.save(tmp_path / "model.keras")
        assert float(load_model(tmp_path / "model.keras").optimizer.learning_rate) == (
            np.float32(0.3)
        )

    def test_before_the_first_update(self, tmp_path):
        model = make_model("adam")
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        model.train_on_batch(X, Y)
        loaded.train_on_batch(X, Y)
        assert_equal_states(model, loaded)

    def test_restore_state(self, tmp_path):
        model, other = make_model("adam"), make_model("adam")
        other.set_weights([weight + 1 for weight in other.get_weights()])
        model.fit(X, Y, batch_size=8, verbose=0)
        model.save_weights(tmp_path / "state.weights.h5")
        pyclr.saving.restore_state(other, tmp_path / "state.weights.h5")
        model.fit(X, Y, batch_size=8, verbose=0)
        other.fit(X, Y, batch_size=8, verbose=0)
        assert_equal_states(model, other)


class TestPaths:
    def test_a_path_without_a_suffix_is_that_file(self, tmp_path):
        model = make_model()
        model.save(tmp_path / "initial_model")
        assert [path.name for path in tmp_path.iterdir()] == ["initial_model"]
        loaded = load_model(str(tmp_path / "initial_model"))
        assert np.array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))

    def test_a_dot_in_the_name_is_no_suffix(self, tmp_path):
        save_model(make_model(), tmp_path / "loss=0.35")
        load_model(tmp_path / "loss=0.35")

    def test_missing_folders_are_made(self, tmp_path):
        make_model().save(tmp_path / "a" / "b.keras")
        load_model(tmp_path / "a" / "b.keras")

    def test_hdf5_models_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match="must not end in '.h5'"):
            make_model().save(tmp_path / "model.h5")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("method", ["save", "save_weights"])
    def test_overwrite(self, method, tmp_path):
        path = tmp_path / "model.weights.h5"
        if method == "save":
            path = tmp_path / "model.keras"
        path.write_text("precious")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            getattr(make_model(), method)(path, overwrite=False)
        assert path.read_text() == "precious"
        getattr(make_model(), method)(path)
        assert path.read_bytes() != b"precious"

    def test_a_folder_is_no_target(self, tmp_path):
        with pytest.raises(ValueError, match="folder"):
            make_model().save(tmp_path)

    def test_a_link_stays_a_link(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "file")
        make_model().save(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        load_model(tmp_path / "file")

    def test_permissions_are_kept(self, tmp_path):
        path = tmp_path / "model.keras"
        path.touch(0o600)
        path.chmod(0o640)
        make_model().save(path)
        assert path.stat().st_mode & 0o777 == 0o640


class TestArguments:
    def test_compile_arguments(self, tmp_path):
        model = make_model(
            loss=losses.SparseCategoricalCrossentropy(ignore_class=3),
            metrics=["accuracy", metrics.SparseCategoricalAccuracy(name="mine")],
            weighted_metrics=[metrics.sparse_categorical_crossentropy],
            loss_weights=0.5,
        )
        weights = np.linspace(0, 1, len(Y), dtype="float32")
        expected = model.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        found = loaded.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
        assert found == expected
        assert set(found) == {"loss", "accuracy", "mine", "sparse_categorical_crossentropy"}

    def test_compile_false(self, trained, tmp_path):
        trained.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras", compile=False)
        assert not loaded.compiled
        assert np.array_equal(loaded.predict(X, verbose=0), trained.predict(X, verbose=0))

    def test_include_optimizer(self, tmp_path):
        model = make_model("adam")
        model.train_on_batch(X, Y)
        model.save(tmp_path / "all.keras")
        model.save(tmp_path / "part.keras", include_optimizer=False)
        assert (tmp_path / "part.keras").stat().st_size < (tmp_path / "all.keras").stat().st_size
        loaded = load_model(tmp_path / "part.keras")
        assert not loaded.compiled
        assert np.array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))

    def test_trainable(self, tmp_path):
        model = make_model()
        model.layers[0].trainable = False
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        assert [layer.trainable for layer in loaded.layers] == [False] + [True] * 5

    def test_float64(self, tmp_path):
        model = pyclr.Sequential(
            [pyclr.Input((3,), dtype="float64"), layers.Dense(2, dtype="float64")]
        )
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        assert loaded.layers[0].kernel.dtype == "float64"
        assert np.array_equal(loaded.get_weights()[0], model.get_weights()[0])

    def test_not_built(self, tmp_path):
        model = pyclr.Sequential([layers.Dense(2), layers.Dense(1)])
        with pytest.warns(UserWarning, match="saved without weights"):
            model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        assert not loaded.built
        assert loaded.predict(np.zeros((2, 3)), verbose=0).shape == (2, 1)


class Doubled(layers.Layer):
    """A layer with a layer inside, an argument and no `get_config`."""

    def __init__(self, units):
        super().__init__()
        self.units = units
        self.inner = layers.Dense(units)

    def call(self, x):
        return 2 * self.inner(x)


class Residual(pyclr.Model):
    def __init__(self):
        super().__init__()
        self.hidden = Doubled(16)
        self.noise = layers.Dropout(0.5)
        self.out = [layers.Dense(3), layers.Dense(1)]

    def call(self, x):
        for layer in (self.hidden, self.noise, *self.out):
            x = layer(x)
        return x


def square(x):
    return x * x


def quartic(y_true, y_pred):
    return pyclr.ops.mean((y_true - y_pred) ** 4, axis=-1)


@pytest.fixture
def custom():
    model = pyclr.Sequential(
        [pyclr.Input((3,)), layers.Dense(4, activation=square), Doubled(2), layers.Dense(1)]
    )
    model.compile("adam", quartic, metrics=[quartic])
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


class TestCustomObjects:
    def test_unknown_names_are_named(self, custom, tmp_path):
        custom.save(tmp_path / "model.keras")
        with pytest.raises(TypeError, match="register_keras_serializable") as caught:
            load_model(tmp_path / "model.keras")
        assert "Could not locate the function `square`" in str(caught.value)

    def test_custom_objects(self, custom, tmp_path):
        custom.save(tmp_path / "model.keras")
        objects = {"square": square, "quartic": quartic, "Doubled": Doubled}
        assert_equal_states(custom, load_model(tmp_path / "model.keras", custom_objects=objects))

    def test_registered_objects(self, custom, tmp_path):
        for obj in (square, quartic, Doubled):
            register_keras_serializable("mine")(obj)
        custom.save(tmp_path / "model.keras")
        assert_equal_states(custom, load_model(tmp_path / "model.keras"))

    @pytest.mark.parametrize("how", COPIES)
    def test_copies_bring_their_objects(self, how, custom, tmp_path):
        assert_equal_states(custom, COPIES[how](custom, tmp_path))

    def test_subclassed_model(self, tmp_path):
        model = Residual()
        x = np.random.default_rng(3).random((6, 5), "float32")
        model.compile("adam", "mse")
        model.fit(x, np.ones((6, 1)), verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras", {"Residual": Residual})
        for each in (model, loaded):
            each.fit(x, np.ones((6, 1)), verbose=0)
        assert_equal_states(model, loaded)

    def test_save_own_variables(self, tmp_path):
        class Vocabulary(layers.Layer):
            size = 0

            def call(self, x):
                return x

            def save_own_variables(self, store):
                store["size"] = self.size

            def load_own_variables(self, store):
                self.size = int(store["size"])

        model = pyclr.Sequential([pyclr.Input((2,)), Vocabulary()])
        model.layers[0].size = 7
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras", {"Vocabulary": Vocabulary})
        assert loaded.layers[0].size == 7


class TestSchedules:
    @pytest.mark.parametrize(
        "schedule",
        [
            schedules.TriangularCyclicalLearningRate(1e-4, 1e-2, step_size=5),
            schedules.ExponentialCyclicalLearningRate(1e-4, 1e-2, step_size=5, gamma=0.99),
            schedules.CyclicalLearningRate(1e-4, 1e-2, step_size=5, scale_fn=square),
        ],
        ids=lambda schedule: type(schedule).__name__,
    )
    def test_rates_are_the_same(self, schedule, tmp_path):
        model = make_model(optimizers.SGD(schedule))
        model.fit(X, Y, batch_size=8, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras", {"square": square}).optimizer
        steps = np.arange(10000)
        rates = loaded.get_config()["learning_rate"]
        assert rates == model.optimizer.get_config()["learning_rate"]
        assert np.array_equal(loaded.learning_rate_schedule(steps), schedule(steps))
        assert int(loaded.iterations) == 3
        assert float(loaded.learning_rate) == float(schedule(3))

    def test_a_lambda_is_refused_when_saving(self, tmp_path):
        path = tmp_path / "model.keras"
        make_model().save(path)
        before = path.read_bytes()
        rate = schedules.CyclicalLearningRate(1e-4, 1e-2, 5, scale_fn=lambda x: 1 / x)
        with pytest.raises(ValueError, match="@pyclr.saving.register_keras_serializable"):
            make_model(optimizers.SGD(rate)).save(path)
        assert path.read_bytes() == before

    def test_a_lambda_can_be_left_out_with_the_optimizer(self, tmp_path):
        rate = schedules.CyclicalLearningRate(1e-4, 1e-2, 5, scale_fn=lambda x: 1 / x)
        make_model(optimizers.SGD(rate)).save(tmp_path / "model", include_optimizer=False)
        load_model(tmp_path / "model")

    def test_a_lambda_where_scripts_expect_it(self, tmp_path, monkeypatch):
        monkeypatch.setattr(object_registration, "allow_unregistered_functions", True)
        rate = schedules.CyclicalLearningRate(1e-4, 1e-2, 5, scale_fn=lambda x: 1 / x)
        model = make_model(optimizers.SGD(rate))
        model.fit(X, Y, batch_size=8, verbose=0)
        model.save(tmp_path / "model")
        loaded = load_model(tmp_path / "model")
        assert np.array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
        with pytest.raises(ValueError, match="<lambda>"):
            loaded.train_on_batch(X, Y)
