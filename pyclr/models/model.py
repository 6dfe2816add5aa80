"""Model: a layer that can be trained, evaluated, saved and shown."""

from __future__ import annotations

from .. import symbolic, tree
from ..keras_tensor import KerasTensor
from ..layers.layer import Layer
from ..layers.layer_state import append_new
from .graph import Graph
from .graph_config import graph_config
from .summary import summary_lines
from .trainer import Trainer


class Model(Trainer, Layer):
    """A layer that can be compiled, trained and saved.

    From layers called on symbolic tensors: `Model(inputs, outputs)`. Or subclass it: make layers
    in `__init__` and use them in `call(self, inputs, training=False)`. For a plain stack of layers
    there is `Sequential`.

    Args:
        inputs: `KerasTensor` from `Input`, or a list, tuple or dictionary of them.
        outputs: `KerasTensor` computed from the inputs, or a structure of them.
        name: String.
        trainable: Boolean.
        dtype: String.

    Example:

    ```python
    inputs = pyclr.Input((16,))
    hidden = pyclr.layers.Dense(16, activation="relu")(inputs)
    model = pyclr.Model(inputs, pyclr.layers.Dense(16)(hidden) + inputs)

    class Residual(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.hidden = pyclr.layers.Dense(16, activation="relu")
            self.out = pyclr.layers.Dense(16)

        def call(self, x):
            return x + self.out(self.hidden(x))
    ```
    """

    def __new__(cls, *args, **kwargs):
        if cls is Model and _graph_arguments(args, kwargs):
            from .functional import Functional

            return object.__new__(Functional)
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        named = _graph_arguments(args, kwargs)
        if args and not named:
            raise TypeError(
                "A Model takes symbolic `inputs` and `outputs`, or is made by subclassing. "
                f"Received: {len(args)} positional arguments"
            )
        if len(args) == 3:
            kwargs = {"name": args[2], **kwargs}
        trainable = kwargs.pop("trainable", None)
        for name in named:
            kwargs.pop(name, None)
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        object.__setattr__(self, "_graph", None)
        if named:
            self._set_graph(Graph(named["inputs"], named["outputs"]))
        if trainable is not None:
            self.trainable = trainable

    # --- The graph -------------------------------------------------------------------------------

    def _set_graph(self, graph):
        object.__setattr__(self, "_graph", graph)
        object.__setattr__(self, "_graph_losses", [])
        object.__setattr__(self, "_graph_metrics", [])
        self._track_operations()
        inputs = graph.inputs
        shapes = tree.map_structure(lambda tensor: tensor.shape, inputs)
        object.__setattr__(self, "_build_shapes", {"inputs": shapes})
        object.__setattr__(self, "built", True)

    def _track_operations(self):
        for operation in self._graph.operations:
            if isinstance(operation, Layer):
                append_new(self._layers, operation)
        # In the order of the graph, whatever was an attribute before.
        order = {id(operation): i for i, operation in enumerate(self._graph.operations)}
        self._layers.sort(key=lambda layer: order.get(id(layer), len(order)))

    @property
    def inputs(self):
        """The symbolic inputs, a flat list; `None` for a model that is not a graph."""
        return None if self._graph is None else list(self._graph.flat_inputs)

    @property
    def outputs(self):
        """The symbolic outputs, a flat list; `None` for a model that is not a graph."""
        return None if self._graph is None else tree.flatten(self._graph.outputs)

    @property
    def input(self):
        """The symbolic inputs in their structure."""
        return self._known_graph("input").inputs

    @property
    def output(self):
        """The symbolic outputs in their structure."""
        return self._known_graph("output").outputs

    @property
    def input_shape(self):
        """The shape of the input, or the list of shapes of several; the batch is `None`."""
        shapes = [tensor.shape for tensor in self._known_graph("input").flat_inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self):
        """The shape of the output, or the list of shapes of several; the batch is `None`."""
        shapes = [tensor.shape for tensor in tree.flatten(self.output)]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def input_names(self):
        """The names of the input layers."""
        return [t._keras_history.operation.name for t in self._known_graph("input").flat_inputs]

    @property
    def output_names(self):
        """The names of the layers that give the outputs; `None` for a model that is no graph."""
        if self._graph is None:
            return None
        return [t._keras_history.operation.name for t in tree.flatten(self._graph.outputs)]

    def _known_graph(self, what):
        if self._graph is None:
            raise AttributeError(
                f"The model '{self.name}' has no symbolic `{what}`: it is not a graph of layers"
                " yet. A Sequential model has one when its input shape is known."
            )
        return self._graph

    def call(self, inputs, training=None, mask=None):
        """Computes the outputs; a subclass without `inputs` and `outputs` overrides it."""
        if self._graph is None:
            raise NotImplementedError(
                f"Model '{type(self).__name__}' must implement `call`, or be made from `inputs` "
                "and `outputs`."
            )
        from .functional import standardized

        tensors = standardized(self._graph, inputs)
        for tensor, given in zip(tensors, tree.flatten(mask) if mask is not None else ()):
            if given is not None:
                tensor._keras_mask = given
        value_of = self._graph.run(tensors)
        for loss in self._graph_losses:
            self._losses.append(value_of(loss))
        for tensor, name, aggregation in self._graph_metrics:
            super().add_metric(value_of(tensor), name, aggregation)
        return tree.map_structure(value_of, self._graph.outputs)

    def add_loss(self, loss):
        """Adds a scalar to the loss: a tensor computed in `call`, or, for a graph of layers, a
        symbolic tensor of the graph (as tf.keras 2 did).

        Args:
            loss: Scalar tensor or symbolic tensor, or a list of them.
        """
        for item in tree.flatten(loss):
            if isinstance(item, KerasTensor):
                self._extend_graph(item)
                self._graph_losses.append(item)
            else:
                super().add_loss(item)

    def add_metric(self, value, name=None, aggregation="mean"):
        """Reports a value with the metrics: see `Layer.add_metric`. For a graph of layers, a
        symbolic tensor of the graph.
        """
        if not isinstance(value, KerasTensor):
            super().add_metric(value, name, aggregation)
            return
        if name is None:
            raise ValueError("Argument `name` of add_metric() must be given. Received: name=None")
        from ..metrics import Mean

        self._extend_graph(value)
        self._graph_metrics.append((value, name, aggregation))
        append_new(self._metrics, Mean(name=name))

    def _extend_graph(self, tensor):
        if self._graph is None:
            raise ValueError(
                "A symbolic tensor can be added to a model that is a graph of layers. "
                f"Received: {tensor!r} for the model '{self.name}'"
            )
        self._graph.add_outputs([tensor])
        self._track_operations()
        self._forget_steps()

    @property
    def layers(self):
        """The layers of the model, in order."""
        return self._sublayers()

    @property
    def operations(self):
        """The layers, and the functions of `pyclr.ops` among them, in the order of the graph."""
        return self._known_graph("operations").operations

    def get_layer(self, name=None, index=None):
        """Returns a layer by its name or its place.

        Raises:
            ValueError: if there is none, or not exactly one argument is given.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"Exactly one of `name` and `index` is needed. Received: name={name}, index={index}"
            )
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"The model has {len(self.layers)} layers. Received: index={index}"
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"The model has the layers {[layer.name for layer in self.layers]}. "
            f"Received: name={name!r}"
        )

    def summary(self, line_length=None, print_fn=None, expand_nested=False, show_trainable=False):
        """Prints the layers, their output shapes and numbers of parameters.

        Args:
            line_length: Integer, characters a line. Defaults to what the table needs.
            print_fn: Function that is given the text. Defaults to `print`.
            expand_nested: Boolean, whether the layers of models in the model are listed too.
            show_trainable: Boolean, whether a column tells what is trainable.
        """
        lines = summary_lines(self, line_length, expand_nested, show_trainable)
        (print_fn or print)("\n".join(lines))

    # --- Configuration ---------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments; for a graph of layers, the graph."""
        from .functional import is_functional_constructor

        if self._graph is None or not is_functional_constructor(type(self)):
            return super().get_config()
        config = {"name": self.name, "trainable": self.trainable, **graph_config(self._graph)}
        return config

    get_config.is_default = True

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns a model made from a `get_config()` dictionary."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            from .functional import model_from_config

            return model_from_config(cls, config, custom_objects)
        return cls(**config)

    def get_build_config(self):
        # A graph is built by its own layers.
        return {"input_shape": None} if self._graph is not None else super().get_build_config()

    def to_json(self, **kwargs):
        """Returns the config of the model as JSON text, for `pyclr.models.model_from_json`.

        Args:
            **kwargs: Arguments of `json.dumps`.
        """
        import json

        from ..saving.serialization import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    # --- Files -----------------------------------------------------------------------------------

    def save(self, filepath, overwrite=True, include_optimizer=True):
        """Saves the model - architecture, weights, optimizer - as a `.keras` file.

        The arguments and errors are those of `pyclr.saving.save_model`.
        """
        from ..saving import save_model

        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath, overwrite=True):
        """Saves the weights, and the optimizer's state, as a `.weights.h5` file.

        The arguments and errors are those of `pyclr.saving.save_weights`.
        """
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, skip_mismatch=False):
        """Loads weights that `save_weights` or `save` wrote, here or in Keras 3.

        The arguments and errors are those of `pyclr.saving.load_weights`.
        """
        from ..saving import load_weights

        load_weights(self, filepath, skip_mismatch)

    def __reduce__(self):
        from ..saving.saving_api import reduce_model

        return reduce_model(self)

    def get_compile_config(self):
        """Returns the arguments of `compile` as a config, or `None`."""
        from ..saving.serialization import serialize_keras_object

        if not self.compiled:
            return None
        config = {**self._compile_config, "optimizer": self.optimizer}
        return {key: serialize_keras_object(value) for key, value in config.items()}

    def compile_from_config(self, config):
        """Compiles the model as a config says."""
        from ..saving.serialization import deserialize_keras_object

        known = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly")
        self.compile(
            **{key: deserialize_keras_object(config[key]) for key in known if key in config}
        )
        if self.built:
            self.optimizer.build(self.trainable_variables)


def _graph_arguments(args, kwargs):
    """Returns `{"inputs": ..., "outputs": ...}` if a constructor was given them, else nothing."""
    named = {key: kwargs[key] for key in ("inputs", "outputs") if key in kwargs}
    named = {**dict(zip(("inputs", "outputs"), args)), **named}
    return named if len(named) == 2 and symbolic.is_symbolic(list(named.values())) else {}
