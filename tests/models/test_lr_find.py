"""The range test: it leaves no trace, and its suggestions are right where the answer is known."""

import math
import random
import warnings

import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.models.learning_rate_range import LearningRateRange
from pyclr.optimizers import SGD, Adam, LossScaleOptimizer, RMSprop, schedules
from pyclr.random import seed as global_seed

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = RNG.normal(size=(90, 4)).astype("float32") + np.eye(3, 4, dtype="float32")[Y]
SHORT = dict(steps=30, max_lr=1.0)


class Noisy(layers.Layer):
    """Draws without a seed of its own, and from NumPy when it is called from Python."""

    def call(self, x, training=False):
        return x + 0.1 * pyclr.random.normal(x.shape) if training else x


class Augmented(pyclr.utils.PyDataset):
    """Draws from the global states of Python and NumPy, and counts its epochs."""

    epochs = 0

    def __len__(self):
        return 6

    def __getitem__(self, index):
        rows = slice(15 * index, 15 * index + 15)
        return X[rows] * np.random.uniform(0.5, 1.5) + random.random(), Y[rows]

    def on_epoch_end(self):
        self.epochs += 1


def dataset():
    return pyclr.data.Dataset.from_tensor_slices((X, Y)).shuffle(50, seed=3)


DATA = {
    "arrays": lambda: dict(x=X, y=Y, batch_size=16),  # the last batch is smaller
    "class weights": lambda: dict(x=X, y=Y, batch_size=16, class_weight={0: 2.0, 2: 0.5}),
    "sample weights": lambda: dict(x=X, y=Y, batch_size=16, sample_weight=np.arange(90.0) / 45),
    "dataset": lambda: dict(x=dataset().batch(16)),
    "mapped dataset": lambda: dict(x=dataset().map(lambda x, y: (x * 2.0, y)).cache().batch(16)),
    "sequence": lambda: dict(x=Augmented()),
}


def one_cycle(optimizer=SGD, **options):
    cycle = schedules.OneCycle(0.1)
    return optimizer(cycle, momentum=cycle.momentum(), **options)


OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "adam": lambda: Adam(0.01),
    "adam with averages": lambda: Adam(0.01, use_ema=True),
    "one cycle": one_cycle,
    "cycle in epochs": lambda: SGD(
        schedules.Triangular2CyclicalLearningRate(0.01, 0.1, 2, unit="epoch")
    ),
    "accumulation": lambda: Adam(0.01, gradient_accumulation_steps=3),
    "loss scale": lambda: LossScaleOptimizer(
        RMSprop(schedules.ExponentialDecay(0.01, 5, 0.9)), dynamic_growth_steps=4
    ),
}


