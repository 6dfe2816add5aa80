"""The TensorBoard callback, read back with TensorBoard's own reader."""

import builtins
import json
import warnings

import numpy as np
import pytest

import pyclr
from pyclr import callbacks, layers
from pyclr.optimizers import SGD, schedules

pytest.importorskip("tensorboardX")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of packages that tensorboard imports
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    tensor_util = pytest.importorskip("tensorboard.util.tensor_util")

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2
DATA = dict(x=X, y=Y, batch_size=5, verbose=0)  # four steps an epoch


def make(optimizer=None):
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(2, activation="softmax", name="d")])
    model.compile(optimizer or SGD(0.1), "sparse_categorical_crossentropy", metrics=["acc"])
    return model


def read(folder):
    events = event_accumulator.EventAccumulator(str(folder), {"tensors": 0, "histograms": 0})
    events.Reload()
    return events


def scalars(folder):
    """Tags to lists of (step, value)."""
    events = read(folder)
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def single(values):
    return [float(np.float32(value)) for value in values]


def test_epochs(tmp_path):
    model = make(SGD(schedules.ExponentialDecay(0.1, 4, 0.5)))
    history = model.fit(
        **DATA, epochs=3, validation_data=(X, Y), callbacks=[callbacks.TensorBoard(tmp_path)]
    ).history
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    assert train == {
        "epoch_loss": list(enumerate(single(history["loss"]))),
        "epoch_acc": list(enumerate(single(history["acc"]))),
        "epoch_learning_rate": list(enumerate(single([0.05, 0.025, 0.0125]))),
    }
    losses, accuracies = single(history["val_loss"]), single(history["val_acc"])
    assert validation == {
        "epoch_loss": list(enumerate(losses)),
        "epoch_acc": list(enumerate(accuracies)),
        "evaluation_loss_vs_iterations": list(zip([4, 8, 12], losses)),
        "evaluation_acc_vs_iterations": list(zip([4, 8, 12], accuracies)),
    }


