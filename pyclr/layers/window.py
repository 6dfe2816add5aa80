"""Output shapes of operations that slide a window: convolution, its transpose, and pooling."""

from __future__ import annotations


def window_output_shape(
    input_shape, window, strides, padding, channels, dilation_rate=None, name="kernel_size"
):
    """Returns the output shape of a window that slides over the axes between batch and channels.

    Args:
        input_shape: `(batch, ..., channels)`, with `None` for sizes not known.
        window: Tuple of integers, the window's size.
        strides: Tuple of integers.
        padding: `"valid"`, where the window stays inside the input, or another (`"same"`,
            `"causal"`), where every stride has an output.
        channels: Integer, the size of the output's last axis.
        dilation_rate: Tuple of integers, the distance between positions of the window. Defaults to
            ones.
        name: String, how the message calls the window.

    Raises:
        ValueError: if the window does not fit into the input.
    """
    sizes = tuple(input_shape[1:-1])
    dilation_rate = dilation_rate or (1,) * len(window)
    output = []
    for size, extent, stride, dilation in zip(sizes, window, strides, dilation_rate):
        if size is not None and padding == "valid":
            size -= (extent - 1) * dilation
            if size <= 0:
                dilated = f", dilation_rate={dilation_rate}" if max(dilation_rate) > 1 else ""
                raise ValueError(
                    "Computed output size would be zero or negative: the window must fit into the "
                    f"input. Received: input_shape={tuple(input_shape)}, {name}={window}, "
                    f"strides={strides}, padding='{padding}'{dilated}"
                )
        output.append(None if size is None else -(-size // stride))
    return (input_shape[0], *output, channels)


def transposed_output_shape(
    input_shape, window, strides, padding, channels, dilation_rate, output_padding=None
):
    """Returns the output shape of a transposed convolution.

    Args:
        input_shape: `(batch, ..., channels)`, with `None` for sizes not known.
        window: Tuple of integers, the window's size.
        strides: Tuple of integers.
        padding: `"valid"`, where all windows are in the output, or `"same"`, where the output is
            `strides` times as large as the input.
        channels: Integer, the size of the output's last axis.
        dilation_rate: Tuple of integers, the distance between positions of the window.
        output_padding: Optional tuple of integers, which sets the size beyond what the windows
            need: `kernel_size` of them for `"valid"`, 0 or 1 for `"same"`.
    """
    output = []
    for axis, size in enumerate(input_shape[1:-1]):
        stride, extent = strides[axis], (window[axis] - 1) * dilation_rate[axis] + 1
        if size is not None and output_padding is not None:
            needed = extent if padding == "valid" else extent % 2
            size = (size - 1) * stride + needed + output_padding[axis]
        elif size is not None:
            size = size * stride + (max(extent - stride, 0) if padding == "valid" else 0)
        output.append(size)
    return (input_shape[0], *output, channels)
