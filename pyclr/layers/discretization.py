"""Layers that turn numbers into categories, and categories into vectors."""

from __future__ import annotations

import numpy as np

from .. import config, ops
from ..keras_tensor import KerasTensor
from .layer import Layer
from .preprocessing import batches_of, dense_only, encoded, encoded_shape, output_mode_named


class Discretization(Layer):
    """Turns numbers into the indices of bins. Boundaries are given, or found in data by `adapt` so
    that the bins hold about equally many numbers.

    Args:
        bin_boundaries: Optional list of rising numbers: bin i holds `b[i-1] <= x < b[i]`.
        num_bins: Optional integer, the number of bins for `adapt`.
        epsilon: Number, the error allowed of their shares; smaller needs more memory.
        output_mode: `"int"`, `"one_hot"`, `"multi_hot"` or `"count"`.
        sparse: `False`.
        dtype: String.
        name: String.

    Input shape:
        `(batch, ...)`.

    Output shape:
        The input's; with `"one_hot"` and a last axis of bins; with `"multi_hot"` and `"count"` the
        bins in place of the samples' axis.

    Raises:
        ValueError: unless exactly one of `bin_boundaries` and `num_bins` is given.

    Example:

    ```python
    layer = pyclr.layers.Discretization(bin_boundaries=[0.0, 1.0])
    assert layer(np.array([-1.0, 0.5, 2.0])).numpy().tolist() == [0, 1, 2]
    ```
    """

    def __init__(
        self,
        bin_boundaries=None,
        num_bins=None,
        epsilon=0.01,
        output_mode="int",
        sparse=False,
        dtype=None,
        name=None,
    ):
        super().__init__(name=name, dtype=dtype)
        dense_only(sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "Exactly one of the arguments `bin_boundaries` and `num_bins` must be given. "
                f"Received: bin_boundaries={bin_boundaries!r}, num_bins={num_bins!r}"
            )
        if num_bins is not None and num_bins < 0:
            raise ValueError(
                f"Argument `num_bins` must not be negative. Received: num_bins={num_bins}"
            )
        modes = ("int", "one_hot", "multi_hot", "count")
        self.output_mode = output_mode_named(output_mode, modes)
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.sparse = sparse

    def adapt(self, data, steps=None):
        """Finds the boundaries.

        Args:
            data: Array, or iterable of batches.
            steps: Optional integer, how many batches to take.

        Raises:
            ValueError: if the layer was given its boundaries.
        """
        if self.num_bins is None:
            raise ValueError(
                f"Layer '{self.name}' was given `bin_boundaries`; only one with `num_bins` adapts."
            )
        summary = np.zeros((2, 0), "float32")
        for batch in batches_of(data, steps):
            joined = np.concatenate([_summary(batch, self.epsilon), summary], axis=1)
            summary = _compressed(joined[:, np.argsort(joined[0])], self.epsilon)
        self.bin_boundaries = _compressed(summary, 1 / self.num_bins)[0, :-1].tolist()

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(
                f"Layer '{self.name}' has no boundaries: give `bin_boundaries`, or call `adapt()`."
            )
        boundaries = np.asarray(self.bin_boundaries, config.floatx())
        indices = ops.sum(
            ops.cast(
                ops.greater_equal(
                    ops.expand_dims(ops.cast(inputs, config.floatx()), -1), boundaries
                ),
                "int32",
            ),
            axis=-1,
        )
        return encoded(indices, self.output_mode, len(boundaries) + 1, self._output_dtype())

    def _output_dtype(self):
        return "int32" if self.output_mode == "int" else self.dtype

    def compute_output_shape(self, input_shape):
        given = self.bin_boundaries is not None
        depth = len(self.bin_boundaries) + 1 if given else self.num_bins
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=self._output_dtype())

    def get_config(self):
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config):
        found = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        layer = cls(**({**config, "bin_boundaries": None} if found is not None else config))
        if found is not None:
            layer.bin_boundaries = found
        return layer


def _summary(values, epsilon):
    """Sorted values at even distances, and how many each stands for: (2, n)."""
    values = np.sort(np.asarray(values, "float32").reshape(-1))
    step = max(values.size * epsilon, 1)
    chosen = values[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _compressed(summary, epsilon):
    """A summary of at most 1 / epsilon values, by interpolation of the cumulated weights."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    cumulated = summary[1].cumsum()
    shares_seen = cumulated / cumulated[-1]
    values = np.interp(shares, shares_seen, summary[0])
    weights = np.interp(shares, shares_seen, cumulated)
    return np.stack([values, np.diff(weights, prepend=0)]).astype("float32")


class CategoryEncoding(Layer):
    """Turns integers into vectors of ones, or of counts.

    Args:
        num_tokens: Positive integer; inputs are in [0, num_tokens).
        output_mode: `"multi_hot"`: ones at all indices of a sample; `"count"`: how often each is
            there; `"one_hot"`: a vector for each index.
        sparse: `False`.

    Call arguments:
        inputs: Integer tensor of shape `(batch, samples)` or `(samples,)`.
        count_weights: Optional tensor of the inputs' shape, what each counts.

    Output shape:
        `(batch, num_tokens)`; for `"one_hot"`, `(batch, samples, num_tokens)`.

    Raises:
        ValueError: if `num_tokens` is no positive integer or the mode unknown.

    Example:

    ```python
    layer = pyclr.layers.CategoryEncoding(num_tokens=4, output_mode="count")
    assert layer(np.array([[0, 1], [3, 3]])).numpy().tolist() == [[1, 1, 0, 0], [0, 0, 0, 2]]
    ```
    """

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        dense_only(sparse)
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                "Argument `num_tokens` must be a positive integer (for unknown categories see "
                f"IntegerLookup). Received: num_tokens={num_tokens!r}"
            )
        self.num_tokens = num_tokens
        self.output_mode = output_mode_named(output_mode, ("count", "one_hot", "multi_hot"))
        self.sparse = sparse

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                "Argument `count_weights` is of the mode 'count'. "
                f"Received: output_mode={self.output_mode!r} in layer '{self.name}'"
            )
        indices = inputs if "int" in inputs.dtype else ops.cast(inputs, "int32")
        return encoded(indices, self.output_mode, self.num_tokens, self.dtype, count_weights)

    def compute_output_shape(self, input_shape, count_weights_shape=None):
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self):
        return {
            **super().get_config(),
            "num_tokens": self.num_tokens,
            "output_mode": self.output_mode,
        }
