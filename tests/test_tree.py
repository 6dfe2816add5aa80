"""Nested structures: the same results as Keras' functions, on every pair of these structures."""

import collections
import os

import pytest

from pyclr import tree

os.environ.setdefault("KERAS_BACKEND", "numpy")
keras = pytest.importorskip("keras")

Pair = collections.namedtuple("Pair", "a b")
STRUCTURES = [
    1,
    None,
    [],
    {},
    (1, [2, (3,)]),
    [4, (5, 6)],
    {"b": 1, "a": [2, {"z": 3, "y": None}]},
    collections.OrderedDict([("b", 1), ("a", 2)]),
    {"a": 7, "b": 8},
    collections.defaultdict(list, {"q": [1, 2], "c": 3}),
    Pair(1, [2]),
    [1, [2]],
    [[(None, 3)], (2, None)],
    (1, None, "s"),
]


def outcome(function, *args, **kwargs):
    """The result as text, with the classes and the order of keys; or the class of the error."""
    try:
        return repr(function(*args, **kwargs))
    except (TypeError, ValueError) as error:
        return type(error).__name__


@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_one_structure(structure):
    def check(name, *args, **kwargs):
        ours, theirs = getattr(tree, name), getattr(keras.tree, name)
        assert outcome(ours, *args, **kwargs) == outcome(theirs, *args, **kwargs), name

    for name in ("is_nested", "flatten", "flatten_with_path", "lists_to_tuples"):
        check(name, structure)
    for none_is_leaf in (True, False):
        check("map_structure", lambda x: [x], structure, none_is_leaf=none_is_leaf)
    for count in range(6):
        check("pack_sequence_as", structure, list("abcdef"[:count]))
    for top_down in (True, False):
        check("traverse", lambda part: None, structure, top_down)
        check("traverse", lambda p: p + 1 if isinstance(p, int) else None, structure, top_down)
        check("traverse", lambda p: "t" if isinstance(p, tuple) else None, structure, top_down)


@pytest.mark.parametrize("first", STRUCTURES, ids=repr)
@pytest.mark.parametrize("second", STRUCTURES, ids=repr)
def test_two_structures(first, second):
    for name in ("assert_same_structure", "assert_same_paths"):
        ours, theirs = getattr(tree, name), getattr(keras.tree, name)
        assert outcome(ours, first, second) == outcome(theirs, first, second), name
    ours = outcome(tree.map_structure, lambda x, y: (x, y), first, second)
    assert ours == outcome(keras.tree.map_structure, lambda x, y: (x, y), first, second)
    if None not in tree.flatten(first):  # where Keras does not take None as a place
        ours = outcome(tree.map_structure_up_to, first, str, second)
        assert ours == outcome(keras.tree.map_structure_up_to, first, str, second)


def test_several_structures_up_to():
    def joined(x, y):
        return f"{x}{y}"

    assert tree.map_structure_up_to([0, {"a": 0}], joined, [[1, 2], {"a": 3}], [4, {"a": ()}]) == [
        "[1, 2]4",
        {"a": "3()"},
    ]


def test_shapes():
    structure = {"x": (None, 3), "y": [(2,), ()]}
    expected = {"x": 2, "y": [1, 0]}
    assert tree.map_shape_structure(len, structure) == expected
    assert keras.tree.map_shape_structure(len, structure) == expected
    with pytest.raises(ValueError, match="must consist of shapes. Received: 'x'"):
        tree.map_shape_structure(len, [(2,), "x"])


def test_none_in_the_result():
    def without_texts(part):
        return tree.MAP_TO_NONE if isinstance(part, str) else None

    assert tree.traverse(without_texts, [1, "a", ("b", 2)]) == [1, None, (None, 2)]


def test_errors():
    with pytest.raises(TypeError, match="at least one structure"):
        tree.map_structure(len)
    with pytest.raises(TypeError, match="`func` must be callable. Received: func=3"):
        tree.traverse(3, [1])
    with pytest.raises(ValueError, match="must have the 2 leaves .* Received: 3"):
        tree.pack_sequence_as([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"only in the first \[\(1,\)\], only in the second \[\]"):
        tree.assert_same_paths([1, 2], (3,))
