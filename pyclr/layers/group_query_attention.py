"""Attention whose heads share keys and values in groups."""

from __future__ import annotations

import math

from .. import _core, ops
from .arguments import positive_integer
from .multi_head_attention import HeadedAttention, bare


class GroupQueryAttention(HeadedAttention):
    """Grouped-query attention (Ainslie et al., arXiv 2305.13245): `MultiHeadAttention` with fewer
    heads for key and value than for the query; each serves several of the query's.

    Args:
        head_dim: Positive integer, the size of each head.
        num_query_heads: Positive integer.
        num_key_value_heads: Positive integer that divides `num_query_heads`.
        dropout: Number in [0, 1], the share of weights set to 0 in training.
        use_bias: Boolean, whether the dense layers have biases.
        sliding_window: Optional positive integer n: a query sees keys less than n steps away.
        flash_attention: `None` or `False`.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint: As of `EinsumDense`, for all
            dense layers.
        use_gate: Boolean, whether the outputs of the heads are multiplied by a sigmoid of a dense
            layer of the query.
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        As of `MultiHeadAttention`; query, value and key have three axes.

    Output shape:
        The query's.

    Raises:
        ValueError: if the numbers of heads do not fit.
    """

    _saved_class = "GroupedQueryAttention"  # what places in Keras' files are named after

    _saved_class = "GroupedQueryAttention"  # Keras' own name for it, in files of weights

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.head_dim = positive_integer("head_dim", head_dim)
        self.num_query_heads = positive_integer("num_query_heads", num_query_heads)
        self.num_key_value_heads = positive_integer("num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "Argument `num_query_heads` must be a multiple of `num_key_value_heads`. Received: "
                f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            )
        self._init_options(
            dropout=dropout,
            use_bias=use_bias,
            use_gate=use_gate,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            seed=seed,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        size = self.head_dim
        many, few = (None, self.num_query_heads, size), (None, self.num_key_value_heads, size)
        self._query_dense = self._projection("bqm,muh->bquh", many, "uh", "query")
        self._query_dense.build_for(query_shape)
        self._key_dense = self._projection("bkm,mvh->bkvh", few, "vh", "key")
        self._key_dense.build_for(key_shape)
        if self._use_gate:
            self._gate_dense = self._projection("bqm,muh->bquh", many, "uh", "gate", "sigmoid")
            self._gate_dense.build_for(query_shape)
        self._value_dense = self._projection("bkm,mvh->bkvh", few, "vh", "value")
        self._value_dense.build_for(value_shape)
        self._dropout_layer = self._dropout_layer_of()
        output_shape = (None, query_shape[-1])
        self._output_dense = self._projection(
            "bquh,uhm->bqm", output_shape, "m", "attention_output"
        )
        self._output_dense.build_for((None, None, self.num_query_heads, size))

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        mask = self._joined_mask(
            query, value, (query_mask, value_mask, key_mask), attention_mask, use_causal_mask
        )
        query, value, key = bare(query), bare(value), bare(value if key is None else key)
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        batch, queries, heads, size = q.shape
        if mask is not None:
            mask = mask if mask.ndim == 4 else ops.expand_dims(mask, -3)
            mask = ops.broadcast_to(mask, (batch, heads, queries, k.shape[1]))
        outputs, weights = self._attend(
            _heads_first(q),
            self._repeated(k),
            self._repeated(v),
            1 / math.sqrt(size),
            mask,
            training,
            zero_unseen=bool(self._dropout or return_attention_scores),
        )
        outputs = _heads_first(outputs)
        if self._use_gate:
            outputs = outputs * self._gate_dense(query)
        outputs = self._output_dense(outputs)
        return (outputs, weights) if return_attention_scores else outputs

    def _repeated(self, x):
        """Each head as often as the query has heads for it, heads first."""
        batch, keys, heads, size = x.shape
        times = self.num_query_heads // heads
        x = _core.ops.reshape(_heads_first(x), shape=(batch, heads, 1, keys, size))
        x = ops.broadcast_to(x, (batch, heads, times, keys, size))
        return _core.ops.reshape(x, shape=(batch, heads * times, keys, size))

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        return tuple(query_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
            **self._option_config(),
        }


def _heads_first(x):
    """Exchanges steps and heads."""
    return _core.ops.transpose(x, permutation=(0, 2, 1, 3))
