"""Weights that fit are loaded, weights that do not fit change nothing."""

import h5py
import numpy as np
import pytest

import pyclr
from pyclr import layers, optimizers


def make_model(units=(4, 3, 2), bias=True):
    return pyclr.Sequential(
        [pyclr.Input((5,)), *(layers.Dense(n, use_bias=bias, name=f"d{n}") for n in units)]
    )


def train(model, optimizer):
    model.compile(optimizer, "mse")
    x = np.random.default_rng(1).random((8, 5), "float32")
    model.fit(x, np.zeros((8, model.output_shape[-1])), verbose=0)
    return model


def state(model):
    variables = model.variables + (model.optimizer.variables if model.compiled else [])
    return [variable.numpy() for variable in variables]


def equal(first, second):
    return len(first) == len(second) and all(map(np.array_equal, first, second))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.weights.h5"


def test_round_trip(path):
    model, other = make_model(), make_model()
    model.save_weights(path)
    other.load_weights(path)
    assert equal(state(model), state(other))


def test_from_a_model_file(tmp_path):
    model, other = make_model(), make_model()
    model.save(tmp_path / "model")
    other.load_weights(tmp_path / "model")
    assert equal(state(model), state(other))


@pytest.mark.parametrize("compiled", [True, False])
def test_optimizer_state_comes_along(compiled, path):
    model = train(make_model(), "adam")
    model.save_weights(path)
    other = make_model()
    if compiled:
        other.compile("adam", "mse")
    other.load_weights(path)
    assert equal(state(other), state(model)[: None if compiled else 6])


def test_without_optimizer_state_in_the_file(path):
    make_model().save_weights(path)
    other = train(make_model(), "adam")
    before = [variable.numpy() for variable in other.optimizer.variables]
    other.load_weights(path)
    assert equal([variable.numpy() for variable in other.optimizer.variables], before)


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        # The first has slots of the number and shapes of those in the file.
        (optimizers.RMSprop(), "is that of SGD, and the model is compiled with RMSprop"),
        (optimizers.SGD(), "has 2 variables, and the file has 8"),
        (optimizers.Adam(), "is that of SGD"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_state_of_another_optimizer_is_left_out(optimizer, reason, path):
    model = train(make_model(), optimizers.SGD(momentum=0.9))
    model.save_weights(path)
    other = train(make_model(), optimizer)
    before = [variable.numpy() for variable in optimizer.variables]
    with pytest.warns(UserWarning, match=reason):
        other.load_weights(path)
    assert equal(other.get_weights(), model.get_weights())
    assert equal([variable.numpy() for variable in optimizer.variables], before)


def test_random_numbers_go_on_as_they_were(path):
    first = pyclr.Sequential([pyclr.Input((5,)), layers.Dropout(0.5, seed=1)])
    second = pyclr.Sequential([pyclr.Input((5,)), layers.Dropout(0.5, seed=2)])
    first.save_weights(path)
    second.load_weights(path)
    assert second.layers[0].seed_generator.state.numpy().tolist() == [2, 0]


MISFITS = {
    "shape": (dict(units=(4, 3, 9)), [r"layers/dense_2: .*\(3, 9\).*\(3, 2\).*d9"]),
    "shapes": (
        dict(units=(4, 8, 2)),
        [r"layers/dense_1: .*\(4, 8\).*\(4, 3\).*d8", r"layers/dense_2: .*\(8, 2\).*\(3, 2\).*d2"],
    ),
    "number": (dict(bias=False), ["layers/dense: Layer 'd4' has 1 variables, and the file has 2"]),
    "more layers": (
        dict(units=(4, 3, 2, 1)),
        ["layers/dense_3: Layer 'd1' has 2 variables, and the file has 0"],
    ),
    "fewer layers": (dict(units=(4, 3)), ["layers/dense_2: the model has no such layer"]),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_misfits_are_named_and_change_nothing(misfit, path):
    arguments, messages = MISFITS[misfit]
    saved = train(make_model(), "adam")
    saved.optimizer.rate_factor = 0.5
    saved.save_weights(path)
    other = train(make_model(**arguments), "adam")
    before = state(other)
    with pytest.raises(ValueError) as caught:
        other.load_weights(path)
    for message in messages:
        assert caught.match(message)
    assert equal(state(other), before) and other.optimizer.rate_factor == 1


def test_skip_mismatch(path):
    model, other = make_model(), make_model(units=(4, 3, 9))
    model.save_weights(path)
    before = other.get_weights()
    with pytest.warns(UserWarning, match="without:\n  layers/dense_2"):
        other.load_weights(path, skip_mismatch=True)
    assert equal(other.get_weights(), model.get_weights()[:4] + before[4:])


def test_not_built(path):
    make_model().save_weights(path)
    with pytest.raises(ValueError, match="must be built before `load_weights`"):
        pyclr.Sequential([layers.Dense(2)]).load_weights(path)
    with pytest.raises(ValueError, match="must be built before `save_weights`"):
        pyclr.Sequential([layers.Dense(2)]).save_weights(path)


@pytest.mark.parametrize("name", ["w.keras", "w.h5", "w.hdf5"])
def test_suffixes_of_other_files_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match="must end in '.weights.h5'"):
        make_model().save_weights(tmp_path / name)


def test_layouts_before_keras_3(path):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"dense"])
    with pytest.raises(ValueError, match="before Keras 3"):
        make_model().load_weights(path)
    with pytest.raises(ValueError, match="HDF5 file"):
        pyclr.models.load_model(path)
