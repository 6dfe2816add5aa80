"""What a layer holds: variables, layers in it, and their being found as attributes are set."""

from __future__ import annotations

import math

import numpy as np

from .. import _core, dtype_policies, initializers
from ..random.seed_generator import SeedGenerator
from ..variables import Variable

# Grows whenever something that a layer's call may read in Python changes; a Program recorded
# before is not used any more (models/replay.py).
_version = 0


def structure_version():
    """Returns a number that changes with any attribute of any layer."""
    return _version


def touch():
    """Notes a change that recorded steps could not see."""
    global _version
    _version += 1


class LayerState:
    """The state of a layer; the base of `Layer`."""

    # Attributes that no computation reads: setting them keeps recorded steps.
    _bookkeeping: frozenset[str] = frozenset()

    def _init_state(self):
        set_ = object.__setattr__
        set_(self, "_layers", [])
        set_(self, "_variables", [])
        set_(self, "_seed_generators", [])
        set_(self, "_containers", [])  # lists, tuples and dictionaries set as attributes
        set_(self, "_metrics", [])  # attributes, and what `add_metric` made

    def __setattr__(self, name, value):
        self._untrack(self.__dict__.get(name))
        self._track(value)
        if name not in self._bookkeeping and not _core.is_recording():
            touch()
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        self._untrack(self.__dict__.get(name))
        touch()
        object.__delattr__(self, name)

    def _track(self, value):
        """Notes a layer, variable or generator, or a container that holds some now or later."""
        if _is_layer(value):
            append_new(self._layers, value)
        elif _is_variable(value):
            append_new(self._variables, value)
        elif _is_generator(value):
            append_new(self._seed_generators, value)
        elif _may_hold(value):
            append_new(self._containers, value)
        elif is_metric(value):
            append_new(self._metrics, value)

    def _untrack(self, value):
        if value is None:
            return
        for tracked in (
            self._layers, self._variables, self._seed_generators, self._containers, self._metrics
        ):  # fmt: skip
            tracked[:] = [item for item in tracked if item is not value]

    def _with_contained(self, tracked, belongs):
        """What is tracked by itself, then what the containers hold; both may grow at any time."""
        found = list(tracked)
        for container in self._containers:
            for item in leaves_of(container):
                if belongs(item):
                    append_new(found, item)
        return found

    def _sublayers(self):
        return self._with_contained(self._layers, _is_layer)

    def _own_variables(self):
        # Keras' order: trainable ones first.
        own = self._with_contained(self._variables, _is_variable)
        return sorted(own, key=lambda v: not v.trainable)

    def add_weight(
        self,
        shape=None,
        initializer=None,
        dtype=None,
        trainable=True,
        regularizer=None,
        constraint=None,
        name=None,
        **kwargs,
    ):
        """Makes a weight of this layer.

        Args:
            shape: Tuple of integers. Defaults to `()`.
            initializer: An initializer, its name or config. Defaults to `"glorot_uniform"`
                (`"zeros"` for integers).
            dtype: String. Defaults to the layer's dtype.
            trainable: Boolean, whether training changes it.
            regularizer: Optional function of the weight; its result is added to the loss.
            constraint: Optional function applied to the weight after each update.
            name: String.

        Returns:
            A `Variable`.
        """
        kwargs.pop("aggregation", None), kwargs.pop("autocast", None)
        if kwargs:
            raise TypeError(f"add_weight() takes no argument named {', '.join(map(repr, kwargs))}.")
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if any(dim is None or int(dim) < 0 for dim in shape):
            raise ValueError(
                f"The shape of a weight must be known. Received: shape={shape} for weight "
                f"'{name}' of layer '{self.name}'"
            )
        dtype = self.dtype if dtype is None else dtype_policies.get(dtype).name
        if initializer is None:
            initializer = "glorot_uniform" if "float" in dtype else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            name=name or "variable",
            regularizer=regularizer,
            constraint=constraint,
        )
        variable.path = f"{self.name}/{variable.name}"
        append_new(self._variables, variable)
        touch()
        return variable

    @property
    def trainable(self):
        """Whether training changes the weights. Setting it sets that of the sub-layers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        object.__setattr__(self, "_trainable", bool(value))
        for layer in self._sublayers():
            layer.trainable = value
        touch()

    @property
    def variables(self):
        """All variables: weights and the state of random generators."""
        generators = self._with_contained(self._seed_generators, _is_generator)
        own = self._own_variables() + [generator.state for generator in generators]
        return _unique(own + [v for layer in self._sublayers() for v in layer.variables])

    @property
    def trainable_weights(self):
        if not self.trainable:
            return []
        own = [v for v in self._own_variables() if v.trainable]
        return _unique(own + [v for layer in self._sublayers() for v in layer.trainable_weights])

    @property
    def non_trainable_weights(self):
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trainable]

    @property
    def weights(self):
        inner = [v for layer in self._sublayers() for v in layer.weights]
        return _unique(self._own_variables() + inner)

    trainable_variables = property(lambda self: self.trainable_weights)
    non_trainable_variables = property(
        lambda self: [v for v in self.variables if all(v is not w for w in self.trainable_weights)]
    )

    def get_weights(self):
        """Returns the weights as a list of NumPy arrays (copies)."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights):
        """Sets the weights from a list of arrays, in the order and shapes of `get_weights()`.

        Raises:
            ValueError: if the number or a shape differs; nothing is changed then.
        """
        variables = self.weights
        if len(weights) != len(variables):
            raise ValueError(
                f"Layer '{self.name}' has {len(variables)} weights. "
                f"Received: a list of {len(weights)}"
            )
        arrays = [np.asarray(value) for value in weights]
        for variable, array in zip(variables, arrays):
            if array.shape != variable.shape:
                raise ValueError(
                    f"Weight '{variable.path}' has shape {variable.shape}. "
                    f"Received: an array of shape {array.shape}"
                )
        for variable, array in zip(variables, arrays):
            variable.assign(array)

    def count_params(self):
        """Returns the number of numbers in the weights."""
        if not self.built:
            raise ValueError(
                f"Layer '{self.name}' has no weights yet: build it first, by calling it or by "
                "`build(input_shape)`."
            )
        return sum(math.prod(variable.shape) for variable in self.weights)


def _may_hold(value):
    """Whether a container may hold something to track, now or later: lists and dictionaries can
    grow, and a tuple of numbers can not."""
    if isinstance(value, tuple):
        return any(map(_may_hold, value)) or any(map(_is_tracked, value))
    return isinstance(value, (list, dict))


def leaves_of(value):
    """What a container holds, in the order it was put there, at any depth."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return [value]
    return [leaf for item in value for leaf in leaves_of(item)]


def _is_layer(value):
    return isinstance(value, LayerState)


def _is_variable(value):
    return isinstance(value, Variable)


def _is_generator(value):
    return isinstance(value, SeedGenerator)


def is_metric(value):
    # By what it does: metrics are made of layers' parts, and imported after them.
    return hasattr(type(value), "update_state") and hasattr(type(value), "result")


def _is_tracked(value):
    return _is_layer(value) or _is_variable(value) or _is_generator(value) or is_metric(value)


def append_new(items, item):
    if all(item is not other for other in items):
        items.append(item)


def _unique(variables):
    seen = set()
    return [v for v in variables if not (id(v) in seen or seen.add(id(v)))]
