"""Convolution and pooling over one, two or three axes between batch and channels.

The engine works on images: a sequence is an image of height 1, and a volume is taken apart into
images along its depth.
"""

from __future__ import annotations

import math

from ... import _core
from ...symbolic import is_dry
from ..core import convert_to_tensor
from ..core.slices import take_slice
from ..operands import channels_last, floating, integers, meet_floating

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "conv", "conv_transpose",
    "depth_to_space", "depthwise_conv", "fold", "max_pool", "separable_conv", "space_to_depth",
    "unfold",
]  # fmt: skip

_ops = _core.ops


def per_axis(name, value, rank):
    """An integer, or one for each axis, as a tuple of positive integers."""
    values = integers(name, value)
    values = values * rank if len(values) == 1 else values
    if len(values) != rank or min(values) < 1:
        raise ValueError(
            f"Argument `{name}` must be a positive integer or {rank} of them. "
            f"Received: {name}={value}"
        )
    return values


def checked_padding(padding):
    lower = padding.lower() if isinstance(padding, str) else padding
    if lower not in ("valid", "same"):
        raise ValueError(
            f"Argument `padding` must be 'valid' or 'same'. Received: padding={padding!r}"
        )
    return lower


def window_padding(size, window, stride, dilation, padding):
    """What is added before and after an axis of `size` so that windows fit."""
    if padding == "valid":
        return 0, 0
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _rank_of(x, what):
    rank = x.ndim - 2
    if not 1 <= rank <= 3:
        raise ValueError(
            f"{what} must have 1 to 3 axes between batch and channels. Received: shape={x.shape}"
        )
    return rank


def _as_image(x):
    return _ops.reshape(x, shape=[x.shape[0], 1, *x.shape[1:]])


def _from_image(x):
    return _ops.reshape(x, shape=[x.shape[0], *x.shape[2:]])


# --- Convolution ---------------------------------------------------------------------------------


def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Returns the convolution of sequences, images or volumes.

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        kernel: Tensor `(*window, channels / groups, filters)`; the number of groups follows.
        strides: Integer, or one for each axis.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, or one for each axis.
    """
    channels_last(data_format)
    x, w = meet_floating(inputs, kernel)
    rank = _rank_of(x, "The inputs")
    if w.ndim != x.ndim or x.shape[-1] % w.shape[-2]:
        raise ValueError(
            "The kernel must have the shape (*window, channels / groups, filters). "
            f"Received: kernel.shape={w.shape} for inputs of shape {x.shape}"
        )
    strides = per_axis("strides", strides, rank)
    dilation = per_axis("dilation_rate", dilation_rate, rank)
    groups = x.shape[-1] // w.shape[-2]
    return _conv(x, w, strides, checked_padding(padding), dilation, groups)


def _conv(x, w, strides, padding, dilation, groups):
    rank = len(strides)
    if rank == 1:
        w = _ops.reshape(w, shape=[1, *w.shape])
        return _from_image(_conv(_as_image(x), w, (1, *strides), padding, (1, *dilation), groups))
    options = {"strides": strides[-2:], "dilation": dilation[-2:], "padding": padding}
    if rank == 2:
        return _ops.conv2d(x, w, groups=groups, **options)
    before, after = window_padding(x.shape[1], w.shape[0], strides[0], dilation[0], padding)
    x = _ops.pad(x, before=[0, before, 0, 0, 0], after=[0, after, 0, 0, 0])
    depth = (x.shape[1] - (w.shape[0] - 1) * dilation[0] - 1) // strides[0] + 1
    result = None
    for i, part in enumerate(_leading(w)):
        layer = _depths(x, i * dilation[0], depth, strides[0])
        y = _ops.conv2d(_flat(layer), part, groups=groups, **options)
        result = y if result is None else _ops.add(result, y)
    return _ops.reshape(result, shape=[x.shape[0], depth, *result.shape[1:]])


def _leading(x):
    """The parts of `x` along its first axis."""
    for i in range(x.shape[0]):
        part = take_slice(x, [i] + [0] * (x.ndim - 1), [1, *x.shape[1:]])
        yield _ops.reshape(part, shape=x.shape[1:])


def _depths(x, first, count, step):
    return _ops.slice(
        x,
        begin=[0, first, 0, 0, 0],
        size=[x.shape[0], count, *x.shape[2:]],
        strides=[1, step, 1, 1, 1],
    )


def _flat(x):
    """Volumes as images: the depths join the batch."""
    return _ops.reshape(x, shape=[x.shape[0] * x.shape[1], *x.shape[2:]])


def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Returns the convolution of each channel with filters of its own.

    Args:
        inputs: Tensor `(batch, ..., channels)`, of one or two axes between batch and channels.
        kernel: Tensor `(*window, channels, multiplier)`.
        strides: Integer, or one for each axis.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, or one for each axis.

    Returns:
        Tensor `(batch, ..., channels * multiplier)`.
    """
    x, w = meet_floating(inputs, kernel)
    if w.ndim != x.ndim or w.shape[-2] != x.shape[-1]:
        raise ValueError(
            "The kernel must have the shape (*window, channels, multiplier). "
            f"Received: kernel.shape={w.shape} for inputs of shape {x.shape}"
        )
    w = _ops.reshape(w, shape=[*w.shape[:-2], 1, w.shape[-2] * w.shape[-1]])
    return conv(x, w, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs,
    depthwise_kernel,
    pointwise_kernel,
    strides=1,
    padding="valid",
    data_format=None,
    dilation_rate=1,
):
    """Returns a depthwise convolution followed by one with windows of size 1.

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        depthwise_kernel: Tensor `(*window, channels, multiplier)`.
        pointwise_kernel: Tensor `(1, ..., channels * multiplier, filters)`.
        strides: Integer, or one for each axis.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, or one for each axis.
    """
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel)


