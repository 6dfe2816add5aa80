"""Optimizer updates over several steps, by Keras 3's formulas, and host functions."""

import numpy as np

from cases.case import Bench, Case, normal
from pyclr import _core as core

STEPS = 3


def sgd(w, g, slots, step, rate, hyper, flag):
    (momentum,) = hyper
    if not slots:
        return w - rate * g, {}
    m = momentum * slots["momentum"] - rate * g
    return (w + momentum * m - rate * g if flag else w + m), {"momentum": m}


def rmsprop(w, g, slots, step, rate, hyper, flag):
    rho, momentum, epsilon = hyper
    state = {"velocity": rho * slots["velocity"] + (1 - rho) * g**2}
    spread = state["velocity"]
    if "average_gradient" in slots:
        state["average_gradient"] = rho * slots["average_gradient"] + (1 - rho) * g
        spread = spread - state["average_gradient"] ** 2
    change = rate * g / np.sqrt(spread + epsilon)
    if "momentum" in slots:
        change = state["momentum"] = momentum * slots["momentum"] + change
    return w - change, state


def moments(g, slots, beta_1, beta_2):
    m = slots["momentum"] + (g - slots["momentum"]) * (1 - beta_1)
    return m, slots["velocity"] + (g**2 - slots["velocity"]) * (1 - beta_2)


def adam(w, g, slots, step, rate, hyper, flag):
    beta_1, beta_2, epsilon = hyper
    alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m, v = moments(g, slots, beta_1, beta_2)
    state = {"momentum": m, "velocity": v}
    if "velocity_hat" in slots:
        v = state["velocity_hat"] = np.maximum(slots["velocity_hat"], v)
    return w - m * alpha / (np.sqrt(v) + epsilon), state


def adamax(w, g, slots, step, rate, hyper, flag):
    beta_1, beta_2, epsilon = hyper
    m = slots["momentum"] + (g - slots["momentum"]) * (1 - beta_1)
    u = np.maximum(beta_2 * slots["norm"], np.abs(g))
    return w - rate * m / ((1 - beta_1**step) * (u + epsilon)), {"momentum": m, "norm": u}


