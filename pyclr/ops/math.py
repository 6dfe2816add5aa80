"""Functions of `keras.ops` beside NumPy's: segments, the largest elements, Fourier transforms.

Tensors are real: a complex tensor is a pair of real and imaginary part, as in Keras.
"""

from __future__ import annotations

import numpy as np

from .. import _core
from .core import cast, convert_to_tensor
from .core.slices import take_slice
from .host import host_op
from .numpy.determinant import slogdet
from .numpy.elementwise import where
from .numpy.reduction import all as all_true
from .numpy.reduction import sum as total
from .numpy.shaping import expand_dims, pad
from .operands import axes_of, floating, integer, meet_floating

__all__ = [
    "cdist", "erf", "erfc", "erfinv", "extract_sequences", "fft", "fft2", "ifft2", "in_top_k",
    "irfft", "istft", "logdet", "logsumexp", "rfft", "rsqrt", "segment_max", "segment_min",
    "segment_prod", "segment_sum", "stft", "top_k",
]  # fmt: skip

_ops = _core.ops


def _function(op, name, says):
    def function(x):
        return op(floating(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Returns {says}, element by element."
    return function


erf = _function(_ops.erf, "erf", "the error function of `x`")
erfc = _function(_ops.erfc, "erfc", "1 - erf(x), precise for large `x`")
erfinv = _function(_ops.erfinv, "erfinv", "the inverse of the error function")
rsqrt = _function(_ops.rsqrt, "rsqrt", "1 / sqrt(x)")


def logsumexp(x, axis=None, keepdims=False):
    """Returns log(sum(exp(x))) over `axis`, an integer, several, or `None` for all."""
    x = floating(x)
    axes = axes_of(axis, x.ndim)
    if not axes:
        return x
    top = _ops.max(x, axes=axes, keepdims=True)
    finite = _ops.abs(top) < np.inf
    # Its gradient is that of the sum: the shift itself counts nothing.
    saved = _core.suspend_tapes()
    try:
        shift = where(finite, top, 0.0)
    finally:
        _core.resume_tapes(saved)
    sums = total(_ops.exp(_ops.subtract(x, shift)), axes, keepdims=True)
    result = _ops.add(_ops.log(sums), shift)
    if keepdims:
        return result
    return _ops.reshape(result, shape=[d for i, d in enumerate(x.shape) if i not in axes])


def cdist(x, y):
    """Returns the Euclidean distances of all pairs of points.

    Args:
        x: Tensor `(..., n, d)`.
        y: Tensor `(..., m, d)`.

    Returns:
        Tensor `(..., n, m)`.
    """
    x, y = meet_floating(x, y)
    gaps = _ops.subtract(expand_dims(x, -2), expand_dims(y, -3))
    squares = _ops.sum(_ops.square(gaps), axes=[-1])
    zero = squares == 0
    return where(zero, 0.0, _ops.sqrt(where(zero, 1.0, squares)))


def logdet(x):
    """Returns the logarithms of the determinants of positive definite matrices."""
    return slogdet(x)[1]


# --- Largest elements ----------------------------------------------------------------------------


def top_k(x, k, sorted=True):
    """Returns the k largest elements along the last axis, in falling order, and their int32
    indices. Of equal elements the first come first.

    Args:
        x: Tensor.
        k: Integer.
        sorted: Boolean; the elements are in order in either case.
    """
    x = convert_to_tensor(x)
    if not 0 <= integer("k", k) <= x.shape[-1]:
        raise ValueError(
            f"Argument `k` must be from 0 to the size of the last axis, {x.shape[-1]}. "
            f"Received: k={k}"
        )
    count = [*x.shape[:-1], k]
    return tuple(take_slice(y, [0] * x.ndim, count) for y in _ops.sort(x, descending=True))


def in_top_k(targets, predictions, k):
    """Returns whether each target is among the k classes with the largest predictions; a class that
    ties with the last of them is.

    Args:
        targets: Integers `(batch,)`.
        predictions: Tensor `(batch, classes)`.
        k: Integer.
    """
    targets, predictions = convert_to_tensor(targets), floating(predictions)
    classes = predictions.shape[-1]
    valid = _ops.logical_and(targets >= 0, targets < classes)
    own = _ops.take_along_axis(predictions, expand_dims(where(valid, targets, 0), -1), axis=-1)
    above = total(cast(_ops.greater(predictions, own), "int32"), -1)
    finite = all_true(_ops.less(_ops.abs(own), np.inf), -1)
    return _ops.logical_and(_ops.logical_and(valid, finite), above < k)


# --- Segments ------------------------------------------------------------------------------------


def _segments(data, segment_ids, num_segments):
    """Data, indices and number of segments: an index out of range goes to one segment more."""
    data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
    if ids.ndim != 1 or data.shape[:1] != ids.shape:
        raise ValueError(
            "Argument `segment_ids` must be a vector with an index for each part of `data`. "
            f"Received: segment_ids.shape={ids.shape}, data.shape={data.shape}"
        )
    if num_segments is None:
        _core.forbid_replay("segments: `num_segments` is not given, it depends on values")
        num_segments = int(ids.numpy().max(initial=-1)) + 1
    outside = _ops.logical_or(ids < 0, ids >= num_segments)
    return data, where(outside, num_segments, ids), num_segments


def _within(x, count):
    return take_slice(x, [0] * x.ndim, [count, *x.shape[1:]])


def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Returns the sums of the parts of `data` (along the first axis) with the same index.

    Args:
        data: Tensor `(n, ...)`.
        segment_ids: Integers `(n,)`; parts with an index out of range are left out.
        num_segments: Integer. By default the largest index + 1, for which the indices are read, so
            that a training step is not replayed.
        sorted: Boolean; makes no difference.
    """
    data, ids, count = _segments(data, segment_ids, num_segments)
    shape = [count + 1, *data.shape[1:]]
    return _within(_ops.scatter_add(data, ids, axis=0, shape=shape), count)


def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """Returns the largest elements of the parts of `data` with the same index; minus infinity (the
    least integer) where there is none. Arguments as of `segment_sum`."""
    return _segment_reduction(data, segment_ids, num_segments, "max")


def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """Returns the smallest elements of the parts of `data` with the same index; infinity (the
    largest integer) where there is none. Arguments as of `segment_sum`."""
    return _segment_reduction(data, segment_ids, num_segments, "min")


def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """Returns the products of the parts of `data` with the same index; 1 where there is none.
    Arguments as of `segment_sum`."""
    return _segment_reduction(data, segment_ids, num_segments, "prod")


def _segment_reduction(data, segment_ids, num_segments, kind):
    data, ids, count = _segments(data, segment_ids, num_segments)
    return _within(_segmented(data, ids, count=count + 1, kind=kind), count)


_JOIN = {"max": np.maximum, "min": np.minimum, "prod": np.multiply}


def _neutral(dtype, kind):
    if kind == "prod":
        return 1
    if dtype.kind == "f":
        return -np.inf if kind == "max" else np.inf
    limits = np.iinfo(dtype)
    return limits.min if kind == "max" else limits.max


def _np_segments(data, ids, count, kind):
    result = np.full((count, *data.shape[1:]), _neutral(data.dtype, kind), data.dtype)
    _JOIN[kind].at(result, ids, data)
    return result


def _segments_vjp(inputs, outputs, gradients, count, kind):
    data, ids = inputs
    share = gradients[0]
    if kind == "prod":
        # The product of the others: exact where none of them is zero.
        whole = _ops.gather(outputs[0], ids, axis=0)
        zero = data == 0
        slope = where(zero, 0.0, _ops.divide(whole, where(zero, 1.0, data)))
        return [_ops.multiply(_ops.gather(share, ids, axis=0), slope), None]
    won = cast(_ops.equal(data, _ops.gather(outputs[0], ids, axis=0)), data.dtype)
    winners = _ops.scatter_add(won, ids, axis=0, shape=outputs[0].shape)
    share = _ops.divide(share, _ops.maximum(winners, 1))
    return [_ops.multiply(won, _ops.gather(share, ids, axis=0)), None]


_segmented = host_op(_np_segments, _segments_vjp)


# --- Fourier transforms --------------------------------------------------------------------------


def _parts(z):
    return np.ascontiguousarray(z.real), np.ascontiguousarray(z.imag)


def _pair(x):
    try:
        real, imaginary = x
    except (TypeError, ValueError):
        raise ValueError(
            "A complex tensor is given as a pair (real part, imaginary part)."
        ) from None
    real, imaginary = meet_floating(real, imaginary)
    if real.shape != imaginary.shape:
        raise ValueError(
            "Real and imaginary part must have one shape. "
            f"Received: {real.shape} and {imaginary.shape}"
        )
    return real, imaginary


def _both(gradients, outputs):
    return [
        _ops.full(shape=y.shape, dtype=y.dtype) if g is None else g
        for g, y in zip(gradients, outputs)
    ]


def _np_fft(real, imaginary, axes, inverse):
    transform = np.fft.ifftn if inverse else np.fft.fftn
    return _parts(transform(real + 1j * imaginary, axes=axes))


def _fft_vjp(inputs, outputs, gradients, axes, inverse):
    # The transposed transform, of the conjugate: the inverse one but for its factor.
    real, imaginary = _both(gradients, outputs)
    n = int(np.prod([real.shape[axis] for axis in axes]))
    back = _fft(real, imaginary, axes=axes, inverse=not inverse)
    factor = 1 / n if inverse else n
    return [_ops.multiply(part, factor) for part in back]


def _two_parts(real, imaginary, **parameters):
    return [real, real]


_fft = host_op(_np_fft, _fft_vjp, _two_parts)


def fft(x):
    """Returns the discrete Fourier transform along the last axis.

    Args:
        x: Pair of tensors, the real and the imaginary part.

    Returns:
        Pair of tensors of the same shape.
    """
    return _fft(*_pair(x), axes=(-1,), inverse=False)


def fft2(x):
    """Returns the discrete Fourier transform along the last two axes, of a pair of real and
    imaginary part."""
    return _fft(*_pair(x), axes=(-2, -1), inverse=False)


def ifft2(x):
    """Returns the inverse discrete Fourier transform along the last two axes, of a pair of real and
    imaginary part."""
    return _fft(*_pair(x), axes=(-2, -1), inverse=True)


def rfft(x, fft_length=None):
    """Returns the discrete Fourier transform of real numbers along the last axis.

    Args:
        x: Tensor `(..., n)`.
        fft_length: Integer to which the axis is cut or filled with zeros. Defaults to n.

    Returns:
        Pair of tensors `(..., fft_length // 2 + 1)`, the real and the imaginary part.
    """
    x = floating(x)
    return _rfft(
        _fitted(x, x.shape[-1] if fft_length is None else integer("fft_length", fft_length))
    )


def _fitted(x, length):
    """The last axis, cut or filled with zeros."""
    n = x.shape[-1]
    if n < length:
        return _ops.pad(x, before=[0] * x.ndim, after=[0] * (x.ndim - 1) + [length - n])
    return take_slice(x, [0] * x.ndim, [*x.shape[:-1], length])


def _np_rfft(x):
    return _parts(np.fft.rfft(x))


def _rfft_vjp(inputs, outputs, gradients):
    # Every number but the first, and the middle one of an even length, stands for two of the
    # inverse's: halved, its sum over both is the transposed transform.
    n = inputs[0].shape[-1]
    weights = np.full(outputs[0].shape[-1], n / 2)
    weights[0] = n
    if n % 2 == 0:
        weights[-1] = n
    parts = [_ops.multiply(g, weights) for g in _both(gradients, outputs)]
    return [_irfft(*parts, length=n)]


_rfft = host_op(_np_rfft, _rfft_vjp, lambda x: [(*x[:-1], x[-1] // 2 + 1)] * 2)


def irfft(x, fft_length=None):
    """Returns the real numbers whose Fourier transform is given, along the last axis.

    Args:
        x: Pair of tensors `(..., m)`, the real and the imaginary part.
        fft_length: Integer, the size of the result. Defaults to 2 (m - 1).
    """
    real, imaginary = _pair(x)
    length = 2 * (real.shape[-1] - 1) if fft_length is None else integer("fft_length", fft_length)
    real, imaginary = (_fitted(part, length // 2 + 1) for part in (real, imaginary))
    return _irfft(real, imaginary, length=length)


def _np_irfft(real, imaginary, length):
    return np.fft.irfft(real + 1j * imaginary, length)


def _irfft_vjp(inputs, outputs, gradients, length):
    weights = np.full(inputs[0].shape[-1], 2 / length)
    weights[0] = 1 / length
    if length % 2 == 0:
        weights[-1] = 1 / length
    real, imaginary = (_ops.multiply(part, weights) for part in _rfft(gradients[0]))
    # The imaginary part of these counts nothing.
    counts = np.ones(inputs[0].shape[-1])
    counts[0] = 0
    if length % 2 == 0:
        counts[-1] = 0
    return [real, _ops.multiply(imaginary, counts)]


_irfft = host_op(_np_irfft, _irfft_vjp, lambda re, im, length: [(*re[:-1], length)])


# --- Short sequences -----------------------------------------------------------------------------


def extract_sequences(x, sequence_length, sequence_stride):
    """Returns overlapping parts of the last axis.

    Args:
        x: Tensor `(..., n)`.
        sequence_length: Integer, the size of a part.
        sequence_stride: Integer, the distance of their beginnings.

    Returns:
        Tensor `(..., parts, sequence_length)`.
    """
    x = convert_to_tensor(x)
    count = (x.shape[-1] - sequence_length) // sequence_stride + 1
    places = np.arange(max(count, 0))[:, None] * sequence_stride + np.arange(sequence_length)
    return _ops.gather(x, places.astype("int32"), axis=-1)


def _window(window, length, fft_length):
    """The window, in the middle of as many numbers as are transformed; `None` for none."""
    if window is None:
        return None
    if isinstance(window, str):
        periodic = np.arange(length) / length
        shapes = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}
        if window not in shapes:
            raise ValueError(
                "Argument `window` must be 'hann', 'hamming', a tensor or None. "
                f"Received: window={window!r}"
            )
        level, swing = shapes[window]
        window = level - swing * np.cos(2 * np.pi * periodic)
    values = convert_to_tensor(window)
    if values.shape != (length,):
        raise ValueError(
            "Argument `window` must have `sequence_length` elements. "
            f"Received: {values.shape} for sequence_length={length}"
        )
    before = (fft_length - length) // 2
    return _ops.pad(values, before=[before], after=[fft_length - length - before])


def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Returns the Fourier transforms of overlapping parts of the last axis.

    Args:
        x: Tensor `(..., n)`.
        sequence_length: Integer, the size of a part.
        sequence_stride: Integer, the distance of their beginnings.
        fft_length: Integer, at least `sequence_length`: the numbers transformed.
        window: `"hann"`, `"hamming"`, a vector of `sequence_length` weights, or `None`.
        center: Boolean, whether `x` is first extended by its mirror image, so that part i is
            centred on element i * sequence_stride.

    Returns:
        Pair of tensors `(..., parts, fft_length // 2 + 1)`, the real and the imaginary part.
    """
    x = floating(x)
    weights = _window(window, sequence_length, fft_length)
    if center:
        half = fft_length // 2
        x = pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    if weights is not None:
        frames = _ops.multiply(frames, cast(weights, x.dtype))
    return _rfft(frames)


def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """Returns the signal whose short-time Fourier transform is given, by adding the parts where
    they overlap.

    Args:
        x: Pair of tensors `(..., parts, fft_length // 2 + 1)`, the real and the imaginary part.
        sequence_length: Integer, as in `stft`.
        sequence_stride: Integer, as in `stft`.
        fft_length: Integer, as in `stft`.
        length: Optional integer, the size of the result.
        window: As in `stft`.
        center: Boolean, as in `stft`.
    """
    frames = irfft(x, fft_length)
    weights = _window(window, sequence_length, fft_length)
    count = frames.shape[-2]
    size = fft_length + (count - 1) * sequence_stride
    places = np.arange(count)[:, None] * sequence_stride + np.arange(fft_length)

    def overlapped(x):
        flat = _ops.reshape(x, shape=[*x.shape[:-2], count * fft_length])
        picks = places.reshape(-1).astype("int32")
        return _ops.scatter_add(flat, picks, axis=x.ndim - 2, shape=[*x.shape[:-2], size])

    if weights is not None:
        weights = cast(weights, frames.dtype)
        squares = _ops.broadcast_to(_ops.square(weights), shape=[count, fft_length])
        norm = overlapped(squares)
        signal = overlapped(_ops.multiply(frames, weights))
        empty = norm < 1e-11
        signal = where(empty, 0.0, _ops.divide(signal, where(empty, 1.0, norm)))
    else:
        signal = overlapped(frames)
    first = fft_length // 2 if center else 0
    last = size - first if length is None else min(first + length, size)
    signal = take_slice(
        signal, [0] * (signal.ndim - 1) + [first], [*signal.shape[:-1], last - first]
    )
    return signal if length is None else _fitted(signal, length)
