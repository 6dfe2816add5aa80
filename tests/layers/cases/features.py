"""Preprocessing of numbers, categories and images."""

from .case import FLAT, IMAGE, STEPS, case

_TOKENS = {"input_dtype": "int32", "high": 5}
_BINS = {"bin_boundaries": [-0.5, 0.0, 1.0]}

CASES = [
    case("Normalization", FLAT),
    case("Normalization", IMAGE, axis=(1, -1), invert=True),
    case("Normalization", STEPS, axis=None),
    case("Normalization", FLAT, mean=1.5, variance=4.0, gradient=True),
    case("Normalization", STEPS, axis=-1, mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 2.0, 3.0, 4.0]),
    case("Discretization", FLAT, gradient=False, **_BINS),
    case("Discretization", (4, 1), output_mode="one_hot", gradient=False, **_BINS),
    case("Discretization", FLAT, output_mode="multi_hot", gradient=False, **_BINS),
    case("Discretization", STEPS, output_mode="count", gradient=False, **_BINS),
    case("CategoryEncoding", (3, 4), num_tokens=5, **_TOKENS),
    case("CategoryEncoding", (3, 4), num_tokens=5, output_mode="count", **_TOKENS),
    case("CategoryEncoding", (3, 4), num_tokens=5, output_mode="one_hot", **_TOKENS),
    case("CategoryEncoding", (3, 1), num_tokens=5, output_mode="one_hot", **_TOKENS),
    case("Resizing", IMAGE, height=4, width=9),
    case("Resizing", IMAGE, height=3, width=3, interpolation="nearest", crop_to_aspect_ratio=True),
    case("Resizing", IMAGE, height=12, width=8, pad_to_aspect_ratio=True),
    case("Resizing", IMAGE, height=9, width=5, interpolation="bicubic"),
    case("CenterCrop", IMAGE, height=3, width=4),
    case("CenterCrop", IMAGE, height=8, width=5),
]  # fmt: skip
