"""Merging layers: functions, masks of some inputs only, messages."""

import re

import numpy as np
import pytest

from pyclr import layers, ops

A, B = np.arange(6.0).reshape(2, 3), np.full((2, 3), 2.0)


@pytest.mark.parametrize(
    "function, expected",
    [
        (layers.add, A + B),
        (layers.subtract, A - B),
        (layers.multiply, A * B),
        (layers.average, (A + B) / 2),
        (layers.maximum, np.maximum(A, B)),
        (layers.minimum, np.minimum(A, B)),
        (layers.concatenate, np.concatenate([A, B], -1)),
        (layers.dot, (A * B).sum(1, keepdims=True)),
    ],
)
def test_functions(function, expected):
    np.testing.assert_array_equal(function([A, B]).numpy(), expected)
    symbolic = function([layers.Input((3,)), layers.Input((3,))], name="merged")
    assert symbolic.shape == (None, *expected.shape[1:])


def masked(value, mask, shape=(1, 3, 2)):
    x = ops.convert_to_tensor(np.full(shape, value, "float32"))
    if mask is not None:
        x._keras_mask = ops.convert_to_tensor(np.array([mask]))
    return x


def test_masks_of_some_inputs():
    one, none = masked(3.0, [True, False, False]), masked(2.0, None)
    for layer in (layers.Add(), layers.Multiply(), layers.Maximum()):
        assert not hasattr(layer([one, none]), "_keras_mask")
    # A masked factor counts as 1, a masked number is no maximum.
    np.testing.assert_array_equal(layers.Multiply()([one, none]).numpy()[0, :, 0], [6, 2, 2])
    np.testing.assert_array_equal(layers.Maximum()([one, none]).numpy()[0, :, 0], [3, 2, 2])
    joined = layers.Concatenate(axis=1)([one, none])
    np.testing.assert_array_equal(joined._keras_mask.numpy(), [[1, 0, 0, 1, 1, 1]])
    joined = layers.Concatenate()([one, masked(1.0, [False, True, False])])
    np.testing.assert_array_equal(joined._keras_mask.numpy(), [[1, 1, 0]])


def test_masked_everywhere():
    one, other = masked(3.0, [True, False, False]), masked(2.0, [True, True, False])
    product = layers.Multiply()([one, other])
    np.testing.assert_array_equal(product.numpy()[0, :, 0], [6, 2, 0])
    np.testing.assert_array_equal(product._keras_mask.numpy(), [[1, 1, 0]])
    assert not hasattr(layers.Dot(axes=2)([one, other]), "_keras_mask")


MESSAGES = [
    (layers.Add(), A, "A Add layer must be called on a list of inputs"),
    (layers.Subtract(), [A], "A Subtract layer must be called on 2 inputs. Received: 1"),
    (layers.Dot(axes=1), [A, A, A], "A Dot layer must be called on 2 inputs. Received: 3"),
    (layers.Add(), [A, np.ones((2, 4))], "must have shapes that broadcast"),
    (layers.Concatenate(), [A, np.ones((2, 3, 1))], "the same shape but for the axis"),
    (layers.Concatenate(axis=3), [A, A], "`axis` must name an axis of the inputs"),
    (layers.Dot(axes=2), [A, A], "`axes` must name axes of the inputs after the batch"),
    (layers.Dot(axes=1), [A, np.ones((2, 4))], "the same size along `axes`"),
]


@pytest.mark.parametrize("layer, inputs, message", MESSAGES)
def test_messages(layer, inputs, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        layer(inputs)


@pytest.mark.parametrize("axes", [0, (1,), (1, 0), (1, 1.5)])
def test_axes_of_dot_are_checked(axes):
    with pytest.raises(ValueError, match="`axes` must be an integer or a pair of integers, none"):
        layers.Dot(axes)
    with pytest.raises(TypeError, match="`axes` must be an integer or a pair"):
        layers.Dot("last")


def test_unknown_sizes():
    assert layers.Add().compute_output_shape([(None, None, 4), (2, 5, 1)]) == (2, None, 4)
    assert layers.Concatenate(1).compute_output_shape([(None, None, 4), (None, 2, 4)]) == (
        None, None, 4,
    )  # fmt: skip
