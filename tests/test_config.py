"""Settings of the process, and the names of `keras.backend` and of dtype policies."""

import logging
import os

import numpy as np
import pytest

import pyclr
from pyclr import backend, config, dtype_policies

os.environ.setdefault("KERAS_BACKEND", "numpy")

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = X.sum(1)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Every setting is as before after a test."""
    for name in ("_floatx", "_epsilon", "_dtype_policy", "_interactive_logging"):
        monkeypatch.setattr(config, name, getattr(config, name))
    monkeypatch.setattr(config, "_limits", dict(config._limits))


@pytest.fixture
def model():
    model = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_dtype_policy_of_new_layers():
    assert config.dtype_policy().name == "float32"
    config.set_floatx("float64")
    assert config.dtype_policy() == pyclr.DTypePolicy("float64")
    config.set_dtype_policy("float32")
    layer = pyclr.layers.Dense(2)
    assert layer.dtype_policy == pyclr.FloatDTypePolicy("float32") and layer.dtype == "float32"
    assert pyclr.layers.Dense(2, dtype=pyclr.DTypePolicy("float64")).compute_dtype == "float64"
    assert pyclr.metrics.Mean().dtype == "float64" == config.floatx()  # as in Keras
    with pytest.raises(ValueError, match="no mixed precision. Received: dtype='mixed_float16'"):
        config.set_dtype_policy("mixed_float16")


@pytest.mark.parametrize("identifier", ["float64", np.float64, np.dtype("float64"), None, "config"])
def test_dtype_policies(identifier):
    config.set_floatx("float64")
    config_of_one = dtype_policies.serialize(pyclr.DTypePolicy("float64"))
    policy = dtype_policies.get(config_of_one if identifier == "config" else identifier)
    assert policy == pyclr.DTypePolicy() and hash(policy) == hash(pyclr.DTypePolicy())
    assert policy.compute_dtype == policy.variable_dtype == policy.name == "float64"
    assert repr(policy) == '<DTypePolicy "float64">' and policy != "float64"


def test_dtype_policies_are_saved_as_keras_does():
    keras = pytest.importorskip("keras")
    ours, theirs = pyclr.DTypePolicy("float32"), keras.DTypePolicy("float32")
    assert dtype_policies.serialize(ours) == keras.dtype_policies.serialize(theirs)
    assert dtype_policies.deserialize(keras.dtype_policies.serialize(theirs)) == ours
    with pytest.raises(TypeError, match="QuantizedDTypePolicy"):
        dtype_policies.get(
            keras.dtype_policies.serialize(keras.dtype_policies.get("int8_from_float32"))
        )
    with pytest.raises(ValueError, match="`name` must be the dtype .* Received: name='float16'"):
        pyclr.DTypePolicy("float16")


def test_epsilon():
    config.set_epsilon(0.5)
    assert backend.epsilon() == config.epsilon() == 0.5
    limited = pyclr.constraints.UnitNorm(axis=0)(np.ones((1, 1), "float32"))
    np.testing.assert_allclose(limited, [[1 / 1.5]], rtol=1e-6)
    with pytest.raises(ValueError, match="greater than 0. Received: value=-1"):
        config.set_epsilon(-1)


def test_what_there_is_one_of():
    config.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="`data_format` must be 'channels_last'"):
        config.set_image_data_format("channels_first")
    assert config.backend() == "pyclr" and config.image_data_format() == "channels_last"
    for name in ("flash_attention", "traceback_filtering"):
        getattr(config, f"enable_{name}")()
        assert getattr(config, f"is_{name}_enabled")() is False
        getattr(config, f"disable_{name}")()
    config.enable_unsafe_deserialization()
    assert config.is_nnx_enabled() is False
    with pyclr.device("gpu:0"), pyclr.name_scope("scope"):
        assert pyclr.Variable(1.0, name="v").path == "v"
    assert pyclr.version() == pyclr.__version__


def test_limits(model):
    config.set_max_epochs(2)
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        history = model.fit(X, Y, epochs=5, verbose=0)
    assert len(history.history["loss"]) == 2 and config.max_epochs() == 2
    assert len(model.fit(X, Y, epochs=1, verbose=0).history["loss"]) == 1
    config.set_max_epochs(None)

    config.set_max_steps_per_epoch(3)
    before = int(model.optimizer.iterations)
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
        model.fit(X, Y, batch_size=4, verbose=0)
    assert int(model.optimizer.iterations) - before == 3 == config.max_steps_per_epoch()
    with pytest.warns(UserWarning, match="Limiting"):
        assert model.predict(X, batch_size=4, verbose=0).shape == (12, 1)
    with pytest.warns(UserWarning, match="Limiting"):
        limited = model.evaluate(X, Y, batch_size=4, verbose=0)
    config.set_max_steps_per_epoch(10)
    assert model.evaluate(X[:12], Y[:12], batch_size=4, verbose=0) == limited
    with pytest.raises(
        ValueError, match="`max_epochs` must be an integer.* Received: max_epochs=0"
    ):
        config.set_max_epochs(0)


def test_limits_from_the_environment(model, monkeypatch):
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "2")
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (1, 2)
    with pytest.warns(UserWarning, match="Limiting"):
        assert len(model.fit(X, Y, epochs=3, verbose=0).history["loss"]) == 1
    assert int(model.optimizer.iterations) == 2


def test_logging(model, caplog, capsys):
    assert pyclr.utils.is_interactive_logging_enabled()
    config.disable_interactive_logging()
    with caplog.at_level(logging.INFO, "pyclr"):
        model.fit(X, Y, epochs=2)
    assert capsys.readouterr().out == ""
    assert [r.name for r in caplog.records] == ["pyclr", "pyclr"]
    assert caplog.records[1].message.startswith("Epoch 2/2 - 2/2 ")
    config.enable_interactive_logging()
    model.evaluate(X, Y)
    assert "loss: " in capsys.readouterr().out


DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]


def test_result_types_are_kerass():
    keras = pytest.importorskip("keras")
    names = [name for name in DTYPES if "64" not in name] + [int, float]
    for first in names:
        for second in names:
            expected = keras.backend.result_type(first, second)
            assert backend.result_type(first, second) == expected, (first, second)
    # 64 bits stay 64 bits, as they do in Keras with TensorFlow.
    assert backend.result_type("int64", "uint8", int) == "int64"
    assert backend.result_type("int64", "float32") == "float32"
    assert backend.result_type("float64", "float32", "bool") == "float64"
    assert backend.result_type() == "float32"
    assert backend.result_type("int64", np.dtype("float64"), float) == "float64"


def test_dtypes():
    for name in DTYPES:
        assert backend.standardize_dtype(np.dtype(name)) == name
        assert backend.standardize_dtype(np.dtype(name).type) in (name, "bool")
        assert backend.is_float_dtype(name) == ("float" in name)
        assert backend.is_int_dtype(name) == ("int" in name)
    types = [backend.standardize_dtype(t) for t in (bool, int, float, None)]
    assert types == ["bool", "int32", "float32", "float32"]

    class TorchLike:
        def __str__(self):
            return "torch.int64"

    assert pyclr.utils.standardize_dtype(TorchLike()) == "int64"
    with pytest.raises(ValueError, match="must be one of bool, .* Received: dtype='complex64'"):
        backend.standardize_dtype("complex64")


def test_names_and_symbols():
    backend.clear_session()
    assert [backend.get_uid("part"), backend.get_uid("part")] == [1, 2]
    pyclr.utils.clear_session(free_memory=False)
    assert backend.get_uid("part") == 1
    assert pyclr.utils.is_keras_tensor(pyclr.Input((2,)))
    assert not backend.is_keras_tensor(np.ones(2))
