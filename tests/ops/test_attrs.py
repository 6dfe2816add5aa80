"""Attributes: equality sees every field, keywords are checked."""

import pytest
from op_cases import CASES

from pyclr import _core as core


@pytest.mark.parametrize("name", core.op_names())
def test_every_field_matters_to_equality(name):
    still_equal = [field for field, equal in core.attribute_inequality(name).items() if equal]
    assert not still_equal


def test_fields_are_seen():
    assert set(core.attribute_inequality("matmul")) == {"transpose_a", "transpose_b"}


def test_every_op_has_a_case():
    assert {case.op for case in CASES} == set(core.op_names())
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [n for n in core.op_names() if core.attribute_inequality(n)])
def test_unknown_attribute(name):
    with pytest.raises(TypeError, match=rf"{name}: .*\['colour'\]"):
        getattr(core.ops, name)(core.tensor([1.0]), colour="blue")


@pytest.mark.parametrize(
    "op, attrs, message",
    [
        ("concat", {"axis": "last"}, "concat: axis must be an integer. Received: axis='last'"),
        ("concat", {"axis": 1.5}, "concat: axis must be an integer. Received: axis=1.5"),
        ("sum", {"axes": 1}, "sum: axes must be integers. Received: axes=1"),
        ("sum", {"keepdims": "yes"}, "sum: keepdims must be a bool. Received: keepdims='yes'"),
        ("dense", {"activation": 3}, "dense: activation must be a string. Received: activation=3"),
        ("cast", {"dtype": "float8"}, "Received: dtype=float8"),
        ("host", {"function": len}, "host: function must be a HostFunction."),
    ],
)
def test_attribute_of_the_wrong_type(op, attrs, message):
    with pytest.raises(TypeError) as error:
        getattr(core.ops, op)(core.tensor([1.0]), **attrs)
    assert message in str(error.value)
