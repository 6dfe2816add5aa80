"""The contract functions find what they are there to find."""

import numpy as np
import pytest

import pyclr
from pyclr import layers, ops
from pyclr.testing import check_gradients, check_layer


class Scale(layers.Layer):
    """A layer as a user writes it."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.factor = self.add_weight(
            shape=(input_shape[-1],), initializer=pyclr.initializers.Constant(self.start)
        )

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape


def test_a_correct_layer_passes():
    layer = check_layer(Scale, {"start": 2.0}, input_shape=(3, 4), expected_num_weights=1)
    assert layer.built and layer.start == 2.0


class Mixture(layers.Layer):
    """A layer of two inputs in a list and a third as a further argument."""

    def build(self, pair_shape, weight_shape):
        self.bias = self.add_weight(shape=(pair_shape[0][-1],), initializer="zeros")

    def call(self, pair, weight):
        return pair[0] * weight + pair[1] * (1 - weight) + self.bias, weight

    def get_config(self):
        return {"name": self.name}


def test_several_inputs():
    rng = np.random.default_rng(0)
    pair = [rng.normal(size=(4, 3)).astype("float32") for _ in range(2)]
    weight = rng.random((4, 1)).astype("float32")
    layer = check_layer(
        Mixture, input_data=pair, further_inputs=[weight], expected_output_shape=(4, 3)
    )
    assert len(layer.weights) == 1
    check_layer(layers.Add, input_shape=[(4, 3), (4, 1)], expected_output_shape=(4, 3))


def test_wrong_output_shape_of_several_inputs():
    class Wrong(layers.Add):
        def compute_output_shape(self, input_shape):
            return input_shape[1]

    with pytest.raises(AssertionError, match=r"Wrong.compute_output_shape\(\): expected"):
        check_layer(Wrong, input_shape=[(4, 3), (4, 1)])


def test_wrong_output_shape():
    class Wrong(Scale):
        def compute_output_shape(self, input_shape):
            return (input_shape[0], 1)

    with pytest.raises(AssertionError, match=r"Wrong.compute_output_shape\(\): expected"):
        check_layer(Wrong, input_shape=(3, 4))
    with pytest.raises(AssertionError, match="output shape of Scale: expected"):
        check_layer(Scale, input_shape=(3, 4), expected_output_shape=(3, 5))


def test_wrong_number_of_weights():
    with pytest.raises(AssertionError, match="number of weights: expected 2, found 1"):
        check_layer(Scale, input_shape=(3, 4), expected_num_weights=2)
    with pytest.raises(AssertionError, match="number of trainable weights: expected 0"):
        check_layer(Scale, input_shape=(3, 4), expected_num_trainable_weights=0)


def test_config_that_loses_an_argument():
    class Forgetful(Scale):
        def get_config(self):
            return {"name": self.name, "start": 1.0 if self.start == 1.0 else self.start + 1}

    with pytest.raises(AssertionError, match="config of a restored|from_config"):
        check_layer(Forgetful, {"start": 2.0}, input_shape=(3, 4))


def test_weight_without_a_gradient():
    class Detached(Scale):
        def call(self, inputs):
            return inputs * ops.stop_gradient(self.factor.value)

    with pytest.raises(AssertionError, match="Weight '.*' has no gradient"):
        check_layer(Detached, input_shape=(3, 4))


def test_values_that_are_not_finite():
    class Infinite(Scale):
        def call(self, inputs):
            return inputs * self.factor / 0.0

    with pytest.raises(AssertionError, match="An output of Infinite is not finite"):
        check_layer(Infinite, input_shape=(3, 4))

    class Steep(Scale):
        def call(self, inputs):
            return inputs + ops.sqrt(self.factor * 0.0)

    with pytest.raises(AssertionError, match="gradient of weight .* is not finite"):
        check_layer(Steep, input_shape=(3, 4))


def test_output_that_depends_on_more_than_config_and_weights():
    class Hidden(Scale):
        made = 0

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            Hidden.made += 1
            self.number = Hidden.made

        def call(self, inputs):
            return inputs * self.factor + self.number

        def get_config(self):
            return {"name": self.name}

    with pytest.raises(AssertionError, match="outputs of Hidden and of its copy differ"):
        check_layer(Hidden, input_shape=(3, 4))


def test_input_is_needed():
    with pytest.raises(ValueError, match="`input_shape` or `input_data`"):
        check_layer(Scale)


def test_gradients_of_inputs_and_weights():
    x = np.random.default_rng(0).normal(size=(3, 2))
    w = pyclr.Variable(np.array([1.0, -2.0]), dtype="float64")
    check_gradients(lambda x, w: ops.exp(x * w), [x, w])
    np.testing.assert_array_equal(w.numpy(), [1, -2])


def test_wrong_gradients_are_found():
    x = np.random.default_rng(0).normal(size=(3, 2))
    with pytest.raises(AssertionError, match="gradient of input 0"):
        check_gradients(lambda x: ops.stop_gradient(x) * x, [x])
    with pytest.raises(AssertionError, match="The gradient of input 0 is missing"):
        check_gradients(lambda x: ops.stop_gradient(x), [x])
    with pytest.raises(AssertionError, match="must be float64"):
        check_gradients(lambda x: ops.cast(x, "float32"), [x])


def test_assert_replays():
    layer = pyclr.layers.Dense(3, activation="relu")
    x = np.ones((4, 2), "float32")
    pyclr.testing.assert_replays(lambda t: layer(t), x)
    with pytest.raises(AssertionError, match="does not replay: a value was read"):
        pyclr.testing.assert_replays(lambda t: t * float(t[0, 0]), x)
    counter = iter(range(9))
    with pytest.raises(AssertionError, match="constant .* changed"):
        pyclr.testing.assert_replays(lambda t: t * next(counter), x)
