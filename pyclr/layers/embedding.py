"""Embedding layers: rows of a table, by index."""

from __future__ import annotations

import numpy as np

from .. import _core, constraints, initializers, ops, regularizers
from ..keras_tensor import KerasTensor
from .arguments import drop_unsupported, positive_integer, weight_config, weight_options
from .layer import Layer


class Embedding(Layer):
    """Turns integers into rows of a table that is learned.

    Args:
        input_dim: Positive integer, the number of rows: the largest index plus 1.
        output_dim: Positive integer, the size of a row.
        embeddings_initializer: Initializer of the table.
        embeddings_regularizer: Optional function of the table added to the loss.
        embeddings_constraint: Optional function applied to the table after each update.
        mask_zero: Boolean, whether index 0 is padding, which layers after this one leave out.
        weights: Optional array of shape `(input_dim, output_dim)`, the first values of the table.

    Input shape:
        `(batch, ...)`, integers in [0, input_dim).

    Output shape:
        `(batch, ..., output_dim)`.

    Raises:
        ValueError: if a size is not positive; in a call, if an index is out of range.

    Example:

    ```python
    layer = pyclr.layers.Embedding(1000, 16, mask_zero=True)
    assert layer(np.array([[3, 999, 0]])).shape == (1, 3, 16)
    ```
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        **kwargs,
    ):
        drop_unsupported(kwargs, lora_rank=None, lora_alpha=None, quantization_config=None)
        # tf.keras 2 took the length of the sequences, which decides nothing.
        kwargs.pop("input_length", None)
        super().__init__(**kwargs)
        self.input_dim = positive_integer("input_dim", input_dim)
        self.output_dim = positive_integer("output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        if weights is not None:
            self.build_for((None, None))
            self.set_weights(weights if isinstance(weights, list) else [np.asarray(weights)])

    def build(self, input_shape=None):
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            name="embeddings",
            **weight_options(self, "embeddings"),
        )

    def call(self, inputs):
        indices = inputs if inputs.dtype in ("int32", "int64") else ops.cast(inputs, "int32")
        try:
            return _core.ops.gather(self.embeddings, indices, axis=0)
        except ValueError as error:
            raise ValueError(
                f"The inputs of layer '{self.name}' must be in [0, input_dim) with "
                f"input_dim={self.input_dim}. {error}"
            ) from None

    def compute_mask(self, inputs, previous_mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **weight_config(self, "embeddings"),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "mask_zero": self.mask_zero,
        }


class ReversibleEmbedding(Embedding):
    """An `Embedding` whose table also turns vectors back into scores of the indices (Press and
    Wolf, arXiv 1608.05859).

    Args:
        input_dim: Positive integer, the number of rows.
        output_dim: Positive integer, the size of a row.
        tie_weights: Boolean, whether both ways share the table.
        embeddings_initializer: Initializer of the table.
        embeddings_regularizer: Optional function of the table added to the loss.
        embeddings_constraint: Optional function applied to the table after each update.
        mask_zero: Boolean, whether index 0 is padding.
        reverse_dtype: Optional string, the dtype in which the scores are computed.
        logit_soft_cap: Optional number c: scores become `c * tanh(scores / c)`.

    Call arguments:
        inputs: Integers of shape `(batch, ...)`; with `reverse`, numbers of shape
            `(batch, ..., output_dim)`.
        reverse: Boolean.

    Output shape:
        `(batch, ..., output_dim)`; with `reverse`, `(batch, ..., input_dim)`.
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap=None,
        **kwargs,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape=None):
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
                name="reverse_embeddings",
            )

    def call(self, inputs, reverse=False):
        if not reverse:
            outputs = super().call(inputs)
            if self.mask_zero:
                outputs._keras_mask = super().compute_mask(inputs)
            return outputs
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        dtype = self.reverse_dtype or self.dtype
        logits = ops.matmul(ops.cast(inputs, dtype), ops.cast(kernel, dtype))
        if self.logit_soft_cap is None:
            return logits
        return ops.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_shape(self, input_shape, reverse=False):
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs, reverse=False):
        shape = self.compute_output_shape(tuple(inputs.shape), reverse)
        return KerasTensor(shape, dtype=(self.reverse_dtype if reverse else None) or self.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "tie_weights": self.tie_weights,
            "reverse_dtype": self.reverse_dtype,
            "logit_soft_cap": self.logit_soft_cap,
        }