def conv_transpose(
    inputs,
    kernel,
    strides=1,
    padding="valid",
    output_padding=None,
    data_format=None,
    dilation_rate=1,
):
    """Returns the transposed convolution: what the gradient of `conv` is for its inputs.

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        kernel: Tensor `(*window, filters, channels)`.
        strides: Integer, or one for each axis.
        padding: `"valid"` or `"same"`.
        output_padding: Optional integer, or one for each axis: how many elements more there are.
        data_format: `None` or `"channels_last"`.
        dilation_rate: Integer, or one for each axis.
    """
    channels_last(data_format)
    x, w = meet_floating(inputs, kernel)
    rank = _rank_of(x, "The inputs")
    if w.ndim != x.ndim or w.shape[-1] != x.shape[-1]:
        raise ValueError(
            "The kernel must have the shape (*window, filters, channels). "
            f"Received: kernel.shape={w.shape} for inputs of shape {x.shape}"
        )
    strides = per_axis("strides", strides, rank)
    dilation = per_axis("dilation_rate", dilation_rate, rank)
    padding = checked_padding(padding)
    extra = (None,) * rank
    if output_padding is not None:
        extra = integers("output_padding", output_padding)
        extra = extra * rank if len(extra) == 1 else extra
    y = _conv_transpose(x, w, strides, dilation)
    for axis in range(rank):
        n, stride = x.shape[axis + 1], strides[axis]
        reach = (w.shape[axis] - 1) * dilation[axis] + 1
        begin, size = _transposed_range(n, reach, stride, padding, extra[axis])
        y = _window_of(y, axis + 1, begin, size)
    return y