def make(optimizer="sgd", built=True, **options):
    pyclr.utils.set_random_seed(7)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - what users' code does
    model = pyclr.Sequential(
        [
            *([pyclr.Input((4,))] if built else []),
            layers.Dense(16, activation="relu"),
            layers.BatchNormalization(),
            Noisy(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    optimizer = OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer
    options = {"metrics": ["accuracy"], **options}
    model.compile(optimizer, "sparse_categorical_crossentropy", **options)
    return model


def find(model, data, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a short test may have no answer
        return model.lr_find(**data, **{**SHORT, **arguments})


def everything(model):
    """What training changes or depends on, by name."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    found = {f"weight {i}": v.numpy() for i, v in enumerate(model.variables)}
    found |= {f"slot {i}": v.numpy() for i, v in enumerate(model.optimizer.variables)}
    for metric in model.metrics:
        found |= {f"{metric.name} {i}": v.numpy() for i, v in enumerate(metric.variables)}
    found["rate"] = optimizer._rate.numpy()
    found["hyper"] = {name: id(value) for name, value in optimizer._hyper_values.items()}
    found["factor"] = optimizer.rate_factor, optimizer.minimum_rate
    found["seed"], found["drawn"], found["state"] = global_seed.get_state()
    found["python"], found["numpy"] = str(random.getstate()), np.random.get_state()[1]
    found["epochs"], found["stop"] = model._epochs_begun, model.stop_training
    found["history"], found["programs"] = id(model.history), dict(model._steps)
    return found


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def trained(tested, optimizer, data, fits, **options):
    """The result of some calls of `fit`, with a range test before each or without."""
    model, data, histories = make(optimizer, **options), DATA[data](), []
    for epochs in fits:
        if tested:
            find(model, data)
        histories.append(model.fit(**data, epochs=epochs, verbose=0, validation_data=(X, Y)))
    found = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    found |= {f"slot {i}": v.numpy() for i, v in enumerate(model.optimizer.variables)}
    for i, history in enumerate(histories):
        found |= {f"{i} {name}": values for name, values in history.history.items()}
        found |= {f"{i} step {name}": rates for name, rates in history.step_rates.items()}
    found["drawn"] = np.append(np.asarray(pyclr.random.normal((4,))), global_seed.make_seed())
    found["users"] = random.random(), np.random.random()
    found["calls"] = getattr(data["x"], "epochs", 0)
    return found


@pytest.mark.parametrize(
    ("optimizer", "data", "fits", "options"),
    [
        *[
            (optimizer, "arrays", (2, 1), {})
            for optimizer in OPTIMIZERS
            if optimizer != "one cycle"
        ],
        ("one cycle", "arrays", (2,), {}),
        *[("adam", data, (2, 1), {}) for data in DATA if data != "arrays"],
        ("one cycle", "arrays", (2,), {"built": False}),
        ("one cycle", "sequence", (2,), {"run_eagerly": True}),
    ],
)
def test_fit_after_it_is_fit_without_it(optimizer, data, fits, options):
    """weights, optimizer slots, step counter, RNG, data order and callbacks are
    bit-equal to before, tested by comparing the following `fit` with and without it."""
    case = optimizer, data, fits
    assert_equal(trained(True, *case, **options), trained(False, *case, **options))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_is_different_afterwards(optimizer):
    model, data = make(optimizer), DATA["arrays"]()
    model.fit(**data, epochs=2, verbose=0)
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.rate_factor, inner.minimum_rate = 0.5, 1e-4
    model.stop_training = True
    before = everything(model)
    find(model, data)
    assert_equal(everything(model), before)


def test_nothing_is_different_after_an_error():
    class Broken(Augmented):
        fails = False

        def __getitem__(self, index):
            if self.fails and index == 3:
                raise OSError("the disk is gone")
            return super().__getitem__(index)

    model, data = make("adam"), Broken()
    model.fit(data, epochs=2, verbose=0)
    before = everything(model)
    data.fails = True
    with pytest.raises(OSError, match="the disk is gone"):
        find(model, dict(x=data))
    assert_equal(everything(model), before)


def test_a_schedule_that_reads_the_step_is_not_recorded_as_a_number():
    """The programs of the test are its own: a loss scale with a schedule can not be replayed, with
    the constant rate of the test it could."""
    model, data = make("loss scale"), DATA["arrays"]()
    find(model, data)
    assert model._steps == {}


def test_callbacks_rates_take_no_part():
    """it ignores other LR callbacks, and what they have set."""
    curves = []
    for factor in (1.0, 1e-3):
        model = make("sgd")
        model.optimizer.rate_factor, model.optimizer.minimum_rate = factor, 0.5 * (factor < 1)
        curves.append(find(model, DATA["arrays"]()))
    np.testing.assert_array_equal(curves[0].losses, curves[1].losses)


@pytest.mark.parametrize("sweep", ["exponential", "linear"])
def test_losses_are_those_of_training_at_these_rates(sweep):
    """Against train_on_batch with the same rates, by hand."""
    x, y = X[:32], Y[:32]

    def plain():
        pyclr.utils.set_random_seed(3)
        model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3, activation="softmax")])
        model.compile(SGD(0.5, momentum=0.5), "sparse_categorical_crossentropy")
        return model

    found = find(plain(), dict(x=x, y=y, batch_size=32), min_lr=0.01, steps=12, sweep=sweep)
    space = np.geomspace if sweep == "exponential" else np.linspace
    np.testing.assert_allclose(found.learning_rates, space(0.01, 1.0, 12))
    model, losses = plain(), []
    for rate in found.learning_rates:
        model.optimizer.learning_rate = rate
        losses.append(model.train_on_batch(x, y))
    np.testing.assert_allclose(found.losses, losses, rtol=1e-5)  # another order of the rows


def test_accumulated_gradients_are_one_update_a_rate():
    model = make("accumulation")
    before = model.optimizer._iterations.numpy()
    counts = []

    class Counting(pyclr.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            counts.append(index)
            return X[:15], Y[:15]

    found = find(model, dict(x=Counting()), steps=10)
    assert len(found.losses) == 10 and len(counts) >= 3 * 10
    assert model.optimizer._iterations.numpy() == before


# --- What the curve says -------------------------------------------------------------------------


def least_squares(curvature, rows=256):
    """A linear regression, and its largest rate: gradient descent diverges above 2 / L, with L the
    largest eigenvalue of the Hessian of the mean squared error."""
    rng = np.random.default_rng(2)
    x = (rng.normal(size=(rows, 6)) * np.sqrt(curvature)).astype("float32")
    y = x @ rng.normal(size=(6, 1)) + 0.1 * np.sqrt(curvature) * rng.normal(size=(rows, 1))
    largest = 2 / np.linalg.eigvalsh(2 * x.T @ x / rows).max()
    pyclr.utils.set_random_seed(1)
    model = pyclr.Sequential([pyclr.Input((6,)), layers.Dense(1, use_bias=False)])
    model.compile(SGD(), "mse")
    return model, dict(x=x, y=y.astype("float32"), batch_size=64), largest


@pytest.mark.parametrize("curvature", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("sweep", ["exponential", "linear"])
def test_a_quadratic(curvature, sweep):
    model, data, largest = least_squares(curvature)
    limits = dict(max_lr=1e3)
    if sweep == "linear":  # small rates pass in few steps, so that there is less to smooth
        limits = dict(min_lr=largest / 1000, max_lr=3 * largest, smoothing=0.02)
    found = model.lr_find(**data, **limits, sweep=sweep)
    assert found.diverged and len(found.losses) < 400
    assert found.bounds[1] < largest
    assert found.bounds[0] == pytest.approx(found.bounds[1] / 10)
    assert 0.003 * largest < found.steepest < largest
    assert 0.02 * largest < found.suggestion < largest
    assert 0.02 * largest < found.valley < largest
    assert 0.02 * largest < 10 * found.minimum < largest
    for rate, converges in [
        (found.suggestion, True),
        (found.bounds[1], True),
        (2 * largest, False),
    ]:
        model, data, _ = least_squares(curvature)
        before = model.evaluate(data["x"], data["y"], verbose=0)
        model.optimizer.learning_rate = rate
        loss = model.fit(**data, epochs=20, verbose=0).history["loss"][-1]
        assert (loss < 0.02 * before) == converges


def test_suggestions_scale_with_the_problem():
    """A problem a thousand times as curved wants a thousandth of the rate."""
    found = [least_squares(curvature) for curvature in (1.0, 1000.0)]
    one, other = (m.lr_find(**d, min_lr=1e-7 * r, max_lr=10 * r) for m, d, r in found)
    for name in ("suggestion", "steepest", "minimum", "valley"):
        assert getattr(one, name) == pytest.approx(1000 * getattr(other, name), rel=0.05)


def curve(shape, steps=400, noise=0.02, low=1e-6, high=10.0):
    """The range of a made-up curve: `shape` gives the loss at the logarithm of the rate."""
    rates = np.geomspace(low, high, steps)
    losses = shape(np.log10(rates)) + noise * np.random.default_rng(4).normal(size=steps)
    return LearningRateRange(rates, losses, 0.08, steps, False)


def valley(t):
    """Flat at 2; down along a straight line from 10**-4 to 1 at 10**-2; then up."""
    return np.where(t < -2, 2 - np.clip(t + 4, 0, 2) / 2, 1 + 3 * (t + 2))


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("offset", [0.0, -1.5, -10.0])
def test_a_curve_whose_answer_is_known(noise, offset):
    """Also with a loss that is negative, or crosses 0."""
    found = curve(lambda t: valley(t) + offset, noise=noise)
    # The trough is 1 decade wide on the left of the lowest, and 1/6 on the right.
    grid = np.linspace(-3, -2 + 1 / 6, 1000)
    depth = 1.5 - valley(grid)
    centre = 10 ** np.average(grid, weights=depth)
    assert found.minimum * 10 == pytest.approx(10**-2, rel=0.5)
    assert found.bounds[1] == pytest.approx(centre, rel=0.15)
    assert found.suggestion == pytest.approx(found.bounds[1] / 2)
    assert found.bounds[0] == pytest.approx(found.bounds[1] / 10)
    assert 10**-4.2 < found.steepest < 10**-2
    assert found.valley == pytest.approx(10 ** (-4 + 2 * 2 / 3), rel=0.7)
    for name in ("suggestion", "bounds", "steepest", "minimum", "valley"):
        value = getattr(found, name)
        assert all(type(v) is float for v in (value if name == "bounds" else [value]))
        assert f"{np.ravel(value)[-1]:.2g}" in found.message


def test_single_bad_batches_do_not_move_it():
    def spiky(t):
        losses = valley(t)
        losses[7::20] += 5
        return losses

    plain, found = curve(valley), curve(spiky)
    for name in ("suggestion", "minimum", "valley"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=0.5)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_not_an_answer(seed):
    """it says when the curve gives no answer."""
    rates = np.geomspace(1e-6, 10, 400)
    noise = np.random.default_rng(seed).normal(size=400)
    for losses in (2 + 0.1 * noise, 0.3 + 0.3 * np.abs(noise), np.full(400, 2.0)):
        found = LearningRateRange(rates, losses, 0.08, 400, False)
        assert found.bounds is None and found.suggestion is None
        assert "the curve is flat" in found.message


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (lambda t: 2 - 0.2 * (t + 6), "The loss was still falling at the end: try a larger"),
        (lambda t: 2 - np.clip(t + 7, 0, 3), "The loss fell from the beginning: try a smaller"),
    ],
)
def test_a_range_that_is_too_narrow(shape, message):
    found = curve(shape, noise=0.001)
    assert found.bounds is not None and message in found.message


def test_a_model_that_can_not_learn():
    """The loss does not depend on the weights, and `lr_find` warns."""
    pyclr.utils.set_random_seed(0)
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(1)])
    model.compile("sgd", loss=lambda y, p: p * 0.0 + y)
    y = RNG.normal(size=(90, 1)).astype("float32")
    with pytest.warns(UserWarning, match="gives no answer. The loss does not fall at any rate"):
        found = model.lr_find(X, y, batch_size=16)
    assert (found.bounds, found.suggestion) == (None, None)
    assert len(found.losses) == len(found.smoothed) == len(found.learning_rates) == 400
    assert "curve is flat" in repr(found)


@pytest.mark.parametrize("max_lr", [1e4, 1e35])
def test_divergence_ends_the_test(max_lr):
    model, data, largest = least_squares(1.0)
    found = model.lr_find(**data, max_lr=max_lr)
    assert found.diverged and len(found.losses) < 400
    assert len(found.losses) == len(found.smoothed) == len(found.learning_rates)
    assert np.isfinite(found.losses).all() and np.isfinite(found.smoothed).all()
    assert found.learning_rates[-1] > largest and found.bounds[1] < largest
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize(
    ("min_lr", "message"),
    [(1e3, "finite for . steps only: begin with a smaller"), (2e-3, "The loss only rises")],
)
def test_rates_that_are_all_too_large(min_lr, message):
    model, data, _ = least_squares(1e3)
    with pytest.warns(UserWarning, match=message):
        found = model.lr_find(**data, min_lr=min_lr, max_lr=10 * min_lr)
    assert found.diverged and found.bounds is None


# --- Use -----------------------------------------------------------------------------------------


def test_bounds_are_those_of_a_cycle():
    """`(min_lr, max_lr)` can be used directly as CLR bounds."""
    model, data = make(SGD(0.01)), DATA["arrays"]()
    found = model.lr_find(**data)
    cycle = schedules.TriangularCyclicalLearningRate(*found.bounds, step_size=2, unit="epoch")
    model.optimizer.learning_rate = cycle
    history = model.fit(**data, epochs=8, verbose=0)
    rates = history.step_rates["learning_rate"]
    np.testing.assert_allclose([rates.min(), rates.max()], found.bounds, rtol=1e-6)
    assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]


def test_the_suggestion_keeps_up_with_a_grid():
    """On digits, over the same epochs, a cycle over `bounds` reaches the accuracy of the best of
    seven constant rates, and so does the suggestion, but for two of the 360 images."""
    (x, y), (x_test, y_test) = pyclr.datasets.digits.load_data()
    x, x_test = x.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16

    def model(rate):
        pyclr.utils.set_random_seed(2)
        dense = layers.Dense(64, activation="relu")
        model = pyclr.Sequential(
            [pyclr.Input((64,)), dense, layers.Dense(10, activation="softmax")]
        )
        model.compile(
            SGD(rate, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    def accuracy(rate):
        net = model(rate)
        net.fit(x, y, epochs=4, verbose=0)
        return net.evaluate(x_test, y_test, verbose=0)[1]

    best = max(accuracy(rate) for rate in (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0))
    found = model(0.01).lr_find(x, y)
    cycle = schedules.TriangularCyclicalLearningRate(*found.bounds, step_size=2, unit="epoch")
    assert accuracy(cycle) >= best - 2 / 360
    assert accuracy(found.suggestion) >= best - 2 / 360


def test_plot():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    found = curve(valley)
    assert found.plot(ax) is ax
    loss, smoothed, *points = ax.lines
    np.testing.assert_array_equal(loss.get_ydata(), found.losses)
    np.testing.assert_array_equal(smoothed.get_ydata(), found.smoothed)
    names = ["suggestion", "steepest", "minimum", "valley"]
    assert [point.get_xdata()[0] for point in points] == [getattr(found, name) for name in names]
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "learning rate"
    flat = LearningRateRange(np.geomspace(1e-6, 1, 20), np.ones(20), 0.1, 20, False)
    flat.plot(Figure().subplots())


def test_plot_without_matplotlib(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="needs matplotlib"):
        curve(valley).plot()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_lr": 0.0}, "0 < min_lr < max_lr. Received: min_lr=0.0, max_lr=10.0"),
        ({"min_lr": 2.0, "max_lr": 1.0}, "0 < min_lr < max_lr"),
        ({"max_lr": math.inf}, "0 < min_lr < max_lr"),
        ({"steps": 9}, "`steps` must be an integer, at least 10. Received: steps=9"),
        ({"steps": 20.0}, "`steps` must be an integer"),
        ({"sweep": "cosine"}, "`sweep` must be 'exponential' or 'linear'"),
        ({"smoothing": 1.0}, r"`smoothing` must be in \[0, 1\). Received: smoothing=1.0"),
        ({"divergence": 1.0}, "`divergence` must be a number greater than 1"),
        ({"y": Y[:10]}, "10"),
        ({"class_weight": {7: 1.0}}, "7"),
        ({"x": iter([(X, Y)]), "y": None, "batch_size": None}, "can be read again"),
    ],
)
def test_mistakes_are_refused(arguments, message):
    model = make("adam")
    before = everything(model)
    with pytest.raises(ValueError, match=message):
        model.lr_find(**{**dict(x=X, y=Y, batch_size=16), **arguments})
    after = everything(model)
    assert_equal({name: after[name] for name in before}, before)


def test_a_model_that_is_not_compiled():
    model = pyclr.Sequential([pyclr.Input((4,)), layers.Dense(3)])
    with pytest.raises(RuntimeError, match="must be compiled before `lr_find`"):
        model.lr_find(X, Y)


def test_a_train_step_without_a_loss():
    class Own(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, activation="softmax")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            return {"mine": super().train_step(data)["loss"]}

    model = Own()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"whose logs have the key 'loss'. Received: \['mine'\]"):
        model.lr_find(X, Y)
