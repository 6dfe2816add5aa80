"""Contracts that pyclr's classes keep, as functions to call on your own.

They raise an AssertionError that says what does not hold.
"""

from __future__ import annotations

import json

import numpy as np

from . import _core, config, initializers, tree
from .layers.layer import Layer, map_shapes
from .saving import object_registration, serialization
from .variables import Variable


def check_gradients(function, inputs, tolerance=1e-6):
    """Compares the gradients of a function with differences of its values.

    The function is computed in float64, and each element of each input moved by multiples of
    2^-10: the four-point formula (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h has an error of
    order h^4. The outputs are weighted with fixed random numbers, so that one gradient stands for
    all of them. Inputs must stay away from points where the function has no derivative.

    Args:
        function: Function of as many tensors as there are `inputs`; it returns a floating point
            tensor or a nested structure of them.
        inputs: List of arrays, or of float64 variables (weights that the function also reads),
            whose elements are moved in place and then restored.
        tolerance: Number, the error allowed, relative to the largest element of the gradient or 1.

    Raises:
        AssertionError: if a gradient is missing or differs, or the values are not in float64.

    Example:

    ```python
    layer = pyclr.layers.Dense(3, dtype="float64")
    layer.build((None, 2))
    x = np.random.default_rng(0).normal(size=(4, 2))
    pyclr.testing.check_gradients(lambda x, *weights: layer(x), [x, *layer.trainable_weights])
    ```
    """
    variables = [
        item if isinstance(item, Variable) else Variable(np.asarray(item), dtype="float64")
        for item in inputs
    ]
    tensors = [variable.value for variable in variables]
    tape = _core.Tape()
    for tensor in tensors:
        tape.watch(tensor)
    tape.start()
    outputs = tree.flatten(function(*tensors))
    tape.stop()
    _check(
        all(tensor.dtype == "float64" for tensor in [*outputs, *tensors]),
        f"Inputs and outputs must be float64, not {[t.dtype for t in [*tensors, *outputs]]}",
    )
    rng = np.random.default_rng(len(outputs))
    seeds = [rng.uniform(0.5, 1.5, output.shape) for output in outputs]
    gradients = tape.gradient(outputs, tensors, [_core.tensor(seed) for seed in seeds])

    def value():
        results = tree.flatten(function(*tensors))
        return sum(float((result.numpy() * seed).sum()) for result, seed in zip(results, seeds))

    for i, (variable, gradient) in enumerate(zip(variables, gradients)):
        _check(gradient is not None, f"The gradient of input {i} is missing")
        expected = _differences(value, variable)
        allowed = tolerance * max(1.0, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(
            gradient.numpy(), expected, rtol=0, atol=allowed, err_msg=f"gradient of input {i}"
        )


def check_layer(
    layer_class,
    init_kwargs=None,
    input_shape=None,
    *,
    input_data=None,
    further_inputs=(),
    training=True,
    expected_output_shape=None,
    expected_num_weights=None,
    expected_num_trainable_weights=None,
    custom_objects=None,
):
    """Checks that a layer keeps the contract of layers.

    It can be made from its config, alone and through JSON; builds; gives outputs of the shape that
    `compute_output_shape` says, for a known and an unknown batch size; has finite outputs, and
    finite gradients for all trainable weights; computes the same after its weights were copied into
    a layer made from its config; and its own variables survive being saved and loaded.

    Args:
        layer_class: Class, derived from `Layer`.
        init_kwargs: Optional dictionary, the constructor's arguments.
        input_shape: Tuple of integers with the batch, or a list or dictionary of them for a layer
            that takes several inputs so; inputs are normal deviates.
        input_data: Array, or a list or dictionary of arrays, instead of `input_shape`.
        further_inputs: Sequence of further arguments of `call`: arrays, or lists or dictionaries of
            arrays.
        training: Boolean, the mode whose gradients are checked. Defaults to `True`.
        expected_output_shape: Optional tuple.
        expected_num_weights: Optional integer.
        expected_num_trainable_weights: Optional integer.
        custom_objects: Optional dictionary of names to classes and functions, for loading.

    Returns:
        The layer, built.

    Raises:
        AssertionError: if something of this does not hold.

    Example:

    ```python
    pyclr.testing.check_layer(MyLayer, {"units": 3}, input_shape=(4, 8))
    ```
    """
    if input_data is None:
        if input_shape is None:
            raise ValueError("Argument `input_shape` or `input_data` must be given.")
        rng = np.random.default_rng(0)
        input_data = map_shapes(
            lambda shape: rng.normal(size=shape).astype(config.floatx()), input_shape
        )
    data = (input_data, *further_inputs)
    layer = layer_class(**(init_kwargs or {}))
    name = layer_class.__name__
    _check(isinstance(layer, Layer), f"{name} must be derived from Layer")
    objects = {name: layer_class, **(custom_objects or {})}
    restored = _restored(layer, objects)
    _check_equal(restored.get_config(), layer.get_config(), f"config of a restored {name}")

    _built(layer, data)
    _check_count(layer.weights, expected_num_weights, "weights")
    _check_count(layer.trainable_weights, expected_num_trainable_weights, "trainable weights")
    output = _checked_outputs(layer, data, training)
    if expected_output_shape is not None:
        _check_equal(output[0].shape, tuple(expected_output_shape), f"output shape of {name}")

    copy = _built(_restored(layer, objects), data)
    _check_equal(
        [w.shape for w in copy.weights], [w.shape for w in layer.weights], "shapes of the weights"
    )
    copy.set_weights(layer.get_weights())
    pairs = zip(_outputs(copy, data, False), _outputs(layer, data, False))
    for found, expected in pairs:
        np.testing.assert_array_equal(
            found.numpy(), expected.numpy(), err_msg=f"outputs of {name} and of its copy differ"
        )
    store = {}
    layer.save_own_variables(store)
    copy.load_own_variables({key: np.asarray(value) for key, value in store.items()})
    return layer


def assert_replays(function, *inputs):
    """Checks that a function of tensors replays: two recordings of it agree, and the program they
    make gives the bits of the eager run.

    A function that changes variables is run three times more than it says.

    Args:
        function: Function of as many tensors as there are `inputs`; it returns a tensor or a nested
            structure of them.
        *inputs: Arrays.

    Raises:
        AssertionError: with the reason, if it does not.

    Example:

    ```python
    layer = pyclr.layers.Dense(3, activation="relu")
    pyclr.testing.assert_replays(lambda x: layer(x), np.ones((4, 2), "float32"))
    ```
    """
    tensors = [_core.tensor(np.asarray(x)) for x in inputs]
    tree.flatten(function(*tensors))  # makes weights
    recordings = []
    for _ in range(2):
        recording = _core.Recording(tensors)
        recording.begin()
        try:
            outputs = tree.flatten(function(*tensors))
        finally:
            recording.end()
        recording.set_outputs(outputs)
        recordings.append(recording)
    difference = _core.difference(*recordings)
    _check(not difference, f"The function does not replay: {difference}")
    expected = [output.numpy() for output in outputs]
    del outputs
    for found, value in zip(_core.Program(recordings[1]).run(tensors), expected):
        np.testing.assert_array_equal(found.numpy(), value, err_msg="a replay gave other bits")


def check_optimizer(optimizer_class, init_kwargs=None):
    """Checks that an optimizer keeps the contract of optimizers.

    It makes a quadratic loss smaller; trains with the same bits eagerly and replayed, also under a
    schedule; can be made from its config; and goes on with the same bits after its state was saved
    and loaded.

    Args:
        optimizer_class: Class, derived from `Optimizer`.
        init_kwargs: Optional dictionary, the constructor's arguments.

    Raises:
        AssertionError: if something of this does not hold.

    Example:

    ```python
    pyclr.testing.check_optimizer(pyclr.optimizers.SGD, {"momentum": 0.9})
    ```
    """
    from . import Sequential, layers, optimizers

    x = np.random.default_rng(0).normal(size=(24, 5)).astype("float32")
    y = x @ np.arange(10, dtype="float32").reshape(5, 2) / 10

    def model(run_eagerly=False, **kwargs):
        dense = layers.Dense(2, kernel_initializer=initializers.GlorotUniform(seed=1))
        net = Sequential([layers.InputLayer((5,)), dense])
        optimizer = optimizer_class(**{**(init_kwargs or {}), **kwargs})
        net.compile(optimizer, "mse", run_eagerly=run_eagerly)
        return net

    def train(net, epochs=4):
        net.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
        return net.get_weights()

    def same(a, b, what):
        for one, other in zip(a, b):
            np.testing.assert_array_equal(one, other, err_msg=what)

    net = model()
    before = net.evaluate(x, y, verbose=0)
    weights = train(net)
    _check(net.evaluate(x, y, verbose=0) < before, "The loss has not become smaller")
    same(weights, train(model(run_eagerly=True)), "eager and replayed training differ")
    cycle = optimizers.schedules.TriangularCyclicalLearningRate(1e-4, 1e-2, step_size=3)
    scheduled = [train(model(eager, learning_rate=cycle)) for eager in (False, True)]
    same(*scheduled, "eager and replayed training under a schedule differ")

    optimizer = net.optimizer
    again = optimizer_class.from_config(optimizer.get_config())
    _check_equal(again.get_config(), optimizer.get_config(), "config of a restored optimizer")
    store = {}
    optimizer.save_own_variables(store)
    other = model()
    other.set_weights(weights)
    other.optimizer.build(other.trainable_variables)
    other.optimizer.load_own_variables({key: np.asarray(v) for key, v in store.items()})
    same(train(net, 1), train(other, 1), "training goes on differently after loading the state")


def _built(layer, data):
    """The layer with all weights; those of layers inside it may be made by the first call."""
    if len(data) == 1:  # otherwise the first call knows which shapes `build` wants
        layer.build_for(tree.map_structure(lambda x: (None, *x.shape[1:]), data[0]))
    layer(*data)
    return layer


def _checked_outputs(layer, data, training):
    """The outputs, after checks of shapes, values and gradients."""
    name = type(layer).__name__
    tape = _core.Tape()
    for variable in layer.trainable_weights:
        tape.watch(variable.value)
    tape.start()
    outputs = _outputs(layer, data, training)
    tape.stop()
    batch = len(tree.flatten(data)[0])
    for size in (batch, None):
        shapes = tree.map_structure(lambda x, size=size: (size, *x.shape[1:]), data)
        computed = []
        map_shapes(computed.append, layer.compute_output_shape(*shapes))
        expected = [
            (size if shape[:1] == (batch,) else shape[0], *shape[1:]) if shape else shape
            for shape in (output.shape for output in outputs)
        ]
        _check_equal(computed, expected, f"{name}.compute_output_shape()")
    floats = [output for output in outputs if "float" in output.dtype]
    for output in floats:
        _check(np.isfinite(output.numpy()).all(), f"An output of {name} is not finite")
    weights = layer.trainable_weights
    if weights and floats:
        gradients = tape.gradient(floats, [variable.value for variable in weights], [])
        for variable, gradient in zip(weights, gradients):
            _check(gradient is not None, f"Weight '{variable.path}' has no gradient")
            finite = np.isfinite(gradient.numpy()).all()
            _check(finite, f"The gradient of weight '{variable.path}' is not finite")
    return outputs


def _outputs(layer, data, training):
    return tree.flatten(layer(*data, training=training))


def _restored(layer, custom_objects):
    """The layer made from its config, which went through JSON."""
    config_text = json.dumps(serialization.serialize_keras_object(layer))
    loaded = serialization.deserialize_keras_object(json.loads(config_text), custom_objects)
    with object_registration.CustomObjectScope(custom_objects):
        again = type(layer).from_config(layer.get_config())
    _check_equal(again.get_config(), layer.get_config(), f"{type(layer).__name__}.from_config()")
    return loaded


def _differences(value, variable):
    """The derivative of `value()` by each element of a variable."""
    step = 2.0**-10
    start = variable.numpy()
    result = np.empty_like(start)

    def moved(index, amount):
        array = start.copy()
        array[index] += amount
        variable.assign(array)
        return value()

    for index in np.ndindex(start.shape):
        near = moved(index, step) - moved(index, -step)
        far = moved(index, 2 * step) - moved(index, -2 * step)
        result[index] = (8 * near - far) / (12 * step)
    variable.assign(start)
    return result


def _check(condition, message):
    if not condition:
        raise AssertionError(message)


def _check_count(items, expected, what):
    if expected is not None:
        _check_equal(len(items), expected, f"number of {what}")


def _check_equal(found, expected, what):
    plain = [json.loads(json.dumps(value)) for value in (found, expected)]
    _check(plain[0] == plain[1], f"{what}: expected {expected!r}, found {found!r}")
