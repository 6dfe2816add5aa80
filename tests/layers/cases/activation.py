"""Activation layers."""

from .case import FLAT, IMAGE, STEPS, case

CASES = [
    case("Activation", FLAT, activation="gelu"),
    case("Activation", FLAT, activation="softmax"),
    case("ReLU", FLAT),
    case("ReLU", FLAT, max_value=1.0, negative_slope=0.25, threshold=0.5),
    case("ReLU", FLAT, max_value=6),
    case("ReLU", FLAT, negative_slope=0.5),
    case("ReLU", FLAT, threshold=0.75),
    case("LeakyReLU", FLAT),
    case("LeakyReLU", FLAT, negative_slope=0.1),
    case("PReLU", IMAGE, shared_axes=[1, 2]),
    case("PReLU", FLAT, alpha_initializer="ones", alpha_regularizer="l2"),
    case("PReLU", STEPS, shared_axes=1, alpha_constraint="non_neg"),
    case("ELU", FLAT),
    case("ELU", FLAT, alpha=0.5),
    case("Softmax", FLAT),
    case("Softmax", STEPS, axis=1),
    case("Softmax", STEPS, axis=(1, 2)),
]  # fmt: skip
