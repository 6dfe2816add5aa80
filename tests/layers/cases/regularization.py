"""Layers that regularize."""

from .case import FLAT, IMAGE, STEPS, VOLUME, case

CASES = [
    case("Dropout", FLAT, rate=0.5, random=True),
    case("Dropout", FLAT, rate=0),
    case("Dropout", (2, 3, 4), rate=0.3, noise_shape=(None, 1, 4), seed=5, random=True),
    case("SpatialDropout1D", STEPS, rate=0.5, seed=7, random=True),
    case("SpatialDropout2D", IMAGE, rate=0.25, random=True),
    case("SpatialDropout3D", VOLUME, rate=0.5, seed=3, random=True),
    case("GaussianNoise", FLAT, stddev=0.5, random=True),
    case("GaussianNoise", STEPS, stddev=0, seed=2),
    case("GaussianDropout", FLAT, rate=0.25, seed=4, random=True),
    case("GaussianDropout", STEPS, rate=0),
    case("AlphaDropout", FLAT, rate=0.5, random=True),
    case("AlphaDropout", STEPS, rate=0.25, noise_shape=(None, 1, 4), seed=6, random=True),
    case("AlphaDropout", STEPS, rate=0),
    case("ActivityRegularization", FLAT, l1=0.5, l2=0.25),
    case("ActivityRegularization", STEPS),
]  # fmt: skip