@pytest.mark.parametrize(
    "frequency, steps", [("batch", range(1, 9)), (1, range(1, 9)), (3, [3, 6])]
)
def test_batches(tmp_path, frequency, steps):
    running = []

    class Note(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            running.append(logs["loss"])

    board = callbacks.TensorBoard(tmp_path, update_freq=frequency, write_steps_per_second=True)
    make().fit(**DATA, epochs=2, callbacks=[board, Note()])
    train = scalars(tmp_path / "train")
    assert train["batch_loss"] == [(s, float(np.float32(running[s - 1]))) for s in steps]
    assert {"batch_acc", "batch_steps_per_second", "epoch_steps_per_second"} <= set(train)
    assert all(value > 0 for _, value in train["epoch_steps_per_second"])


def test_validations_within_epochs(tmp_path):
    board = callbacks.TensorBoard(tmp_path, update_freq="batch", write_steps_per_second=True)
    found = make().fit(
        **DATA, epochs=2, validation_data=(X, Y), validation_freq="3 steps", callbacks=[board]
    )
    names = {"loss", "acc", "steps_per_second"}
    expected = {f"{kind}_{name}" for kind in ("batch", "epoch") for name in names}
    assert set(scalars(tmp_path / "train")) == expected | {"epoch_learning_rate"}
    validation = scalars(tmp_path / "validation")
    losses = single(found.validations["val_loss"])
    assert validation["evaluation_loss_vs_iterations"] == list(zip([3, 6], losses))
    assert validation["epoch_loss"] == list(enumerate(losses))


def test_only_batch_frequencies_listen_to_batches(tmp_path):
    for frequency, expected in (("epoch", False), (5, True)):
        board = callbacks.TensorBoard(tmp_path, update_freq=frequency)
        listening = callbacks.CallbackList([board]).listens
        assert listening("on_train_batch_end") == listening("on_train_batch_begin") == expected


def test_evaluation_alone_is_written_and_closed(tmp_path):
    model = make()
    model.fit(**DATA)
    result = model.evaluate(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    assert scalars(tmp_path / "validation") == {
        "evaluation_loss_vs_iterations": [(4, float(np.float32(result[0])))],
        "evaluation_acc_vs_iterations": [(4, float(np.float32(result[1])))],
    }


def test_graph(tmp_path):
    model = make()
    model.fit(**DATA, callbacks=[callbacks.TensorBoard(tmp_path)])
    events = read(tmp_path / "train")
    (event,) = events.Tensors("keras")
    assert events.SummaryMetadata("keras").plugin_data.plugin_name == "graph_keras_model"
    text = tensor_util.make_ndarray(event.tensor_proto).item()
    config = json.loads(text)
    assert config["class_name"] == "Sequential"
    assert config["config"]["layers"][1]["config"]["name"] == "d"
    other = tmp_path / "without"
    model.fit(**DATA, callbacks=[callbacks.TensorBoard(other, write_graph=False)])
    assert read(other / "train").Tags()["tensors"] == []


def test_histograms_and_images(tmp_path):
    pytest.importorskip("PIL")
    model = make()
    board = callbacks.TensorBoard(tmp_path, histogram_freq=2, write_images=True)
    model.fit(**DATA, epochs=3, callbacks=[board])
    events = read(tmp_path / "train")
    histograms = events.Histograms("d/kernel/histogram")
    assert [event.step for event in histograms] == [0, 2]
    value = histograms[-1].histogram_value
    kernel = model.get_weights()[0]
    assert value.num == 6 and value.sum == pytest.approx(kernel.sum(dtype="float64"), rel=1e-5)
    assert (value.min, value.max) == pytest.approx((kernel.min(), kernel.max()))
    image = events.Images("d/kernel/image")[-1]
    assert (image.height, image.width) == (2, 3)  # the short side down
    bias = events.Images("d/bias/image")[-1]
    assert (bias.height, bias.width) == (2, 1)  # a column, as in Keras


@pytest.mark.skipif(not hasattr(layers, "Embedding"), reason="needs the layer Embedding")
@pytest.mark.parametrize("metadata", [None, "words.tsv", {"words": "words.tsv"}])
def test_embeddings(tmp_path, metadata):
    model = pyclr.Sequential(
        [
            pyclr.Input((4,), dtype="int32"),
            layers.Embedding(5, 2, name="words"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    board = callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata=metadata)
    model.fit(np.arange(8).reshape(2, 4) % 5, np.ones((2, 1)), verbose=0, callbacks=[board])
    values = np.loadtxt(tmp_path / "words.tsv", delimiter="\t")
    np.testing.assert_allclose(values, model.get_weights()[0], rtol=1e-6)
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    config = ProjectorConfig()
    text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), config)
    (embedding,) = config.embeddings
    assert (embedding.tensor_name, embedding.tensor_path) == ("words", "words.tsv")
    assert embedding.metadata_path == ("words.tsv" if metadata else "")
    assert (tmp_path / "train" / "keras_embedding.ckpt-0.weights.h5").exists()


def test_metadata_of_no_layer(tmp_path):
    board = callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"no": "a"})
    with pytest.raises(ValueError, match="must name Embedding layers"):
        make().fit(**DATA, callbacks=[board])


def test_wrong_frequency():
    with pytest.raises(ValueError, match="update_freq='step'"):
        callbacks.TensorBoard(update_freq="step")


def test_without_tensorboardx_the_message_says_what_to_install(tmp_path, monkeypatch):
    import sys

    python_import = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return python_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.delitem(sys.modules, "pyclr.callbacks._event_writer", raising=False)
    with pytest.raises(ImportError, match=r"pip install pyclr\[tensorboard\]"):
        make().fit(**DATA, callbacks=[callbacks.TensorBoard(tmp_path)])
