"""Normalization layers."""

from .case import FLAT, IMAGE, STEPS, WEIGHT_OPTIONS, case, inner

CASES = [
    case("BatchNormalization", FLAT),
    case("BatchNormalization", IMAGE, momentum=0.9, epsilon=1e-2),
    case("BatchNormalization", IMAGE, axis=1),
    case("BatchNormalization", STEPS, momentum=0.5),
    case("BatchNormalization", STEPS, axis=-2, scale=False),
    case("BatchNormalization", IMAGE, center=False, gamma_regularizer="l2"),
    case("BatchNormalization", FLAT, center=False, scale=False, beta_constraint="non_neg"),
    case("LayerNormalization", FLAT),
    case("LayerNormalization", IMAGE, axis=[1, 2, 3], epsilon=1e-5),
    case("LayerNormalization", IMAGE, axis=(-1, -2), center=False),
    case("LayerNormalization", IMAGE, axis=1, scale=False),
    case("LayerNormalization", IMAGE, axis=[1, 3], beta_initializer="ones"),
    case("GroupNormalization", IMAGE, groups=2),
    case("GroupNormalization", FLAT, groups=-1, epsilon=0.1),
    case("GroupNormalization", STEPS, groups=4, center=False, gamma_initializer="ones"),
    case("GroupNormalization", IMAGE, groups=3, axis=2, scale=False, beta_regularizer="l2"),
    case("UnitNormalization", FLAT),
    case("UnitNormalization", IMAGE, axis=[1, 2]),
    case("UnitNormalization", STEPS, axis=1),
    case("RMSNormalization", FLAT),
    case("RMSNormalization", IMAGE, axis=(3, 2), epsilon=1e-2),
    case("SpectralNormalization", FLAT, gradient=False, layer=inner("Dense", units=3)),
    case(
        "SpectralNormalization", IMAGE, gradient=False, power_iterations=3,
        layer=inner("Conv2D", filters=2, kernel_size=3, **WEIGHT_OPTIONS),
    ),
]  # fmt: skip
