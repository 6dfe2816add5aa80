"""Connectionist temporal classification (Graves et al., 2006): labels without places in time."""

from __future__ import annotations

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..host import host_op

_ops = _core.ops

# Instead of minus infinity, as in Keras: labels that do not fit into the time have a large loss
# with a gradient, not an infinite one without.
_IMPOSSIBLE = -1e5


def _ctc(logits, target, target_length, output_length, mask_index):
    """Losses (batch,) and their gradients (batch, time, classes), by forward and backward sums over
    the paths through the 2n + 1 states blank, label 1, blank, label 2, ..., blank."""
    batch, time, classes = logits.shape
    if target.size and not (0 <= target.min() and target.max() < classes):
        raise ValueError(
            f"Argument `target` must hold labels from 0 to {classes - 1}, one for each class of "
            f"the logits' last axis. Received: labels from {target.min()} to {target.max()}"
        )
    logits = logits.astype("float64")
    largest = logits.max(-1, keepdims=True)
    log_p = logits - largest - np.log(np.exp(logits - largest).sum(-1, keepdims=True))
    states = np.full((batch, 2 * target.shape[1] + 1), mask_index)
    states[:, 1::2] = target
    emission = np.take_along_axis(log_p, states[:, None, :].repeat(time, 1), -1)
    # A label may follow another one without a blank between, unless both are the same.
    skip = np.full(states.shape, -np.inf)
    skip[:, 3::2] = np.where(target[:, 1:] == target[:, :-1], _IMPOSSIBLE, 0.0)

    running = np.arange(time)[:, None] < output_length
    alpha = np.empty((time + 1, *states.shape))
    alpha[0], alpha[0, :, 0] = _IMPOSSIBLE, 0.0
    for t in range(time):
        before = alpha[t]
        reached = np.logaddexp(before, _shifted(before, 1))
        reached = np.logaddexp(reached, _shifted(before, 2) + skip) + emission[:, t]
        alpha[t + 1] = np.where(running[t][:, None], reached, before)

    last = 2 * target_length[:, None]
    place = np.arange(states.shape[1])
    beta = np.where((place == last) | (place == last - 1), 0.0, -np.inf)
    total = np.logaddexp.reduce(alpha[time] + beta, -1)
    gradient = np.exp(log_p) * running.T[:, :, None]
    rows = np.arange(batch)[:, None]
    for t in range(time - 1, -1, -1):
        posterior = np.exp(alpha[t + 1] + beta - total[:, None]) * running[t][:, None]
        np.add.at(gradient[:, t], (rows, states), -posterior)
        ahead = beta + emission[:, t]
        left = np.logaddexp(ahead, _shifted(ahead, -1))
        left = np.logaddexp(left, _shifted(ahead + skip, -2))
        beta = np.where(running[t][:, None], left, beta)
    return -total, gradient


def _shifted(score, count):
    """Scores moved by `count` states; what moves in is impossible."""
    result = np.full_like(score, -np.inf)
    if count > 0:
        result[:, count:] = score[:, :-count]
    else:
        result[:, :count] = score[:, -count:]
    return result


def _vjp(inputs, outputs, gradients, mask_index):
    if gradients[1] is not None:
        raise ValueError("`ctc_loss` has no second derivative.")
    loss = gradients[0]
    return [_ops.reshape(loss, shape=(*loss.shape, 1, 1)) * outputs[1], None, None, None]


_ctc_op = host_op(_ctc, _vjp, lambda logits, *lengths, mask_index: [logits[:1], logits])


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """Returns minus the logarithm of the probability of label sequences, over all alignments.

    Args:
        target: Integer labels, `(batch, max_length)`.
        output: Logits, `(batch, time, classes)`.
        target_length: Integers `(batch,)`, the number of labels that count.
        output_length: Integers `(batch,)`, the number of steps that count.
        mask_index: Integer, the class that means no label (blank).

    Returns:
        The loss of every sequence, `(batch,)`.

    Raises:
        ValueError: if shapes do not fit, or a label is no class.
    """
    output = convert_to_tensor(output)
    output = output if "float" in output.dtype else cast(output, "float32")
    target, target_length, output_length = (
        cast(x, "int32") for x in (target, target_length, output_length)
    )
    batch = output.shape[:1]
    fits = (
        output.ndim == 3
        and target.ndim == 2
        and target.shape[:1] == target_length.shape == output_length.shape == batch
    )
    if not fits:
        raise ValueError(
            "`ctc_loss` needs `target` (batch, max_length), `output` (batch, time, classes), and "
            "lengths (batch,). Received shapes: "
            f"target {target.shape}, output {output.shape}, target_length {target_length.shape}, "
            f"output_length {output_length.shape}"
        )
    return _ctc_op(output, target, target_length, output_length, mask_index=mask_index)[0]
