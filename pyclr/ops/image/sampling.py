"""Images sampled at any places: transformations of the plane."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ... import _core
from ..core import cast, convert_to_tensor
from ..core.slices import unstack
from ..linalg import solve
from ..numpy.shaping import expand_dims, stack
from ..operands import floating
from .color import images_of
from .filters import gaussian_blur

__all__ = [
    "affine_transform", "elastic_transform", "map_coordinates", "perspective_transform",
]  # fmt: skip

_ops = _core.ops

# How a place outside becomes one inside; None: nothing is there.
_FILL_MODES = {
    "constant": None,
    "nearest": lambda i, n: _ops.minimum(_ops.maximum(i, 0), n - 1),
    "wrap": lambda i, n: _ops.mod(i, n),
    "mirror": lambda i, n: _folded(i, max(2 * (n - 1), 1), 0),
    "reflect": lambda i, n: _folded(i, 2 * n, 1),
}


def _folded(i, period, edge):
    """There and back: the edge is repeated (1) or not (0)."""
    place = _ops.mod(i, period)
    return _ops.minimum(place, _ops.subtract(period - edge, place))


def _fill_mode(fill_mode):
    if fill_mode not in _FILL_MODES:
        raise ValueError(
            f"Argument `fill_mode` must be one of {list(_FILL_MODES)}. Received: {fill_mode!r}"
        )
    return _FILL_MODES[fill_mode]


def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Returns the values of a tensor at any places, interpolated.

    Args:
        inputs: Tensor of d axes.
        coordinates: Tensor `(d, ...)`, the places; or d tensors.
        order: 0, the nearest element, or 1, linear.
        fill_mode: What is outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: Number for `"constant"`.

    Returns:
        Tensor of the shape of a coordinate. It is differentiable by both.
    """
    x = convert_to_tensor(inputs)
    places = (
        [floating(c) for c in coordinates]
        if isinstance(coordinates, (list, tuple))
        else (unstack(floating(coordinates)))
    )
    if len(places) != x.ndim:
        raise ValueError(
            "Argument `coordinates` must have one coordinate for each axis of `inputs`. "
            f"Received: {len(places)} coordinates for a tensor of {x.ndim} axes"
        )
    if order not in (0, 1):
        raise ValueError(f"Argument `order` must be 0 or 1. Received: order={order}")
    result = _sampled(floating(x), places, order, _fill_mode(fill_mode), fill_value)
    return result if x.dtype == result.dtype else cast(_ops.round(result), x.dtype)


def _sampled(x, places, order, wrapped, fill_value):
    """The elements at places, one tensor for each axis; integers are exact."""
    neighbours = []  # of each axis: (index, weight)
    for place in places:
        if place.dtype == "int32":
            neighbours.append([(place, None)])
        elif order == 0:
            neighbours.append([(cast(_ops.round(place), "int32"), None)])
        else:
            below = _ops.floor(place)
            share, index = _ops.subtract(place, below), cast(below, "int32")
            neighbours.append([(index, _ops.subtract(1.0, share)), (_ops.add(index, 1), share)])
    flat = _ops.reshape(x, shape=[-1])
    result = None
    for corner in itertools.product(*neighbours):
        where = inside = weight = None
        for (index, part), n in zip(corner, x.shape):
            if wrapped is None:
                valid = _ops.logical_and(index >= 0, index < n)
                inside = valid if inside is None else _ops.logical_and(inside, valid)
                index = _ops.minimum(_ops.maximum(index, 0), n - 1)
            else:
                index = wrapped(index, n)
            where = index if where is None else _ops.add(_ops.multiply(where, n), index)
            if part is not None:
                part = cast(part, x.dtype)
                weight = part if weight is None else _ops.multiply(weight, part)
        value = _ops.gather(flat, where, axis=0)
        if inside is not None:
            value = _ops.where(inside, value, cast(fill_value, x.dtype))
        value = value if weight is None else _ops.multiply(value, weight)
        result = value if result is None else _ops.add(result, value)
    return result


_ORDERS = {"nearest": 0, "bilinear": 1}


def _warped(images, rows, columns, interpolation, fill_mode, fill_value):
    """Every image of `(batch, height, width, channels)` sampled at its rows and columns
    `(batch, rows, columns)`."""
    if interpolation not in _ORDERS:
        raise ValueError(
            f"Argument `interpolation` must be one of {list(_ORDERS)}. Received: {interpolation!r}"
        )
    shape = [*rows.shape, images.shape[-1]]
    number = np.arange(shape[0], dtype="int32").reshape(-1, 1, 1, 1)
    channel = np.arange(shape[-1], dtype="int32")
    places = [
        _ops.broadcast_to(place, shape=shape)
        for place in (number, expand_dims(rows, -1), expand_dims(columns, -1), channel)
    ]
    wrapped = _fill_mode(fill_mode)
    return _sampled(images, places, _ORDERS[interpolation], wrapped, fill_value)


