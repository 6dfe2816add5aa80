"""Layer: the base class of all layers and models."""

from __future__ import annotations

import inspect
import threading

import numpy as np

from .. import _core, dtype_policies, regularizers, symbolic, tree
from .._lookup import to_snake_case
from .._warn import warn
from ..keras_tensor import KerasTensor
from ..naming import unique_name
from ..ops.core import convert_to_tensor
from ..variables import Variable
from .call_signature import CallSignature
from .input_spec import check_inputs
from .layer_state import LayerState, append_new, is_metric, touch
from .layer_state import structure_version as structure_version

_thread = threading.local()


class Layer(LayerState, symbolic.Operation):
    """Base class of layers: state (weights) and a computation (`call`).

    A subclass implements `call(self, inputs)` and, if it has weights that depend on the shape of
    the input, `build(self, input_shape)`, which makes them by `add_weight`. Sub-layers and
    variables set as attributes are tracked. `call` may take `training`: it is then told whether
    the model trains. To be saved, a subclass with constructor arguments implements `get_config`.

    Args:
        activity_regularizer: Optional function of the output; its result, divided by the batch
            size, is added to the loss.
        trainable: Boolean, whether training changes the weights.
        dtype: String or `DTypePolicy`, the dtype of weights and computations. Defaults to
            `pyclr.config.dtype_policy()`, which is that of `floatx()`.
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
        self._init_state()
        set_(self, "_losses", [])
        set_(self, "_inbound_nodes", [])
        set_(self, "activity_regularizer", regularizers.get(activity_regularizer))
        set_(self, "_trainable", bool(trainable))
        if name is not None and not isinstance(name, str):
            raise ValueError(f"Argument `name` must be a string. Received: name={name!r}")
        set_(self, "name", name or unique_name(to_snake_case(type(self).__name__)))
        set_(self, "dtype", dtype_policies.get(dtype).name)
        set_(self, "built", False)
        set_(self, "_build_shapes", None)  # by the names of `call`'s arguments
        set_(self, "input_spec", None)
        set_(self, "supports_masking", type(self).compute_mask is not Layer.compute_mask)
        if input_dim is not None:
            input_shape = (input_dim,)
        if batch_shape is None and input_shape is not None:
            shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
            batch_shape = (None,) + shape
        set_(self, "_batch_input_shape", batch_shape)
        set_(self, "_signature", CallSignature(self.call, self.build))

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

    # --- Metrics from layers -------------------------------------------------------------------

    def add_metric(self, value, name=None, aggregation="mean"):
        """Reports a value, computed in `call`, with the metrics of the model (as tf.keras 2 did).

        Args:
            value: Tensor, averaged over the batches of an epoch; or the result of a metric, which
                is then reported itself.
            name: String, the name in logs. Needed unless `value` is a metric's result.
            aggregation: `"mean"`, the one there is; or `None`, for a metric's result.

        Raises:
            ValueError: if the name is missing or `aggregation` unknown.
        """
        from ..metrics import Mean

        if aggregation not in ("mean", None):
            raise ValueError(
                f"Argument `aggregation` must be 'mean' or None. Received: {aggregation!r}"
            )
        metric = getattr(value, "_metric_obj", None)
        if metric is not None:
            append_new(self._metrics, metric)
            return
        if name is None:
            raise ValueError("Argument `name` of add_metric() must be given. Received: name=None")
        known = [metric for metric in self._metrics if metric.name == name]
        metric = known[0] if known else Mean(name=name)
        append_new(self._metrics, metric)
        metric.update_state(value)

    @property
    def metrics(self):
        """The metrics of this layer and of those in it."""
        found = self._with_contained(self._metrics, is_metric)
        for layer in self._sublayers():
            for metric in layer.metrics:
                append_new(found, metric)
        return found

    # --- Computation ---------------------------------------------------------------------------

    # Keras' names for the one dtype of weights and computations.
    compute_dtype = property(lambda self: self.dtype)
    variable_dtype = property(lambda self: self.dtype)
    dtype_policy = property(lambda self: dtype_policies.DTypePolicy(self.dtype))

    def build(self, input_shape):
        """Makes the weights. `input_shape` is a tuple whose first entry, the batch, is `None`; for
        inputs in a list or dictionary, a list or dictionary of tuples. A layer with several tensors
        as arguments of `call` may take their shapes by name: `build(self, query_shape,
        value_shape)`."""
        object.__setattr__(self, "built", True)

    def call(self, inputs):
        """Computes the outputs from the inputs."""
        raise NotImplementedError(f"Layer '{type(self).__name__}' must implement `call`.")

    def compute_mask(self, inputs, previous_mask):
        """Returns the mask of the outputs; unless overridden, that of the inputs.

        Args:
            inputs: What `call` was given first.
            previous_mask: Its mask, boolean, `True` where a step counts; or `None`.
        """
        return previous_mask

    def compute_output_shape(self, *args, **kwargs):
        """Returns the shape of the output for a shape of the input (`None` for the batch).

        Unless a layer says it by a rule of its own, its call is tried in a dry run: twice, with
        different numbers for the unknown dimensions, which remain unknown where they decide.
        """
        shapes = map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), (args, kwargs))
        spec = self.compute_output_spec(*shapes[0], **shapes[1])
        return tree.map_structure(lambda tensor: tensor.shape, spec)

    def compute_output_spec(self, *args, **kwargs):
        """Returns what the layer returns for symbolic tensors, as symbolic tensors."""
        try:
            return symbolic.infer(self, args, kwargs)
        finally:
            self._clear_losses()

    def build_for(self, input_shape, **shapes):
        """Builds the layer once; the first shapes count.

        Args:
            input_shape: Shape of what `call` takes first, or a list or dictionary of shapes.
            **shapes: Shapes of further arguments of `call`, by their names.
        """
        if self.built:
            return
        first = self._signature.names[0] if self._signature.names else "inputs"
        self._build({first: map_shapes(tuple, input_shape), **shapes})

    def _build(self, shapes):
        if self.input_spec is not None:
            described = _flat_shapes(next(iter(shapes.values()), ()))
            specs = tree.flatten(self.input_spec)
            if len(specs) == len(described):
                check_inputs(specs, [(shape, None) for shape in described], self.name)
        object.__setattr__(self, "_build_shapes", shapes)
        with symbolic.real_run():
            self.build(**self._signature.build_arguments(shapes))
        object.__setattr__(self, "built", True)
        touch()

    @property
    def _build_shape(self):
        return None if self._build_shapes is None else next(iter(self._build_shapes.values()), None)

    def __call__(self, *args, **kwargs):
        signature = self._signature
        # One tensor without a mask is what most calls are.
        plain = self.built and _is_plain(args, kwargs)
        if plain:
            first = self._convert(args[0])
            args = (first,)
            self._check_input(first)
            training = kwargs.pop("training", None)
        elif symbolic.is_symbolic(args) or (kwargs and symbolic.is_symbolic(kwargs)):
            return self._call_symbolically(args, kwargs)
        else:
            args = [self._converted(value, i == 0) for i, value in enumerate(args)]
            kwargs = {name: self._converted(value) for name, value in kwargs.items()}
            arguments = signature.named(args, kwargs)
            tensors = {name: value for name, value in arguments.items() if _holds_tensors(value)}
            first = args[0] if args else next(iter(tensors.values()), None)
            self._check_and_build(arguments, tensors, first)
            training = kwargs.pop("training", None)
            if signature.takes_training and training is None:
                training = arguments.get("training")  # given by its position
            for name, value in signature.missing_masks(tensors, arguments):
                mask = tree.map_structure(_mask_of, value)
                if any(leaf is not None for leaf in tree.flatten(mask)):
                    kwargs[name] = mask
        outer_training = getattr(_thread, "training", None)
        if training is None:
            # Layers inside a layer train when it does, without being told.
            training = outer_training
        if signature.takes_training and training is not None:
            if len(args) <= signature.place_of_training:
                kwargs["training"] = training
        outermost = not getattr(_thread, "calling", False)
        if outermost:
            self._clear_losses()
        _thread.calling, _thread.training = True, training
        try:
            outputs = self.call(*args, **kwargs)
        finally:
            _thread.calling, _thread.training = not outermost, outer_training
        if not plain or type(self).compute_mask is not Layer.compute_mask:
            self._pass_mask_on(first, outputs)
        if self.activity_regularizer is not None:
            for output in tree.flatten(outputs):
                self.add_loss(self.activity_regularizer(output) / output.shape[0])
        return outputs

    def _check_input(self, first):
        if self.input_spec is not None:
            described = [
                None if x is None else (tuple(x.shape), str(x.dtype)) for x in tree.flatten(first)
            ]
            check_inputs(tree.flatten(self.input_spec), described, self.name)

    def _check_and_build(self, arguments, tensors, first):
        self._check_input(first)
        if not self.built:
            shapes = {
                name: tree.map_structure(_shape_without_batch, value)
                for name, value in tensors.items()
                if name != "mask" and not name.endswith("_mask")
            }
            self._build(shapes)

    def _call_symbolically(self, args, kwargs):
        """Makes a node of a graph: the call happens when the graph is run."""
        arguments = self._signature.named(args, kwargs)
        tensors = {name: value for name, value in arguments.items() if _holds_tensors(value)}
        self._check_and_build(
            arguments, tensors, args[0] if args else next(iter(tensors.values()), None)
        )
        outputs = self.compute_output_spec(*args, **kwargs)
        symbolic.Node(self, args, kwargs, outputs)
        return outputs

    def _pass_mask_on(self, first, outputs):
        masks = tree.map_structure(_mask_of, first)
        if all(mask is None for mask in tree.flatten(masks)):
            if type(self).compute_mask is Layer.compute_mask or not self.supports_masking:
                return
        if not self.supports_masking:
            warn(
                f"Layer '{self.name}' (of type {type(self).__name__}) does not support masks and "
                "drops the mask of its input: layers after it will not see it."
            )
            return
        flat = tree.flatten(outputs)
        if all(_mask_of(output) is not None for output in flat):
            return
        computed = self.compute_mask(first, masks)
        if computed is None:
            return
        for output, mask in zip(flat, tree.flatten(computed)):
            if mask is not None and _core.is_tensor(output) and _mask_of(output) is None:
                output._keras_mask = mask

    def _converted(self, value, is_first=False):
        """What `call` takes first becomes tensors; of further arguments, arrays do."""
        if is_first:
            return tree.map_structure(self._convert, value)
        return tree.map_structure(
            lambda leaf: self._convert(leaf) if _is_array(leaf) else leaf, value
        )

    def _convert(self, x):
        """Inputs are tensors; floating point ones in the layer's dtype."""
        if x is None:
            return None
        tensor = convert_to_tensor(x)
        if "float" in tensor.dtype and "float" in self.dtype and tensor.dtype != self.dtype:
            cast = _core.ops.cast(tensor, dtype=self.dtype)
            if (mask := _mask_of(tensor)) is not None:
                cast._keras_mask = mask
            return cast
        return tensor

    # --- Configuration -------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments, as plain values."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": _dtype_config(self.dtype)}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if not getattr(type(self).get_config, "is_default", False):
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

    get_config.is_default = True

    @classmethod
    def from_config(cls, config):
        """Returns a layer made from a `get_config()` dictionary."""
        return cls(**config)

    def get_build_config(self):
        """Returns what `build_from_config` needs to make the weights, or `None` before."""
        if self._build_shapes is None:
            return None
        arguments = self._signature.build_arguments(self._build_shapes)
        if len(arguments) == 1:
            return {"input_shape": next(iter(arguments.values()))}
        return {"shapes_dict": arguments}

    def build_from_config(self, config):
        """Makes the weights as they were when the config was made."""
        if not config or self.built:
            return
        if config.get("input_shape") is not None:
            self.build_for(config["input_shape"])
        elif config.get("shapes_dict") is not None:
            shapes = config["shapes_dict"].items()
            self._build({k.removesuffix("_shape"): map_shapes(tuple, v) for k, v in shapes})

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


