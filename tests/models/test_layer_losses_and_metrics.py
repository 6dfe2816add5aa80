"""`add_loss` and `add_metric`, in layers and on models, with tensors and symbolic tensors."""

import numpy as np
import pytest

import pyclr
from pyclr import layers, ops

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X.sum(-1, keepdims=True)


class Activity(layers.Layer):
    def call(self, x):
        self.add_loss(ops.mean(ops.square(x)) * 0.5)
        return x


class Spread(layers.Layer):
    def call(self, x):
        self.add_metric(ops.std(x), name="spread", aggregation="mean")
        return x


class Endpoint(layers.Layer):
    def __init__(self):
        super().__init__()
        self.loss_fn = pyclr.losses.MeanSquaredError()
        self.error = pyclr.metrics.MeanAbsoluteError()

    def call(self, targets, predictions):
        self.add_loss(self.loss_fn(targets, predictions))
        self.add_metric(self.error(targets, predictions), name="ignored")
        return predictions


def test_losses_of_layers_are_part_of_the_loss():
    x = pyclr.Input((3,))
    hidden = Activity()(layers.Dense(4, name="hidden")(x))
    model = pyclr.Model(x, layers.Dense(1)(hidden))
    model.compile("sgd", "mse")
    logs = model.evaluate(X, Y, batch_size=20, verbose=0)
    activity = 0.5 * np.mean(np.square(model.get_layer("hidden")(X).numpy()))
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2) + activity
    assert logs == pytest.approx(expected, rel=1e-5)
    model(X)
    assert float(model.losses[0]) == pytest.approx(activity, rel=1e-5)


def test_metrics_of_layers_are_averaged_over_the_batches():
    model = pyclr.Sequential([pyclr.Input((3,)), Spread(), layers.Dense(1)])
    model.compile("sgd", "mse")
    logs = model.evaluate(X, Y, batch_size=10, verbose=0, return_dict=True)
    assert logs["spread"] == pytest.approx((X[:10].std() + X[10:].std()) / 2, rel=1e-5)
    history = model.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0).history
    assert history["spread"] == pytest.approx([logs["spread"]] * 3, rel=1e-5)
    assert model.explain_step().startswith("The step is replayed")
    assert model.metrics_names == ["loss", "spread"]


def test_symbolic_losses_and_metrics_of_a_model():
    x = pyclr.Input((3,))
    hidden = layers.Dense(4, name="hidden")(x)
    model = pyclr.Model(x, layers.Dense(1)(hidden))
    model.add_loss(ops.sum(hidden) * 0.1)
    model.add_metric(ops.max(hidden), name="largest", aggregation="mean")
    model.compile("sgd", "mse")
    logs = model.evaluate(X, Y, batch_size=20, verbose=0, return_dict=True)
    values = model.get_layer("hidden")(X).numpy()
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2) + 0.1 * values.sum()
    assert logs["loss"] == pytest.approx(expected, rel=1e-4)
    assert logs["largest"] == pytest.approx(values.max(), rel=1e-6)
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    assert model.explain_step().startswith("The step is replayed")


def test_symbolic_losses_need_a_graph():
    model = pyclr.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match="graph of layers"):
        model.add_loss(ops.sum(pyclr.Input((3,))))


def test_a_model_that_ends_in_its_loss_is_compiled_without_one():
    inputs, targets = pyclr.Input((3,), name="inputs"), pyclr.Input((1,), name="targets")
    outputs = Endpoint()(targets, layers.Dense(1)(inputs))
    model = pyclr.Model([inputs, targets], outputs)
    model.compile("sgd")
    data = {"inputs": X, "targets": Y}
    history = model.fit(data, epochs=20, verbose=0).history
    assert set(history) == {"loss", "mean_absolute_error"}
    assert history["loss"][-1] < history["loss"][0]
    error = np.abs(model.predict(data, verbose=0) - Y).mean()
    logs = model.evaluate(data, verbose=0, return_dict=True)
    assert logs["mean_absolute_error"] == pytest.approx(error, rel=1e-4)


def test_training_without_any_loss_is_refused():
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(1)])
    model.compile("sgd")
    with pytest.raises(ValueError, match="There is no loss"):
        model.fit(X, Y, verbose=0)


def test_a_metric_needs_a_name():
    layer = layers.Layer()
    with pytest.raises(ValueError, match="`name`"):
        layer.add_metric(ops.sum(X))
    with pytest.raises(ValueError, match="`aggregation`"):
        layer.add_metric(ops.sum(X), name="a", aggregation="sum")


def test_metrics_that_are_attributes_are_reported_by_a_step_of_ones_own():
    class Own(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = pyclr.metrics.Mean(name="mine")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data[:2]
            with pyclr.GradientTape() as tape:
                loss = ops.mean(ops.abs(self(x, training=True) - y))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self.tracker.update_state(loss)
            return {"mine": self.tracker.result()}

        @property
        def metrics(self):
            return [self.tracker]

    model = Own()
    model.compile("sgd")
    history = model.fit(X, Y, batch_size=5, epochs=4, verbose=0).history
    assert set(history) == {"mine"} and history["mine"][-1] < history["mine"][0]
    assert model.explain_step().startswith("The step is replayed")
