"""Lambda: a function as a layer."""

from __future__ import annotations

import inspect

from ..saving import serialization
from .layer import Layer, map_shapes


class Lambda(Layer):
    """Applies a function of tensors, which has no weights.

    To be saved, the function must have a name to be found by: define it at the top level of a
    module, with `pyclr.saving.register_keras_serializable()`. A model with a Python lambda can be
    trained, but not saved, and code in files of Keras is never run.

    Args:
        function: Function of a tensor, or of a nested structure of tensors. If it takes arguments
            named `mask` and `training`, it is given them too.
        output_shape: Optional tuple, the output's shape without the batch, or function from the
            input's shape to the output's. Found by a dry run if not given.
        mask: Optional function `mask(inputs, previous_mask)` that returns the mask of the outputs,
            or a mask itself. Without one, masks are dropped.
        arguments: Optional dictionary of further keyword arguments of the function.

    Input shape:
        What the function takes.

    Output shape:
        What the function returns.

    Example:

    ```python
    model.add(pyclr.layers.Lambda(lambda x: x**2))
    ```
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(
                f"Argument `function` must be a function of tensors. Received: {function!r}"
            )
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        names = inspect.signature(function).parameters
        self._expected = [name for name in ("mask", "training") if name in names]

    def call(self, inputs, mask=None, training=None):
        given = {"mask": mask, "training": training}
        expected = {name: given[name] for name in self._expected}
        return self.function(inputs, **{**self.arguments, **expected})

    def compute_mask(self, inputs, previous_mask):
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        shapes = []
        map_shapes(shapes.append, input_shape)
        return map_shapes(lambda shape: (shapes[0][0], *shape), self._output_shape)

    def get_config(self):
        optional = {"output_shape": self._output_shape, "mask": self.mask}
        written = {name: value for name, value in optional.items() if value is not None}
        serialize = serialization.serialize_keras_object
        return {
            "function": serialize(self.function),
            **{name: serialize(value) for name, value in written.items()},
            "arguments": serialize(self.arguments),
            **super().get_config(),
        }

    @classmethod
    def from_config(cls, config):
        names = [
            name for name in ("function", "output_shape", "mask", "arguments") if name in config
        ]
        values = {name: serialization.deserialize_keras_object(config[name]) for name in names}
        if isinstance(values.get("output_shape"), list):  # from JSON, where tuples are lists
            values["output_shape"] = map_shapes(tuple, values["output_shape"])
        return cls(**{**config, **values})
