"""Messages: what is wrong, the constraint, what was received - before anything changes."""

import re

import numpy as np
import pytest

from pyclr import layers

ARGUMENTS = [
    (layers.Dense, {"units": 0}, "`units` must be a positive integer. Received: units=0"),
    (layers.Dense, {"units": 2.5}, "Received: units=2.5"),
    (layers.Dense, {"units": 2, "lora_rank": 3}, "`lora_rank` must be None"),
    (layers.Conv2D, {"filters": -1, "kernel_size": 3}, "`filters` must be a positive integer"),
    (layers.Conv2D, {"filters": 1, "kernel_size": (3, 0)}, "`kernel_size` must be an integer or a"),
    (layers.Conv2D, {"filters": 1, "kernel_size": (3, 3, 3)}, "a tuple of 2 integers"),
    (layers.Conv2D, {"filters": 1, "kernel_size": 3, "strides": "two"}, "Received: strides='two'"),
    (layers.Conv2D, {"filters": 1, "kernel_size": 3, "padding": "causal"}, "'valid' or 'same'"),
    (layers.Conv1D, {"filters": 1, "kernel_size": 3, "padding": "full"}, "or 'causal'"),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "groups": 2}, "a multiple of the number of"),
    (
        layers.Conv2D,
        {"filters": 1, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
        "can not both be greater than 1. Received: strides=(2, 2), dilation_rate=(2, 2)",
    ),
    (
        layers.Conv2D,
        {"filters": 1, "kernel_size": 3, "data_format": "channels_first"},
        "Move the channels of the data to the last axis",
    ),
    (layers.MaxPooling2D, {"pool_size": 0}, "`pool_size` must be"),
    (layers.MaxPooling2D, {"padding": "causal"}, "`padding` must be 'valid' or 'same'"),
    (layers.AveragePooling1D, {"data_format": "last"}, "Received: data_format='last'"),
    (layers.DepthwiseConv2D, {"kernel_size": 2, "depth_multiplier": 0}, "`depth_multiplier`"),
    (layers.Reshape, {"target_shape": (-1, -1)}, "one may be -1. Received: target_shape=(-1, -1)"),
    (layers.Reshape, {"target_shape": (2, -3)}, "Received: target_shape=(2, -3)"),
    (layers.Permute, {"dims": (0, 1)}, "counted from 1. Received: dims=(0, 1)"),
    (layers.RepeatVector, {"n": 0}, "`n` must be a positive integer"),
    (layers.ZeroPadding2D, {"padding": (1, 2, 3)}, "`padding` must be an integer, a tuple of two"),
    (layers.ZeroPadding1D, {"padding": -1}, "each at least 0. Received: padding=-1"),
    (layers.Cropping2D, {"cropping": ((1, -1), 0)}, "Received: cropping=((1, -1), 0)"),
    (layers.UpSampling2D, {"interpolation": "cubic"}, "`interpolation` must be 'nearest' or"),
    (layers.ReLU, {"max_value": -1}, "`max_value` must be a number, at least 0"),
    (layers.ReLU, {"negative_slope": None}, "Received: negative_slope=None"),
    (layers.LeakyReLU, {"negative_slope": -0.1}, "`negative_slope` must be a number"),
    (layers.BatchNormalization, {"renorm": True}, "`renorm` must be False"),
    (layers.BatchNormalization, {"renorm_clipping": {"rmax": 3}}, "`renorm_clipping` must be None"),
    (layers.GroupNormalization, {"groups": 0}, "`groups` must be a positive integer or -1"),
    (layers.Conv3D, {"filters": 1, "kernel_size": (3, 3)}, "a tuple of 3 integers"),
    (layers.Conv2DTranspose, {"filters": 0, "kernel_size": 3}, "`filters` must be a positive"),
    (
        layers.Conv2DTranspose,
        {"filters": 1, "kernel_size": 3, "strides": (2, 1), "output_padding": (1, 1)},
        "`output_padding` must be less than `strides`",
    ),
    (
        layers.Conv1DTranspose,
        {"filters": 1, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
        "can not both be greater than 1",
    ),
    (layers.SeparableConv2D, {"filters": 1, "kernel_size": 3, "depth_multiplier": 0}, "Received"),
    (layers.AdaptiveMaxPooling2D, {"output_size": (2, 0)}, "`output_size` must be an integer or a"),
    (layers.ZeroPadding3D, {"padding": (1, 2)}, "a tuple of three integers"),
    (layers.Cropping3D, {"cropping": -1}, "none negative. Received: cropping=-1"),
    (layers.UpSampling3D, {"size": 0}, "Received: size=0"),
    (layers.InputLayer, {}, "`shape` must be given"),
    (layers.InputLayer, {"shape": (2,), "batch_shape": (1, 2)}, "`batch_shape` can not be given"),
    (layers.InputLayer, {"shape": (-2,)}, "must be a positive integer"),
    (layers.InputLayer, {"input_tensor": 3}, "`input_tensor` must be a KerasTensor"),
    (layers.InputLayer, {"shape": (2,), "sparse": True}, "`sparse` must be False"),
    (layers.Activation, {"activation": "rellu"}, "Did you mean 'relu'"),
]


@pytest.mark.parametrize("layer, kwargs, message", ARGUMENTS)
def test_arguments(layer, kwargs, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        layer(**kwargs)


INPUTS = [
    (layers.Conv2D(2, 3, name="c"), (2, 8, 8), "expected ndim=4, found ndim=3"),
    (layers.Conv2D(2, 9, name="c"), (2, 8, 8, 1), "kernel_size=(9, 9), strides=(1, 1)"),
    (layers.Conv2D(2, 3, groups=2), (2, 8, 8, 3), "must be a multiple of the number of groups"),
    (layers.Dense(2, name="d"), (4,), "Input 0 of layer 'd' is incompatible with the layer"),
    (layers.MaxPooling1D(4), (2, 3, 1), "pool_size"),
    (layers.GlobalAveragePooling2D(), (2, 3, 4), "expected ndim=4"),
    (layers.SpatialDropout1D(0.5), (2, 3), "expected ndim=3, found ndim=2"),
    (layers.Permute((2, 1)), (2, 3, 4, 5), "expected ndim=3, found ndim=4"),
    (layers.Reshape((2, 2)), (3, 5), "target_shape=(2, 2)"),
    (layers.Reshape((2, -1)), (3, 5), "can not reshape 5 values"),
    (layers.Cropping1D((2, 1)), (2, 3, 1), "`cropping` must be smaller than the input"),
    (layers.BatchNormalization(axis=3), (2, 3), "`axis` must name an axis of the input"),
    (layers.LayerNormalization(axis=[1, 2]), (2, 3), "`axis` must name axes of the input"),
    (layers.GroupNormalization(3), (2, 4), "must be a multiple of the number of groups"),
    (layers.GroupNormalization(1, axis=0), (2, 4), "`axis` must name an axis of the input after"),
    (layers.RMSNormalization(axis=2), (2, 4), "`axis` must name axes of the input"),
    (layers.UnitNormalization(axis=[1, 2]), (2, 4), "`axis` must name axes of the input"),
    (layers.Conv3D(2, 3), (2, 4, 4, 2, 1), "the window must fit into the input"),
    (layers.Conv2DTranspose(2, 3), (2, 4, 4), "expected ndim=4, found ndim=3"),
    (layers.Cropping3D(2), (2, 4, 5, 5, 1), "`cropping` must be smaller than the input"),
    (layers.PReLU(shared_axes=2), (2, 3), "`shared_axes` must name axes from 1 to 1"),
]


@pytest.mark.parametrize("layer, shape, message", INPUTS)
def test_inputs(layer, shape, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        layer(np.ones(shape, "float32"))
    assert not layer.weights


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2, name="layer"),
        layers.Conv2D(2, 1, name="layer"),
        layers.DepthwiseConv2D(1, name="layer"),
        layers.BatchNormalization(name="layer"),
        layers.PReLU(name="layer", shared_axes=[1, 2]),
        layers.Conv2DTranspose(2, 1, name="layer"),
        layers.SeparableConv2D(2, 1, name="layer"),
        layers.GroupNormalization(2, name="layer"),
    ],
)
def test_changed_channels(layer):
    layer(np.ones((2, 3, 3, 4)))
    message = (
        r"Input 0 of layer 'layer' is incompatible with the layer: expected axis (-1|3) of the "
        r"input shape to have value 4. Full shape received: \(2, 3, 3, 5\)"
    )
    with pytest.raises(ValueError, match=message):
        layer(np.ones((2, 3, 3, 5)))


def test_unknown_channels():
    for layer in (layers.Dense(2), layers.Conv2D(2, 3), layers.DepthwiseConv2D(3)):
        with pytest.raises(ValueError, match="must be known. Received: input_shape="):
            layer.build((None, 8, 8, None))


@pytest.mark.parametrize(
    "layer", [layers.LayerNormalization, layers.RMSNormalization, layers.UnitNormalization]
)
def test_axis_of_normalizations_has_a_type(layer):
    with pytest.raises(TypeError, match="`axis` must be an integer or a list of integers"):
        layer(axis="last")


def test_mask_of_batch_normalization_has_one_axis_less():
    with pytest.raises(ValueError, match="`mask` must have one axis less than the input"):
        layers.BatchNormalization()(np.ones((2, 3, 4)), mask=np.ones((2,), "bool"))


def test_batch_normalization_on_one_device_is_synchronized():
    assert layers.BatchNormalization(synchronized=True).get_config()["synchronized"] is True


def test_unknown_arguments():
    with pytest.raises(TypeError, match="'Conv2D' takes no argument named 'filter'"):
        layers.Conv2D(2, 3, filter=3)
