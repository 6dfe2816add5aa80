"""The functions that TensorFlow spells differently, against NumPy."""

import copy
import logging
import pickle

import numpy as np
import pytest

import pyclr
from pyclr.compat.facade import import_module

tf = import_module("tensorflow")
keras = import_module("tensorflow.keras")

A = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")
B = np.array([[2.0, 1.0, 0.0], [4.0, 8.0, -1.0]], "float32")
LABELS = np.array([2, 0])
PROBABILITIES = np.exp(A) / np.exp(A).sum(1, keepdims=True)


def test_arithmetic_and_reductions():
    cases = [
        (tf.reduce_mean(A), A.mean()),
        (tf.reduce_sum(input_tensor=A, axis=1, keepdims=True, name="s"), A.sum(1, keepdims=True)),
        (tf.math.reduce_max(A, 0), A.max(0)),
        (tf.reduce_min(A, axis=[0, 1]), A.min()),
        (tf.reduce_prod(A, 0), A.prod(0)),
        (tf.reduce_any(A > 2, 1), (A > 2).any(1)),
        (tf.reduce_all(A > -3), True),
        (tf.math.reduce_std(A, 0), A.std(0)),
        (tf.math.reduce_variance(A, 0), A.var(0)),
        (tf.argmax(A), A.argmax(0)),
        (tf.argmin(A, axis=1), A.argmin(1)),
        (tf.add_n([A, B, A]), A + B + A),
        (tf.clip_by_value(A, -1, 1), A.clip(-1, 1)),
        (tf.math.divide_no_nan(A, B), np.where(B == 0, 0, A / np.where(B == 0, 1, B))),
        (tf.math.l2_normalize(A, axis=1), A / np.sqrt((A**2).sum(1, keepdims=True))),
        (tf.math.squared_difference(A, B), (A - B) ** 2),
        (tf.matmul(A, B, transpose_b=True), A @ B.T),
        (tf.linalg.matmul(A, B, transpose_a=True), A.T @ B),
        (tf.pow(A, 2.0, name="p"), A**2),
        (tf.math.exp(A), np.exp(A)),
        (tf.abs(A), abs(A)),
        (tf.math.is_nan(A), np.isnan(A)),
        (tf.math.atan2(A, B), np.arctan2(A, B)),
        (tf.where(A > 0, A, B), np.where(A > 0, A, B)),
    ]
    for ours, expected in cases:
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_shapes_and_constructors():
    cases = [
        (tf.reshape(tensor=A, shape=[3, -1]), A.reshape(3, -1)),
        (tf.transpose(a=A, perm=[1, 0]), A.T),
        (tf.expand_dims(A, axis=0), A[None]),
        (tf.squeeze(A[None]), A),
        (tf.concat([A, B], axis=1), np.concatenate([A, B], 1)),
        (tf.concat(values=[A, B], axis=0), np.concatenate([A, B])),
        (tf.stack([A, B], axis=1), np.stack([A, B], 1)),
        (tf.gather(A, [1, 0]), A[[1, 0]]),
        (tf.gather(A, [2, 0], axis=1), A[:, [2, 0]]),
        (tf.pad(A, [[1, 0], [0, 2]], "CONSTANT"), np.pad(A, [[1, 0], [0, 2]])),
        (tf.one_hot(LABELS, depth=3), np.eye(3)[LABELS]),
        (tf.one_hot(LABELS, 3, axis=0), np.eye(3)[LABELS].T),
        (tf.one_hot(LABELS, 3, on_value=5.0, off_value=-1.0), np.eye(3)[LABELS] * 6 - 1),
        (tf.zeros([2, 1]), np.zeros([2, 1])),
        (tf.ones_like(A), np.ones_like(A)),
        (tf.fill([2, 2], 7.0), np.full([2, 2], 7.0)),
        (tf.constant(A, shape=[6]), A.reshape(6)),
        (tf.shape(A), A.shape),
        (tf.rank(A), A.ndim),
        (tf.identity(A), A),
        (tf.cast([1.5, -1.5], tf.int32), [1, -1]),
    ]
    for ours, expected in cases:
        np.testing.assert_array_equal(ours, expected)
        assert np.shape(ours) == np.shape(expected)


