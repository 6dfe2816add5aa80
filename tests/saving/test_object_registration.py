import threading

import pytest

from pyclr.saving import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)


@pytest.fixture(autouse=True)
def clean_registry():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def test_default_key_is_custom_and_the_own_name():
    @register_keras_serializable()
    def double(x):
        return 2 * x

    assert double(3) == 6
    assert get_registered_name(double) == "Custom>double"
    assert get_registered_object("Custom>double") is double
    assert get_custom_objects()["Custom>double"] is double


def test_package_and_name():
    @register_keras_serializable("my_package", name="Other")
    class Thing:
        def get_config(self):
            return {}

    assert get_registered_name(Thing) == "my_package>Other"
    assert get_registered_object("my_package>Other") is Thing
    assert get_registered_object("my_package>Thing") is None


def test_a_class_needs_get_config():
    with pytest.raises(ValueError, match=r"get_config\(\)"):

        @register_keras_serializable()
        class Thing:
            pass

    assert "Custom>Thing" not in get_custom_objects()


def test_unregistered_name_is_the_python_name():
    assert get_registered_name(test_package_and_name) == "test_package_and_name"


def test_scopes_nest_and_end():
    with custom_object_scope({"a": 1, "b": 2}):
        with custom_object_scope({"b": 3}):
            assert get_registered_object("a") == 1
            assert get_registered_object("b") == 3
        assert get_registered_object("b") == 2
    assert get_registered_object("a") is None
    assert "a" not in get_custom_objects()


def test_one_scope_object_can_be_entered_twice():
    scope = custom_object_scope({"a": 1})
    with scope, scope:
        pass
    assert get_registered_object("a") is None


def test_scope_ends_after_an_exception():
    with pytest.raises(KeyError), custom_object_scope({"a": 1}):
        raise KeyError
    assert get_registered_object("a") is None


def test_scope_belongs_to_its_thread():
    seen = []
    with custom_object_scope({"a": 1}):
        thread = threading.Thread(target=lambda: seen.append(get_registered_object("a")))
        thread.start()
        thread.join()
    assert seen == [None]


def test_order_of_places():
    get_custom_objects()["name"] = "global"
    custom, module = {"name": "custom"}, {"name": "module", "other": "module"}
    with custom_object_scope({"name": "scope"}):
        assert get_registered_object("name", custom, module) == "scope"
    assert get_registered_object("name", custom, module) == "global"
    del get_custom_objects()["name"]
    assert get_registered_object("name", custom, module) == "custom"
    assert get_registered_object("other", custom, module) == "module"
