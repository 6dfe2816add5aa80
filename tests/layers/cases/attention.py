"""Attention, and dense layers of any axes."""

from .case import STEPS, WEIGHT_OPTIONS, case

_QUERY, _VALUE = (2, 4, 3), (2, 5, 3)
_OPTIONS = {k: v for k, v in WEIGHT_OPTIONS.items() if k != "kernel_initializer"}

CASES = [
    case("EinsumDense", STEPS, equation="abc,cd->abd", output_shape=(9, 3), bias_axes="d"),
    case("EinsumDense", STEPS, equation="...x,xy->...y", output_shape=3, bias_axes="y"),
    case("EinsumDense", STEPS, equation="ab...,bd->ad...", output_shape=(3,), bias_axes="d"),
    case("EinsumDense", STEPS, equation="abc,cde->aebd", output_shape=(2, 9, 3), bias_axes="be"),
    case("EinsumDense", STEPS, equation="abc,bcd->ad", output_shape=3, activation="tanh"),
    case("EinsumDense", STEPS, equation="abc,cde->abde", output_shape=(9, 2, 3), bias_axes="e"),
    case(
        "EinsumDense", STEPS, equation="abc,cd->abd", output_shape=(9, 3), bias_axes="bd",
        **WEIGHT_OPTIONS,
    ),
    case("Attention", [_QUERY, _VALUE]),
    case("Attention", [_QUERY, _VALUE, _VALUE], use_scale=True, score_mode="concat"),
    case("Attention", [_QUERY, _VALUE], use_scale=True, dropout=0.5, seed=3, random=True),
    case("Attention", [_QUERY, _VALUE], score_mode="concat"),
    case("AdditiveAttention", [_QUERY, _VALUE]),
    case("AdditiveAttention", [_QUERY, _VALUE, _VALUE], use_scale=False, seed=2),
    case("MultiHeadAttention", _QUERY, _VALUE, num_heads=2, key_dim=2),
    case("MultiHeadAttention", _QUERY, _VALUE, _VALUE, num_heads=3, key_dim=2, value_dim=4),
    case(
        "MultiHeadAttention", _QUERY, (2, 5, 2), (2, 5, 4), num_heads=2, key_dim=2,
        output_shape=5, use_bias=False, use_gate=True, sliding_window=2,
    ),
    case(
        "MultiHeadAttention", _QUERY, _VALUE, num_heads=2, key_dim=2, dropout=0.4, random=True,
        output_shape=(2, 3), seed=1,
    ),
    case(
        "MultiHeadAttention", (2, 3, 2, 3), (2, 3, 4, 3), num_heads=2, key_dim=2,
        attention_axes=2,
    ),
    case("MultiHeadAttention", (2, 2, 2, 3), (2, 3, 2, 3), num_heads=2, key_dim=2),
    case("MultiHeadAttention", _QUERY, _VALUE, num_heads=2, key_dim=3, **_OPTIONS),
    case(
        "GroupQueryAttention", _QUERY, _VALUE, head_dim=2, num_query_heads=4,
        num_key_value_heads=2,
    ),
    case(
        "GroupQueryAttention", _QUERY, _VALUE, _VALUE, head_dim=3, num_query_heads=2,
        num_key_value_heads=1, use_bias=False, use_gate=True, sliding_window=3,
    ),
    case(
        "GroupQueryAttention", _QUERY, _VALUE, head_dim=3, num_query_heads=2,
        num_key_value_heads=2, dropout=0.5, random=True, **_OPTIONS,
    ),
]  # fmt: skip
