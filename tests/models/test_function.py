"""Function and Operation: computations in graphs that are not layers."""

import numpy as np
import pytest

import pyclr
from pyclr import layers

X = np.arange(6, dtype="float32").reshape(2, 3)


class Scale(pyclr.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name)
        self.factor = factor

    def call(self, x, offset=0.0):
        return x * self.factor + offset

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_an_operation_computes_or_becomes_a_node():
    scale = Scale(3.0)
    np.testing.assert_array_equal(scale(X, offset=1.0), X * 3 + 1)
    symbol = pyclr.Input((3,))
    output = scale(symbol, offset=1.0)
    assert output.shape == (None, 3) and scale.input is symbol and scale.output is output
    scale(symbol)
    with pytest.raises(AttributeError, match="2 calls .* `output` is not defined"):
        _ = scale.output
    assert Scale.from_config(scale.get_config()).factor == 3.0
    with pytest.raises(NotImplementedError, match="'Operation' must implement `call`"):
        pyclr.Operation()(X)


def test_layers_are_operations():
    assert isinstance(layers.Dense(2), pyclr.Operation)
    assert issubclass(pyclr.Model, pyclr.Operation)


def test_an_operation_in_a_model_is_trained_saved_and_cloned(tmp_path):
    inputs = pyclr.Input((3,))
    outputs = Scale(0.5, name="half")(layers.Dense(2)(inputs))
    model = pyclr.Model(inputs, outputs)
    model.compile("sgd", "mse")
    before = model.predict(X, verbose=0)
    model.fit(X, X[:, :2], epochs=3, verbose=0)
    assert model.explain_step("train") and not np.array_equal(model.predict(X, verbose=0), before)
    path = tmp_path / "model.keras"
    model.save(path)
    again = pyclr.models.load_model(path, custom_objects={"Scale": Scale})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    clone = pyclr.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))
    assert [type(operation).__name__ for operation in clone.operations][-1] == "Scale"


def test_function():
    x, y = pyclr.KerasTensor((None, 3)), pyclr.KerasTensor((None, 3))
    function = pyclr.Function([x, y], {"sum": x + y, "product": x * y})
    results = function([X, X + 1])
    np.testing.assert_array_equal(results["sum"], 2 * X + 1)
    np.testing.assert_array_equal(results["product"], X * (X + 1))
    assert len(function.inputs) == len(function.outputs) == 2
    assert {"add", "multiply"} <= {operation.function.__name__ for operation in
                                   function.operations[2:]}  # fmt: skip
    other = function([pyclr.Input((3,)), pyclr.Input((3,))])
    assert other["sum"].shape == (None, 3)


def test_a_part_of_a_model_as_a_function():
    inputs = pyclr.Input((3,))
    hidden = layers.Dense(4, activation="relu")(inputs)
    model = pyclr.Model(inputs, layers.Dense(1)(hidden))
    kernel, bias = model.layers[1].get_weights()
    np.testing.assert_allclose(
        pyclr.Function(inputs, hidden)(X), np.maximum(X @ kernel + bias, 0), rtol=1e-5
    )
    np.testing.assert_allclose(  # from the middle to the end
        pyclr.Function(hidden, model.output)(np.ones((1, 4), "float32")),
        np.ones((1, 4)) @ model.layers[2].get_weights()[0],
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="can not be computed from its inputs"):
        pyclr.Function(pyclr.Input((3,)), hidden)


def test_source_inputs():
    first, second = pyclr.Input((3,)), pyclr.Input((3,))
    hidden = layers.Dense(3)(first)
    tensor = layers.Add()([layers.Multiply()([hidden, second]), hidden])
    assert pyclr.utils.get_source_inputs(tensor) == [first, second]
    assert pyclr.utils.get_source_inputs(first) == [first]