def nadam(w, g, slots, step, rate, hyper, flag):
    beta_1, beta_2, epsilon, product = hyper
    now, following = (beta_1 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
    m, v = moments(g, slots, beta_1, beta_2)
    m_hat = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
    change = rate * m_hat / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
    return w - change, {"momentum": m, "velocity": v}


def adagrad(w, g, slots, step, rate, hyper, flag):
    (epsilon,) = hyper
    a = slots["accumulator"] + g**2
    return w - rate * g / np.sqrt(a + epsilon), {"accumulator": a}


def adadelta(w, g, slots, step, rate, hyper, flag):
    rho, epsilon = hyper
    a = rho * slots["accumulated_grad"] + (1 - rho) * g**2
    change = -np.sqrt(slots["accumulated_delta_var"] + epsilon) * g / np.sqrt(a + epsilon)
    d = rho * slots["accumulated_delta_var"] + (1 - rho) * change**2
    return w + rate * change, {"accumulated_grad": a, "accumulated_delta_var": d}


def ftrl(w, g, slots, step, rate, hyper, flag):
    power, l1, l2, shrinkage, beta = hyper
    a = slots["accumulator"] + g**2
    sigma = (a**-power - slots["accumulator"] ** -power) / rate
    z = slots["linear"] + g + 2 * shrinkage * w - sigma * w
    quadratic = a**-power / rate + 2 * (l2 + beta / (2 * rate))
    return (np.clip(z, -l1, l1) - z) / quadratic, {"accumulator": a, "linear": z}


def lion(w, g, slots, step, rate, hyper, flag):
    beta_1, beta_2 = hyper
    m = slots["momentum"]
    moved = w - rate * np.sign(m * beta_1 + g * (1 - beta_1))
    return moved, {"momentum": m * beta_2 + g * (1 - beta_2)}


def schedule_free_adamw(w, g, slots, step, rate, hyper, flag):
    beta_1, beta_2, epsilon, warmup = hyper
    rate = rate * min(step / warmup, 1) if warmup else rate
    v = slots["velocity"] + (g**2 - slots["velocity"]) * (1 - beta_2)
    x = (w - (1 - beta_1) * slots["momentum"]) / beta_1
    z = slots["momentum"] - rate * g / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
    x = (1 - 1 / step) * x + z / step
    return (1 - beta_1) * z + beta_1 * x, {"momentum": z, "velocity": v}


ADAM = ["momentum", "velocity"]

# optimizer: (formula, [(slots in use, hyper-parameters, flag)]); the learning rate and weight decay
# come first.
UPDATES = {
    "sgd": (sgd, [([], (0.1, 0.0, 0.0), False), (["momentum"], (0.1, 0.02, 0.9), False),
                  (["momentum"], (0.1, 0.0, 0.9), True)]),
    "rmsprop": (rmsprop, [
        (["velocity"], (0.01, 0.0, 0.9, 0.0, 1e-7), False),
        (["velocity", "momentum"], (0.01, 0.0, 0.9, 0.5, 1e-7), False),
        (["velocity", "average_gradient"], (0.01, 0.0, 0.9, 0.0, 1e-3), False),
        (["velocity", "momentum", "average_gradient"], (0.01, 0.1, 0.9, 0.5, 1e-3), False),
    ]),
    "adam": (adam, [
        (ADAM, (0.01, 0.0, 0.9, 0.999, 1e-7), False),
        ([*ADAM, "velocity_hat"], (0.01, 0.2, 0.9, 0.999, 1e-7), False),
    ]),
    "adamax": (adamax, [(["momentum", "norm"], (0.01, 0.0, 0.9, 0.999, 1e-7), False)]),
    "nadam": (nadam, [(ADAM, (0.01, 0.0, 0.9, 0.999, 1e-7, 0.4), False)]),
    "adagrad": (adagrad, [(["accumulator"], (0.01, 0.0, 1e-3), False)]),
    "adadelta": (adadelta, [
        (["accumulated_grad", "accumulated_delta_var"], (0.5, 0.0, 0.95, 1e-3), False)]),
    "ftrl": (ftrl, [
        (["accumulator", "linear"], (0.1, 0.0, -0.5, 0.1, 0.2, 0.3, 0.4), False),
        (["accumulator", "linear"], (0.1, 0.1, -0.7, 0.0, 0.0, 0.0, 0.0), False),
    ]),
    "lion": (lion, [(["momentum"], (0.01, 0.1, 0.9, 0.99), False)]),
    "schedule_free_adamw": (schedule_free_adamw, [
        (ADAM, (0.01, 0.0, 0.9, 0.999, 1e-7, 0), False),
        (ADAM, (0.01, 0.1, 0.8, 0.99, 1e-7, 2), False),
    ]),
}  # fmt: skip


def update_cases(op, formula, slots, hyper, flag):
    available = [slot.rstrip("?") for slot in core.updates()[op][0]]
    mask = sum(1 << available.index(slot) for slot in slots)

    def inputs(rng, n, dtype, rows=2):
        # Two variables; a gradient of each for every step; their slots, as zeros.
        shapes = ((rows, n), (3,))
        variables, *gradients = ([normal(rng, s, dtype) for s in shapes] for _ in range(1 + STEPS))
        # Accumulators start above 0, as a power of them is taken.
        start = {"accumulator": 0.1}
        state = [np.full(s, start.get(slot, 0), dtype) for slot in slots for s in shapes]
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

    def reference(*arrays, flag, **attrs):
        (rate, decay, *rest), iterations, variables, gradients, state = split(arrays)
        for step, gradient in enumerate(gradients, 1):
            for i in range(2):
                w = variables[i] * (1 - rate * decay) if i == 0 else variables[i]
                before = dict(zip(slots, state[i]))
                variables[i], after = formula(w, gradient[i], before, step, rate, rest, flag)
                state[i] = [after[slot] for slot in slots]
        return (iterations + STEPS, *variables, *(slot for pair in zip(*state) for slot in pair))

    state = range(4 + 2 * STEPS, 4 + 2 * STEPS + 2 * len(slots))
    return Case(
        op,
        inputs,
        reference,
        # Each step rounds about ten times, numbers as large as a gradient's square.
        lambda inputs, expected: 10 * STEPS * (4 + np.abs(expected)),
        attrs={"count": 2, "slots": mask, "flag": flag, "undecayed": [1]},
        writes=(1, 2, 3, *state),
        bench=Bench(lambda rng, dtype: inputs(rng, 1 << 16, dtype)),
        run=run,
        label="-".join([*slots, *(["decay"] if hyper[1] else []), *(["flag"] if flag else [])]),
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