def test_nn_functions():
    cases = [
        (tf.nn.softmax(A), PROBABILITIES),
        (tf.nn.log_softmax(logits=A, axis=-1), np.log(PROBABILITIES)),
        (tf.nn.relu(A, name="r"), A.clip(0)),
        (tf.nn.leaky_relu(A, alpha=0.5), np.where(A > 0, A, A / 2)),
        (tf.nn.l2_loss(A), (A**2).sum() / 2),
        (tf.nn.moments(A, axes=[0])[1], A.var(0)),
        (
            tf.nn.sigmoid_cross_entropy_with_logits(labels=(B > 0) * 1.0, logits=A),
            np.log1p(np.exp(np.where(B > 0, -A, A))),
        ),
        (
            tf.nn.softmax_cross_entropy_with_logits(labels=np.eye(3)[LABELS], logits=A),
            -np.log(PROBABILITIES[[0, 1], LABELS]),
        ),
        (
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=A),
            -np.log(PROBABILITIES[[0, 1], LABELS]),
        ),
    ]
    for ours, expected in cases:
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


IMAGE = np.random.default_rng(3).uniform(size=(4, 6, 3)).astype("float32")
PIXELS = (IMAGE * 255).astype("uint8")


def test_picking_placing_and_ordering():
    mask = np.array([True, False, True])
    cases = [
        (tf.range(5), np.arange(5)),
        (tf.range(2, 9, 3), [2, 5, 8]),
        (tf.split(A, [1, 2], axis=1)[1], A[:, 1:]),
        (tf.split(A, [1, -1], axis=1)[1], A[:, 1:]),
        (tf.split(A, 3, axis=1)[2], A[:, 2:]),
        (tf.boolean_mask(A, A > 0), A[A > 0]),
        (tf.boolean_mask(A, mask, axis=1), A[:, mask]),
        (tf.gather_nd(A, [[0, 2], [1, 0]]), A[[0, 1], [2, 0]]),
        (tf.gather_nd(A, [[1], [0]]), A[[1, 0]]),
        (tf.scatter_nd([[2], [0]], np.float32([5, 6]), [4]), [6, 0, 5, 0]),
        (tf.map_fn(lambda row: row * 2, A), A * 2),
        (tf.reverse(A, axis=[1]), A[:, ::-1]),
        (tf.cumsum(A), A.cumsum(0)),
        (tf.math.cumsum(A, axis=1, reverse=True), A[:, ::-1].cumsum(1)[:, ::-1]),
        (tf.cumsum(A, 1, exclusive=True), A.cumsum(1) - A),
        (tf.sort(A, direction="DESCENDING"), -np.sort(-A)),
        (tf.argsort(A, axis=1, direction="DESCENDING"), np.argsort(-A)),
        (tf.unique([3, 1, 3, 2])[0], [3, 1, 2]),
        (tf.unique([3, 1, 3, 2])[1], [0, 1, 0, 2]),
        (tf.sequence_mask([1, 3]), [[True, False, False], [True, True, True]]),
        (tf.math.confusion_matrix([0, 2, 1], [0, 1, 1]), [[1, 0, 0], [0, 1, 0], [0, 1, 0]]),
        (tf.reduce_logsumexp(A, 1), np.log(np.exp(A).sum(1))),
        (tf.linalg.diag(A)[1], np.diag(A[1])),
        (tf.linalg.diag_part(A[:, :2]), A[:, :2].diagonal()),
        (tf.linalg.band_part(A, 0, -1), np.triu(A)),
        (tf.linalg.band_part(A, -1, 0), np.tril(A)),
    ]
    for ours, expected in cases:
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"must have the shape \(None, 2\). Received: \(2, 3\)"):
        tf.ensure_shape(A, (None, 2))


