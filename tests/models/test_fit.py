"""fit, evaluate, predict: what they compute, in which order, and what they leave alone."""

import random

import numpy as np
import pytest

import pyclr
from pyclr import layers


def weights_equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights()))


def test_learns_and_reports(blobs, make_model):
    x, y = blobs
    history = make_model().fit(x, y, epochs=30, verbose=0, validation_data=(x, y))
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.epoch == list(range(30))
    assert history.history["val_accuracy"][-1] > 0.95
    assert all(type(value) is float for values in history.history.values() for value in values)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_same_bits_eager_replayed_and_at_any_thread_count(blobs, make_model, threads, optimizer):
    x, y = blobs
    trained = []
    for run_eagerly, count in ((False, 1), (False, 2), (False, 3), (True, 1), (True, 2)):
        threads(count)
        model = make_model(optimizer=optimizer, run_eagerly=run_eagerly)
        history = model.fit(x, y, epochs=3, verbose=0)
        trained.append((model, history.history))
        assert run_eagerly or model.explain_step().startswith("The step is replayed")
    first, logs = trained[0]
    for model, other in trained[1:]:
        assert weights_equal(first, model)
        assert other == logs


def test_a_seed_decides_and_another_seed_differs(blobs, make_model):
    x, y = blobs
    a, b, c = make_model(seed=1), make_model(seed=1), make_model(seed=2)
    for model in (a, b, c):
        model.fit(x, y, epochs=1, verbose=0)
    assert weights_equal(a, b)
    assert not weights_equal(a, c)


def test_global_random_states_are_left_alone(blobs, make_model):
    x, y = blobs
    np.random.seed(5), random.seed(5)
    before = np.random.get_state()[1].copy(), random.getstate()
    model = make_model()
    model.fit(x, y, epochs=2, verbose=0)
    model.predict(x, verbose=0)
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]


def test_fit_twice_is_fit_once(blobs, make_model):
    x, y = blobs
    once, twice = make_model(), make_model()
    once.fit(x, y, epochs=4, verbose=0)
    twice.fit(x, y, epochs=2, verbose=0)
    twice.fit(x, y, epochs=2, verbose=0)
    assert weights_equal(once, twice)


