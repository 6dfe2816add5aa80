"""Preprocessing layers."""

from .case import FLAT, IMAGE, case

CASES = [
    case("Rescaling", FLAT, scale=1 / 255),
    case("Rescaling", IMAGE, scale=1 / 127.5, offset=-1, input_dtype="uint8"),
    case("Rescaling", FLAT, scale=[1.0, 2.0, 3.0, 4.0, 5.0], offset=[0.0, 1.0, 0.0, 2.0, 0.0]),
]  # fmt: skip
