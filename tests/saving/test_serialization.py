import json
import os
import sys

import numpy as np
import pytest

from pyclr import _core, initializers
from pyclr.saving import (
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    object_registration,
    register_keras_serializable,
    serialize_keras_object,
)
from pyclr.saving.serialization import ObjectSharingScope, UnsavedFunction


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    return pytest.importorskip("keras")


@pytest.fixture(autouse=True)
def clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


class Point:
    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def get_config(self):
        return {"x": self.x, "y": self.y}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def module_level_function(x):
    return x


PLAIN = [
    None,
    True,
    3,
    -2.5,
    "text",
    b"bytes",
    [1, [2, None]],
    (1, (2, "x")),
    {"a": 1, "b": {"c": (1, 2)}},
    slice(1, None, 2),
    Ellipsis,
    np.float32(0.5),
    np.int64(7),
    np.bool_(True),
    np.array(4.0),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_are_written_as_keras_writes_them(value, keras):
    # Keras' numpy backend calls NumPy scalars tensors; its other backends write plain values.
    is_numpy = isinstance(value, (np.generic, np.ndarray))
    expected = keras.saving.serialize_keras_object(value.item() if is_numpy else value)
    written = serialize_keras_object(value)
    assert written == expected
    assert type(written) is type(expected)
    read = deserialize_keras_object(json.loads(json.dumps(written)))
    assert read == keras.saving.deserialize_keras_object(json.loads(json.dumps(expected)))


def test_tuples_come_back_as_lists_and_values_unchanged():
    written = json.loads(json.dumps(serialize_keras_object({"a": (1, b"x", slice(0, 2))})))
    assert deserialize_keras_object(written) == {"a": [1, b"x", slice(0, 2)]}


def test_arrays():
    array = np.arange(6, dtype="int16").reshape(2, 3)
    written = serialize_keras_object(array)
    assert written == {
        "class_name": "__numpy__",
        "config": {"value": [[0, 1, 2], [3, 4, 5]], "dtype": "int16"},
    }
    read = deserialize_keras_object(json.loads(json.dumps(written)))
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


def test_tensors():
    written = serialize_keras_object(_core.tensor(np.float32([1, 2])))
    config = {"value": [1.0, 2.0], "dtype": "float32"}
    assert written == {"class_name": "__tensor__", "config": config}
    read = deserialize_keras_object(written)
    assert type(read) is _core.Tensor
    np.testing.assert_array_equal(np.asarray(read), [1, 2])


def test_dtypes_are_written_by_name():
    assert serialize_keras_object(np.dtype("float64")) == "float64"
    assert serialize_keras_object(np.int32) == "int32"


INITIALIZERS = [
    ("Zeros", {}),
    ("Constant", {"value": 2.5}),
    ("RandomNormal", {"mean": 1.0, "seed": 3}),
    ("RandomUniform", {"minval": -1.0}),
    ("TruncatedNormal", {"stddev": 2.0}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": 1}),
    ("GlorotUniform", {"seed": 5}),
    ("HeNormal", {}),
    ("Orthogonal", {"gain": 2.0}),
]


@pytest.mark.parametrize(("name", "arguments"), INITIALIZERS)
def test_own_objects_are_written_as_keras_writes_its_own(name, arguments, keras):
    ours = serialize_keras_object(getattr(initializers, name)(**arguments))
    theirs = keras.saving.serialize_keras_object(getattr(keras.initializers, name)(**arguments))
    assert ours == theirs
    assert keras.saving.deserialize_keras_object(ours).get_config() == theirs["config"]
    read = deserialize_keras_object(json.loads(json.dumps(theirs)))
    assert type(read) is getattr(initializers, name)
    assert read.get_config() == theirs["config"]


def test_custom_objects_are_written_as_keras_writes_them(keras):
    ours = serialize_keras_object(Point(1, 2))
    assert ours == keras.saving.serialize_keras_object(Point(1, 2))
    read = deserialize_keras_object(ours, custom_objects={"Point": Point})
    assert (read.x, read.y) == (1, 2)
    with custom_object_scope({"Point": Point}):
        assert deserialize_keras_object(ours).y == 2


def test_registered_class_and_function_round_trip(keras):
    cls = type("Registered", (Point,), {"__module__": __name__})
    register_keras_serializable("pkg")(cls)
    keras.saving.register_keras_serializable("pkg")(cls)
    register_keras_serializable("pkg")(module_level_function)
    keras.saving.register_keras_serializable("pkg")(module_level_function)
    for obj in (cls(4), module_level_function):
        written = serialize_keras_object(obj)
        assert written == keras.saving.serialize_keras_object(obj)
        read = deserialize_keras_object(json.loads(json.dumps(written)))
        assert read is obj or read.x == 4


def test_named_function_needs_a_custom_object():
    written = serialize_keras_object(module_level_function)
    assert written["config"] == "module_level_function"
    objects = {"module_level_function": module_level_function}
    assert deserialize_keras_object(written, objects) is module_level_function
    with pytest.raises(TypeError, match=r"@pyclr\.saving\.register_keras_serializable\(\)"):
        deserialize_keras_object(written)


def test_registering_after_saving_helps():
    point = serialize_keras_object(Point(5))
    register_keras_serializable()(Point)
    assert deserialize_keras_object(point).x == 5
    function = serialize_keras_object(module_level_function)
    register_keras_serializable()(module_level_function)
    assert deserialize_keras_object(function) is module_level_function


def test_short_names_find_what_was_registered_when_saved():
    function = register_keras_serializable("pkg")(module_level_function)
    register_keras_serializable("pkg")(Point)
    written = serialize_keras_object([function, Point(2)])
    get_custom_objects().clear()
    objects = {"module_level_function": function, "Point": Point}
    read = deserialize_keras_object(written, objects)
    assert read[0] is function
    assert read[1].x == 2


def test_unknown_class_names_the_line_to_add():
    config = {"module": "m", "class_name": "A", "config": {}, "registered_name": "my_pkg>A"}
    line = r'@pyclr\.saving\.register_keras_serializable\(package="my_pkg", name="A"\)'
    with pytest.raises(TypeError, match=line):
        deserialize_keras_object(config)


def test_file_cannot_name_modules_to_import_or_private_things(tmp_path, monkeypatch):
    module = tmp_path / "evil_module_of_a_file.py"
    module.write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    names = [
        ("evil_module_of_a_file", "Evil"),
        ("keras.evil_module_of_a_file", "Evil"),
        ("os", "system"),
        ("keras.saving", "deserialize_keras_object"),
        ("keras.saving.serialization", "UnsavedFunction"),
        ("keras.saving.serialization", "FunctionType"),
        ("keras.initializers", "np"),
        ("keras.initializers", "get"),
        ("keras.initializers._lookup", "ModuleType"),
        ("keras.initializers.np", "ndarray"),
        ("keras.initializers", "__class__"),
        ("keras._lookup", "find"),
        ("keras.random_initializers", "RandomNormal"),
    ]
    for module_name, class_name in names:
        config = {"module": module_name, "class_name": class_name, "config": {}}
        with pytest.raises(TypeError, match="Could not locate"):
            deserialize_keras_object({**config, "registered_name": None}, safe_mode=False)
        function = {"module": module_name, "class_name": "function", "config": class_name}
        with pytest.raises(TypeError, match="Could not locate"):
            deserialize_keras_object({**function, "registered_name": class_name})
    assert "evil_module_of_a_file" not in sys.modules


@pytest.mark.parametrize("safe_mode", [True, False])
def test_lambda_in_a_file_is_refused(safe_mode):
    config = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}
    with pytest.raises(ValueError, match="never runs code from a file"):
        deserialize_keras_object(config, safe_mode=safe_mode)


def test_lambda_is_refused_when_saving():
    with pytest.raises(
        ValueError, match=r"@pyclr\.saving\.register_keras_serializable\(\)"
    ) as info:
        serialize_keras_object({"f": lambda x: x})
    assert f"{os.path.basename(__file__)}:" in str(info.value)


def test_registered_lambda_is_saved():
    function = register_keras_serializable(name="identity")(lambda x: x)
    written = serialize_keras_object(function)
    assert deserialize_keras_object(written) is function


def test_lambda_under_compat_becomes_a_marker(monkeypatch):
    monkeypatch.setattr(object_registration, "allow_unregistered_functions", True)
    written = json.loads(json.dumps(serialize_keras_object(lambda x: x + 1)))
    monkeypatch.undo()
    read = deserialize_keras_object(written)
    assert isinstance(read, UnsavedFunction)
    assert serialize_keras_object(read) == written
    with pytest.raises(ValueError, match=r"custom_objects=\{'<lambda>': function\}"):
        read(1)
    assert deserialize_keras_object(written, custom_objects={"<lambda>": abs}) is abs


MALFORMED = [
    {"class_name": 3, "config": {}},
    {"class_name": ["Zeros"], "config": {}},
    {"class_name": "Zeros", "config": {}, "module": 1},
    {"class_name": "Zeros", "config": {}, "registered_name": [], "module": "keras.initializers"},
    {"class_name": "Zeros", "config": [1], "module": "keras.initializers"},
    {"class_name": "Zeros", "config": {"x": 1}, "module": "keras.initializers"},
    {"class_name": "function", "config": {}},
    {"class_name": "__bytes__", "config": {}},
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
    {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "U1000000000"}},
    {"class_name": "__numpy__", "config": {"value": [1, [2]], "dtype": "int32"}},
    {"class_name": "__slice__", "config": 3},
    {"class_name": "__tensor__", "config": {"value": {}, "dtype": "float32"}},
    {"class_name": "__unsaved_function__", "config": {}},
    object(),
]