def _batched(images, data_format):
    given = convert_to_tensor(images)
    x = images_of(images, data_format)
    single = x.ndim == 3
    x = expand_dims(x, 0) if single else x

    def restored(y):
        y = _ops.reshape(y, shape=y.shape[1:]) if single else y
        return y if given.dtype == y.dtype else cast(_ops.round(y), given.dtype)

    return x, restored


def _grid(x):
    """Row and column of every pixel, `(1, height, width)`."""
    rows, columns = np.meshgrid(*(np.arange(n, dtype=x.dtype) for n in x.shape[1:3]), indexing="ij")
    return rows[None], columns[None]


def affine_transform(
    images,
    transform,
    interpolation="bilinear",
    fill_mode="constant",
    fill_value=0,
    data_format=None,
):
    """Returns images transformed in the plane.

    The result at (x, y) is the image at (a0 x + a1 y + a2, b0 x + b1 y + b2), where x is the column
    and y the row.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        transform: Tensor `(8,)` or `(batch, 8)`: a0, a1, a2, b0, b1, b2, 0, 0.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What is outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: Number for `"constant"`.
        data_format: `None` or `"channels_last"`.
    """
    x, restored = _batched(images, data_format)
    transform = _ops.reshape(cast(transform, x.dtype), shape=[-1, 8])
    if transform.shape[0] not in (1, x.shape[0]):
        raise ValueError(
            "Argument `transform` must have the shape (8,) or (batch, 8). "
            f"Received: {transform.shape[0]} transforms for {x.shape[0]} images"
        )
    return restored(
        _projected(x, transform, interpolation, fill_mode, fill_value, perspective=False)
    )


def _projected(x, transform, interpolation, fill_mode, fill_value, perspective):
    rows, columns = _grid(x)
    a0, a1, a2, b0, b1, b2, c0, c1 = (
        _ops.reshape(part, shape=[-1, 1, 1]) for part in unstack(transform, axis=-1)
    )

    def plane(by_column, by_row, start):
        moved = _ops.add(_ops.multiply(by_column, columns), _ops.multiply(by_row, rows))
        return _ops.add(moved, start)

    x_in, y_in = plane(a0, a1, a2), plane(b0, b1, b2)
    if perspective:
        depth = plane(c0, c1, 1.0)
        x_in, y_in = _ops.divide(x_in, depth), _ops.divide(y_in, depth)
    shape = x.shape[:3]
    x_in, y_in = (_ops.broadcast_to(place, shape=shape) for place in (x_in, y_in))
    return _warped(x, y_in, x_in, interpolation, fill_mode, fill_value)


def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Returns images seen in another perspective, which takes four points to four others.

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        start_points: Tensor `(4, 2)` or `(batch, 4, 2)` of points (x, y).
        end_points: Tensor of that shape: where they are in the result.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: Number outside of the images.
        data_format: `None` or `"channels_last"`.
    """
    x, restored = _batched(images, data_format)
    start, end = (
        _ops.reshape(cast(points, x.dtype), shape=[-1, 4, 2])
        for points in (start_points, end_points)
    )
    transform = _homography(end, start)
    return restored(
        _projected(x, transform, interpolation, "constant", fill_value, perspective=True)
    )


def _homography(source, target):
    """The eight numbers of the projections that take each source point to its target."""
    x, y = unstack(source, axis=-1)
    u, v = unstack(target, axis=-1)
    zero, one = _ops.multiply(x, 0.0), _ops.add(_ops.multiply(x, 0.0), 1.0)

    def lines(first, w):
        return stack(
            [*first, _ops.negative(_ops.multiply(x, w)), _ops.negative(_ops.multiply(y, w))], -1
        )

    matrix = _ops.concat(
        lines([x, y, one, zero, zero, zero], u), lines([zero, zero, zero, x, y, one], v), axis=1
    )
    return solve(matrix, _ops.concat(u, v, axis=1))


def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Returns images whose pixels are moved by smooth random distances (Simard et al., 2003).

    Args:
        images: Tensor `(height, width, channels)` or `(batch, height, width, channels)`.
        alpha: Number, the size of the distances.
        sigma: Number, the standard deviation of the Gaussian that smooths them.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What is outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: Number for `"constant"`.
        seed: Integer, `SeedGenerator`, or `None` for the global seed.
        data_format: `None` or `"channels_last"`.
    """
    from ...random.distributions import normal

    x, restored = _batched(images, data_format)
    rows, columns = _grid(x)
    noise = normal((*x.shape[:3], 2), dtype=x.dtype, seed=seed)
    reach = 2 * math.ceil(3 * sigma) + 1
    smooth = _ops.multiply(gaussian_blur(noise, (reach, reach), (sigma, sigma)), alpha)
    down, right = unstack(smooth, axis=-1)
    return restored(
        _warped(
            x, _ops.add(down, rows), _ops.add(right, columns), interpolation, fill_mode, fill_value
        )
    )