def _transposed_range(n, reach, stride, padding, extra):
    """Where the result begins in the whole transposed convolution, and its size."""
    whole = (n - 1) * stride + reach
    if padding == "valid":
        return 0, whole + (max(stride - reach, 0) if extra is None else extra)
    size = n * stride if extra is None else whole - 2 * (reach // 2) + extra
    return max(whole - size, 0) // 2, size


def _window_of(x, axis, begin, size):
    """`size` elements of an axis from `begin` on; there are zeros after its end."""
    missing = begin + size - x.shape[axis]
    if missing > 0:
        x = _ops.pad(
            x, before=[0] * x.ndim, after=[missing if i == axis else 0 for i in range(x.ndim)]
        )
    start, count = [0] * x.ndim, list(x.shape)
    start[axis], count[axis] = begin, size
    return take_slice(x, start, count)


def _conv_transpose(x, w, strides, dilation):
    rank = len(strides)
    if rank == 1:
        w = _ops.reshape(w, shape=[1, *w.shape])
        return _from_image(_conv_transpose(_as_image(x), w, (1, *strides), (1, *dilation)))
    sizes = [
        (n - 1) * stride + (k - 1) * d + 1
        for n, stride, k, d in zip(x.shape[1:-1], strides, w.shape[:-2], dilation)
    ]
    options = {"strides": strides[-2:], "dilation": dilation[-2:], "padding": "valid"}
    if rank == 2:
        shape = [x.shape[0], *sizes, w.shape[-2]]
        return _ops.conv2d_input_gradient(x, w, shape=shape, **options)
    images = [x.shape[0] * x.shape[1], *sizes[1:], w.shape[-2]]
    shape = [x.shape[0], *sizes, w.shape[-2]]
    result = None
    for i, part in enumerate(_leading(w)):
        y = _ops.conv2d_input_gradient(_flat(x), part, shape=images, **options)
        y = _ops.reshape(y, shape=[*x.shape[:2], *y.shape[1:]])
        placed = _ops.slice_gradient(
            y,
            shape=shape,
            begin=[0, i * dilation[0], 0, 0, 0],
            size=y.shape,
            strides=[1, strides[0], 1, 1, 1],
        )
        result = placed if result is None else _ops.add(result, placed)
    return result


# --- Pooling -------------------------------------------------------------------------------------


def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Returns the largest element of every window.

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        pool_size: Integer, or one for each axis.
        strides: Integer, or one for each axis. Defaults to `pool_size`.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.
    """

    def pool(x, **options):
        return _ops.max_pool2d(x, **options)[0]

    return _pool(pool, inputs, pool_size, strides, padding, data_format)


def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Returns the mean of every window; what lies outside does not count.

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        pool_size: Integer, or one for each axis.
        strides: Integer, or one for each axis. Defaults to `pool_size`.
        padding: `"valid"` or `"same"`.
        data_format: `None` or `"channels_last"`.
    """
    return _pool(_ops.average_pool2d, inputs, pool_size, strides, padding, data_format)


def _pool(op, inputs, pool_size, strides, padding, data_format):
    channels_last(data_format)
    x = floating(inputs)
    rank = _rank_of(x, "The inputs")
    size = per_axis("pool_size", pool_size, rank)
    strides = size if strides is None else per_axis("strides", strides, rank)
    padding = checked_padding(padding)
    if rank == 1:
        options = {"pool_size": (1, *size), "strides": (1, *strides), "padding": padding}
        return _from_image(op(_as_image(x), **options))
    images = x if rank == 2 else _flat(x)
    y = op(images, pool_size=size[-2:], strides=strides[-2:], padding=padding)
    if rank == 2:
        return y
    # The windows of a volume are those of its images, then those of the depths.
    columns = _ops.reshape(y, shape=[*x.shape[:2], y.shape[1] * y.shape[2], y.shape[3]])
    z = op(columns, pool_size=(size[0], 1), strides=(strides[0], 1), padding=padding)
    return _ops.reshape(z, shape=[x.shape[0], z.shape[1], *y.shape[1:]])


def adaptive_average_pool(inputs, output_size, data_format=None):
    """Returns means over as many windows as `output_size` says, which cover the inputs.

    Window i of n reaches from floor(i * size / n) to ceil((i + 1) * size / n).

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        output_size: Integer, or one for each axis.
        data_format: `None` or `"channels_last"`.
    """

    def mean(x, axis):
        return _ops.mean(x, axes=[axis])

    return _adaptive_pool(mean, inputs, output_size, data_format)


def adaptive_max_pool(inputs, output_size, data_format=None):
    """Returns maxima over as many windows as `output_size` says, which cover the inputs.

    Window i of n reaches from floor(i * size / n) to ceil((i + 1) * size / n).

    Args:
        inputs: Tensor `(batch, ..., channels)`.
        output_size: Integer, or one for each axis.
        data_format: `None` or `"channels_last"`.
    """

    def largest(x, axis):
        return _ops.max(x, axes=[axis])

    return _adaptive_pool(largest, inputs, output_size, data_format)


def _adaptive_pool(reduce, inputs, output_size, data_format):
    channels_last(data_format)
    x = floating(inputs)
    sizes = per_axis("output_size", output_size, _rank_of(x, "The inputs"))
    if is_dry():
        return _ops.full(shape=[x.shape[0], *sizes, x.shape[-1]], dtype=x.dtype)
    for axis, count in enumerate(sizes, 1):
        n, parts = x.shape[axis], []
        for i in range(count):
            first, last = i * n // count, -(-(i + 1) * n // count)
            part = reduce(_window_of(x, axis, first, last - first), axis)
            parts.append(_ops.reshape(part, shape=[*x.shape[:axis], 1, *x.shape[axis + 1 :]]))
        x = _ops.concat(*parts, axis=axis)
    return x


# --- Windows as such -----------------------------------------------------------------------------


def _torch_windows(x, kernel_size, dilation, padding, stride):
    """Windows over the last two axes: the padded size, the number of windows, and the slices of
    every place in the window."""
    kernel, dilation, stride = (
        per_axis(name, value, 2)
        for name, value in (
            ("kernel_size", kernel_size), ("dilation", dilation), ("stride", stride),
        )
    )  # fmt: skip
    padding = integers("padding", padding)
    padding = padding * 2 if len(padding) == 1 else padding
    size = [n + 2 * p for n, p in zip(x, padding)]
    count = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(size, kernel, dilation, stride)]
    if min(count) < 1:
        raise ValueError(
            f"The window is larger than the padded input. Received: kernel_size={kernel_size} "
            f"for a padded size of {tuple(size)}"
        )
    places = [
        {"begin": (0, 0, i * dilation[0], j * dilation[1]), "strides": (1, 1, *stride)}
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]
    return padding, size, count, places


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Returns the windows of images as columns.

    Args:
        x: Tensor `(batch, channels, height, width)`.
        kernel_size: Integer, or a pair.
        dilation: Integer, or a pair.
        padding: Integer, or a pair: zeros added at both ends.
        stride: Integer, or a pair.

    Returns:
        Tensor `(batch, channels * kernel height * kernel width, windows)`.
    """
    x = convert_to_tensor(x)
    pads, _, count, places = _torch_windows(x.shape[2:], kernel_size, dilation, padding, stride)
    padded = _ops.pad(x, before=(0, 0, *pads), after=(0, 0, *pads))
    batch, channels = x.shape[:2]
    parts = [
        _ops.reshape(
            _ops.slice(padded, size=(batch, channels, *count), **place),
            shape=[batch, channels, 1, math.prod(count)],
        )
        for place in places
    ]
    return _ops.reshape(
        _ops.concat(*parts, axis=2), shape=[batch, channels * len(places), math.prod(count)]
    )


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Returns images from the columns of `unfold`; where windows overlap, they are added.

    Args:
        x: Tensor `(batch, channels * kernel height * kernel width, windows)`.
        output_size: Pair of integers, the height and width.
        kernel_size: Integer, or a pair.
        dilation: Integer, or a pair.
        padding: Integer, or a pair.
        stride: Integer, or a pair.

    Returns:
        Tensor `(batch, channels, height, width)`.
    """
    x = convert_to_tensor(x)
    output_size = per_axis("output_size", output_size, 2)
    pads, size, count, places = _torch_windows(output_size, kernel_size, dilation, padding, stride)
    batch, channels = x.shape[0], x.shape[1] // len(places)
    windows = _ops.reshape(x, shape=[batch, channels, len(places), *count])
    result = None
    for i, place in enumerate(places):
        part = take_slice(windows, [0, 0, i, 0, 0], [batch, channels, 1, *count])
        part = _ops.reshape(part, shape=[batch, channels, *count])
        placed = _ops.slice_gradient(part, shape=[batch, channels, *size], size=part.shape, **place)
        result = placed if result is None else _ops.add(result, placed)
    return take_slice(result, [0, 0, *pads], [batch, channels, *output_size])