@pytest.mark.parametrize("config", MALFORMED)
def test_malformed_config_is_a_type_error(config):
    with pytest.raises(TypeError):
        deserialize_keras_object(config)


def test_custom_object_does_not_replace_a_built_in_one():
    written = serialize_keras_object(initializers.Zeros())
    read = deserialize_keras_object(written, custom_objects={"Zeros": Point})
    assert type(read) is initializers.Zeros


def test_from_config_runs_in_a_scope_with_the_custom_objects():
    class Holder(Point):
        @classmethod
        def from_config(cls, config):
            return cls(deserialize_keras_object(config["x"]))

    written = serialize_keras_object(Holder(Point(9)))
    read = deserialize_keras_object(written, custom_objects={"Holder": Holder, "Point": Point})
    assert read.x.x == 9


def test_error_in_from_config_is_explained():
    written = serialize_keras_object(Point(1))
    written["config"]["z"] = 3
    with pytest.raises(TypeError, match=r"(?s)could not be restored.*unexpected"):
        deserialize_keras_object(written, custom_objects={"Point": Point})


def test_build_and_compile_configs():
    calls = []

    class Built(Point):
        built = False

        def get_build_config(self):
            return {"input_shape": (None, 3)}

        def get_compile_config(self):
            return {"loss": "mse", "point": Point(8)}

        def build_from_config(self, config):
            calls.append(config)

        def compile_from_config(self, config):
            calls.append(config["loss"])

    written = serialize_keras_object(Built(1))
    assert written["build_config"] == {"input_shape": (None, 3)}
    assert written["compile_config"]["point"]["config"] == {"x": 8, "y": 0}
    read = deserialize_keras_object(json.loads(json.dumps(written)), {"Built": Built})
    assert read.built
    assert calls == [{"input_shape": [None, 3]}, "mse"]


def test_shared_objects_stay_shared():
    point = Point(3)
    with ObjectSharingScope():
        written = serialize_keras_object([point, Point(4), point])
    assert "shared_object_id" not in written[1]
    with ObjectSharingScope():
        read = deserialize_keras_object(json.loads(json.dumps(written)), {"Point": Point})
    assert read[0] is read[2]
    assert read[1].x == 4


@pytest.mark.parametrize("value", [object(), np.array(["a"]), Point, np.tanh, {1, 2}])
def test_what_cannot_be_saved_is_a_type_error(value):
    with pytest.raises(TypeError, match="Cannot serialize"):
        serialize_keras_object(value)
