"""Attention without heads: products, or sums of two vectors."""

from __future__ import annotations

from .. import _core, ops
from ..keras_tensor import KerasTensor
from ..random.seed_generator import SeedGenerator
from .arguments import one_of
from .layer import Layer


def causal_mask(queries, keys):
    """Returns a boolean constant of shape `(1, queries, keys)`: no query sees a later key."""
    return ops.greater_equal(
        ops.reshape(ops.arange(queries), (1, queries, 1)),
        ops.reshape(ops.arange(keys), (1, 1, keys)),
    )


class Attention(Layer):
    """Dot-product attention (Luong et al., arXiv 1508.04025): the mean of the values, weighted by
    how well the query matches their keys: `softmax(query @ key^T) @ value`.

    Args:
        use_scale: Boolean, whether to learn a number that the scores are multiplied by.
        score_mode: `"dot"`, or `"concat"` for the sum of `tanh(query + key)` times a learnt number.
        dropout: Number in [0, 1], the share of weights set to 0 in training.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        inputs: List of query `(batch, queries, dim)`, value `(batch, keys, dim)` and optionally key
            `(batch, keys, dim)`, which defaults to the value.
        mask: Optional list of the query's and the value's boolean masks, `(batch, steps)`. Values
            left out have no weight; queries left out give zeros.
        return_attention_scores: Boolean, whether to return the weights
            `(batch, queries, keys)` as well.
        training: Boolean.
        use_causal_mask: Boolean, whether a query sees no later value.

    Output shape:
        `(batch, queries, dim)`.

    Raises:
        ValueError: if the inputs are no list of two or three tensors.
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = one_of("score_mode", score_mode, ("dot", "concat"))
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def _check(self, name, value):
        if not isinstance(value, (list, tuple)) or len(value) not in (2, 3):
            raise ValueError(
                f"Argument `{name}` of layer '{self.name}' must be a list of 2 or 3: of query, "
                f"value and key. Received: {name}={value!r}"
            )

    def build(self, input_shape):
        self._check("inputs", input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                shape=(), initializer="ones", name="concat_score_weight"
            )

    def _scores(self, query, key):
        if self.score_mode == "dot":
            scores = _core.ops.matmul(query, key, transpose_b=True)
            return scores if self.scale is None else scores * self.scale
        pairs = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        if self.scale is not None:
            pairs = pairs * self.scale
        return ops.sum(ops.tanh(pairs), axis=-1) * self.concat_score_weight

    def call(
        self,
        inputs,
        mask=None,
        training=False,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        self._check("inputs", inputs)
        if mask is not None:
            self._check("mask", mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = mask[:2] if mask is not None else (None, None)
        scores = self._scores(query, key)
        seen = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            earlier = causal_mask(*scores.shape[-2:])
            seen = earlier if seen is None else ops.logical_and(seen, earlier)
        if seen is not None:
            scores = ops.where(seen, scores, scores - 1e9)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = weights * _core.ops.dropout_mask(
                self.seed_generator.state, shape=weights.shape, rate=self.dropout, dtype=self.dtype
            )
        outputs = _core.ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(ops.cast(query_mask, "bool"), -1), outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs, previous_mask=None):
        return None if previous_mask is None else previous_mask[0]

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(
        self, inputs, mask=None, training=None, return_attention_scores=False, use_causal_mask=False
    ):
        self._check("inputs", inputs)
        shapes = [tuple(x.shape) for x in inputs]
        output = KerasTensor(self.compute_output_shape(shapes), dtype=self.dtype)
        if not return_attention_scores:
            return output
        return output, KerasTensor((*shapes[0][:-1], shapes[-1][-2]), dtype=self.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }


class AdditiveAttention(Attention):
    """Additive attention (Bahdanau et al., arXiv 1409.0473): as `Attention`, with the scores
    `sum(scale * tanh(query + key))`.

    Args:
        use_scale: Boolean, whether to learn the vector `scale`; it is 1 otherwise.
        dropout: Number in [0, 1], the share of weights set to 0 in training.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments, output shape:
        As of `Attention`.
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        self._check("inputs", input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                shape=(input_shape[0][-1],), initializer="glorot_uniform", name="scale"
            )

    def _scores(self, query, key):
        pairs = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(pairs if self.scale is None else pairs * self.scale, axis=-1)

    def get_config(self):
        config = super().get_config()
        del config["score_mode"]
        return config
