"""Computes the golden files with Keras; see `recipes.py` for what they hold.

From the root of the repository, with Keras 3.15 or newer:

    KERAS_BACKEND=jax python -m tests.golden.make_golden

writes the files. `--check` prints how far a fresh computation is from them instead, on any backend
(on others than JAX the trajectories only: the gradients of layers and losses are taken with JAX).
`--float64`, with `JAX_ENABLE_X64=1`, does the same in double precision: the rounding in the files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np

from tests.golden import recipes

FOLDER = Path(__file__).parent


def trajectories() -> dict[str, np.ndarray]:
    results = {}
    for (model_name, case), (optimizer, arguments) in recipes.TRAJECTORIES.items():
        model = _model(model_name)
        model.compile(
            optimizer=getattr(keras.optimizers, optimizer)(**arguments),
            loss="sparse_categorical_crossentropy",
        )
        losses = []
        for x, y in recipes.batches(model_name):
            model.reset_metrics()  # or the loss would be the mean over all steps so far
            losses.append(model.train_on_batch(x, y))
        results[f"{model_name}/{case}/losses"] = np.array(losses, np.float32)
        for i, weight in enumerate(model.get_weights()):
            results[f"{model_name}/{case}/weight_{i}"] = recipes.summary(weight)
    return results


def _model(name: str) -> keras.Model:
    workload = recipes.WORKLOADS[name]
    model = keras.Sequential([keras.Input(workload.input_shape)])
    for layer, arguments in recipes.layers_of(name):
        model.add(getattr(keras.layers, layer)(**arguments))
    model.set_weights(recipes.initial_weights(name))
    return model


def layers() -> dict[str, np.ndarray]:
    results = {}
    for case, ((name, arguments), shape) in recipes.LAYERS.items():
        layer = _layer(name, arguments, shape)
        step = _layer_step(layer, _input(shape), training=False)
        results |= {f"{case}/{key}": value for key, value in step.items()}
    for case, ((name, arguments), shape) in recipes.BATCH_NORMALIZATION.items():
        layer = _layer(name, arguments, shape)
        for i in range(recipes.BATCH_NORMALIZATION_STEPS):
            step = _layer_step(layer, _input(shape, i), training=True, number=i)
            step["moving_mean"] = keras.ops.convert_to_numpy(layer.moving_mean)
            step["moving_variance"] = keras.ops.convert_to_numpy(layer.moving_variance)
            results |= {f"{case}/{i}/{key}": value for key, value in step.items()}
        results[f"{case}/inference"] = np.array(layer(_input(shape), training=False))
    return results


def _layer(name: str, arguments: dict, shape: recipes.Shape) -> keras.Layer:
    layer = getattr(keras.layers, name)(**arguments)
    layer.build(shape)
    values = recipes.layer_weights([weight.shape for weight in layer.trainable_weights])
    for weight, value in zip(layer.trainable_weights, values):
        weight.assign(value)
    return layer


def _input(shape: recipes.Shape, step: int = 0) -> np.ndarray:
    return recipes.layer_input(shape, step).astype(keras.config.floatx())


def _layer_step(
    layer: keras.Layer, x: np.ndarray, training: bool, number: int = 0
) -> dict[str, np.ndarray]:
    """Output and gradients of one call; the layer's own state (moving statistics) moves on."""
    import jax

    def call(weights, x):
        return layer.stateless_call(weights, states, x, **options)

    # Layers without a training phase do not take the argument.
    options = {"training": True} if training else {}
    weights = [weight.value for weight in layer.trainable_variables]
    states = [weight.value for weight in layer.non_trainable_variables]
    output, backward, states = jax.vjp(call, weights, x, has_aux=True)
    for variable, value in zip(layer.non_trainable_variables, states):
        variable.assign(value)
    output_gradient = recipes.output_gradient(output.shape, number).astype(output.dtype)
    weight_gradients, input_gradient = backward(output_gradient)
    results = {"output": output, "input_gradient": input_gradient}
    results |= {f"gradient_{i}": gradient for i, gradient in enumerate(weight_gradients)}
    return {key: np.array(value) for key, value in results.items()}


def losses() -> dict[str, np.ndarray]:
    import jax

    results = {}
    for case, ((name, arguments), _) in recipes.LOSSES.items():
        loss = getattr(keras.losses, name)(**arguments)
        y_true, y_pred = recipes.loss_arguments(case)
        results[f"{case}/values"] = np.array(loss.call(y_true, y_pred))
        results[f"{case}/gradient"] = np.array(jax.grad(loss, argnums=1)(y_true, y_pred))
    return results


def compare(name: str, results: dict[str, np.ndarray]) -> None:
    """Prints the largest difference to each stored array, relative to its largest value."""
    stored = np.load(FOLDER / f"{name}.npz")
    assert sorted(stored.files) == sorted(results)
    for key, value in results.items():
        difference = np.abs(value.astype(np.float64) - stored[key]).max()
        print(f"{name} {key} {difference / np.abs(stored[key]).max():.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--float64", action="store_true")
    options = parser.parse_args()
    backend = keras.backend.backend()
    if options.float64:
        keras.config.set_floatx("float64")
        # Except on TensorFlow, Keras rounds many float64 results to float32 by this private table.
        keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE.pop("float64")
    elif not options.check and backend != "jax":
        parser.error(f"The files are made with KERAS_BACKEND=jax. Received: {backend}")
    makers = [trajectories]
    if backend == "jax":
        makers += [layers, losses]
    for maker in makers:
        results = maker()
        if options.check or options.float64:
            compare(maker.__name__, results)
        else:
            np.savez_compressed(FOLDER / f"{maker.__name__}.npz", **results)


if __name__ == "__main__":
    main()
