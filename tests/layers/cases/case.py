"""LayerCase: one row of the table of layers."""

from dataclasses import dataclass

import numpy as np

from pyclr.layers.layer import map_shapes


@dataclass(frozen=True)
class inner:  # noqa: N801
    """A layer as an argument of another, which each package makes of its own."""

    name: str
    kwargs: dict

    def __init__(self, name, **kwargs):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "kwargs", {"name": name.lower(), **kwargs})

    def __str__(self):
        return self.name


def _made(value, package, common):
    if isinstance(value, inner):
        return getattr(package, value.name)(**common, **_made(value.kwargs, package, common))
    if isinstance(value, dict):
        return {key: _made(item, package, common) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_made(item, package, common) for item in value)
    return value


@dataclass(frozen=True)
class LayerCase:
    """A layer, its constructor's arguments and what it is called with.

    Args:
        name: The class.
        kwargs: The constructor's arguments.
        inputs: Tuple, one entry for each argument of `call`: a shape with the batch, or a list of
            shapes for an argument that is a list.
        random: Whether training draws random numbers, so that outputs can not be compared.
        gradient: Whether differences of values make sense.
        dtype: Of the inputs.
        high: What integer inputs stay below.
        values: Arrays in place of random inputs, in the structure of `inputs`.
    """

    name: str
    kwargs: dict
    inputs: tuple
    random: bool = False
    gradient: bool = True
    dtype: str = "float32"
    high: int = 256
    values: tuple | None = None

    def __str__(self):
        text = ",".join(f"{key}={value}" for key, value in self.kwargs.items())
        return f"{self.name}({text[:60]})"

    def arguments(self, package, **common):
        """The constructor's arguments; `common` ones go to layers inside as well."""
        return {**common, **_made(self.kwargs, package, common)}

    def make(self, package, **common):
        """The layer of a package (`pyclr.layers` or `keras.layers`), not built."""
        return getattr(package, self.name)(**self.arguments(package, **common))

    def data(self, seed=0):
        """The arguments of `call`."""
        if self.values is not None:
            return self.values
        rng = np.random.default_rng(seed)

        def values(shape):
            if np.dtype(self.dtype).kind in "iu":
                return rng.integers(0, self.high, shape).astype(self.dtype)
            return rng.normal(size=shape).astype(self.dtype)

        return tuple(map_shapes(values, shape) for shape in self.inputs)

    def shapes(self, change=tuple):
        """The shapes of the arguments, each changed by a function."""
        return tuple(map_shapes(change, shape) for shape in self.inputs)

    def weights(self, shapes, seed=1):
        """Values for weights: positive, as variances must be."""
        rng = np.random.default_rng(seed)
        return [rng.uniform(0.2, 1.2, shape).astype("float32") for shape in shapes]


def case(
    layer,
    /,
    *inputs,
    random=False,
    gradient=True,
    input_dtype="float32",
    high=256,
    values=None,
    **kwargs,
):
    gradient = gradient and not random and input_dtype == "float32"
    return LayerCase(layer, kwargs, inputs, random, gradient, input_dtype, high, values)


IMAGE, STEPS, FLAT, VOLUME = (2, 7, 6, 4), (2, 9, 4), (3, 5), (2, 5, 4, 6, 3)

WEIGHT_OPTIONS = {
    "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 3}},
    "bias_initializer": "ones",
    "kernel_regularizer": "l2",
    "bias_regularizer": {"class_name": "L1", "config": {"l1": 0.5}},
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
}
