"""One table of layers: what is compared with Keras, and what every layer must do."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LayerCase:
    """A layer, its constructor's arguments and the shape of its input with the batch.

    `gradient` says whether differences of values make sense: floating point inputs, no randomness.
    """

    name: str
    kwargs: dict
    input_shape: tuple
    gradient: bool = True
    dtype: str = "float32"  # of the input

    def __str__(self):
        text = ",".join(f"{key}={value}" for key, value in self.kwargs.items())
        return f"{self.name}({text[:60]})"

    def data(self, seed=0):
        rng = np.random.default_rng(seed)
        if np.dtype(self.dtype).kind in "iu":
            return rng.integers(0, 256, self.input_shape).astype(self.dtype)
        return rng.normal(size=self.input_shape).astype(self.dtype)

    def weights(self, shapes, seed=1):
        """Values for weights: positive, as variances must be."""
        rng = np.random.default_rng(seed)
        return [rng.uniform(0.2, 1.2, shape).astype("float32") for shape in shapes]


def _case(layer, input_shape, /, gradient=True, input_dtype="float32", **kwargs):
    return LayerCase(layer, kwargs, input_shape, gradient, input_dtype)


_IMAGE, _STEPS, _FLAT = (2, 7, 6, 4), (2, 9, 4), (3, 5)
_WEIGHT_OPTIONS = {
    "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 3}},
    "bias_initializer": "ones",
    "kernel_regularizer": "l2",
    "bias_regularizer": {"class_name": "L1", "config": {"l1": 0.5}},
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
}

LAYERS = [
    _case("Dense", _FLAT, units=3),
    _case("Dense", (2, 3, 5), units=3, activation="tanh", use_bias=False),
    _case("Dense", _FLAT, units=4, activation="softmax", **_WEIGHT_OPTIONS),
    _case("Dense", _FLAT, units=2, input_dtype="int32", gradient=False),
    _case("Conv1D", _STEPS, filters=3, kernel_size=3),
    _case("Conv1D", _STEPS, filters=4, kernel_size=3, padding="same", strides=2, groups=2),
    _case("Conv1D", _STEPS, filters=3, kernel_size=3, padding="causal", dilation_rate=2),
    _case("Conv1D", _STEPS, filters=3, kernel_size=(2,), padding="causal", strides=(3,)),
    _case("Conv1D", _STEPS, filters=2, kernel_size=2, activation="sigmoid", **_WEIGHT_OPTIONS),
    _case("Conv2D", _IMAGE, filters=3, kernel_size=3),
    _case("Conv2D", _IMAGE, filters=3, kernel_size=(3, 2), padding="same", activation="tanh"),
    _case("Conv2D", _IMAGE, filters=5, kernel_size=(2, 3), strides=(2, 3), use_bias=False),
    _case("Conv2D", _IMAGE, filters=4, kernel_size=3, strides=2, padding="SAME"),
    _case("Conv2D", _IMAGE, filters=4, kernel_size=2, dilation_rate=(2, 3), groups=2),
    _case("Conv2D", _IMAGE, filters=2, kernel_size=[2, 2], name="first", **_WEIGHT_OPTIONS),
    _case("Conv2D", _IMAGE, filters=2, kernel_size=3, padding="same", dilation_rate=2),
    _case("DepthwiseConv1D", _STEPS, kernel_size=3, depth_multiplier=2, activation="elu"),
    _case("DepthwiseConv1D", _STEPS, kernel_size=2, padding="same", dilation_rate=3),
    _case("DepthwiseConv2D", _IMAGE, kernel_size=3),
    _case("DepthwiseConv2D", _IMAGE, kernel_size=(2, 3), depth_multiplier=3, use_bias=False),
    _case(
        "DepthwiseConv2D", _IMAGE, kernel_size=3, strides=2, padding="same",
        depthwise_regularizer="l2", depthwise_constraint="unit_norm", activation="softplus",
        depthwise_initializer="he_uniform", bias_constraint="min_max_norm",
    ),
    _case("MaxPooling1D", _STEPS),
    _case("MaxPooling1D", _STEPS, pool_size=3, strides=2, padding="same"),
    _case("MaxPooling2D", _IMAGE),
    _case("MaxPooling2D", _IMAGE, pool_size=(3, 2), strides=(2, 1), padding="same"),
    _case("MaxPooling2D", _IMAGE, pool_size=3, strides=1, padding="valid"),
    _case("AveragePooling1D", _STEPS, pool_size=2),
    _case("AveragePooling1D", _STEPS, pool_size=4, strides=3, padding="same"),
    _case("AveragePooling2D", _IMAGE, pool_size=2),
    _case("AveragePooling2D", _IMAGE, pool_size=(3, 4), strides=(2, 2), padding="same"),
    _case("GlobalAveragePooling1D", _STEPS),
    _case("GlobalAveragePooling1D", _STEPS, keepdims=True),
    _case("GlobalAveragePooling2D", _IMAGE),
    _case("GlobalAveragePooling2D", _IMAGE, keepdims=True, data_format="channels_last"),
    _case("GlobalAveragePooling2D", _IMAGE, input_dtype="int32", gradient=False),
    _case("GlobalMaxPooling1D", _STEPS, keepdims=True),
    _case("GlobalMaxPooling1D", _STEPS),
    _case("GlobalMaxPooling2D", _IMAGE),
    _case("GlobalMaxPooling2D", _IMAGE, keepdims=True),
    _case("GlobalMaxPooling2D", _IMAGE, input_dtype="int32", gradient=False),
    _case("Dropout", _FLAT, rate=0.5, gradient=False),
    _case("Dropout", _FLAT, rate=0, gradient=False),
    _case("Dropout", (2, 3, 4), rate=0.3, noise_shape=(None, 1, 4), seed=5, gradient=False),
    _case("SpatialDropout1D", _STEPS, rate=0.5, seed=7, gradient=False),
    _case("SpatialDropout2D", _IMAGE, rate=0.25, gradient=False),
    _case("Flatten", _IMAGE),
    _case("Flatten", (3,)),
    _case("Flatten", _STEPS, input_dtype="int32", gradient=False),
    _case("Reshape", _IMAGE, target_shape=(6, 28)),
    _case("Reshape", _IMAGE, target_shape=(-1, 14)),
    _case("Reshape", _FLAT, target_shape=[5, 1, 1], input_dtype="int32", gradient=False),
    _case("Permute", _IMAGE, dims=(3, 1, 2)),
    _case("Permute", _STEPS, dims=(2, 1)),
    _case("RepeatVector", _FLAT, n=3),
    _case("ZeroPadding1D", _STEPS),
    _case("ZeroPadding1D", _STEPS, padding=(0, 2)),
    _case("ZeroPadding2D", _IMAGE),
    _case("ZeroPadding2D", _IMAGE, padding=((1, 0), (2, 3))),
    _case("ZeroPadding2D", _IMAGE, padding=(2, 1)),
    _case("ZeroPadding2D", _IMAGE, padding=2, input_dtype="int32", gradient=False),
    _case("Cropping1D", _STEPS),
    _case("Cropping1D", _STEPS, cropping=(2, 0)),
    _case("Cropping2D", _IMAGE),
    _case("Cropping2D", _IMAGE, cropping=2),
    _case("Cropping2D", _IMAGE, cropping=((1, 0), (0, 3))),
    _case("UpSampling1D", _STEPS),
    _case("UpSampling1D", _STEPS, size=3),
    _case("UpSampling2D", _IMAGE),
    _case("UpSampling2D", _IMAGE, size=(1, 3)),
    _case("Activation", _FLAT, activation="gelu"),
    _case("Activation", _FLAT, activation="softmax"),
    _case("ReLU", _FLAT),
    _case("ReLU", _FLAT, max_value=1.0, negative_slope=0.25, threshold=0.5),
    _case("ReLU", _FLAT, max_value=6),
    _case("ReLU", _FLAT, negative_slope=0.5),
    _case("ReLU", _FLAT, threshold=0.75),
    _case("LeakyReLU", _FLAT),
    _case("LeakyReLU", _FLAT, negative_slope=0.1),
    _case("PReLU", _IMAGE, shared_axes=[1, 2]),
    _case("PReLU", _FLAT, alpha_initializer="ones", alpha_regularizer="l2"),
    _case("PReLU", _STEPS, shared_axes=1, alpha_constraint="non_neg"),
    _case("ELU", _FLAT),
    _case("ELU", _FLAT, alpha=0.5),
    _case("Softmax", _FLAT),
    _case("Softmax", _STEPS, axis=1),
    _case("Softmax", _STEPS, axis=(1, 2)),
    _case("BatchNormalization", _FLAT),
    _case("BatchNormalization", _IMAGE, momentum=0.9, epsilon=1e-2),
    _case("BatchNormalization", _IMAGE, axis=1),
    _case("BatchNormalization", _STEPS, axis=-2, scale=False),
    _case("BatchNormalization", _IMAGE, center=False, gamma_regularizer="l2"),
    _case("BatchNormalization", _FLAT, center=False, scale=False, beta_constraint="non_neg"),
    _case("LayerNormalization", _FLAT),
    _case("LayerNormalization", _IMAGE, axis=[1, 2, 3], epsilon=1e-5),
    _case("LayerNormalization", _IMAGE, axis=(-1, -2), center=False),
    _case("LayerNormalization", _IMAGE, axis=1, scale=False),
    _case("LayerNormalization", _IMAGE, axis=[1, 3], beta_initializer="ones"),
    _case("Rescaling", _FLAT, scale=1 / 255),
    _case("Rescaling", _IMAGE, scale=1 / 127.5, offset=-1, input_dtype="uint8", gradient=False),
    _case("Rescaling", _FLAT, scale=[1.0, 2.0, 3.0, 4.0, 5.0], offset=[0.0, 1.0, 0.0, 2.0, 0.0]),
]  # fmt: skip