def map_shapes(function, structure):
    """Returns the structure with `function(shape)` for every shape - a tuple or list of integers
    and `None` - in it."""
    if isinstance(structure, dict):
        return {key: map_shapes(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        if all(dim is None or isinstance(dim, (int, np.integer)) for dim in structure):
            return function(tuple(structure)) if structure or function is tuple else structure
        return type(structure)(map_shapes(function, item) for item in structure)
    return structure


def _flat_shapes(structure):
    shapes = []
    map_shapes(lambda shape: shapes.append(tuple(shape)), structure)
    return shapes


def _shape_without_batch(tensor):
    return None if tensor is None else (None, *tensor.shape[1:]) if len(tensor.shape) else ()


def _mask_of(tensor):
    return getattr(tensor, "_keras_mask", None)


def _is_array(value):
    return isinstance(value, (np.ndarray, Variable)) or _core.is_tensor(value)


def _holds_tensors(value):
    leaves = tree.flatten(value)
    return any(_core.is_tensor(leaf) or isinstance(leaf, KerasTensor) for leaf in leaves)


def _is_plain(args, kwargs):
    """Whether a call is that of one tensor without a mask, maybe with `training`."""
    if len(args) != 1 or (kwargs and (len(kwargs) > 1 or "training" not in kwargs)):
        return False
    return type(args[0]) is _core.Tensor and _mask_of(args[0]) is None


def _dtype_config(dtype):
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": dtype},
        "registered_name": None,
    }
