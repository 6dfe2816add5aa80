import copy
import json
import os
import pickle

import pytest

from pyclr.utils import Config

os.environ.setdefault("KERAS_BACKEND", "numpy")


def use(cls):
    """What the operations of a Config give, one after the other."""
    config = cls(rate=0.1, seed=3)
    config.momentum = 0.9
    config["name"] = "run"
    del config["seed"]
    config.update({"a": 1}, b=2)
    results = [
        config.rate, config["momentum"], config.get("none", 5), config.pop("a"), len(config),
        sorted(config), list(config), "b" in config, dict(config.items()), list(config.keys()),
        list(config.values()), json.loads(config.to_json()), config.as_dict(), repr(config),
        config.frozen,
    ]  # fmt: skip
    config.freeze()
    for change in (
        lambda: setattr(config, "rate", 1),
        lambda: config.update(rate=1),
        lambda: config.pop("rate"),
        lambda: config.__delitem__("rate"),
        lambda: config.__setitem__("rate", 1),
    ):
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    config.rate = 7
    return [*results, config.as_dict()]


def test_as_keras_does():
    keras = pytest.importorskip("keras")
    assert use(Config) == use(keras.utils.Config)


def test_unknown_names():
    config = Config(learning_rate=0.1)
    with pytest.raises(AttributeError, match="no 'learning_rat'. Did you mean 'learning_rate'?"):
        _ = config.learning_rat
    with pytest.raises(AttributeError, match="'items' is a method of Config"):
        config.items = 3


def test_copies():
    config = Config(a=[1])
    config.freeze()
    for copied in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert copied.a == [1] and copied.frozen
