"""Layers to and from config dictionaries."""

from ..saving import serialization


def serialize(layer):
    """Returns the config of a layer as a dictionary."""
    return serialization.serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """Returns the layer that a config describes.

    Raises:
        TypeError: if the config is malformed or its class not known.
    """
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)
