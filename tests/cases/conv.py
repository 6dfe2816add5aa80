"""Convolution and pooling, by direct loops over the window."""

import numpy as np

from cases.case import Bench, Case, bound_sum, normal


def axis_geometry(size, kernel, stride, dilation, padding):
    """Output size and padding before, as TensorFlow defines them."""
    extent = (kernel - 1) * dilation + 1
    if padding == "same":
        out = -(-size // stride)
        return out, max((out - 1) * stride + extent - size, 0) // 2
    return max((size - extent) // stride + 1, 0), 0


def windows(shape, kernel, strides, dilation, padding):
    """(ky, kx, output slices, input slices) for each position in the window: where the position
    lies inside the input."""
    (oh, top), (ow, left) = (
        axis_geometry(shape[i + 1], kernel[i], strides[i], dilation[i], padding) for i in (0, 1)
    )

    def reach(size, out, stride, offset):
        first = max(0, -(offset // stride))
        last = min(out - 1, (size - 1 - offset) // stride)
        if last < first:
            return None
        begin = first * stride + offset
        return slice(first, last + 1), slice(begin, last * stride + offset + 1, stride)

    places = []
    for ky in range(kernel[0]):
        rows = reach(shape[1], oh, strides[0], ky * dilation[0] - top)
        for kx in range(kernel[1]):
            columns = reach(shape[2], ow, strides[1], kx * dilation[1] - left)
            if rows and columns:
                places.append((ky, kx, (rows[0], columns[0]), (rows[1], columns[1])))
    return (oh, ow), places


def conv2d(
    x, w, bias=0.0, strides=(1, 1), dilation=(1, 1), padding="valid", groups=1, activation="linear"
):
    size, places = windows(x.shape, w.shape, strides, dilation, padding)
    y = np.zeros((x.shape[0], *size, w.shape[3]))
    out = w.shape[3] // groups
    for g in range(groups):
        xg = x[..., g * w.shape[2] : (g + 1) * w.shape[2]]
        for ky, kx, (oy, ox), (iy, ix) in places:
            y[:, oy, ox, g * out : (g + 1) * out] += (
                xg[:, iy, ix] @ w[ky, kx, :, g * out : (g + 1) * out]
            )
    y = y + bias
    return np.maximum(y, 0) if activation == "relu" else y


def conv2d_weight_gradient(
    x, dy, shape, strides=(1, 1), dilation=(1, 1), padding="valid", groups=1
):
    _, places = windows(x.shape, shape, strides, dilation, padding)
    dw = np.zeros(shape)
    c, out = shape[2], shape[3] // groups
    for g in range(groups):
        for ky, kx, (oy, ox), (iy, ix) in places:
            xg = x[:, iy, ix, g * c : (g + 1) * c].reshape(-1, c)
            dyg = dy[:, oy, ox, g * out : (g + 1) * out].reshape(-1, out)
            dw[ky, kx, :, g * out : (g + 1) * out] = xg.T @ dyg
    return dw


def conv2d_input_gradient(dy, w, shape, strides=(1, 1), dilation=(1, 1), padding="valid", groups=1):
    _, places = windows(shape, w.shape, strides, dilation, padding)
    dx = np.zeros(shape)
    c, out = w.shape[2], w.shape[3] // groups
    for g in range(groups):
        for ky, kx, (oy, ox), (iy, ix) in places:
            wg = w[ky, kx, :, g * out : (g + 1) * out]
            dx[:, iy, ix, g * c : (g + 1) * c] += dy[:, oy, ox, g * out : (g + 1) * out] @ wg.T
    return dx


# label: (shape of x, of w with n filters, attributes). Filters are the axis vectors run along.
CONVOLUTIONS = {
    "valid": lambda n: ((2, 6, 7, 3), (3, 2, 3, n), {}),
    "same": lambda n: ((2, 6, 7, 3), (3, 4, 3, n), {"padding": "same"}),
    "strided": lambda n: ((1, 8, 9, 2), (3, 3, 2, n), {"strides": [2, 3]}),
    "strided-same": lambda n: ((1, 8, 9, 2), (3, 2, 2, n), {"strides": [3, 2], "padding": "same"}),
    "dilated": lambda n: ((2, 9, 8, 2), (3, 2, 2, n), {"dilation": [2, 3]}),
    "dilated-same": lambda n: ((1, 7, 6, 2), (3, 3, 2, n), {"dilation": [2, 1], "padding": "same"}),
    "dilated-strided": lambda n: (
        (1, 9, 8, 2),
        (2, 3, 2, n),
        {"dilation": [3, 2], "strides": [2, 1], "padding": "same"},
    ),
    "one": lambda n: ((2, 5, 4, 6), (1, 1, 6, n), {}),
    "one-strided": lambda n: ((2, 5, 4, 6), (1, 1, 6, n), {"strides": [2, 2]}),
    "row": lambda n: ((2, 1, 11, 3), (1, 4, 3, n), {"padding": "same"}),
    "gray": lambda n: ((2, 9, 9, 1), (5, 5, 1, n), {}),
    "gray-wide": lambda n: ((2, 10, 15, 1), (5, 5, 1, n), {}),
    "gray-same": lambda n: ((1, 7, 13, 1), (4, 3, 1, n), {"padding": "same"}),
    "gray-sevens": lambda n: ((1, 2, 16, 1), (1, 7, 1, n), {}),
    "gray-many-taps": lambda n: ((2, 6, 9, 1), (8, 7, 1, n), {"padding": "same"}),
    "groups": lambda n: ((2, 5, 6, 6), (3, 2, 2, 3 * n), {"groups": 3}),
    "groups-strided": lambda n: (
        (1, 6, 6, 4),
        (3, 3, 2, 2 * n),
        {"groups": 2, "strides": [2, 2], "padding": "same"},
    ),
    "depthwise": lambda n: ((2, 6, 5, n), (3, 3, 1, n), {"groups": n, "padding": "same"}),
    "depthwise-strided": lambda n: ((1, 7, 7, n), (3, 2, 1, n), {"groups": n, "strides": [2, 2]}),
    "depthwise-wide": lambda n: ((2, 5, 19, n), (3, 3, 1, n), {"groups": n, "strides": [2, 2]}),
    "depthwise-5x5": lambda n: ((1, 6, 17, n), (5, 5, 1, n), {"groups": n, "padding": "same"}),
    # So many channels have a gradient of their own.
    "depthwise-many": lambda n: (
        (2, 3, 9, 250 + n),
        (3, 3, 1, 250 + n),
        {"groups": 250 + n, "strides": [2, 2], "padding": "same"},
    ),
    "depthwise-many-5x5": lambda n: (
        (1, 3, 7, 250 + n),
        (5, 5, 1, 250 + n),
        {"groups": 250 + n, "padding": "same"},
    ),
    "depth-multiplier": lambda n: ((1, 5, 5, n), (2, 2, 1, 2 * n), {"groups": n}),
    "channels": lambda n: ((1, 5, 5, n), (3, 3, n, 2), {}),
    "window-beyond": lambda n: ((1, 2, 2, 2), (5, 5, 2, n), {"padding": "same"}),
}
# The layers of the tutorial's network and of VGG.
BENCH = {
    "valid": ((64, 12, 12, 16), (5, 5, 16, 32), {}),
    "gray": ((64, 28, 28, 1), (5, 5, 1, 16), {}),
    "same": ((16, 32, 32, 32), (3, 3, 32, 32), {"padding": "same"}),
    "channels": ((64, 8, 8, 128), (3, 3, 128, 128), {"padding": "same"}),
    "one": ((16, 28, 28, 128), (1, 1, 128, 128), {}),
    "depthwise": ((16, 28, 28, 128), (3, 3, 1, 128), {"groups": 128, "padding": "same"}),
    "depthwise-wide": ((16, 56, 56, 128), (3, 3, 1, 128), {"groups": 128, "strides": [2, 2]}),
    "depthwise-5x5": ((16, 14, 14, 512), (5, 5, 1, 512), {"groups": 512, "padding": "same"}),
    "strided-same": ((16, 28, 28, 64), (3, 3, 64, 64), {"strides": [2, 2], "padding": "same"}),
}


def output_shape(x, w, attrs):
    size, _ = windows(
        x,
        w,
        attrs.get("strides", (1, 1)),
        attrs.get("dilation", (1, 1)),
        attrs.get("padding", "valid"),
    )
    return (x[0], *size, w[3])


def conv_cases(label, shapes):
    every_tail = label in ("valid", "same", "channels", "depthwise", "gray", "gray-wide")
    sizes = tuple(range(1, 34)) if every_tail else (1, 2, 5, 16, 17)
    bench_shapes = BENCH.get(label, shapes(16))

    def maker(which, wanted="", source=shapes):
        def inputs(rng, n, dtype):
            x, w, attrs = source(n)
            shape = {"x": x, "w": w, "b": w[3:], "y": output_shape(x, w, attrs)}
            attrs = attrs | ({"shape": list(shape[wanted])} if wanted else {})
            return [normal(rng, shape[name], dtype) for name in which], attrs

        return inputs

    def bench(which, wanted=""):
        x, w, attrs = bench_shapes
        n, oh, ow, out = output_shape(x, w, attrs)
        flops = 2.0 * n * oh * ow * out * w[0] * w[1] * w[2]
        inputs = maker(which, wanted, lambda n: bench_shapes)
        return Bench(lambda rng, dtype: inputs(rng, 0, dtype), flops=flops)

    def taps(inputs):
        return int(np.prod(inputs[1].shape[:3])) + 1

    operands = "xwb" if label == "same" else "xw"
    yield Case(
        "conv2d",
        maker(operands),
        conv2d,
        bound_sum(taps, 0, 1),
        gradient=(0, 1, 2) if label == "same" else (0, 1),
        sizes=sizes,
        bench=bench(operands),
        label=label,
    )
    yield Case(
        "conv2d_weight_gradient",
        maker("xy", "w"),
        conv2d_weight_gradient,
        bound_sum(lambda inputs: int(np.prod(inputs[1].shape[:3])), 0, 1),
        gradient=(0, 1),
        sizes=sizes,
        bench=bench("xy", "w"),
        label=label,
    )
    yield Case(
        "conv2d_input_gradient",
        maker("yw", "x"),
        conv2d_input_gradient,
        bound_sum(lambda inputs: inputs[1].size, 0, 1),
        gradient=(0, 1),
        sizes=sizes,
        bench=bench("yw", "x"),
        label=label,
    )


RELU = Case(
    "conv2d",
    lambda rng, n, dtype: [
        normal(rng, (2, 5, 5, 3), dtype),
        normal(rng, (3, 3, 3, n), dtype),
        normal(rng, n, dtype),
    ],
    conv2d,
    bound_sum(lambda inputs: 28, 0, 1),
    attrs={"activation": "relu"},
    sizes=tuple(range(1, 34)),
    bench=Bench(
        lambda rng, dtype: [
            normal(rng, (64, 28, 28, 1), dtype),
            normal(rng, (5, 5, 1, 16), dtype),
            normal(rng, 16, dtype),
        ],
        flops=2.0 * 64 * 24 * 24 * 16 * 25,
    ),
    label="bias-relu",
)


def unpooled(dy, index, size, pool_size):
    """dy where the maxima were, zeros elsewhere; windows lie side by side."""
    y = np.zeros((dy.shape[0], *size, dy.shape[3]))
    for ky in range(pool_size[0]):
        for kx in range(pool_size[1]):
            part = y[:, ky :: pool_size[0], kx :: pool_size[1]][:, : dy.shape[1], : dy.shape[2]]
            here = np.where(index == ky * pool_size[1] + kx, dy, 0)
            part[:] = here[:, : part.shape[1], : part.shape[2]]
    return y


def pooled_weight_gradient(x, dy, index, shape, pool_size, **attrs):
    size = output_shape(x.shape, shape, attrs)[1:3]
    return conv2d_weight_gradient(x, unpooled(dy, index, size, pool_size), shape, **attrs)


def pooled_input_gradient(dy, index, w, shape, pool_size, **attrs):
    size = output_shape(shape, w.shape, attrs)[1:3]
    return conv2d_input_gradient(unpooled(dy, index, size, pool_size), w, shape, **attrs)


def pooled_bias_gradient(dy, index, shape, pool_size):
    return unpooled(dy, index, shape[1:3], pool_size).sum(axis=(0, 1, 2))


# label: (shape of x, of w with n filters, attributes, pool_size)
POOLED = {
    "halves": lambda n: ((3, 12, 12, 16), (5, 5, 16, n), {}, (2, 2)),
    "gray": lambda n: ((2, 13, 14, 1), (5, 5, 1, n), {}, (2, 2)),
    "colours-strided": lambda n: (
        (2, 11, 9, 3),
        (3, 3, 3, n),
        {"strides": [1, 2], "padding": "same"},
        (3, 2),
    ),
}


def pooled_cases(label, shapes):
    def maker(which, wanted):
        def inputs(rng, n, dtype):
            x, w, attrs, pool = shapes(n)
            y = output_shape(x, w, attrs)
            pooled = (y[0], y[1] // pool[0], y[2] // pool[1], y[3])
            shape = {"x": x, "w": w, "y": y}
            made = {"x": normal(rng, x, dtype), "w": normal(rng, w, dtype)}
            made["y"] = np.where(rng.random(pooled) < 0.8, normal(rng, pooled, dtype), 0)
            made["y"] = made["y"].astype(dtype)
            made["i"] = rng.integers(0, pool[0] * pool[1], pooled).astype("uint8")
            attrs = {} if wanted == "y" else attrs
            attrs = attrs | {"shape": list(shape[wanted]), "pool_size": list(pool)}
            return [made[name] for name in which], attrs

        return inputs

    for op, which, wanted, reference, terms in [
        ("conv2d_pooled_weight_gradient", "xyi", "w", pooled_weight_gradient,
         bound_sum(lambda inputs: inputs[1].size, 0, 1)),
        ("conv2d_pooled_input_gradient", "yiw", "x", pooled_input_gradient,
         bound_sum(lambda inputs: inputs[2].size, 0, 2)),
        ("pooled_bias_gradient", "yi", "y", pooled_bias_gradient,
         bound_sum(lambda inputs: inputs[0].size, 0)),
    ]:  # fmt: skip
        sizes = tuple(range(1, 34)) if label == "gray" else (1, 2, 5, 16, 17, 70)
        inputs = maker(which, wanted)
        bench = Bench(lambda rng, dtype, inputs=inputs: inputs(rng, 32, dtype))
        yield Case(op, inputs, reference, terms, sizes=sizes, bench=bench, label=label)


CASES = [*(case for item in CONVOLUTIONS.items() for case in conv_cases(*item)), RELU]
CASES += [case for item in POOLED.items() for case in pooled_cases(*item)]
