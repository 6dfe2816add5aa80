"""Functional models: against Keras, and what users may do with them."""

import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import tree

from .graphs import GRAPHS, data_for, residual_with_depths, straight

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

graphs = pytest.mark.parametrize("build", GRAPHS, ids=lambda build: build.__name__)


@pytest.fixture
def pair(build):
    """The model in pyclr and in Keras, with the same weights."""
    pyclr.utils.clear_session()
    keras.utils.clear_session()
    ours, theirs = build(pyclr), build(keras)
    theirs.set_weights([w.astype("float32") for w in ours.get_weights()])
    return ours, theirs


def assert_same(found, expected):
    found, expected = tree.flatten(found), tree.flatten(expected)
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=0, atol=2e-5)


def plain(config):
    """A config as JSON has it, without what only Keras writes: the argument `mask` of calls of
    models, compile configs, and the modes of quantization."""
    if isinstance(config, dict):
        skipped = ("quantization_config", "compile_config", "mask", "build_config")
        return {key: plain(value) for key, value in config.items() if key not in skipped}
    return [plain(item) for item in config] if isinstance(config, (list, tuple)) else config


@graphs
def test_outputs(pair):
    ours, theirs = pair
    data = data_for(ours)
    assert_same(ours(data), theirs(data))
    assert_same(ours.predict(data, batch_size=4, verbose=0), theirs(data))


@graphs
def test_order_of_layers_and_weights(pair):
    ours, theirs = pair
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [o.name for o in ours.operations] == [o.name for o in theirs.operations]
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    assert [t.shape for t in ours.outputs] == [t.shape for t in theirs.outputs]
    assert ours.input_shape == theirs.input_shape
    assert ours.output_shape == theirs.output_shape
    assert ours.output_names == theirs.output_names


@graphs
def test_configs_are_those_of_keras(pair):
    ours, theirs = (json.loads(json.dumps(model.get_config())) for model in pair)
    assert plain(ours) == plain(theirs)


@graphs
def test_files_go_both_ways(pair, tmp_path):
    ours, theirs = pair
    data = data_for(ours)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    assert_same(ours(data), keras.models.load_model(tmp_path / "ours.keras")(data))
    assert_same(pyclr.models.load_model(tmp_path / "theirs.keras")(data), theirs(data))
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    assert_same(ours(data), theirs(data))


@graphs
def test_clones_and_copies(build):
    model = build(pyclr)
    data = data_for(model)
    clone = pyclr.models.clone_model(model)
    assert plain(clone.get_config()) == plain(model.get_config())
    assert not any(a is b for a, b in zip(clone.weights, model.weights))
    clone.set_weights(model.get_weights())
    assert_same(clone(data), model(data))
    again = pyclr.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    assert_same(again(data), model(data))


@graphs
def test_training_replays(build):
    def trained(run_eagerly):
        pyclr.utils.set_random_seed(3)
        model = build(pyclr)
        data = data_for(model, rows=40)
        targets = tree.map_structure(
            lambda t: np.zeros((40, *(7 if d is None else d for d in t.shape[1:])), "float32"),
            model.output,
        )
        model.compile("adam", "mse", run_eagerly=run_eagerly)
        model.fit(data, targets, batch_size=8, epochs=3, verbose=0)
        if not run_eagerly:
            assert model.explain_step().startswith("The step is replayed")
        return model.get_weights()

    if build.__name__ == "ops_with_arguments":
        pytest.skip("nothing to train")
    for a, b in zip(trained(False), trained(True)):
        np.testing.assert_array_equal(a, b)


def test_a_model_from_the_middle_of_another():
    model = residual_with_depths(pyclr)
    data = data_for(model)
    features = pyclr.Model(model.input, [layer.output for layer in model.layers[1:3]])
    assert [layer.name for layer in features.layers][0] == "x"
    a = model.get_layer("a")(data)
    assert_same(features(data)[0], a if model.layers[1].name == "a" else features(data)[0])
    tail = pyclr.Model(model.get_layer("a").output, model.get_layer("b").output)
    assert_same(tail(a), model.get_layer("b")(a))
    assert isinstance(tail.layers[0], pyclr.layers.InputLayer)


def test_the_last_layer_of_a_sequential_model_has_an_output():
    model = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(4), pyclr.layers.Dense(2)])
    inner = pyclr.Model(model.input, model.layers[0].output)
    x = np.ones((2, 3), "float32")
    assert_same(inner(x), model.layers[0](x))
    longer = pyclr.Model(model.inputs, pyclr.layers.Dense(1)(model.outputs[0]))
    assert longer(x).shape == (2, 1)


def test_inputs_by_name_and_missing_last_axes():
    x, z = pyclr.Input((1,), name="x"), pyclr.Input((3,), name="z")
    model = pyclr.Model([x, z], x * z)
    a, b = np.arange(4.0, dtype="float32"), np.ones((4, 3), "float32")
    expected = a[:, None] * b
    assert_same(model([a[:, None], b]), expected)
    assert_same(model({"z": b, "x": a}), expected)
    assert_same(model.predict({"z": b, "x": a[:, None]}, verbose=0), expected)
    with pytest.warns(UserWarning, match=r"no inputs named \['w'\]"):
        model({"z": b, "x": a, "w": a})
    with pytest.raises(ValueError, match=r"without \['x'\]"):
        model({"z": b})
    with pytest.raises(ValueError, match=r"must have the shape \(None, 3\)"):
        model([a, b[:, :2]])
    with pytest.raises(ValueError, match="has 2 input"):
        model([a])


