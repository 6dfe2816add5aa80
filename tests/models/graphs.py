"""Functional models, each built the same way by pyclr and by Keras: one table for several tests."""

import numpy as np


def straight(k):
    x = k.Input((4,), name="x")
    y = k.layers.Dense(3, activation="relu", name="a")(x)
    return k.Model(x, k.layers.Dense(2, name="b")(y), name="m")


def shared_layer_and_operators(k):
    x, z = k.Input((4,), name="x"), k.Input((4,), name="z")
    dense = k.layers.Dense(3, name="d")
    y = dense(x) * 2.0 + dense(z) - 1.0 / (1.0 + k.ops.exp(dense(x + z)))
    return k.Model([x, z], -y, name="m")


def ops_with_arguments(k):
    x = k.Input((4, 6), name="x")
    y = k.ops.mean(x, axis=1, keepdims=True)
    y = k.ops.reshape(y, (-1, 3, 2))
    y = k.ops.concatenate([y, k.ops.transpose(x[:, :2, :3], (0, 2, 1))], axis=-1)
    y = k.ops.clip(k.ops.expand_dims(y, 1), -0.5, 0.5)
    return k.Model(x, k.ops.sum(y, axis=(1, 3)), name="m")


def dictionaries(k):
    inputs = {"u": k.Input((3,), name="u"), "v": k.Input((2,), name="v")}
    u, v = k.layers.Dense(4, name="du")(inputs["u"]), k.layers.Dense(4, name="dv")(inputs["v"])
    return k.Model(inputs, {"total": u + v, "first": k.layers.Dense(1, name="p")(u)}, name="m")


def nested_models(k):
    a = k.Input((3,), name="a")
    inner = k.Model(a, k.layers.Dense(3, activation="tanh", name="inner_dense")(a), name="inner")
    stack = k.Sequential([k.Input((3,)), k.layers.Dense(2, name="s1")], name="stack")
    x = k.Input((3,), name="x")
    y = inner(inner(x))
    return k.Model(x, [stack(y), inner(x + y)], name="m")


def unknown_sizes(k):
    x = k.Input((None, 5), name="x")
    y = k.layers.Conv1D(4, 3, padding="same", name="c")(x)
    y = k.layers.GlobalMaxPooling1D(name="g")(k.ops.maximum(y, k.ops.square(y)))
    return k.Model(x, y, name="m")


def residual_with_depths(k):
    x = k.Input((4,), name="x")
    a = k.layers.Dense(4, name="a")(x)
    b = k.layers.Dense(4, name="b")(a)
    c = k.layers.Dense(4, name="c")(x)
    d = k.layers.Dense(4, name="d")(b + c)
    return k.Model(x, [d + x, c], name="m")


GRAPHS = [
    straight, shared_layer_and_operators, ops_with_arguments, dictionaries, nested_models,
    unknown_sizes, residual_with_depths,
]  # fmt: skip


def data_for(model, rows=6, seed=0):
    """Random inputs in the structure of a model's inputs; 7 for unknown sizes."""
    rng = np.random.default_rng(seed)

    def one(tensor):
        shape = (rows, *(7 if dim is None else dim for dim in tensor.shape[1:]))
        return rng.normal(size=shape).astype("float32")

    structure = model.input
    if isinstance(structure, dict):
        return {key: one(tensor) for key, tensor in structure.items()}
    return [one(t) for t in structure] if isinstance(structure, (list, tuple)) else one(structure)