def depth_to_space(x, block_size, data_format="channels_last"):
    """Returns images whose channels have become blocks of pixels.

    Args:
        x: Tensor `(batch, height, width, channels * block_size**2)`.
        block_size: Integer.
        data_format: `None` or `"channels_last"`.

    Returns:
        Tensor `(batch, height * block_size, width * block_size, channels)`.
    """
    channels_last(data_format)
    x = convert_to_tensor(x)
    n, h, w, c = x.shape
    b = block_size
    if c % (b * b):
        raise ValueError(
            "The number of channels must be a multiple of block_size**2. "
            f"Received: x.shape={x.shape}, block_size={block_size}"
        )
    blocks = _ops.reshape(x, shape=[n, h, w, b, b, c // (b * b)])
    rows = _ops.transpose(blocks, permutation=[0, 1, 3, 2, 4, 5])
    return _ops.reshape(rows, shape=[n, h * b, w * b, c // (b * b)])


def space_to_depth(x, block_size, data_format="channels_last"):
    """Returns images whose blocks of pixels have become channels: the reverse of
    `depth_to_space`."""
    channels_last(data_format)
    x = convert_to_tensor(x)
    n, h, w, c = x.shape
    b = block_size
    if h % b or w % b:
        raise ValueError(
            "Height and width must be multiples of `block_size`. "
            f"Received: x.shape={x.shape}, block_size={block_size}"
        )
    rows = _ops.reshape(x, shape=[n, h // b, b, w // b, b, c])
    blocks = _ops.transpose(rows, permutation=[0, 1, 3, 2, 4, 5])
    return _ops.reshape(blocks, shape=[n, h // b, w // b, b * b * c])
