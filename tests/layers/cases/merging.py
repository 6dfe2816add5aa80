"""Merging layers."""

from .case import FLAT, IMAGE, STEPS, case

_BROADCAST = [(2, 3, 4), (2, 1, 4)]

CASES = [
    *(
        case(name, shapes)
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
        for shapes in ([FLAT, FLAT], _BROADCAST)
    ),
    case("Add", [STEPS, STEPS, STEPS], name="three"),
    case("Add", [FLAT, FLAT], input_dtype="int32"),
    case("Multiply", [(2, 4), (2, 3, 4)], name="ranks"),
    case("Multiply", [STEPS, STEPS, STEPS]),
    case("Maximum", [STEPS, STEPS]),
    case("Minimum", [STEPS, STEPS, STEPS]),
    case("Concatenate", [FLAT, (3, 2)]),
    case("Concatenate", [STEPS, (2, 9, 3)]),
    case("Concatenate", [STEPS, (2, 2, 4), STEPS], axis=1),
    case("Concatenate", [IMAGE, IMAGE], axis=-2),
    case("Concatenate", [FLAT, FLAT], axis=1, input_dtype="int32"),
    case("Dot", [FLAT, FLAT], axes=1),
    case("Dot", [FLAT, FLAT], axes=-1, normalize=True),
    case("Dot", [(2, 3, 5), (2, 4, 3)], axes=(1, 2)),
    case("Dot", [(2, 3, 5), (2, 4, 5)], axes=-1, normalize=True),
    case("Dot", [(2, 3, 5), (2, 5)], axes=(2, 1)),
    case("Dot", [(2, 5), (2, 3, 5)], axes=[1, 2]),
    case("Dot", [(2, 3, 5, 4), (2, 5, 3)], axes=(2, 1)),
]  # fmt: skip
