"""Sequential: a stack of layers."""

from __future__ import annotations

import copy

from ..keras_tensor import KerasTensor
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from .graph import Graph
from .model import Model


class Sequential(Model):
    """A stack of layers, each with one input and one output.

    The weights are made when the input shape is known: from an `Input` or `InputLayer` at the
    start, from the first layer's `input_shape`, or from the first data.

    Args:
        layers: List of layers.
        trainable: Boolean.
        name: String.

    Example:

    ```python
    model = pyclr.Sequential([
        pyclr.Input((784,)),
        pyclr.layers.Dense(64, activation="relu"),
        pyclr.layers.Dense(10, activation="softmax"),
    ])
    ```
    """

    def __init__(self, layers=None, trainable=True, name=None):
        super().__init__(trainable=trainable, name=name)
        object.__setattr__(self, "_input_layer", None)
        if layers is not None and not isinstance(layers, (list, tuple)):
            layers = [layers]
        for layer in layers or []:
            self._append(layer)
        self._build_if_possible()

    @property
    def layers(self):
        return [layer for layer in self._layers if layer is not self._input_layer]

    def add(self, layer):
        """Adds a layer on top.

        Raises:
            ValueError: if it is no layer, or its name is taken.
        """
        self._append(layer)
        self._rebuild()

    def pop(self):
        """Removes the topmost layer and returns it."""
        if not self.layers:
            raise ValueError("The Sequential model has no layer to remove.")
        layer = self._layers.pop()
        self._rebuild()
        return layer

    def _append(self, layer):
        if isinstance(layer, KerasTensor):  # what Input() returns
            layer = layer._keras_history.operation
        if not isinstance(layer, Layer):
            raise ValueError(
                "A Sequential model takes layers only. "
                f"Received: {layer!r} of type {type(layer).__name__}"
            )
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(
                f"The names of layers must be unique in a model. Received: '{layer.name}' twice"
            )
        if isinstance(layer, InputLayer):
            if self._layers:
                raise ValueError("An input layer must be the first of a Sequential model.")
            object.__setattr__(self, "_input_layer", layer)
        elif not self._layers and layer._batch_input_shape is not None:
            object.__setattr__(
                self, "_input_layer", InputLayer(batch_shape=layer._batch_input_shape)
            )
            self._layers.append(self._input_layer)
        self._layers.append(layer)

    def _rebuild(self):
        object.__setattr__(self, "built", False)
        self._forget_steps()
        self._build_if_possible()

    def _build_if_possible(self):
        if self._input_layer is not None:
            self.build(self._input_layer.batch_shape)

    def build(self, input_shape=None):
        """Makes the weights for an input shape (the batch first, usually `None`)."""
        if input_shape is None:
            if self._input_layer is None:
                raise ValueError("The Sequential model needs an `input_shape` to be built.")
            input_shape = self._input_layer.batch_shape
        if self._input_layer is None:
            layer = InputLayer(batch_shape=tuple(input_shape), dtype=self._input_dtype())
            inputs = layer.output
        else:
            inputs = self._input_layer.output
        outputs = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        layers = list(self._layers)
        self._set_graph(Graph(inputs, outputs))
        self._layers[:] = layers
        object.__setattr__(self, "_build_shapes", {"inputs": inputs.shape})

    def _input_dtype(self):
        first = self.layers[0].input_spec if self.layers else None
        return getattr(first, "dtype", None)

    def call(self, inputs, training=None, mask=None):
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def __call__(self, inputs, *args, **kwargs):
        if not self.layers:
            raise ValueError("A Sequential model without layers can not be called.")
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            inputs = inputs[0]
        return super().__call__(inputs, *args, **kwargs)

    def compute_output_shape(self, input_shape):
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self):
        from ..saving.serialization import serialize_keras_object

        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": Layer.get_config(self)["dtype"],
            "layers": [serialize_keras_object(layer) for layer in self._layers],
        }
        if self._build_shape is not None:
            config["build_input_shape"] = self._build_shape
        return copy.deepcopy(config)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from ..saving.serialization import deserialize_keras_object

        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for layer in config["layers"]:
            model._append(deserialize_keras_object(layer, custom_objects=custom_objects))
        shape = config.get("build_input_shape")
        if shape is not None:
            model.build(tuple(shape))
        else:
            model._build_if_possible()
        return model
