"""Attention with several heads."""

from __future__ import annotations

import math
import string

from .. import _core, constraints, initializers, ops, regularizers
from .arguments import number_between, positive_integer
from .attention import causal_mask
from .dropout import Dropout
from .einsum_dense import EinsumDense
from .layer import Layer

_PACKAGES = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class HeadedAttention(Layer):
    """Base of the layers with heads: masks, the attention itself, the dense layers around it."""

    def _init_options(
        self,
        *,
        dropout,
        use_bias,
        use_gate,
        sliding_window,
        flash_attention,
        seed,
        **weight_arguments,
    ):
        if flash_attention:
            raise ValueError(
                "Argument `flash_attention` must be None or False: it is of GPUs. "
                f"Received: flash_attention={flash_attention!r}"
            )
        if sliding_window is not None:
            sliding_window = positive_integer("sliding_window", sliding_window)
        self.supports_masking = True
        self._dropout = number_between("dropout", dropout, 0, 1)
        self._use_bias = use_bias
        self._use_gate = use_gate
        self._sliding_window = sliding_window
        self.seed = seed
        self._weight_options = {
            name: _PACKAGES[name.rpartition("_")[2]].get(value)
            for name, value in weight_arguments.items()
        }

    def _option_config(self):
        return {
            "dropout": self._dropout,
            "use_bias": self._use_bias,
            "use_gate": self._use_gate,
            "sliding_window": self._sliding_window,
            "seed": self.seed,
            **{
                name: _PACKAGES[name.rpartition("_")[2]].serialize(value)
                for name, value in self._weight_options.items()
            },
        }

    def _projection(self, equation, output_shape, bias_axes, name, activation=None):
        """A dense layer with the weight options of this layer."""
        options = dict(self._weight_options)
        for key in ("kernel_initializer", "bias_initializer"):
            # Each has its own: an initializer gives the same values every time.
            options[key] = type(options[key]).from_config(options[key].get_config())
        return EinsumDense(
            equation,
            output_shape=output_shape,
            bias_axes=bias_axes if self._use_bias else None,
            activation=activation,
            name=name,
            dtype=self.dtype,
            **options,
        )

    def _dropout_layer_of(self):
        return Dropout(self._dropout, seed=self.seed, dtype=self.dtype)

    def _joined_mask(self, query, value, masks, attention_mask, use_causal_mask):
        """All masks as one, which broadcasts to `(batch, queries, keys)`, or `None`."""
        query_mask, value_mask, key_mask = masks
        found = []
        if query_mask is not None:
            found.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                found.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        queries, keys = query.shape[1], value.shape[1]
        if use_causal_mask:
            found.append(causal_mask(queries, keys))
        if self._sliding_window is not None:
            here = ops.reshape(ops.arange(queries), (1, queries, 1))
            there = ops.reshape(ops.arange(keys), (1, 1, keys))
            found.append(ops.less(ops.abs(here - there), self._sliding_window))
        if attention_mask is not None:
            found.append(ops.cast(attention_mask, "bool"))
        joined = None
        for mask in found:
            joined = mask if joined is None else ops.logical_and(joined, mask)
        return joined

    def _attend(self, query, key, value, scale, mask, training, zero_unseen):
        """Attention of matrices: query `(..., queries, dim)`, key and value `(..., keys, dim)`.

        Returns the outputs `(..., queries, dim)` and the weights `(..., queries, keys)`. A query
        that sees no key gets equal weights, or zeros with `zero_unseen`.
        """
        scores = _core.ops.matmul(query * scale, key, transpose_b=True)
        if mask is not None:
            scores = ops.where(mask, scores, -1e9)
        weights = ops.softmax(scores, axis=-1)
        if mask is not None and zero_unseen:
            weights = ops.where(mask, weights, 0)
        kept = self._dropout_layer(weights, training=training) if self._dropout else weights
        return _core.ops.matmul(kept, value), weights


