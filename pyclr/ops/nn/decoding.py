"""Decoding for connectionist temporal classification (Graves et al., ICML 2006)."""

from __future__ import annotations

import numpy as np

from ..core import cast, convert_to_tensor
from ..host import host_op
from ..operands import floating

__all__ = [
    "ctc_decode",
]  # fmt: skip


def ctc_decode(
    inputs,
    sequence_lengths,
    strategy="greedy",
    beam_width=100,
    top_paths=1,
    merge_repeated=True,
    mask_index=0,
):
    """Returns the label sequences that logits stand for.

    Args:
        inputs: Logits `(batch, steps, classes)`.
        sequence_lengths: Integers `(batch,)`: how many steps count.
        strategy: `"greedy"`, the best class of every step, or `"beam_search"`.
        beam_width: Integer, how many sequences the beam search keeps.
        top_paths: Integer, how many sequences it returns.
        merge_repeated: Boolean, whether a class repeated in following steps counts once (greedy
            decoding only).
        mask_index: Integer, the class that means "no label".

    Returns:
        Sequences `(top_paths, batch, steps)` (1 path if greedy), with -1 after their end, and
        their scores `(batch, top_paths)`: greedy, the negated sum of the best logits; else the
        logarithms of their probabilities.
    """
    inputs = floating(inputs)
    lengths = cast(convert_to_tensor(sequence_lengths), "int32")
    if strategy == "greedy":
        return _greedy(
            inputs, lengths, merge_repeated=bool(merge_repeated), mask_index=int(mask_index)
        )
    if strategy != "beam_search":
        raise ValueError(
            f"Argument `strategy` must be 'greedy' or 'beam_search'. Received: {strategy!r}"
        )
    return _beam_search(
        inputs, lengths, beam_width=int(beam_width), top_paths=int(top_paths),
        mask_index=int(mask_index),
    )  # fmt: skip


def _ctc_greedy(logits, lengths, merge_repeated, mask_index):
    batch, steps, _ = logits.shape
    best, scores = logits.argmax(-1), logits.max(-1)
    valid = np.arange(steps) < lengths[:, None]
    kept = (best != mask_index) & valid
    if merge_repeated:
        kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    decoded = np.full((1, batch, steps), -1, "int32")
    for row in range(batch):
        labels = best[row, kept[row]]
        decoded[0, row, : len(labels)] = labels
    return decoded, -(scores * valid).sum(-1, keepdims=True)


def _ctc_beam_search(logits, lengths, beam_width, top_paths, mask_index):
    batch, steps, _ = logits.shape
    logits = logits.astype("float64")
    top = logits.max(-1, keepdims=True)
    scores = logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
    decoded = np.full((top_paths, batch, steps), -1, "int32")
    found = np.full((batch, top_paths), -np.inf)
    for row in range(batch):
        beams = _search(scores[row, : lengths[row]], beam_width, mask_index)
        for place, (labels, score) in enumerate(beams[:top_paths]):
            decoded[place, row, : len(labels)] = labels
            found[row, place] = score
    return decoded, found


def _search(scores, width, blank):
    """Prefixes and their log probabilities, best first. Each prefix has two: ending in a blank, and
    ending in its last label."""
    beams = {(): (0.0, -np.inf)}
    for step in scores:
        grown: dict[tuple, tuple] = {}

        def add(prefix, in_blank, in_label, grown=grown):
            blank_before, label_before = grown.get(prefix, (-np.inf, -np.inf))
            grown[prefix] = (
                np.logaddexp(blank_before, in_blank), np.logaddexp(label_before, in_label),
            )  # fmt: skip

        for prefix, (in_blank, in_label) in beams.items():
            either = np.logaddexp(in_blank, in_label)
            add(prefix, either + step[blank], -np.inf)
            for label, score in enumerate(step):
                if label == blank:
                    continue
                repeated = bool(prefix) and prefix[-1] == label
                if repeated:
                    add(prefix, -np.inf, in_label + score)
                add((*prefix, label), -np.inf, (in_blank if repeated else either) + score)
        ranked = sorted(grown.items(), key=lambda item: -np.logaddexp(*item[1]))
        beams = dict(ranked[:width])
    return [(prefix, np.logaddexp(*both)) for prefix, both in beams.items()]


_greedy = host_op(_ctc_greedy)
_beam_search = host_op(_ctc_beam_search)
