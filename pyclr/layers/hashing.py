"""Hashing: anything into a fixed number of bins."""

from __future__ import annotations

import numpy as np

from .. import config, ops, symbolic
from .arguments import positive_integer
from .fingerprint import bucket
from .layer import Layer
from .preprocessing import dense_only, encoded, encoded_shape, output_mode_named


class Hashing(Layer):
    """Turns strings or integers into the indices of bins by their hash: FarmHash, or SipHash with a
    `salt`. Bins agree with Keras'.

    Inputs are NumPy arrays (or lists): the layer is applied to data before a model, not inside.

    Args:
        num_bins: Positive integer, with the one for `mask_value`.
        mask_value: Optional value that goes to bin 0, which nothing else does.
        salt: Optional integer or two, the key of SipHash.
        output_mode: `"int"`, `"one_hot"`, `"multi_hot"` or `"count"`.
        sparse: `False`.

    Input shape:
        Any.

    Output shape:
        The input's; encodings as in `Discretization`.

    Raises:
        ValueError: if `num_bins` is no positive integer, or `output_mode` unknown.

    Example:

    ```python
    layer = pyclr.layers.Hashing(num_bins=3)
    assert layer([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().tolist() == [[1], [0], [1], [1], [2]]
    ```
    """

    def __init__(
        self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs
    ):
        mode = output_mode_named(output_mode, ("int", "one_hot", "multi_hot", "count"))
        dtype = kwargs.pop("dtype", None) or ("int64" if mode == "int" else config.floatx())
        super().__init__(dtype=dtype, **kwargs)
        dense_only(sparse)
        if mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(
                "Argument `dtype` must be an integer's with output_mode='int'. "
                f"Received: dtype={dtype!r}"
            )
        self.num_bins = positive_integer("num_bins", num_bins)
        self.mask_value = mask_value
        self.salt = [salt, salt] if isinstance(salt, int) else list(salt) if salt else None
        self.output_mode = mode
        self.sparse = sparse

    def __call__(self, inputs, **kwargs):
        if symbolic.is_symbolic(inputs):
            raise TypeError(
                f"Layer '{self.name}' works on NumPy arrays: apply it to the data, not inside of a "
                f"model. Received: {inputs!r}"
            )
        return self.call(inputs)

    def call(self, inputs):
        array = np.asarray(inputs)
        if array.dtype.kind == "f":
            array = array.astype("int64")
        bins = self.num_bins - (self.mask_value is not None and self.num_bins > 1)

        def place(value):
            if bins == self.num_bins:
                return bucket(value, bins, self.salt)
            return 0 if value == self.mask_value else 1 + bucket(value, bins, self.salt)

        unique, places = np.unique(array, return_inverse=True)
        found = np.asarray([place(value) for value in unique.tolist()], "int64")
        indices = ops.convert_to_tensor(found[places].reshape(array.shape))
        return encoded(indices, self.output_mode, self.num_bins, self.dtype)

    def compute_output_shape(self, input_shape):
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def get_config(self):
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }
