"""Layer: the base class of all layers and models."""

from __future__ import annotations

import inspect
import math
import threading
from collections import Counter

from .. import _core, config, initializers, regularizers
from .._lookup import to_snake_case
from ..ops.core import convert_to_tensor
from ..random.seed_generator import SeedGenerator
from ..utils import tree
from ..variables import Variable
from .input_spec import check_inputs

_name_counts: Counter = Counter()
_thread = threading.local()

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


def unique_name(prefix):
    """Returns `prefix`, or `prefix_1`, `prefix_2` ... when it has been given out before."""
    _name_counts[prefix] += 1
    count = _name_counts[prefix] - 1
    return prefix if count == 0 else f"{prefix}_{count}"


def reset_names():
    """Forgets the names given out."""
    _name_counts.clear()


class Layer:
    """Base class of layers: state (weights) and a computation (`call`).

    A subclass implements `call(self, inputs)` and, if it has weights that depend on the shape of
    the input, `build(self, input_shape)`, which makes them by `add_weight`. Sub-layers and
    variables set as attributes are tracked. `call` may take `training`: it is then told whether
    the model trains. To be saved, a subclass with constructor arguments implements `get_config`.

    Args:
        activity_regularizer: Optional function of the output; its result, divided by the batch
            size, is added to the loss.
        trainable: Boolean, whether training changes the weights.
        dtype: String, the dtype of weights and computations. Defaults to `floatx()`.
        name: String, unique in a model. Defaults to the class name in snake case.

    Attributes:
        weights, trainable_weights, non_trainable_weights: Lists of `Variable`.
        built: Boolean, whether the weights exist.
        input_spec: `InputSpec`, or a list of them, that inputs must fit; `None` for no checks.

    Example:

    ```python
    class Scale(pyclr.layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs):
            return inputs * self.factor
    ```
    """

    # Attributes that no computation reads: setting them keeps recorded steps.
    _bookkeeping: frozenset[str] = frozenset()

    def __init__(
        self, *, activity_regularizer=None, trainable=True, dtype=None, name=None, **kwargs
    ):
        input_shape = kwargs.pop("input_shape", None)
        batch_shape = kwargs.pop("batch_input_shape", kwargs.pop("batch_shape", None))
        input_dim = kwargs.pop("input_dim", None)
        kwargs.pop("autocast", None)
        if kwargs:
            raise TypeError(
                f"Layer '{type(self).__name__}' takes no argument named "
                f"{', '.join(repr(key) for key in kwargs)}."
            )
        set_ = object.__setattr__
        set_(self, "_layers", [])
        set_(self, "_variables", [])
        set_(self, "_seed_generators", [])
        set_(self, "_containers", [])  # lists, tuples and dictionaries set as attributes
        set_(self, "_losses", [])
        set_(self, "activity_regularizer", regularizers.get(activity_regularizer))
        set_(self, "_trainable", bool(trainable))
        if name is not None and not isinstance(name, str):
            raise ValueError(f"Argument `name` must be a string. Received: name={name!r}")
        set_(self, "name", name or unique_name(to_snake_case(type(self).__name__)))
        set_(self, "dtype", _dtype_name(dtype))
        set_(self, "built", False)
        set_(self, "_build_shape", None)
        set_(self, "input_spec", None)
        if input_dim is not None:
            input_shape = (input_dim,)
        if batch_shape is None and input_shape is not None:
            shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
            batch_shape = (None,) + shape
        set_(self, "_batch_input_shape", batch_shape)
        parameters = list(inspect.signature(self.call).parameters)
        # Where `training` stands among the arguments after the inputs.
        position = parameters.index("training") - 1 if "training" in parameters else None
        set_(self, "_training_position", position)

    # --- State ---------------------------------------------------------------------------------

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
        if isinstance(value, Layer):
            _append_new(self._layers, value)
        elif isinstance(value, Variable):
            _append_new(self._variables, value)
        elif isinstance(value, SeedGenerator):
            _append_new(self._seed_generators, value)
        elif isinstance(value, (list, tuple, dict)):
            _append_new(self._containers, value)

    def _untrack(self, value):
        for tracked in (self._layers, self._variables, self._seed_generators, self._containers):
            tracked[:] = [item for item in tracked if item is not value]

    def _with_contained(self, tracked, kind):
        """What is tracked by itself, then what the containers hold."""
        found = list(tracked)
        for container in self._containers:
            for item in _leaves(container):
                if isinstance(item, kind):
                    _append_new(found, item)
        return found

    def _sublayers(self):
        return self._with_contained(self._layers, Layer)

    def _own_variables(self):
        # Keras' order: trainable ones first.
        own = self._with_contained(self._variables, Variable)
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
        dtype = _dtype_name(dtype) if dtype is not None else self.dtype
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
        _append_new(self._variables, variable)
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
        generators = self._with_contained(self._seed_generators, SeedGenerator)
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
        import numpy as np

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

    # --- Losses from layers --------------------------------------------------------------------

    def add_loss(self, loss):
        """Adds a scalar tensor, computed in `call`, to the loss of the model that is training.

        Args:
            loss: Scalar tensor, or a list of them.
        """
        for item in tree.flatten(loss):
            self._losses.append(convert_to_tensor(item))

    @property
    def losses(self):
        """What layers added in the last call, and the weights' regularization losses."""
        regularization = [
            variable.regularizer(variable.value)
            for variable in self.trainable_weights
            if variable.regularizer is not None
        ]
        return self._added_losses() + regularization

    def _added_losses(self):
        inner = [loss for layer in self._sublayers() for loss in layer._added_losses()]
        return self._losses + inner

    def _clear_losses(self):
        self._losses.clear()
        for layer in self._sublayers():
            layer._clear_losses()

    # --- Computation ---------------------------------------------------------------------------

    # Keras' names for the one dtype of weights and computations.
    compute_dtype = property(lambda self: self.dtype)
    variable_dtype = property(lambda self: self.dtype)

    def build(self, input_shape):
        """Makes the weights. `input_shape` is a tuple whose first entry, the batch, is `None`."""
        object.__setattr__(self, "built", True)

    def call(self, inputs):
        """Computes the outputs from the inputs."""
        raise NotImplementedError(f"Layer '{type(self).__name__}' must implement `call`.")

    def compute_output_shape(self, input_shape):
        """Returns the shape of the output for a shape of the input (`None` for the batch).

        Unless a layer says it by a rule of its own, its call is tried on zeros: twice, with
        different numbers for the unknown dimensions, which remain unknown where they decide.
        """
        first, second = (
            tree.map_structure(lambda y: tuple(y.shape), self._call_on_zeros(input_shape, unknown))
            for unknown in (2, 3)
        )
        if not isinstance(first, tuple) or (first and isinstance(first[0], tuple)):
            raise NotImplementedError(
                f"Layer '{type(self).__name__}' has several outputs and must implement "
                "`compute_output_shape`."
            )
        return tuple(a if a == b else None for a, b in zip(first, second))

    def _call_on_zeros(self, input_shape, unknown):
        """Calls the layer as in inference, unseen by tapes."""
        shape = [unknown if dim is None else dim for dim in input_shape]
        tapes = _core.suspend_tapes()
        try:
            return self(_core.ops.full(shape=shape, dtype=self.compute_dtype), training=False)
        finally:
            _core.resume_tapes(tapes)

    def build_for(self, input_shape):
        """Builds the layer once; the first shape counts."""
        if self.built:
            return
        input_shape = tuple(input_shape)
        if self.input_spec is not None and not isinstance(self.input_spec, (list, tuple)):
            check_inputs([self.input_spec], [(input_shape, None)], self.name)
        object.__setattr__(self, "_build_shape", input_shape)
        self.build(input_shape)
        object.__setattr__(self, "built", True)
        touch()

    def __call__(self, inputs, *args, training=None, **kwargs):
        inputs = tree.map_structure(self._convert, inputs)
        if self.input_spec is not None:
            described = [None if x is None else (x.shape, x.dtype) for x in tree.flatten(inputs)]
            check_inputs(tree.flatten(self.input_spec), described, self.name)
        if not self.built:
            first = tree.flatten(inputs)[0]
            self.build_for((None,) + tuple(first.shape[1:]))
        outer_training = getattr(_thread, "training", None)
        position = self._training_position
        if position is not None and len(args) > position:
            training = args[position]
        elif training is None:
            # Layers inside a layer train when it does, without being told.
            training = outer_training
        if position is not None and len(args) <= position and training is not None:
            kwargs["training"] = training
        outermost = not getattr(_thread, "calling", False)
        if outermost:
            self._clear_losses()
        _thread.calling, _thread.training = True, training
        try:
            outputs = self.call(inputs, *args, **kwargs)
        finally:
            _thread.calling, _thread.training = not outermost, outer_training
        if self.activity_regularizer is not None:
            for output in tree.flatten(outputs):
                self.add_loss(self.activity_regularizer(output) / output.shape[0])
        return outputs

    def _convert(self, x):
        """Inputs are tensors; floating point ones in the layer's dtype."""
        if x is None:
            return None
        tensor = convert_to_tensor(x)
        if "float" in tensor.dtype and tensor.dtype != self.dtype:
            return _core.ops.cast(tensor, dtype=self.dtype)
        return tensor

    # --- Configuration -------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments, as plain values."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": _dtype_config(self.dtype)}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is not Layer.get_config:
            return base
        # Not overridden: the arguments are what the attributes of their names say.
        parameters = list(inspect.signature(type(self).__init__).parameters.values())[1:]
        named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        own = [name for name in named if name not in base]
        missing = [name for name in own if not hasattr(self, name)]
        if missing:
            raise NotImplementedError(
                f"Layer '{type(self).__name__}' has constructor arguments ({', '.join(own)}) and "
                "must override `get_config()` to be saved."
            )
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            base = {name: value for name, value in base.items() if name in named}
        return {**base, **{name: getattr(self, name) for name in own}}

    @classmethod
    def from_config(cls, config):
        """Returns a layer made from a `get_config()` dictionary."""
        return cls(**config)

    def get_build_config(self):
        """Returns what `build_from_config` needs to make the weights, or `None` before."""
        return {"input_shape": self._build_shape} if self._build_shape is not None else None

    def build_from_config(self, config):
        """Makes the weights as they were when the config was made."""
        if config and config.get("input_shape") is not None:
            self.build_for(config["input_shape"])

    def save_own_variables(self, store):
        """Writes this layer's own variables (not its sub-layers') to a mapping of arrays."""
        for i, variable in enumerate(self._own_variables()):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store):
        """Sets this layer's own variables from such a mapping.

        Raises:
            ValueError: if the number of variables or a shape differs.
        """
        own = self._own_variables()
        if len(store.keys()) != len(own):
            hint = "" if own else " The layer has not been built."
            raise ValueError(
                f"Layer '{self.name}' has {len(own)} variables, and the file has "
                f"{len(store.keys())} for it.{hint}"
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)][()])

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _leaves(value):
    """What a container holds, in the order it was put there, at any depth."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return [value]
    return [leaf for item in value for leaf in _leaves(item)]


def _append_new(items, item):
    if all(item is not other for other in items):
        items.append(item)


def _unique(variables):
    seen = set()
    return [v for v in variables if not (id(v) in seen or seen.add(id(v)))]


def _dtype_name(dtype):
    """The name of a dtype given as a string, a NumPy dtype or a Keras dtype policy's config."""
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    name = getattr(dtype, "name", dtype)
    if name not in ("float32", "float64", "int32", "int64", "uint8", "bool"):
        raise ValueError(
            "Argument `dtype` must be one of float32, float64, int32, int64, uint8, bool. "
            f"Received: dtype={dtype!r}"
        )
    return name


def _dtype_config(dtype):
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": dtype},
        "registered_name": None,
    }
