"""Core layers."""

from .case import FLAT, STEPS, WEIGHT_OPTIONS, case

CASES = [
    case("Dense", FLAT, units=3),
    case("Dense", (2, 3, 5), units=3, activation="tanh", use_bias=False),
    case("Dense", FLAT, units=4, activation="softmax", **WEIGHT_OPTIONS),
    case("Dense", FLAT, units=2, input_dtype="int32"),
    case("Identity", STEPS),
    case("Identity", FLAT, input_dtype="int32"),
    case("Identity", [FLAT, (3, 2, 4)]),
]  # fmt: skip
