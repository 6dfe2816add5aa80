"""InputLayer and Input: the shape and dtype of what a model is given."""

from __future__ import annotations

from .. import ops
from ..keras_tensor import KerasTensor
from ..symbolic import Node
from .arguments import drop_unsupported, positive_integer
from .layer import Layer


class InputLayer(Layer):
    """Says what a model is given. At the head of a `Sequential` model, it builds the model.

    Args:
        shape: Tuple of integers and `None`, without the batch. `input_shape` is the same.
        batch_size: Integer or `None`.
        dtype: String, to which the data are cast. Defaults to `floatx()`.
        batch_shape: Tuple, the shape with the batch, instead of `shape` and `batch_size`.
        input_tensor: `KerasTensor` whose shape and dtype to take.
        optional: Boolean, whether the input may be `None`.
        name: String.

    Attributes:
        batch_shape: Tuple, the shape with the batch.
        output: The `KerasTensor`.

    Raises:
        ValueError: if the shape is missing, given twice, or invalid.
    """

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        drop_unsupported({"sparse": bool(sparse)}, sparse=False)
        drop_unsupported({"ragged": bool(ragged)}, ragged=False)
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise ValueError(
                    "Argument `input_tensor` must be a KerasTensor. "
                    f"Received: input_tensor={input_tensor!r}"
                )
            shape, batch_shape = None, batch_shape or input_tensor.shape
            dtype = dtype or input_tensor.dtype
        batch_shape = _batch_shape(shape, batch_size, batch_shape)
        super().__init__(name=name, dtype=dtype, batch_shape=batch_shape, **kwargs)
        self.batch_shape = batch_shape
        self.optional = optional
        if input_tensor is None:
            input_tensor = KerasTensor(batch_shape, dtype=self.dtype, name=self.name)
        Node(self, (), {}, input_tensor)
        self.built = True

    def call(self, inputs):
        return ops.cast(inputs, self.dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
):
    """Returns a symbolic tensor, the input of a model.

    Args:
        shape: Tuple of integers and `None`, without the batch.
        batch_size: Integer or `None`.
        dtype: String, to which the data are cast. Defaults to `floatx()`.
        batch_shape: Tuple, the shape with the batch, instead of `shape` and `batch_size`.
        name: String.
        tensor: `KerasTensor` whose shape and dtype to take.
        optional: Boolean, whether the input may be `None`.

    Returns:
        A `KerasTensor`, the output of an `InputLayer`.

    Example:

    ```python
    x = pyclr.Input((28, 28, 1))
    assert x.shape == (None, 28, 28, 1)
    ```
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output


def _batch_shape(shape, batch_size, batch_shape):
    if batch_shape is not None and (shape is not None or batch_size is not None):
        raise ValueError(
            "Argument `batch_shape` can not be given together with `shape` or `batch_size`. "
            f"Received: batch_shape={batch_shape}, shape={shape}, batch_size={batch_size}"
        )
    if batch_shape is None:
        if shape is None:
            raise ValueError("Argument `shape` must be given. Received: shape=None")
        batch_shape = (batch_size, *((shape,) if isinstance(shape, int) else shape))
    for dim in batch_shape:
        if dim is not None:
            positive_integer("shape", dim)
    return tuple(batch_shape)
