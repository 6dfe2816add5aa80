"""Normalization: inputs shifted and scaled by the statistics of data."""

from __future__ import annotations

import numpy as np

from .. import config, ops
from .layer import Layer
from .preprocessing import batches_of


class Normalization(Layer):
    """Shifts and scales inputs to mean 0 and variance 1: `(inputs - mean) / sqrt(variance)`.

    Mean and variance are given, or found in data by `adapt`.

    Args:
        axis: Integer, tuple or `None`: the axes that have a mean and variance for each index; all
            others are averaged over.
        mean: Optional number or array.
        variance: Optional number or array of the same shape.
        invert: Boolean, whether to undo the normalization instead.

    Input shape:
        Any, the sizes of `axis` known.

    Output shape:
        The input's.

    Raises:
        ValueError: if one of `mean` and `variance` is given without the other, or they do not fit.

    Example:

    ```python
    data = np.array([[0.0, 7.0], [2.0, 9.0]], "float32")
    layer = pyclr.layers.Normalization()
    layer.adapt(data)
    assert (layer(data).numpy() == [[-1, -1], [1, 1]]).all()
    ```
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(
                "Arguments `mean` and `variance` must be given together. "
                f"Received: mean={mean!r}, variance={variance!r}"
            )
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                "Arguments `mean` and `variance` must have the same shape. "
                f"Received: {np.shape(mean)} and {np.shape(variance)}"
            )
        if np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"Argument `mean` must have at most as many axes as `axis`={self.axis} names. "
                f"Received: a mean of shape {np.shape(mean)}"
            )
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"Argument `axis` must name axes of the input, of which there are {rank}. "
                f"Received: axis={self.axis} in layer '{self.name}'"
            )
        kept = sorted(axis % rank for axis in self.axis)
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError(
                f"The sizes of the axes {self.axis} must be known. Received: "
                f"input_shape={tuple(input_shape)} in layer '{self.name}'"
            )
        self._reduced = tuple(axis for axis in range(rank) if axis not in kept)
        self._sizes = tuple(input_shape[axis] for axis in kept)
        self._shape = tuple(input_shape[i] if i in kept else 1 for i in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(
                shape=self._sizes, initializer="zeros", trainable=False, name="mean"
            )
            self.adapt_variance = self.add_weight(
                shape=self._sizes, initializer="ones", trainable=False, name="variance"
            )
            self.count = self.add_weight(
                shape=(), initializer="zeros", dtype="int32", trainable=False, name="count"
            )

    def adapt(self, data):
        """Finds mean and variance.

        Args:
            data: Array, or iterable of batches of inputs (or of tuples that begin with them).

        Raises:
            ValueError: if the layer was given its statistics, there is no data, or a batch does not
                fit.
        """
        if self.input_mean is not None:
            raise ValueError(
                f"Layer '{self.name}' was given `mean` and `variance`; it can not be adapted."
            )
        count, mean, squares = 0, 0.0, 0.0
        for batch in batches_of(data):
            self.build_for((None, *batch.shape[1:]))
            sizes = tuple(n for i, n in enumerate(batch.shape) if i not in self._reduced)
            if batch.ndim != len(self._shape) or sizes != self._sizes:
                raise ValueError(
                    f"A batch must have the shape that the layer was built with, {self._shape} (1 "
                    f"for any size). Received: a batch of shape {batch.shape}"
                )
            batch = batch.astype("float64")
            number = batch.size // max(1, int(np.prod(sizes)))
            if number == 0:
                continue
            center = batch.mean(self._reduced)
            # Chan, Golub and LeVeque (1983): sums of squares around means, joined.
            total = count + number
            squares = squares + batch.var(self._reduced) * number
            squares = squares + (center - mean) ** 2 * (count * number / total)
            mean = mean + (center - mean) * (number / total)
            count = total
        if count == 0:
            raise ValueError("Argument `data` of `adapt()` must hold at least one batch.")
        self.adapt_mean.assign(np.asarray(mean, self.dtype))
        self.adapt_variance.assign(np.asarray(squares / count, self.dtype))

    def _statistics(self):
        if self.input_mean is None:
            found = self.adapt_mean, self.adapt_variance
            return [ops.reshape(each, self._shape) for each in found]
        kept = [i for i in range(len(self._shape)) if i not in self._reduced]

        def spread(value):
            array = np.asarray(value, self.dtype)
            shape = [1] * len(self._shape)
            for axis, size in zip(reversed(kept), reversed(array.shape)):
                shape[axis] = size
            return ops.convert_to_tensor(array.reshape(shape))

        return [spread(self.input_mean), spread(self.input_variance)]

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        mean, variance = self._statistics()
        scale = ops.maximum(ops.sqrt(variance), config.epsilon())
        return mean + x * scale if self.invert else (x - mean) / scale

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        def plain(value):
            return None if value is None else np.asarray(value).tolist()

        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": plain(self.input_mean),
            "variance": plain(self.input_variance),
        }
