"""Base of layers around a layer."""

from __future__ import annotations

from ..saving import serialization
from .layer import Layer


class Wrapper(Layer):
    """Base of layers that change how another layer works.

    Args:
        layer: Layer, the one inside.

    Raises:
        ValueError: if `layer` is no layer.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(f"Argument `layer` must be a layer. Received: layer={layer!r}")
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        self.layer.build_for(input_shape)

    def get_config(self):
        layer = serialization.serialize_keras_object(self.layer)
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        layer = serialization.deserialize_keras_object(config["layer"], custom_objects)
        return cls(layer, **{key: value for key, value in config.items() if key != "layer"})