class MultiHeadAttention(HeadedAttention):
    """Multi-head attention (Vaswani et al., arXiv 1706.03762): several dot-product attentions side
    by side, each with dense layers for query, key and value of its own, and one dense layer over
    all of their outputs.

    Args:
        num_heads: Positive integer.
        key_dim: Positive integer, the size of query and key of each head.
        value_dim: Optional positive integer, the size of each head's value. Defaults to `key_dim`.
        dropout: Number in [0, 1], the share of weights set to 0 in training.
        use_bias: Boolean, whether the dense layers have biases.
        output_shape: Optional integer or tuple, the last axes of the output. Defaults to the
            query's last one.
        attention_axes: Optional integer or tuple, the axes attended over. Defaults to all between
            batch and features.
        sliding_window: Optional positive integer n: a query sees keys less than n steps away.
        flash_attention: `None` or `False`.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint: As of `EinsumDense`, for all
            dense layers.
        use_gate: Boolean, whether the outputs of the heads are multiplied by a sigmoid of a dense
            layer of the query (arXiv 2505.06708).
        seed: Integer, or `None` for one drawn from the global seed.

    Call arguments:
        query: Tensor of shape `(batch, queries, dim)`, or with more axes in the middle.
        value: Tensor of shape `(batch, keys, dim)`.
        key: Optional tensor of shape `(batch, keys, dim)`. Defaults to the value.
        query_mask, value_mask, key_mask: Optional boolean tensors `(batch, steps)`.
        attention_mask: Optional boolean tensor that broadcasts to `(batch, queries, keys)`, or to
            `(batch, heads, queries, keys)`.
        return_attention_scores: Boolean, whether to return the weights
            `(batch, heads, queries, keys)` as well.
        training: Boolean.
        use_causal_mask: Boolean, whether a query sees no later key.

    Output shape:
        The query's, with the last axis as `output_shape` says.

    Example:

    ```python
    layer = pyclr.layers.MultiHeadAttention(num_heads=2, key_dim=4)
    x = np.ones((3, 7, 8), "float32")
    assert layer(x, x, use_causal_mask=True).shape == (3, 7, 8)
    ```
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
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
        super().__init__(**kwargs)
        self._num_heads = positive_integer("num_heads", num_heads)
        self._key_dim = positive_integer("key_dim", key_dim)
        self._value_dim = positive_integer("value_dim", value_dim) if value_dim else key_dim
        self._output_shape = _tuple_or_none(output_shape)
        self._attention_axes = _tuple_or_none(attention_axes)
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

    num_heads = property(lambda self: self._num_heads)
    key_dim = property(lambda self: self._key_dim)
    value_dim = property(lambda self: self._value_dim)
    dropout = property(lambda self: self._dropout)
    use_bias = property(lambda self: self._use_bias)
    attention_axes = property(lambda self: self._attention_axes)
    query_dense = property(lambda self: self._query_dense)
    key_dense = property(lambda self: self._key_dense)
    value_dense = property(lambda self: self._value_dense)
    output_dense = property(lambda self: self._output_dense)

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(value_shape, key_shape)
        key_heads, value_heads = (
            (self._num_heads, self._key_dim),
            (self._num_heads, self._value_dim),
        )
        self._query_dense = self._to_heads(query_shape, key_heads, "query")
        self._key_dense = self._to_heads(key_shape, key_heads, "key")
        if self._use_gate:
            self._gate_dense = self._to_heads(query_shape, value_heads, "gate", "sigmoid")
        self._value_dense = self._to_heads(value_shape, value_heads, "value")
        rank = len(value_shape)
        if self._attention_axes is None:
            self._attention_axes = tuple(range(1, rank - 1))
        self._attention_axes = tuple(a if a >= 0 else rank + a for a in self._attention_axes)
        self._dropout_layer = self._dropout_layer_of()
        self._output_dense = self._from_heads(query_shape)

    def _check_shapes(self, value_shape, key_shape):
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                "Arguments `value` and `key` must have the same shape but for the last axis. "
                f"Received: value_shape={tuple(value_shape)}, key_shape={tuple(key_shape)}"
            )

    def _to_heads(self, shape, heads, name, activation=None):
        free = string.ascii_lowercase[: len(shape) - 1]
        summed, first, second = string.ascii_lowercase[len(shape) - 1 : len(shape) + 2]
        dense = self._projection(
            f"{free}{summed},{summed}{first}{second}->{free}{first}{second}",
            (*(None,) * (len(shape) - 2), *heads),
            first + second,
            name,
            activation,
        )
        dense.build_for(shape)
        return dense

    def _from_heads(self, query_shape):
        free = len(query_shape) - 1
        letters = string.ascii_lowercase
        output = self._output_shape or (query_shape[-1],)
        kept, summed = letters[:free], letters[free : free + 2]
        made = letters[free + 2 : free + 2 + len(output)]
        dense = self._projection(
            f"{kept}{summed},{summed}{made}->{kept}{made}",
            (*(None,) * (free - 1), *output),
            made,
            "attention_output",
        )
        dense.build_for((*query_shape[:-1], self._num_heads, self._value_dim))
        return dense

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
        gate = self._gate_dense(query) if self._use_gate else None
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        heads = _Heads(q.ndim, self._attention_axes)
        scores_shape = heads.scores_shape(q, k)
        if mask is not None:
            mask = heads.mask(mask, scores_shape)
        outputs, weights = self._attend(
            heads.matrices(q),
            heads.matrices(k),
            heads.matrices(v),
            1 / math.sqrt(self._key_dim),
            mask,
            training,
            zero_unseen=bool(self._dropout or return_attention_scores or q.ndim != 4),
        )
        outputs = heads.restored(outputs, (*q.shape[:-1], self._value_dim))
        if gate is not None:
            outputs = outputs * gate
        outputs = self._output_dense(outputs)
        if return_attention_scores:
            return outputs, _core.ops.reshape(weights, shape=scores_shape)
        return outputs

    def compute_mask(self, query, previous_mask=None):
        return previous_mask

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        self._check_shapes(value_shape, value_shape if key_shape is None else key_shape)
        if self._output_shape is None:
            return tuple(query_shape)
        return (*query_shape[:-1], *self._output_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self._num_heads,
            "key_dim": self._key_dim,
            "value_dim": self._value_dim,
            "output_shape": self._output_shape,
            "attention_axes": self._attention_axes,
            **self._option_config(),
        }


def bare(x):
    """x without its mask, for layers whose caller has dealt with it."""
    return x if getattr(x, "_keras_mask", None) is None else _core.ops.reshape(x, shape=x.shape)


class _Heads:
    """Where the axes go: `(batch..., heads, attended..., dim)`, then flat for products.

    Args:
        rank: That of a projected tensor `(batch, ..., heads, dim)`.
        attended: Tuple of the axes attended over.
    """

    def __init__(self, rank, attended):
        self.attended = attended
        self.others = [axis for axis in range(rank - 1) if axis not in attended]
        self.order = (*self.others, *attended, rank - 1)

    def matrices(self, x):
        """x as `(batch * heads, attended, dim)`."""
        shape = (
            math.prod(x.shape[axis] for axis in self.others),
            math.prod(x.shape[axis] for axis in self.attended),
            x.shape[-1],
        )
        return _core.ops.reshape(_core.ops.transpose(x, permutation=self.order), shape=shape)

    def restored(self, x, shape):
        """The inverse of `matrices`, to a shape."""
        ordered = _core.ops.reshape(x, shape=[shape[axis] for axis in self.order])
        inverse = sorted(range(len(shape)), key=lambda place: self.order[place])
        return _core.ops.transpose(ordered, permutation=inverse)

    def scores_shape(self, query, key):
        """`(batch..., heads, queries..., keys...)`."""
        return (
            *(query.shape[axis] for axis in self.others),
            *(query.shape[axis] for axis in self.attended),
            *(key.shape[axis] for axis in self.attended),
        )

    def mask(self, mask, scores_shape):
        """A mask with axes for what it lacks, heads first, as `(batch * heads, queries, keys)`."""
        count = 2 * len(self.attended)
        shape = list(mask.shape)
        while len(shape) < len(scores_shape):
            shape.insert(len(shape) - count, 1)
        wide = ops.broadcast_to(_core.ops.reshape(mask, shape=shape), scores_shape)
        half = len(scores_shape) - count // 2
        parts = scores_shape[:-count], scores_shape[-count:half], scores_shape[half:]
        return _core.ops.reshape(wide, shape=[math.prod(part) for part in parts])


def _tuple_or_none(value):
    if value is None or isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, int) else tuple(value)