def test_every_sample_is_seen_once_an_epoch_in_another_order():
    seen = []

    class Note(layers.Layer):
        def call(self, inputs, training=None):
            if training:
                seen.append(np.asarray(inputs)[:, 0].copy())
            return inputs

    model = pyclr.Sequential([pyclr.Input((1,)), Note(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(50, dtype="float32")[:, None] / 50
    model.fit(x, x, batch_size=16, epochs=2, verbose=0)
    epochs = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert [len(batch) for batch in seen[:4]] == [16, 16, 16, 2]
    for order in epochs:
        assert np.array_equal(np.sort(order), x[:, 0])
    assert not np.array_equal(*epochs)


def test_shuffle_false_keeps_the_order(blobs, make_model):
    x, y = blobs
    by_hand, fitted = make_model(optimizer="sgd"), make_model(optimizer="sgd")
    fitted.fit(x, y, batch_size=100, epochs=1, shuffle=False, verbose=0)
    for start in range(0, 300, 100):
        by_hand.train_on_batch(x[start : start + 100], y[start : start + 100])
    assert weights_equal(by_hand, fitted)


def test_shuffle_batch_keeps_batches_whole():
    seen = []

    class Note(layers.Layer):
        def call(self, inputs, training=None):
            if training:
                seen.append(np.asarray(inputs)[:, 0].tolist())
            return inputs

    model = pyclr.Sequential([pyclr.Input((1,)), Note(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(50, dtype="float32")[:, None]
    model.fit(x, x / 50, batch_size=8, epochs=2, shuffle="batch", verbose=0)
    batches = [list(range(i, min(i + 8, 50))) for i in range(0, 50, 8)]
    for epoch in (seen[:7], seen[7:]):
        assert sorted(epoch) == batches and epoch != batches
        assert epoch[-1] == [48, 49]
    assert seen[:7] != seen[7:]


def test_stop_training_ends_the_epoch_after_the_running_batch(blobs, make_model):
    x, y = blobs
    done = []

    class Stop(pyclr.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            done.append(batch)
            self.model.stop_training = len(done) == 13

    model = make_model()
    history = model.fit(x, y, epochs=9, verbose=0, callbacks=[Stop()], validation_data=(x, y))
    assert done == [*range(10), 0, 1, 2] and int(model.optimizer.iterations) == 13
    assert history.epoch == [0, 1] and len(history.history["val_loss"]) == 2


def test_what_refused_data_resolved_is_forgotten(blobs, make_model):
    """Names of metrics are resolved by the labels' shape: by those that are trained on."""
    x, y = blobs
    model, twin = make_model(), make_model()
    with pytest.raises(ValueError, match="one-hot"):
        model.fit(x, np.eye(3)[y], verbose=0)
    assert model.fit(x, y, verbose=0).history == twin.fit(x, y, verbose=0).history


@pytest.mark.parametrize("given", ["x", "(x, y)", "(x, y, w)"])
def test_a_train_step_is_given_what_fit_was(given):
    """As in Keras' guides: `x, y = data`."""
    seen = []

    class Model(pyclr.Model):
        def train_step(self, data):
            seen.append(data)
            return {"loss": pyclr.ops.zeros(())}

    x, y, w = np.ones((4, 2), "float32"), np.zeros(4), np.ones(4)
    arguments = {"x": (x,), "(x, y)": (x, y), "(x, y, w)": (x, y, w)}[given]
    model = Model()
    model.call = lambda inputs, training=False: inputs
    model.compile("sgd", run_eagerly=True)
    weights = w if len(arguments) > 2 else None
    model.fit(*arguments[:2], sample_weight=weights, verbose=0)
    model.fit(iter([arguments]), verbose=0)
    for data in seen:
        assert isinstance(data, pyclr.Tensor) if given == "x" else len(data) == len(arguments)


def test_one_sgd_step_is_the_formula():
    x = np.array([[1.0, 2.0], [3.0, -1.0]], "float32")
    y = np.array([[1.0], [0.0]], "float32")
    w, b = np.array([[0.5], [-0.25]], "float32"), np.array([0.1], "float32")
    model = pyclr.Sequential([pyclr.Input((2,)), layers.Dense(1)])
    model.set_weights([w, b])
    model.compile(pyclr.optimizers.SGD(0.1), "mse")
    loss = model.train_on_batch(x, y)
    error = x @ w + b - y
    assert np.isclose(loss, np.mean(error**2))
    gradient = 2 * error / 2
    np.testing.assert_allclose(model.get_weights()[0], w - 0.1 * x.T @ gradient, rtol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], b - 0.1 * gradient.sum(0), rtol=1e-6)


def test_evaluate_is_the_mean_over_all_samples(blobs, make_model):
    x, y = blobs
    model = make_model()
    p = model.predict(x, verbose=0)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    results = model.evaluate(x, y, batch_size=64, verbose=0, return_dict=True)
    assert np.isclose(results["loss"], loss, rtol=1e-5)
    assert np.isclose(results["accuracy"], (p.argmax(1) == y).mean())
    assert model.evaluate(x, y, batch_size=300, verbose=0) == pytest.approx(
        list(results.values()), rel=1e-5
    )


def test_a_rows_prediction_does_not_depend_on_its_batch(blobs, make_model):
    x, _ = blobs
    model = make_model()
    whole = model.predict(x, batch_size=300, verbose=0)
    for size in (1, 7, 32, 100):
        assert np.array_equal(whole, model.predict(x, batch_size=size, verbose=0))
    assert np.array_equal(whole[5:6], model.predict(x[5:6], verbose=0))
    assert np.array_equal(whole, model.predict_on_batch(x))
    assert np.array_equal(whole, model(x).numpy())


def test_training_logs_of_a_whole_batch_are_those_of_evaluate(blobs, make_model):
    x, y = blobs
    model = make_model(dropout=0.0)
    before = model.evaluate(x, y, batch_size=300, verbose=0)
    logs = model.fit(x, y, batch_size=300, epochs=1, verbose=0).history
    assert [logs["loss"][0], logs["accuracy"][0]] == pytest.approx(before, rel=1e-6)


def test_validation_split_takes_the_last_rows(blobs, make_model):
    x, y = blobs
    a, b = make_model(), make_model()
    one = a.fit(x, y, validation_split=0.2, epochs=2, verbose=0).history
    two = b.fit(x[:240], y[:240], validation_data=(x[240:], y[240:]), epochs=2, verbose=0).history
    assert one == two and weights_equal(a, b)


def test_validation_changes_nothing(blobs, make_model):
    x, y = blobs
    a, b = make_model(), make_model()
    a.fit(x, y, epochs=3, verbose=0)
    b.fit(x, y, epochs=3, verbose=0, validation_data=(x, y))
    assert weights_equal(a, b)


def test_validation_freq(blobs, make_model):
    x, y = blobs
    history = (
        make_model()
        .fit(x, y, epochs=5, verbose=0, validation_data=(x, y), validation_freq=2)
        .history
    )
    assert len(history["val_loss"]) == 2 and len(history["loss"]) == 5


def test_weights_scale_the_loss(blobs, make_model):
    """Weight 2 is the row twice; weight 0 is the row left out; class weights are sample weights."""
    x, y = blobs
    model = make_model(dropout=0.0, compile=False)
    model.compile("sgd", pyclr.losses.SparseCategoricalCrossentropy(reduction="sum"))
    weights = (np.arange(300) % 3).astype("float32")
    rows = np.repeat(np.arange(300), np.arange(300) % 3)
    weighted = model.evaluate(x, y, sample_weight=weights, batch_size=300, verbose=0)
    repeated = model.evaluate(x[rows], y[rows], batch_size=len(rows), verbose=0)
    assert np.isclose(weighted, repeated, rtol=1e-4)
    a, b = make_model(), make_model()
    a.fit(x, y, class_weight={0: 2.0, 2: 0.5}, epochs=2, verbose=0)
    by_sample = np.array([2.0, 1.0, 0.5], "float32")[y]
    b.fit(x, y, sample_weight=by_sample, epochs=2, verbose=0)
    assert weights_equal(a, b)


def test_learning_rate_schedule_is_the_step_counter(blobs, make_model):
    x, y = blobs
    schedule = pyclr.optimizers.schedules.TriangularCyclicalLearningRate(0.0, 0.1, 10)
    model = make_model(optimizer=pyclr.optimizers.SGD(schedule), dropout=0.0)
    twin = make_model(optimizer=pyclr.optimizers.SGD(1.0), dropout=0.0)
    model.fit(x, y, batch_size=30, epochs=2, shuffle=False, verbose=0)
    for step in range(20):
        rows = slice(step % 10 * 30, step % 10 * 30 + 30)
        twin.optimizer.learning_rate = float(schedule(step))
        twin.train_on_batch(x[rows], y[rows])
    assert int(model.optimizer.iterations) == 20
    assert weights_equal(model, twin)


def test_a_users_schedule_with_a_branch(blobs, make_model):
    class Steps(pyclr.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1 if step < 5 else 0.0

    x, y = blobs
    model = make_model(optimizer=pyclr.optimizers.SGD(Steps()), dropout=0.0)
    twin = make_model(optimizer=pyclr.optimizers.SGD(0.1), dropout=0.0)
    model.fit(x, y, batch_size=30, epochs=1, shuffle=False, verbose=0)
    twin.fit(x[:150], y[:150], batch_size=30, epochs=1, shuffle=False, verbose=0)
    assert weights_equal(model, twin)


def test_the_rate_can_be_changed_between_epochs(blobs, make_model):
    x, y = blobs

    class Freeze(pyclr.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0 if epoch else 0.1

    a, b = make_model(optimizer="sgd"), make_model(optimizer=pyclr.optimizers.SGD(0.1))
    a.fit(x, y, epochs=3, verbose=0, callbacks=[Freeze()])
    b.fit(x, y, epochs=1, verbose=0)
    assert weights_equal(a, b)


def test_frozen_layers_stay(blobs, make_model):
    x, y = blobs
    model = make_model()
    model.fit(x, y, epochs=1, verbose=0)
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, epochs=2, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0]) and not np.array_equal(before[2], after[2])


def test_changing_a_layer_attribute_is_seen_by_predict():
    class Scale(layers.Layer):
        factor = 1.0

        def call(self, inputs):
            return inputs * self.factor

    scale = Scale()
    model = pyclr.Sequential([pyclr.Input((2,)), scale])
    x = np.ones((3, 2), "float32")
    for _ in range(4):
        assert model.predict(x, verbose=0).max() == 1
    scale.factor = 3.0
    assert model.predict(x, verbose=0).max() == 3


def test_custom_loss_written_with_numpy(blobs, make_model):
    x, y = blobs
    onehot = np.eye(3, dtype="float32")[y]

    def squared(y_true, y_pred):
        return np.mean(np.square(y_true - y_pred))

    a, b = make_model(compile=False), make_model(compile=False)
    a.compile("sgd", squared)
    b.compile("sgd", "mse")
    a.fit(x, onehot, epochs=2, verbose=0)
    b.fit(x, onehot, epochs=2, verbose=0)
    assert a.explain_step().startswith("The step is replayed")
    for one, other in zip(a.get_weights(), b.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_custom_train_step(blobs):
    class Halved(pyclr.Sequential):
        def train_step(self, data):
            x, y, _ = pyclr.models.steps.unpack(data)
            with pyclr.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True)) / 2
            variables = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return {"half": loss}

    x, y = blobs

    def make(cls, rate):
        pyclr.utils.set_random_seed(3)
        model = cls([pyclr.Input((4,)), layers.Dense(3, activation="softmax")])
        model.compile(pyclr.optimizers.SGD(rate), "sparse_categorical_crossentropy")
        return model

    a, b = make(Halved, 0.2), make(pyclr.Sequential, 0.1)
    history = a.fit(x, y, epochs=2, verbose=0).history
    b.fit(x, y, epochs=2, verbose=0)
    assert list(history) == ["half"]
    assert a.explain_step().startswith("The step is replayed")
    for one, other in zip(a.get_weights(), b.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_subclassed_model(blobs):
    class Net(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(16, activation="relu")
            self.drop = layers.Dropout(0.1)
            self.out = layers.Dense(3, activation="softmax")

        def call(self, inputs, training=False):
            return self.out(self.drop(self.hidden(inputs), training=training))

    x, y = blobs
    model = Net()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=40, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    assert len(model.weights) == 4


def test_regularizers_and_added_losses_are_in_the_loss(blobs):
    x, y = blobs

    class Activity(layers.Layer):
        def call(self, inputs):
            self.add_loss(0.5 * pyclr.ops.mean(inputs))
            return inputs

    model = pyclr.Sequential(
        [
            pyclr.Input((4,)),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
            Activity(),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    kernel = model.get_weights()[0]
    p = model.predict(x, verbose=0)
    expected = -np.log(p[np.arange(300), y]).mean() + 0.01 * (kernel**2).sum() + 0.5 * p.mean()
    assert np.isclose(model.evaluate(x, y, batch_size=300, verbose=0), expected, rtol=1e-5)


def test_float64_model():
    pyclr.config.set_floatx("float64")
    try:
        model = pyclr.Sequential([pyclr.Input((2,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        x = np.array([[1 + 1e-12, 0.0]])
        assert model.weights[0].dtype == "float64"
        model.set_weights([np.array([[1.0], [0.0]]), np.array([0.0])])
        assert model.predict(x, verbose=0)[0, 0] == 1 + 1e-12
    finally:
        pyclr.config.set_floatx("float32")


def test_interrupt_ends_training_with_its_history(blobs, make_model):
    x, y = blobs

    class Interrupt(pyclr.callbacks.Callback):
        ended = False

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

        def on_train_end(self, logs=None):
            self.ended = True

    model, callback = make_model(), Interrupt()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=5, verbose=0, callbacks=[callback])
    assert callback.ended and model.history.epoch == [0, 1]
    model.fit(x, y, epochs=1, verbose=0)


def test_summary_and_counts(make_model):
    lines = []
    model = make_model()
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "Total params: 131" in text and "(None, 16)" in text
    assert model.count_params() == 4 * 16 + 16 + 16 * 3 + 3


def test_deferred_build_add_and_pop(blobs):
    x, y = blobs
    model = pyclr.Sequential()
    model.add(layers.Dense(8, activation="relu"))
    model.add(layers.Dense(5))
    assert not model.built and model.weights == []
    model.pop()
    model.add(layers.Dense(3, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    assert [w.shape for w in model.get_weights()] == [(4, 8), (8,), (8, 3), (3,)]