def test_layers_as_functions():
    images, kernel = IMAGE[None], np.ones((2, 2, 3, 1), "float32")
    total = images.sum(-1)
    windows = total[:, :-1, :-1] + total[:, 1:, :-1] + total[:, :-1, 1:] + total[:, 1:, 1:]
    blocks = images.reshape(1, 2, 2, 3, 2, 3)
    cases = [
        (tf.nn.conv2d(images, kernel, [1, 1, 1, 1], "VALID")[..., 0], windows),
        (tf.nn.conv2d(images, kernel, strides=2, padding="SAME")[..., 0], windows[:, ::2, ::2]),
        (tf.nn.max_pool2d(images, 2, 2, "VALID"), blocks.max((2, 4))),
        (tf.nn.max_pool(images, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), blocks.max((2, 4))),
        (tf.nn.avg_pool2d(images, (2, 2), (2, 2), "VALID"), blocks.mean((2, 4))),
        (tf.nn.bias_add(images, [1.0, 2.0, 3.0]), images + [1, 2, 3]),
        (tf.nn.embedding_lookup(A, [1, 0, 1]), A[[1, 0, 1]]),
        (tf.nn.batch_normalization(A, 1.0, 4.0, 2.0, 3.0, 0.0), (A - 1) / 2 * 3 + 2),
        (tf.nn.dropout(A, 0.0), A),
    ]
    for ours, expected in cases:
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_images():
    gray = IMAGE @ np.float32([0.2989, 0.587, 0.114])
    mean, padded = IMAGE.mean((0, 1)), np.pad(IMAGE, [(1, 3), (2, 0), (0, 0)])
    cases = [
        (tf.image.flip_left_right(IMAGE), IMAGE[:, ::-1]),
        (tf.image.flip_up_down(IMAGE[None]), IMAGE[None, ::-1]),
        (tf.image.rot90(IMAGE), np.rot90(IMAGE)),
        (tf.image.transpose(IMAGE), IMAGE.transpose(1, 0, 2)),
        (tf.image.rgb_to_grayscale(IMAGE), gray[..., None]),
        (tf.image.grayscale_to_rgb(gray[..., None]), np.stack([gray] * 3, -1)),
        (tf.image.convert_image_dtype(PIXELS, tf.float32), PIXELS / 255),
        (tf.image.convert_image_dtype(PIXELS / np.float32(255), tf.uint8), PIXELS),
        (tf.image.adjust_brightness(IMAGE, 0.2), IMAGE + 0.2),
        (tf.image.adjust_brightness(PIXELS, 0.2), np.minimum(PIXELS + 51.0, 255)),
        (tf.image.adjust_contrast(IMAGE, 2.0), (IMAGE - mean) * 2 + mean),
        (tf.image.per_image_standardization(IMAGE), (IMAGE - IMAGE.mean()) / IMAGE.std()),
        (tf.image.crop_to_bounding_box(IMAGE, 1, 2, 3, 4), IMAGE[1:4, 2:6]),
        (tf.image.central_crop(IMAGE, 0.5), IMAGE[1:3, 1:5]),
        (tf.image.pad_to_bounding_box(IMAGE, 1, 2, 8, 8), padded),
        (
            tf.image.resize_with_crop_or_pad(IMAGE, 2, 8),
            np.pad(IMAGE[1:3], [(0, 0), (1, 1), (0, 0)]),
        ),
        (tf.image.resize(IMAGE, [2, 3]), IMAGE.reshape(2, 2, 3, 2, 3).mean((1, 3))),
        (tf.image.resize(PIXELS, [8, 12], method="nearest"), PIXELS.repeat(2, 0).repeat(2, 1)),
    ]
    for i, (ours, expected) in enumerate(cases):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5, err_msg=f"case {i}")
    assert tf.image.resize(IMAGE, (8, 8), preserve_aspect_ratio=True).shape == (5, 8, 3)
    assert tf.image.resize(PIXELS, (2, 2)).dtype == "float32"


def test_random_images_and_numbers():
    flips = np.asarray(tf.image.random_flip_left_right(np.stack([IMAGE] * 40), seed=2))
    kinds = {image.tobytes() for image in flips}
    assert kinds == {IMAGE.tobytes(), np.ascontiguousarray(IMAGE[:, ::-1]).tobytes()}
    crop = np.asarray(tf.image.random_crop(np.arange(20).reshape(4, 5, 1), (2, 3, 1), seed=1))
    assert (np.diff(crop[..., 0], axis=1) == 1).all() and (np.diff(crop[..., 0], axis=0) == 5).all()
    bright = np.asarray(tf.image.random_brightness(IMAGE, 0.3, seed=1)) - IMAGE
    assert 0 < abs(bright).max() <= 0.3 and np.ptp(bright) < 1e-5
    tf.image.random_contrast(IMAGE, 0.5, 1.5)
    assert tf.random.normal([3, 2], stddev=2.0).shape == (3, 2)
    assert tf.random.truncated_normal((2000,)).numpy().max() <= 2
    draws = tf.random.uniform([50], 3, 6, dtype=tf.int32).numpy()
    assert draws.dtype == "int32" and set(draws) == {3, 4, 5}
    with pytest.raises(ValueError, match="`maxval` is needed for integers. Received: maxval=None"):
        tf.random.uniform([2], 3, dtype=tf.int64)
    assert sorted(tf.random.shuffle(np.arange(9)).numpy()) == list(range(9))
    assert tf.random.categorical(A, 4).shape == (2, 4)


def test_gradients_flow_through_the_functions():
    x = tf.Variable(A)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.math.divide_no_nan(tf.square(x), B))
    expected = np.where(B == 0, 0, 2 * A / np.where(B == 0, 1, B))
    np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-6)


def test_dtypes_are_strings_with_tensorflows_attributes():
    assert tf.zeros([2]).dtype == tf.float32 == "float32"
    assert tf.argmax(A).dtype == tf.int64
    assert tf.argmax(A, output_type=tf.int32).dtype == "int32"
    assert tf.float32.as_numpy_dtype is np.float32
    assert tf.float32.is_floating and not tf.int32.is_floating and tf.bool.is_bool
    assert tf.as_dtype(np.uint8).name == "uint8" and tf.uint8.is_integer
    assert tf.cast(A, np.float64).dtype == np.zeros(1, tf.float64).dtype
    assert repr(tf.float32) == "tf.float32"


