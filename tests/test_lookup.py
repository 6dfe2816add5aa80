import os
import sys
import types

import pytest

from pyclr import _lookup, initializers


class Base:
    def __init__(self, value=1):
        self.value = value

    def get_config(self):
        return {"value": self.value}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class RMSprop(Base):
    pass


class L1L2(Base):
    pass


class MeanSquaredError(Base):
    pass


class GlobalAveragePooling2D(Base):
    pass


def mean_squared_error(x):
    return x


@pytest.fixture
def package(monkeypatch):
    """A package of pyclr with a few classes, one function and aliases."""
    module = types.ModuleType("pyclr.things")
    for obj in (Base, RMSprop, L1L2, MeanSquaredError, GlobalAveragePooling2D, mean_squared_error):
        monkeypatch.setattr(obj, "__module__", "pyclr.things")
        setattr(module, obj.__name__, obj)
    module.mse = mean_squared_error
    module.GlobalAvgPool2D = GlobalAveragePooling2D
    module.get = module._private = module.os_path = os.path.join
    monkeypatch.setitem(sys.modules, "pyclr.things", module)
    monkeypatch.setattr(sys.modules["pyclr"], "things", module, raising=False)
    return "pyclr.things"


@pytest.mark.parametrize("name", ["RMSprop", "rmsprop", "rm_sprop", "RMSPROP", "RMSProp"])
def test_case_and_underscores_do_not_matter(package, name):
    assert _lookup.find(name, package, Base) is RMSprop


def test_names_with_digits_and_aliases(package):
    assert _lookup.find("l1_l2", package, Base) is L1L2
    assert _lookup.find("L1L2", package, Base) is L1L2
    assert _lookup.find("global_avg_pool2d", package, Base) is GlobalAveragePooling2D


def test_functions_and_classes_of_one_name(package):
    assert _lookup.find("mean_squared_error", package, Base, True) is mean_squared_error
    assert _lookup.find("mse", package, Base, True) is mean_squared_error
    assert _lookup.find("MeanSquaredError", package, Base, True) is MeanSquaredError
    assert _lookup.find("mean_squared_error", package, Base) is MeanSquaredError
    assert _lookup.find("mse", package, Base) is MeanSquaredError


@pytest.mark.parametrize("name", ["get", "_private", "os_path", "nothing", ""])
def test_other_names_are_not_found(package, name):
    assert _lookup.find(name, package, Base, functions=True) is None


def test_get_makes_instances(package):
    assert _lookup.get(None, package, "thing", Base) is None
    assert type(_lookup.get("rmsprop", package, "thing", Base)) is RMSprop
    assert type(_lookup.get(RMSprop, package, "thing", Base)) is RMSprop
    instance = L1L2(3)
    assert _lookup.get(instance, package, "thing", Base) is instance
    config = {"class_name": "l1_l2", "config": {"value": 5}}
    assert _lookup.get(config, package, "thing", Base).value == 5
    config = {"class_name": "L1L2", "config": {"value": 6}, "module": "keras.things"}
    assert _lookup.get(config, package, "thing", Base).value == 6


def test_get_finds_custom_objects_first(package):
    class Mine(Base):
        pass

    found = _lookup.get("rmsprop", package, "thing", Base, custom_objects={"rmsprop": Mine})
    assert type(found) is Mine


def test_callables_only_where_they_fit(package):
    with pytest.raises(ValueError, match="Could not interpret thing identifier"):
        _lookup.get(print, package, "thing", Base)
    assert _lookup.get(print, package, "thing", Base, functions=True) is print
    assert _lookup.get("mse", package, "thing", functions=True) is mean_squared_error
    assert initializers.get(print) is print


@pytest.mark.parametrize("identifier", [3, 1.5, [], object()])
def test_nonsense_is_refused(package, identifier):
    with pytest.raises(ValueError, match="Received: "):
        _lookup.get(identifier, package, "thing", Base)


def test_error_lists_close_matches(package):
    with pytest.raises(ValueError, match=r"Did you mean 'RMSprop'\? Received: 'rmsporp'"):
        _lookup.get("rmsporp", package, "thing", Base)
    with pytest.raises(ValueError, match=r"identifier. Received: 'completely different'"):
        _lookup.get("completely different", package, "thing", Base)


def test_public_module_and_resolve_are_inverse(package, monkeypatch):
    assert _lookup.public_module(RMSprop) == "keras.things"
    assert _lookup.resolve("keras.things", "RMSprop") is RMSprop
    assert _lookup.resolve("pyclr.things", "RMSprop") is RMSprop
    assert _lookup.resolve("keras.src.things.rms_prop", "RMSprop") is RMSprop
    monkeypatch.setattr(sys.modules["pyclr"], "RMSprop", RMSprop, raising=False)
    assert _lookup.public_module(RMSprop) == "keras"
    assert _lookup.resolve("keras", "RMSprop") is RMSprop
    assert _lookup.public_module(type("Other", (), {})) is None
    assert _lookup.resolve("things", "RMSprop") is None
    assert _lookup.resolve("keras.things", "mean_squared_error") is None


def test_class_kept_elsewhere_by_keras(package, monkeypatch):
    monkeypatch.setattr(RMSprop, "_saved_module", "keras.src.things.hidden", raising=False)
    assert _lookup.public_module(RMSprop) == "keras.src.things.hidden"
    assert _lookup.resolve("keras.src.things.hidden", "RMSprop") is RMSprop


def test_to_snake_case_is_that_of_keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras")
    naming = pytest.importorskip("keras.src.utils.naming")
    for package in (keras.layers, keras.optimizers, keras.losses, keras.metrics):
        for name in dir(package):
            assert _lookup.to_snake_case(name) == naming.to_snake_case(name)
