"""Sequences of several lengths, made into one array."""

from __future__ import annotations

import numpy as np


def pad_sequences(
    sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0
):
    """Returns sequences as one array: shorter ones are filled up, longer ones cut.

    Args:
        sequences: List of sequences, each a list or array with its steps on the first axis.
        maxlen: Integer, the length of all. Defaults to that of the longest.
        dtype: Dtype of the result; `object` for text of any length.
        padding: `"pre"` or `"post"`, the end that is filled up.
        truncating: `"pre"` or `"post"`, the end that is cut.
        value: What sequences are filled up with.

    Returns:
        Array `(len(sequences), maxlen, ...)`.

    Raises:
        ValueError: if an argument is not as above, or steps differ in shape.
    """
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(
                f"Argument `{name}` must be 'pre' or 'post'. Received: {name}={given!r}"
            )
    if not hasattr(sequences, "__len__") or not all(hasattr(s, "__len__") for s in sequences):
        raise ValueError(
            f"Argument `sequences` must be a list of sequences. Received: {sequences!r}"
        )
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ValueError(
            "Argument `dtype` must be object, or a dtype of text, for a text to pad with. "
            f"Received: dtype={dtype}, value={value!r}"
        )
    if maxlen is None:
        maxlen = max((len(sequence) for sequence in sequences), default=0)
    step_shape = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    result = np.full((len(sequences), maxlen, *step_shape), value, dtype)
    for i, sequence in enumerate(sequences):
        kept = sequence[max(len(sequence) - maxlen, 0) :] if truncating == "pre" else sequence
        kept = np.asarray(kept[:maxlen], dtype)
        if not len(kept):
            continue
        if kept.shape[1:] != step_shape:
            raise ValueError(
                f"The steps of all sequences must have one shape, {step_shape}. "
                f"Received: {kept.shape[1:]} in sequence {i}"
            )
        result[i, slice(len(kept)) if padding == "post" else slice(maxlen - len(kept), None)] = kept
    return result
