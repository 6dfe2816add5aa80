"""Embeddings, masks and recurrent layers."""

from .case import STEPS, WEIGHT_OPTIONS, case, inner

_TOKENS = {"input_dtype": "int32", "high": 7}
_OPTIONS = {
    # Keras' SimpleRNN drops the regularizer of the output.
    **{k: v for k, v in WEIGHT_OPTIONS.items() if k != "activity_regularizer"},
    "recurrent_initializer": "glorot_uniform",
    "recurrent_regularizer": {"class_name": "L1", "config": {"l1": 0.5}},
    "recurrent_constraint": "unit_norm",
}
_ALL = {"return_sequences": True, "return_state": True}


CASES = [
    case("Embedding", (2, 5), input_dim=7, output_dim=3, **_TOKENS),
    case("Embedding", (2,), input_dim=7, output_dim=3, embeddings_constraint="max_norm", **_TOKENS),
    case(
        "Embedding", (2, 3, 4), input_dim=7, output_dim=2, mask_zero=True,
        embeddings_initializer="ones", embeddings_regularizer="l2", **_TOKENS,
    ),
    case("ReversibleEmbedding", (2, 5), input_dim=7, output_dim=3, **_TOKENS),
    case("ReversibleEmbedding", (2, 5), input_dim=7, output_dim=3, mask_zero=True, **_TOKENS),
    case("Masking", STEPS),
    case("Masking", STEPS, mask_value=3.0),
    *(
        row
        for name in ("SimpleRNN", "GRU", "LSTM")
        for row in (
            case(name, STEPS, units=3),
            case(name, STEPS, units=5, go_backwards=True, **_ALL),
            case(name, STEPS, units=2, return_sequences=True, zero_output_for_mask=True),
            case(name, STEPS, units=2, zero_output_for_mask=True, use_bias=False, unroll=True),
            case(name, STEPS, units=3, activation="softsign", **_ALL),
            case(name, STEPS, units=3, dropout=0.5, seed=3, random=True, **_OPTIONS),
            case(name, STEPS, units=3, recurrent_dropout=0.3, random=True, return_state=True),
            case(f"{name}Cell", (2, 4), [(2, 3)] * (2 if name == "LSTM" else 1), units=3),
            case(
                f"{name}Cell", (2, 4), [(2, 3)] * (2 if name == "LSTM" else 1), units=3,
                dropout=0.2, recurrent_dropout=0.2, random=True, use_bias=False,
            ),
        )
    ),
    case("SimpleRNN", STEPS, units=3, activation="sigmoid"),
    *(
        case(f"ConvLSTM{rank}D", shape, filters=2, kernel_size=2, **options)
        for rank, shape in ((1, (2, 3, 5, 2)), (2, (2, 3, 5, 4, 2)), (3, (1, 2, 3, 4, 3, 1)))
        for options in (
            {},
            {"padding": "same", "strides": 2, **_ALL, "activation": "softsign"},
            {"dropout": 0.3, "recurrent_dropout": 0.2, "random": True, "use_bias": False},
        )
    ),
    case("ConvLSTM2D", (2, 3, 5, 5, 1), filters=1, kernel_size=2, dilation_rate=2),
    *(
        case("RNN", STEPS, cell=cell, **options)
        for cell in (
            inner("GRUCell", units=3, reset_after=False),
            inner(
                "StackedRNNCells",
                cells=[inner("LSTMCell", units=3), inner("SimpleRNNCell", units=2)],
            ),
        )
        for options in ({}, {"go_backwards": True, "zero_output_for_mask": True, **_ALL})
    ),
    *(
        case("Bidirectional", STEPS, layer=layer, **options)
        for layer in (
            inner("LSTM", units=3),
            inner("GRU", units=2, **_ALL),
            inner("SimpleRNN", units=2, return_sequences=True),
        )
        for options in (
            {},
            {"merge_mode": "sum"},
            {"merge_mode": "mul"},
            {"merge_mode": "ave"},
            {"merge_mode": None},
        )
    ),
    *(
        case("TimeDistributed", shape, layer=layer)
        for layer, shape in (
            (inner("Dense", units=3, activation="tanh"), STEPS),
            (inner("Conv2D", filters=2, kernel_size=2), (2, 3, 4, 4, 2)),
            (inner("BatchNormalization"), (3, 4, 2)),
            (inner("LayerNormalization"), (2, 3, 4, 2)),
        )
    ),
    case("GRU", STEPS, units=3, reset_after=False, **_ALL),
    case("GRU", STEPS, units=3, reset_after=False, recurrent_dropout=0.3, random=True),
    case("GRU", STEPS, units=3, activation="relu", recurrent_activation="hard_sigmoid"),
    case("GRU", STEPS, units=3, activity_regularizer="l2"),
    case(
        "LSTM", STEPS, units=3, activation="relu", unit_forget_bias=False,
        activity_regularizer="l2",
    ),
    case("LSTM", STEPS, units=17, recurrent_activation="hard_sigmoid", activation="linear"),
]  # fmt: skip
