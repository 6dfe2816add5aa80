"""Layers that change the shape and keep the values: Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

import math

from .. import ops
from .arguments import channels_last, positive_integer
from .input_spec import InputSpec
from .layer import Layer


class Flatten(Layer):
    """Joins all axes but the batch into one.

    Args:
        data_format: `None` or `"channels_last"`.

    Input shape:
        `(batch, ...)`.

    Output shape:
        `(batch, size)`, with the product of all other sizes; `(batch, 1)` for an input of shape
        `(batch,)`.
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = channels_last(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        sizes = input_shape[1:]
        return (input_shape[0], None if None in sizes else math.prod(sizes))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """Gives the input another shape; the order of the values stays.

    Args:
        target_shape: Tuple of integers, the shape without the batch. One of them may be -1: it
            follows from the others.

    Input shape:
        `(batch, ...)`, with as many values as `target_shape` has.

    Output shape:
        `(batch, *target_shape)`.

    Raises:
        ValueError: if more than one entry is -1, or the input has another number of values.
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        try:
            self.target_shape = tuple(target_shape)
        except TypeError:
            self.target_shape = (target_shape,)
        known = [dim for dim in self.target_shape if dim != -1]
        is_shape = all(isinstance(dim, int) and dim >= 0 for dim in known)
        if not is_shape or len(self.target_shape) > len(known) + 1:
            raise ValueError(
                "Argument `target_shape` must be a tuple of integers, none negative, of which one "
                f"may be -1. Received: target_shape={target_shape!r}"
            )

    def call(self, inputs):
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        sizes, target = tuple(input_shape[1:]), self.target_shape
        if None in sizes:
            return (input_shape[0], *(None if dim == -1 else dim for dim in target))
        size = math.prod(sizes)
        known = math.prod(dim for dim in target if dim != -1)
        fits = size == known if -1 not in target else known > 0 and size % known == 0
        if not fits:
            raise ValueError(
                f"Layer '{self.name}' can not reshape {size} values for each example. "
                f"Received: input_shape={tuple(input_shape)}, target_shape={target}"
            )
        return (input_shape[0], *(size // known if dim == -1 else dim for dim in target))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Reorders the axes after the batch.

    Args:
        dims: Tuple of integers: axis i of the output is axis `dims[i - 1]` of the input, counted
            from 1. `(2, 1)` swaps the two axes of a sequence.

    Input shape:
        `(batch, ...)`, with as many axes after the batch as `dims` has entries.

    Output shape:
        The input's, reordered.

    Raises:
        ValueError: if `dims` does not name each axis once.
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Argument `dims` must name each axis after the batch once, counted from 1. "
                f"Received: dims={dims!r}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[dim] for dim in self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Repeats a vector along a new axis.

    Args:
        n: Positive integer, how often.

    Input shape:
        `(batch, features)`.

    Output shape:
        `(batch, n, features)`.
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = positive_integer("n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.broadcast_to(ops.expand_dims(inputs, 1), self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
