"""Bidirectional: a recurrent layer run over sequences in both directions."""

from __future__ import annotations

from .. import ops
from ..keras_tensor import KerasTensor
from ..saving import serialization
from .layer import Layer, map_shapes

_MERGE_MODES = ("concat", "sum", "mul", "ave", None)


class Bidirectional(Layer):
    """Runs a recurrent layer over sequences forwards, and another one like it backwards (Schuster
    and Paliwal, 1997).

    Args:
        layer: Recurrent layer; the two used are made from its config.
        merge_mode: How the outputs become one: `"concat"` (of the last axis), `"sum"`, `"mul"`,
            `"ave"`, or `None` for a list of both.
        weights: Optional list of arrays, the first weights: those of the forward layer, then those
            of the backward one.
        backward_layer: Optional recurrent layer for the other direction.

    Call arguments:
        As of `RNN`; `initial_state` is the states of the forward layer, then those of the backward
        one.

    Output shape:
        As of the layer, the last axis twice as large for `"concat"`; with `return_state` the
        states of both directions follow.

    Raises:
        ValueError: if `merge_mode` is unknown, or the two layers do not match.

    Example:

    ```python
    layer = pyclr.layers.Bidirectional(pyclr.layers.LSTM(8, return_sequences=True))
    assert layer(np.ones((2, 5, 3), "float32")).shape == (2, 5, 16)
    ```
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        for name, value in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(value, Layer) and not (value is None and name == "backward_layer"):
                raise ValueError(f"Argument `{name}` must be a layer. Received: {name}={value!r}")
        if merge_mode not in _MERGE_MODES:
            raise ValueError(
                "Argument `merge_mode` must be 'concat', 'sum', 'mul', 'ave' or None. "
                f"Received: merge_mode={merge_mode!r}"
            )
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        if backward_layer is None:
            backward_layer = _copy(layer, "backward_", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_layers()
        for each in (self.forward_layer, self.backward_layer):
            if hasattr(each, "zero_output_for_mask"):
                each.zero_output_for_mask = each.return_sequences
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._initial_weights = weights

    def _check_layers(self):
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "The two layers must have different `go_backwards`. Received: "
                f"{forward.go_backwards} for both"
            )
        for name in ("stateful", "return_sequences", "return_state"):
            values = getattr(forward, name), getattr(backward, name)
            if values[0] != values[1]:
                raise ValueError(
                    f"The two layers must have the same `{name}`. Received: {values[0]} for the "
                    f"forward layer and {values[1]} for the backward layer"
                )

    def build(self, sequences_shape, initial_state_shape=None):
        self.forward_layer.build_for(sequences_shape)
        self.backward_layer.build_for(sequences_shape)
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        states = [None, None]
        if initial_state is not None:
            half = len(initial_state) // 2
            states = [list(initial_state[:half]), list(initial_state[half:])]
        kwargs = {"mask": mask, "training": training}
        forward = self.forward_layer(sequences, initial_state=states[0], **kwargs)
        backward = self.backward_layer(sequences, initial_state=states[1], **kwargs)
        after = ()
        if self.return_state:
            after = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        output = self._merge(forward, backward)
        if self.merge_mode is None:
            return (*output, *after)
        return (output, *after) if self.return_state else output

    def _merge(self, forward, backward):
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "sum":
            return forward + backward
        if self.merge_mode == "ave":
            return (forward + backward) / 2
        if self.merge_mode == "mul":
            return forward * backward
        return forward, backward

    def reset_state(self):
        """Sets the states that stateful layers keep to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self):
        """The states that stateful layers keep, or `None`."""
        both = (self.forward_layer.states, self.backward_layer.states)
        return None if None in both else (*both[0], *both[1])

    def compute_mask(self, inputs, previous_mask):
        mask = previous_mask[0] if isinstance(previous_mask, list) else previous_mask
        masks = [mask if self.return_sequences else None] * (2 if self.merge_mode is None else 1)
        if self.return_state:
            return masks + [None] * (2 * len(self.forward_layer.state_size))
        return masks if self.merge_mode is None else masks[0]

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        output = self.forward_layer.compute_output_shape(sequences_shape)
        states = ()
        if self.return_state:
            output, states = output[0], (*output[1:], *output[1:])
        if self.merge_mode is None:
            return (output, output, *states)
        if self.merge_mode == "concat":
            output = (*output[:-1], 2 * output[-1])
        return (output, *states) if self.return_state else output

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=None):
        shapes = self.compute_output_shape(tuple(sequences.shape))
        return map_shapes(lambda shape: KerasTensor(shape, dtype=self.dtype), shapes)

    def get_config(self):
        serialize = serialization.serialize_keras_object
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize(self.forward_layer),
            "backward_layer": serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        layers = {
            name: serialization.deserialize_keras_object(config[name], custom_objects)
            for name in ("layer", "backward_layer")
            if config.get(name) is not None
        }
        return cls(**{**config, **layers})


def _copy(layer, prefix, **changes):
    """A layer with the same config, but for its name and `changes`."""
    description = serialization.serialize_keras_object(layer)
    name = prefix + layer.name.removeprefix(prefix)
    description["config"] = {**description["config"], "name": name, **changes}
    return serialization.deserialize_keras_object(description)
