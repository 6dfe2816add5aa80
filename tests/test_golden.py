"""Trajectories, layers and losses against files that Keras made (tests/golden/make_golden.py)."""

from pathlib import Path

import numpy as np
import pytest
from golden import recipes

import pyclr
from pyclr import GradientTape

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def files():
    return {name: dict(np.load(GOLDEN / f"{name}.npz")) for name in
            ("trajectories", "layers", "losses")}  # fmt: skip


def make(module, spec):
    name, arguments = spec
    return getattr(module, name)(**arguments)


def assert_close(got, expected, tolerance, what):
    error = np.abs(np.asarray(got, "float64") - expected).max()
    assert error <= tolerance * np.abs(expected).max(), f"{what}: off by {error:.3g}"


@pytest.mark.parametrize(("model", "case"), recipes.TRAJECTORIES)
def test_trajectory(files, model, case):
    """50 training steps from the same weights on the same batches, replayed from the third on."""
    optimizer = recipes.TRAJECTORIES[model, case]
    net = pyclr.Sequential(
        [pyclr.Input(recipes.WORKLOADS[model].input_shape)]
        + [make(pyclr.layers, spec) for spec in recipes.layers_of(model)]
    )
    net.set_weights(recipes.initial_weights(model))
    net.compile(make(pyclr.optimizers, optimizer), "sparse_categorical_crossentropy")
    losses = [net.train_on_batch(x, y) for x, y in recipes.batches(model)]
    assert net.explain_step().startswith("The step is replayed")
    expected = files["trajectories"]
    kind = optimizer[0]
    assert_close(
        losses, expected[f"{model}/{case}/losses"], recipes.LOSSES_TOLERANCE[kind], "losses"
    )
    for i, weight in enumerate(net.get_weights()):
        assert_close(
            recipes.summary(weight),
            expected[f"{model}/{case}/weight_{i}"],
            recipes.WEIGHTS_TOLERANCE[kind],
            f"weight {i}",
        )


def run_layer(layer, x, dy):
    """Output, gradients of the trainable weights, gradient of the input, for training=True."""
    x = pyclr.Variable(x)
    with GradientTape() as tape:
        y = layer(x, training=True)
    sources = [x, *layer.trainable_weights]
    dx, *gradients = tape.gradient(y, sources, output_gradients=pyclr.ops.convert_to_tensor(dy))
    return y.numpy(), [g.numpy() for g in gradients], dx.numpy()


def set_trainable(layer):
    values = recipes.layer_weights([v.shape for v in layer.trainable_weights])
    for variable, value in zip(layer.trainable_weights, values):
        variable.assign(value)


def check_pass(files, key, layer, shape, step):
    expected = files["layers"]
    x = recipes.layer_input(shape, step)
    out_shape = expected[f"{key}/output"].shape
    y, gradients, dx = run_layer(layer, x, recipes.output_gradient(out_shape, step))
    assert_close(y, expected[f"{key}/output"], recipes.TOLERANCE, "output")
    assert_close(dx, expected[f"{key}/input_gradient"], recipes.TOLERANCE, "input gradient")
    for i, gradient in enumerate(gradients):
        assert_close(gradient, expected[f"{key}/gradient_{i}"], recipes.TOLERANCE, f"gradient {i}")


@pytest.mark.parametrize("case", recipes.LAYERS)
def test_layer(files, case):
    spec, shape = recipes.LAYERS[case]
    layer = make(pyclr.layers, spec)
    layer.build_for((None,) + shape[1:])
    set_trainable(layer)
    check_pass(files, case, layer, shape, 0)


@pytest.mark.parametrize("case", recipes.BATCH_NORMALIZATION)
def test_batch_normalization(files, case):
    spec, shape = recipes.BATCH_NORMALIZATION[case]
    layer = make(pyclr.layers, spec)
    layer.build_for((None,) + shape[1:])
    set_trainable(layer)
    expected = files["layers"]
    for step in range(recipes.BATCH_NORMALIZATION_STEPS):
        check_pass(files, f"{case}/{step}", layer, shape, step)
        for name in ("moving_mean", "moving_variance"):
            value = getattr(layer, name).numpy()
            assert_close(value, expected[f"{case}/{step}/{name}"], recipes.TOLERANCE, name)
    inference = layer(recipes.layer_input(shape), training=False)
    assert_close(inference.numpy(), expected[f"{case}/inference"], recipes.TOLERANCE, "inference")


@pytest.mark.parametrize("case", recipes.LOSSES)
def test_loss(files, case):
    spec, _ = recipes.LOSSES[case]
    y_true, y_pred = recipes.loss_arguments(case)
    loss = make(pyclr.losses, spec)
    y_pred = pyclr.Variable(y_pred)
    with GradientTape() as tape:
        value = loss(y_true, y_pred)
    gradient = tape.gradient(value, y_pred)
    values = make(pyclr.losses, (spec[0], {**spec[1], "reduction": "none"}))(y_true, y_pred)
    expected = files["losses"]
    assert_close(values.numpy(), expected[f"{case}/values"], recipes.TOLERANCE, "values")
    assert_close(gradient.numpy(), expected[f"{case}/gradient"], recipes.TOLERANCE, "gradient")
