"""Pooling layers."""

from .case import IMAGE, STEPS, VOLUME, case

CASES = [
    case("MaxPooling1D", STEPS),
    case("MaxPooling1D", STEPS, pool_size=3, strides=2, padding="same"),
    case("MaxPooling2D", IMAGE),
    case("MaxPooling2D", IMAGE, pool_size=(3, 2), strides=(2, 1), padding="same"),
    case("MaxPooling2D", IMAGE, pool_size=3, strides=1, padding="valid"),
    case("AveragePooling1D", STEPS, pool_size=2),
    case("AveragePooling1D", STEPS, pool_size=4, strides=3, padding="same"),
    case("AveragePooling2D", IMAGE, pool_size=2),
    case("AveragePooling2D", IMAGE, pool_size=(3, 4), strides=(2, 2), padding="same"),
    case("GlobalAveragePooling1D", STEPS),
    case("GlobalAveragePooling1D", STEPS, keepdims=True),
    case("GlobalAveragePooling2D", IMAGE),
    case("GlobalAveragePooling2D", IMAGE, keepdims=True, data_format="channels_last"),
    case("GlobalAveragePooling2D", IMAGE, input_dtype="int32"),
    case("GlobalMaxPooling1D", STEPS, keepdims=True),
    case("GlobalMaxPooling1D", STEPS),
    case("GlobalMaxPooling2D", IMAGE),
    case("GlobalMaxPooling2D", IMAGE, keepdims=True),
    case("GlobalMaxPooling2D", IMAGE, input_dtype="int32"),
    case("MaxPooling3D", VOLUME),
    case("MaxPooling3D", VOLUME, pool_size=(2, 3, 2), strides=(2, 1, 3), padding="same"),
    case("AveragePooling3D", VOLUME, pool_size=2),
    case("AveragePooling3D", VOLUME, pool_size=3, strides=2, padding="same"),
    case("GlobalAveragePooling3D", VOLUME),
    case("GlobalAveragePooling3D", VOLUME, keepdims=True),
    case("GlobalMaxPooling3D", VOLUME),
    case("GlobalMaxPooling3D", VOLUME, keepdims=True),
    *(
        case(f"Adaptive{kind}Pooling{len(shape) - 2}D", shape, output_size=size)
        for kind in ("Average", "Max")
        for shape, size in (
            (STEPS, 4), (STEPS, (3,)), (IMAGE, 3), (IMAGE, [7, 4]), (VOLUME, (2, 2, 5)),
        )
    ),
]  # fmt: skip