def test_functions_of_the_runtime(capsys):
    @tf.function
    def double(x):
        return 2 * x

    @tf.function(jit_compile=True)
    def triple(x):
        return 3 * x

    with tf.device("/GPU:0"), tf.name_scope("s"):
        assert (double(2), triple(2)) == (4, 6)
    assert tf.executing_eagerly()
    assert isinstance(tf.get_logger(), logging.Logger)
    assert tf.config.list_physical_devices("GPU") == []
    assert tf.config.experimental.list_physical_devices("CPU")[0].device_type == "CPU"
    assert not tf.test.is_gpu_available()
    tf.print("loss", tf.constant(2.5), sep="=")
    assert capsys.readouterr().err == "loss=2.5\n"


def test_threads():
    before = pyclr.config.num_threads()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(4)
        tf.config.threading.set_intra_op_parallelism_threads(0)
        assert tf.config.threading.get_intra_op_parallelism_threads() == 1
        assert pyclr.config.num_threads() == 1
    finally:
        pyclr.config.set_num_threads(before)


def test_the_seed():
    tf.random.set_seed(3)
    expected = pyclr.random.seed.make_seed()
    keras.utils.set_random_seed(3)
    assert pyclr.random.seed.make_seed() == expected
    tf.random.set_seed(-1)
    assert pyclr.random.seed.make_seed() != expected


def test_the_backend_of_keras_2():
    K = keras.backend
    variable = K.variable(2.0)
    K.set_value(variable, 3.0)
    assert K.get_value(variable) == 3 and isinstance(K.get_value(variable), np.float32)
    K.batch_set_value([(variable, 4.0)])
    assert K.get_value(variable) == 4
    optimizer = keras.optimizers.SGD(0.25)
    assert float(K.get_value(optimizer.learning_rate)) == 0.25
    np.testing.assert_allclose(K.std(A, axis=0), A.std(0), rtol=1e-6)
    assert K.flatten(A).shape == (6,) and K.batch_flatten(A[None]).shape == (1, 6)
    assert K.int_shape(A) == (2, 3)
    assert K.cast_to_floatx(np.array([1])).dtype == K.floatx() == "float32"
    assert K.epsilon() == 1e-7 and K.backend() == "pyclr"
    assert K.eval(K.update_add(variable, 1.0)) == 5 and K.count_params(K.variable(A)) == 6
    assert K.permute_dimensions(A, (1, 0)).shape == (3, 2)
    assert K.random_normal((2, 3)).shape == K.random_uniform((2, 3)).shape == (2, 3)


def test_keras_2_spellings():
    layers = keras.layers
    assert layers.experimental.preprocessing.Rescaling is pyclr.layers.Rescaling
    assert keras.optimizers.legacy.SGD is pyclr.optimizers.SGD
    assert keras.preprocessing.image.load_img is pyclr.utils.load_img
    assert keras.preprocessing.sequence.pad_sequences is pyclr.utils.pad_sequences
    assert keras.tree.flatten is pyclr.tree.flatten
    tfa = import_module("tensorflow_addons")
    assert tfa.optimizers.Triangular2CyclicalLearningRate.__module__.startswith("pyclr.")


def test_the_keras_tree_is_pyclrs():
    for name in ("layers", "optimizers", "optimizers.schedules", "datasets.fashion_mnist"):
        facade, module = import_module(f"keras.{name}"), pyclr
        for part in name.split("."):
            module = getattr(module, part)
        for public in facade.__all__:
            value = getattr(facade, public)
            if callable(value):
                assert value is getattr(module, public), public


def test_modules_of_other_libraries_are_not_passed_on():
    assert not hasattr(keras.ops, "np")
    assert not hasattr(tf, "np")
    assert not hasattr(keras, "_core")
    assert "np" not in dir(keras.ops)


def test_a_missing_name_is_an_attribute_error_with_a_suggestion():
    with pytest.raises(AttributeError, match="pyclr has no 'tf.keras.foo' .asked for under"):
        _ = keras.foo
    with pytest.raises(AttributeError, match="Did you mean 'tf.reduce_mean'?"):
        _ = tf.reduce_men
    assert not hasattr(tf, "lite") and not hasattr(keras.layers, "Dens")


def test_a_module_can_be_printed_copied_and_pickled():
    assert repr(keras.layers) == "<module 'tensorflow.keras.layers' from pyclr.compat>"
    assert pickle.loads(pickle.dumps(keras.layers)) is keras.layers
    assert copy.deepcopy(keras.layers) is keras.layers
