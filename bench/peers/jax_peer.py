"""JAX without a framework: one jitted step, donated parameters, rows gathered on the device."""

from __future__ import annotations

import numpy as np
from common import Chain, Trainer, Workload, in_batches, run, shuffled_batches, timed_epochs


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    import jax
    import jax.numpy as jnp

    features, labels = jnp.asarray(x), jnp.asarray(y)
    update, make_slots = _make_optimizer(workload)

    def loss_of(parameters, images, targets, key):
        log_probabilities = jax.nn.log_softmax(_forward(workload, parameters, images, key))
        return -jnp.take_along_axis(log_probabilities, targets[:, None], axis=1).mean()

    def step(state, features, labels, rows):
        parameters, slots, count, key, total = state
        loss, gradients = jax.value_and_grad(loss_of)(
            parameters, features[rows], labels[rows], jax.random.fold_in(key, count)
        )
        parameters, slots = update(parameters, gradients, slots, count + 1)
        return parameters, slots, count + 1, key, total + loss

    jitted_step = jax.jit(step, donate_argnums=0)
    parameters = _make_parameters(workload)
    state = (parameters, make_slots(parameters), jnp.int32(0), jax.random.key(0), jnp.float32(0))

    def run_epoch() -> None:
        nonlocal state
        for rows in shuffled_batches(workload).astype(np.int32):
            state = jitted_step(state, features, labels, rows)
        jax.block_until_ready(state)

    @jax.jit
    def probabilities(parameters, images):
        return jax.nn.softmax(_forward(workload, parameters, images, key=None))

    @jax.jit
    def evaluate_batch(parameters, images, targets):
        logits = _forward(workload, parameters, images, key=None)
        losses = -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1)
        return losses.sum(), (logits.argmax(axis=1) == targets).sum()

    def predict_batch(inputs: np.ndarray) -> np.ndarray:
        return np.asarray(probabilities(state[0], inputs))

    def evaluate(inputs: np.ndarray, targets: np.ndarray, batch_size: int) -> tuple[float, float]:
        loss, correct = jnp.float32(0), jnp.int32(0)
        for start in range(0, len(inputs), batch_size):
            rows = slice(start, start + batch_size)
            batch_loss, batch_correct = evaluate_batch(state[0], inputs[rows], targets[rows])
            loss, correct = loss + batch_loss, correct + batch_correct
        return float(loss) / len(inputs), int(correct) / len(inputs)

    return Trainer(jax.__version__, timed_epochs(run_epoch), in_batches(predict_batch), evaluate)


def _make_parameters(workload: Workload):
    import jax

    initialize = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(jax.random.key(1), len(workload.kernel_shapes()))
    return [
        (initialize(key, shape), jax.numpy.zeros(shape[-1]))
        for key, shape in zip(keys, workload.kernel_shapes())
    ]


def _forward(workload: Workload, parameters, x, key):
    """Logits of a batch; without a key there is no dropout."""
    import jax
    from jax import lax

    remaining = iter(parameters)
    for name, arguments in workload.layers:
        if name == "Rescaling":
            x = x.astype("float32") * arguments["scale"]
        elif name == "Dense":
            kernel, bias = next(remaining)
            x = x @ kernel + bias
        elif name == "Conv2D":
            kernel, bias = next(remaining)
            padding, layout = arguments["padding"].upper(), ("NHWC", "HWIO", "NHWC")
            x = lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=layout)
            x += bias
        elif name == "MaxPooling2D":
            window = (1, *arguments["pool_size"], 1)
            x = lax.reduce_window(x, -np.inf, lax.max, window, window, "VALID")
        elif name == "SpatialDropout2D" and key is not None:
            keep = 1 - arguments["rate"]
            mask = jax.random.bernoulli(key, keep, (x.shape[0], 1, 1, x.shape[3]))
            x = x * mask / keep
        elif name == "GlobalAveragePooling2D":
            x = x.mean(axis=(1, 2))
        if arguments.get("activation") == "relu":
            x = jax.nn.relu(x)
    return x


def _make_optimizer(workload: Workload):
    """Returns `update(parameters, gradients, slots, step)` and `make_slots(parameters)`."""
    import jax
    import jax.numpy as jnp

    name, arguments = workload.optimizer
    rate, epsilon = arguments["learning_rate"], 1e-7
    tree_map = jax.tree_util.tree_map

    def decayed(slot, value, rho):
        return tree_map(lambda s, v: rho * s + (1 - rho) * v, slot, value)

    def sgd(parameters, gradients, slots, step):
        return tree_map(lambda p, g: p - rate * g, parameters, gradients), slots

    def rmsprop(parameters, gradients, slots, step):
        squares = decayed(slots, tree_map(jnp.square, gradients), 0.9)
        move = lambda p, g, s: p - rate * g / jnp.sqrt(s + epsilon)
        return tree_map(move, parameters, gradients, squares), squares

    def adam(parameters, gradients, slots, step):
        means = decayed(slots[0], gradients, 0.9)
        squares = decayed(slots[1], tree_map(jnp.square, gradients), 0.999)
        scale = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        move = lambda p, m, s: p - scale * m / (jnp.sqrt(s) + epsilon)
        return tree_map(move, parameters, means, squares), (means, squares)

    def zeros(parameters):
        return tree_map(jnp.zeros_like, parameters)

    if name == "SGD":
        return sgd, lambda parameters: ()
    if name == "Adam":
        return adam, lambda parameters: (zeros(parameters), zeros(parameters))
    return rmsprop, zeros


def chain(case: Chain, x: np.ndarray, target: np.ndarray):
    """A function that makes a jitted step, and one that returns x."""
    import jax
    import jax.numpy as jnp

    def loss_of(x):
        return jnp.square(case.function(jnp, x) - target).mean()

    def update(x):
        loss, gradient = jax.value_and_grad(loss_of)(x)
        return x - case.rate * gradient, loss

    jitted_update = jax.jit(update, donate_argnums=0)
    x, target = jnp.asarray(x), jnp.asarray(target)

    def step():
        nonlocal x
        x, _ = jax.block_until_ready(jitted_update(x))

    return step, lambda: np.asarray(x)


if __name__ == "__main__":
    run("jax", build, chain=chain)
