"""TimeDistributed: a layer applied to every step of sequences."""

from __future__ import annotations

from .. import _core, ops, tree
from .batch_normalization import BatchNormalization
from .layer import map_shapes
from .wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Applies a layer to every step of sequences, with the same weights.

    The steps go through the layer together, as further rows of the batch; one by one if batch
    normalization in it trains, whose statistics are those of a step.

    Args:
        layer: Layer.

    Call arguments:
        inputs: Tensor of shape `(batch, steps, ...)`.
        training: Boolean, passed on.
        mask: Optional boolean tensor of shape `(batch, steps, ...)`, passed on to a layer that
            takes one.

    Output shape:
        `(batch, steps, ...)`, the rest that of the layer's output.

    Raises:
        ValueError: if the input has fewer than three axes, or the mask does not fit it.

    Example:

    ```python
    layer = pyclr.layers.TimeDistributed(pyclr.layers.Conv2D(4, 3))
    assert layer(np.ones((2, 10, 8, 8, 1), "float32")).shape == (2, 10, 6, 6, 4)
    ```
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _step_shape(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError(
                "The input of `TimeDistributed` must have at least 3 axes, (batch, steps, ...). "
                f"Received: input_shape={tuple(input_shape)} in layer '{self.name}'"
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape):
        super().build(self._step_shape(input_shape))

    def compute_output_shape(self, input_shape):
        output = self.layer.compute_output_shape(self._step_shape(input_shape))
        return map_shapes(lambda shape: (shape[0], input_shape[1], *shape[1:]), output)

    def call(self, inputs, training=None, mask=None):
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ValueError(
                "Argument `mask` must begin with the input's batch and steps "
                f"{tuple(inputs.shape[:2])}. Received: a mask of shape {tuple(mask.shape)} in "
                f"layer '{self.name}'"
            )
        takes = self.layer._signature
        kwargs = {"training": training} if takes.takes_training else {}
        masked = mask is not None and "mask" in takes.names
        if training and any(isinstance(x, BatchNormalization) for x in _layers(self.layer)):
            steps = [
                self.layer(inputs[:, i], **kwargs, **({"mask": mask[:, i]} if masked else {}))
                for i in range(inputs.shape[1])
            ]
            return ops.stack(steps, axis=1)
        if masked:
            kwargs["mask"] = _merged(mask)
        outputs = self.layer(_merged(inputs), **kwargs)
        batch_and_steps = tuple(inputs.shape[:2])
        return tree.map_structure(
            lambda y: _core.ops.reshape(y, shape=(*batch_and_steps, *y.shape[1:])), outputs
        )


def _merged(x):
    """Batch and steps as one axis."""
    return _core.ops.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:]))


def _layers(layer):
    return [layer, *(inner for each in layer._sublayers() for inner in _layers(each))]