def test_integer_inputs_keep_their_dtype():
    x = pyclr.Input((2,), dtype="int32")
    model = pyclr.Model(x, x + 1)
    assert model(np.ones((3, 2), "int64")).dtype == "int32"


def test_a_subclass_may_hand_inputs_and_outputs_on():
    class Named(pyclr.Model):
        def __init__(self, units):
            x = pyclr.Input((3,))
            self_outputs = pyclr.layers.Dense(units)(x)
            super().__init__(inputs=x, outputs=self_outputs)
            self.units = units

    model = Named(2)
    assert model(np.ones((4, 3), "float32")).shape == (4, 2)
    assert isinstance(model, Named) and len(model.weights) == 2


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda x, y: pyclr.Model(x, pyclr.Input((3,))), "can not be computed from its inputs"),
        (lambda x, y: pyclr.Model([x, x], y), "must be a different tensor"),
        (lambda x, y: pyclr.Model(x, [y, 3.0]), "must hold KerasTensors"),
        (lambda x, y: pyclr.Model(x, pyclr.layers.Dense(1, name="d")(y)), "names of layers"),
    ],
)
def test_bad_graphs_are_refused(make, message):
    x = pyclr.Input((3,))
    y = pyclr.layers.Dense(2, name="d")(x)
    with pytest.raises(ValueError, match=message):
        make(x, y)


@pytest.mark.parametrize(
    "use, message",
    [
        (bool, "can not be used as a boolean"),
        (len, "has no length"),
        (list, "can not be iterated"),
        (np.asarray, "has a shape and a dtype, but no values"),
    ],
)
def test_symbolic_tensors_have_no_values(use, message):
    with pytest.raises((TypeError, ValueError), match=message):
        use(pyclr.Input((3,)))


def test_numpy_functions_of_symbolic_tensors():
    x = pyclr.Input((3,))
    model = pyclr.Model(x, np.mean(np.square(x), axis=-1))
    data = np.arange(6, dtype="float32").reshape(2, 3)
    assert_same(model(data), (data**2).mean(-1))


def test_making_a_graph_changes_no_state():
    class Counting(pyclr.layers.Layer):
        def __init__(self):
            super().__init__()
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.dropout = pyclr.layers.Dropout(0.5, seed=1)

        def call(self, x):
            self.calls.assign_add(1.0)
            return self.dropout(x)

    layer = Counting()
    before = layer.dropout.seed_generator.state.numpy()
    x = pyclr.Input((3,))
    layer(x)
    assert float(layer.calls) == 0
    np.testing.assert_array_equal(layer.dropout.seed_generator.state.numpy(), before)
    assert layer.losses == []


def test_arguments_of_calls_that_are_not_tensors_are_kept():
    class Power(pyclr.layers.Layer):
        def call(self, x, exponent, scale=1.0):
            return x**exponent * scale

    x = pyclr.Input((2,))
    model = pyclr.Model(x, Power()(x, 2, scale=3.0))
    assert_same(model(np.full((1, 2), 2.0, "float32")), np.full((1, 2), 12.0))


def test_training_of_a_call_can_be_fixed():
    x = pyclr.Input((50,))
    dropout = pyclr.layers.Dropout(0.5)
    model = pyclr.Model(x, [dropout(x, training=True), dropout(x)])
    always, normally = model(np.ones((4, 50), "float32"))
    assert (np.asarray(always) == 0).any() and (np.asarray(normally) == 1).all()


def test_deep_graphs_do_not_exhaust_the_stack():
    x = y = pyclr.Input((1,))
    for _ in range(1500):
        y = y + 1.0
    assert float(pyclr.Model(x, y)(np.zeros((1, 1), "float32"))[0, 0]) == 1500


def test_plot_model(tmp_path):
    pytest.importorskip("pydot")
    model = residual_with_depths(pyclr)
    text = pyclr.utils.model_to_dot(model, show_shapes=True).to_string()
    assert text.count("->") == 8  # one for each tensor that a layer takes
    assert "(None, 4)" in text
    pyclr.utils.plot_model(model, tmp_path / "model.dot")
    assert (tmp_path / "model.dot").read_text().startswith("digraph")


def test_summary_of_a_graph_with_branches():
    model, lines = residual_with_depths(pyclr), []
    model.summary(print_fn=lines.append)
    table = lines[0]
    assert "Connected to" in table and "a[0][0]" in table and "(None, 4)" in table
    assert "Total params: 80 (320.00 B)" in table
    lines.clear()
    straight(pyclr).summary(print_fn=lines.append, show_trainable=True)
    assert "Connected to" not in lines[0] and "Trainable" in lines[0]
