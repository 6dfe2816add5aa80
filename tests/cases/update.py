"""Optimizer updates over several steps, by Keras 3's formulas, and host functions."""

import numpy as np

from cases.case import Bench, Case, normal
from pyclr import _core as core

STEPS = 3


def sgd(w, g, slots, step, hyper, flag):
    rate, momentum = hyper
    if not slots:
        return w - rate * g, []
    m = momentum * slots[0] - rate * g
    return (w + momentum * m - rate * g if flag else w + m), [m]


def rmsprop(w, g, slots, step, hyper, flag, used):
    rate, rho, momentum, epsilon = hyper
    state = dict(zip(used, slots))
    state["velocity"] = rho * state["velocity"] + (1 - rho) * g**2
    spread = state["velocity"]
    if "average_gradient" in used:
        state["average_gradient"] = rho * state["average_gradient"] + (1 - rho) * g
        spread = spread - state["average_gradient"] ** 2
    change = rate * g / np.sqrt(spread + epsilon)
    if "momentum" in used:
        change = state["momentum"] = momentum * state["momentum"] + change
    return w - change, [state[name] for name in used]


def adam(w, g, slots, step, hyper, flag):
    rate, beta_1, beta_2, epsilon = hyper
    m, v, *top = slots
    alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m = m + (g - m) * (1 - beta_1)
    v = v + (g**2 - v) * (1 - beta_2)
    top = [np.maximum(top[0], v)] if top else []
    return w - m * alpha / (np.sqrt(top[0] if top else v) + epsilon), [m, v, *top]


# optimizer: (formula, [(slots in use, hyper-parameters, flag)])
UPDATES = {
    "sgd": (sgd, [([], (0.1, 0.0), False), (["momentum"], (0.1, 0.9), False),
                  (["momentum"], (0.1, 0.9), True)]),
    "rmsprop": (rmsprop, [
        (["velocity"], (0.01, 0.9, 0.0, 1e-7), False),
        (["velocity", "momentum"], (0.01, 0.9, 0.5, 1e-7), False),
        (["velocity", "average_gradient"], (0.01, 0.9, 0.0, 1e-3), False),
        (["velocity", "momentum", "average_gradient"], (0.01, 0.9, 0.5, 1e-3), False),
    ]),
    "adam": (adam, [
        (["momentum", "velocity"], (0.01, 0.9, 0.999, 1e-7), False),
        (["momentum", "velocity", "velocity_hat"], (0.01, 0.9, 0.999, 1e-7), False),
    ]),
}  # fmt: skip


def update_cases(op, formula, slots, hyper, flag):
    available = [slot.rstrip("?") for slot in core.updates()[op][0]]
    mask = sum(1 << available.index(slot) for slot in slots)
    used = {"used": slots} if formula is rmsprop else {}

    def inputs(rng, n, dtype, rows=2):
        # Two variables; a gradient of each for every step; their slots, as zeros.
        shapes = ((rows, n), (3,))
        variables, *gradients = ([normal(rng, s, dtype) for s in shapes] for _ in range(1 + STEPS))
        state = [np.zeros(s, dtype) for _ in slots for s in shapes]
        counter = np.asarray(0, "int64")
        return [np.asarray(hyper, "float64"), counter, *variables, *sum(gradients, []), *state]

    def split(arrays):
        """hyper, iterations, variables, gradients by step, slots by variable."""
        hyper, iterations, *rest = arrays
        gradients = [rest[2 * i : 2 * i + 2] for i in range(1, 1 + STEPS)]
        state = rest[2 + 2 * STEPS :]
        return hyper, iterations, rest[:2], gradients, [state[0::2], state[1::2]]

    def run(case, tensors, attrs):
        hyper, iterations, variables, gradients, state = split(tensors)
        flat = [slot for pair in zip(*state) for slot in pair]
        for g in gradients:
            getattr(core.ops, op)(hyper, iterations, *variables, *g, *flat, **attrs)
        return []

    def reference(*arrays, count, slots, flag):
        hyper, iterations, variables, gradients, state = split(arrays)
        for step, gradient in enumerate(gradients, 1):
            for i in range(2):
                variables[i], state[i] = formula(
                    variables[i], gradient[i], state[i], step, hyper, flag, **used
                )
        return (iterations + STEPS, *variables, *(slot for pair in zip(*state) for slot in pair))

    state = range(4 + 2 * STEPS, 4 + 2 * STEPS + 2 * len(slots))
    return Case(
        op,
        inputs,
        reference,
        # Each step rounds about ten times, numbers as large as a gradient's square.
        lambda inputs, expected: 10 * STEPS * (4 + np.abs(expected)),
        attrs={"count": 2, "slots": mask, "flag": flag},
        writes=(1, 2, 3, *state),
        bench=Bench(lambda rng, dtype: inputs(rng, 1 << 16, dtype)),
        run=run,
        label="-".join([*slots, *(["flag"] if flag else [])]),
    )


def host_inputs(rng, n, dtype):
    arrays = [normal(rng, (3, n), dtype), normal(rng, (n,), dtype)]
    return arrays, {"shapes": [[3, n], [3]], "dtypes": [dtype, dtype]}


def host_forward(x, y):
    return x * y, (x * y).sum(1)


def host_vjp(inputs, outputs, gradients):
    (x, y), dy = inputs, gradients[0]
    return [core.ops.multiply(dy, y), core.ops.sum(core.ops.multiply(dy, x), axes=[0])]


def host_bound(inputs, expected):
    largest = [np.abs(a).max(initial=0) for a in inputs]
    return (2 + len(inputs[1])) * np.prod(largest)


HOST = Case(
    "host",
    host_inputs,
    lambda x, y, **attrs: host_forward(x, y),
    host_bound,
    attrs={"function": core.HostFunction(host_forward, host_vjp, "product")},
    gradient=(0, 1),
    bench=Bench(lambda rng, dtype: host_inputs(rng, 1 << 16, dtype)),
)

CASES = [
    *(
        update_cases(op, formula, *variant)
        for op, (formula, variants) in UPDATES.items()
        for variant in variants
    ),
    HOST,
]
