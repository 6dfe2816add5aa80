"""The whole system in a few seconds: run before every commit."""

import io

import numpy as np

import pyclr
from pyclr import layers


def test_everything(tmp_path, monkeypatch):
    (x, y), (x_test, y_test) = pyclr.datasets.digits.load_data()
    pyclr.utils.set_random_seed(1)
    model = pyclr.Sequential(
        [
            pyclr.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(16, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.SpatialDropout2D(0.1),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    steps = len(x) // 32
    rate = pyclr.optimizers.schedules.Triangular2CyclicalLearningRate(1e-3, 0.1, 2 * steps)
    optimizer = pyclr.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    history = model.fit(
        x[..., None], y, epochs=6, validation_data=(x_test[..., None], y_test)
    ).history
    assert "Epoch 6/6" in out.getvalue() and "val_accuracy: " in out.getvalue()
    assert history["val_accuracy"][-1] > 0.95
    assert model.explain_step().startswith("The step is replayed")

    path = tmp_path / "model.keras"
    model.save(path)
    loaded = pyclr.models.load_model(path)
    images = x_test[..., None]
    assert np.array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))
    for each in (model, loaded):
        each.train_on_batch(x[:32, ..., None], y[:32])
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        assert np.array_equal(a, b)
