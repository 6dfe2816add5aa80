"""Layers that make one tensor of several: Add, Concatenate, Dot and so on, and their functions."""

from __future__ import annotations

from .. import ops
from .layer import Layer


class Merge(Layer):
    """Base class of layers that combine their inputs element by element.

    Inputs broadcast against each other; those of a smaller rank get axes of size 1 after the batch.
    A subclass implements `_merge(inputs)`. A step of the output counts if it counts in any input.
    """

    _count: int | None = None  # the number of inputs; None for any

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def _check_list(self, shapes):
        name, given = type(self).__name__, list(shapes) if _is_list(shapes) else shapes
        if not _is_list(shapes) or not shapes or not all(map(_is_list, shapes)):
            raise ValueError(
                f"A {name} layer must be called on a list of inputs. Received: input_shape={given}"
            )
        if self._count not in (None, len(shapes)):
            raise ValueError(
                f"A {name} layer must be called on {self._count} inputs. "
                f"Received: {len(shapes)} inputs of shapes {given}"
            )

    def call(self, inputs):
        self._check_list([x.shape for x in inputs] if _is_list(inputs) else inputs.shape)
        rank = max(x.ndim for x in inputs)
        return self._merge([_with_rank(x, rank) for x in inputs])

    def _merge(self, inputs):
        raise NotImplementedError(f"Layer '{type(self).__name__}' must implement `_merge`.")

    def compute_output_shape(self, input_shape):
        self._check_list(input_shape)
        rank = max(map(len, input_shape))
        shapes = [(*s[:1], *(1,) * (rank - len(s)), *s[1:]) for s in input_shape]
        batches, *others = zip(*shapes)
        batch = {size for size in batches if size is not None}
        sizes = [None if None in sizes else max(sizes, key=lambda n: n != 1) for sizes in others]
        if len(batch) > 1 or any(
            size not in (None, 1, joint)
            for joint, axis in zip(sizes, others)
            if joint is not None
            for size in axis
        ):
            raise ValueError(
                f"The inputs of layer '{self.name}' must have shapes that broadcast, and the same "
                f"batch size. Received: shapes {[tuple(shape) for shape in input_shape]}"
            )
        return (batch.pop() if batch else None, *sizes)

    def compute_mask(self, inputs, previous_mask):
        masks = previous_mask
        if masks is None or any(mask is None for mask in masks):
            return None
        mask = masks[0]
        for other in masks[1:]:
            mask = ops.logical_or(mask, other)
        return mask


class Add(Merge):
    """The sum of the inputs.

    Input shape:
        A list of tensors whose shapes broadcast.

    Output shape:
        The joint shape.

    Example:

    ```python
    >>> pyclr.layers.Add()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
    array([[4., 6.]], dtype=float32)
    ```
    """

    def _merge(self, inputs):
        return _reduced(ops.add, inputs)


class Subtract(Merge):
    """The difference of two inputs, the first less the second.

    Input shape:
        A list of two tensors whose shapes broadcast.

    Output shape:
        The joint shape.
    """

    _count = 2

    def _merge(self, inputs):
        return ops.subtract(*inputs)


class Multiply(Merge):
    """The product of the inputs. A masked step of an input counts as 1; where all are masked, the
    output is 0.

    Input shape:
        A list of tensors whose shapes broadcast.

    Output shape:
        The joint shape.
    """

    def _merge(self, inputs):
        masks = [_full_mask(x) for x in inputs]
        kept = [x if mask is None else ops.where(mask, x, 1.0) for x, mask in zip(inputs, masks)]
        product = _reduced(ops.multiply, kept)
        if any(mask is None for mask in masks):
            return product
        return ops.where(_reduced(ops.logical_or, masks), product, 0.0)


class Average(Merge):
    """The mean of the inputs.

    Input shape:
        A list of tensors whose shapes broadcast.

    Output shape:
        The joint shape.
    """

    def _merge(self, inputs):
        return _reduced(ops.add, inputs) / len(inputs)


class _Extremum(Merge):
    _function: staticmethod

    def _merge(self, inputs):
        output, output_mask = inputs[0], _full_mask(inputs[0])
        for x in inputs[1:]:
            # What is masked in one input is replaced by the other.
            mask = _full_mask(x)
            x = x if mask is None else ops.where(mask, x, output)
            output = output if output_mask is None else ops.where(output_mask, output, x)
            both = mask is not None and output_mask is not None
            output_mask = ops.logical_or(output_mask, mask) if both else None
            output = self._function(output, x)
        return output


class Maximum(_Extremum):
    """The largest of the inputs, element by element. Masked steps do not count.

    Input shape:
        A list of tensors whose shapes broadcast.

    Output shape:
        The joint shape.
    """

    _function = staticmethod(ops.maximum)


class Minimum(_Extremum):
    """The smallest of the inputs, element by element. Masked steps do not count.

    Input shape:
        A list of tensors whose shapes broadcast.

    Output shape:
        The joint shape.
    """

    _function = staticmethod(ops.minimum)


class Concatenate(Merge):
    """The inputs joined along an axis.

    Args:
        axis: Integer. Defaults to `-1`.

    Input shape:
        A list of tensors whose shapes differ along the axis only.

    Output shape:
        That shape, with the sum of the sizes along the axis.

    Raises:
        ValueError: if the shapes differ along another axis, or the inputs have no such axis.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs):
        self._check_list([x.shape for x in inputs] if _is_list(inputs) else inputs.shape)
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_output_shape(self, input_shape):
        self._check_list(input_shape)
        first = tuple(input_shape[0])
        if not -len(first) <= self.axis < len(first):
            raise ValueError(
                f"Argument `axis` must name an axis of the inputs. Received: axis={self.axis}, "
                f"input_shape={list(input_shape)} for layer '{self.name}'"
            )
        axis = self.axis % len(first)
        others = [_without(shape, axis) for shape in input_shape]
        if len({len(shape) for shape in input_shape}) > 1 or any(
            len(set(sizes) - {None}) > 1 for sizes in zip(*others)
        ):
            raise ValueError(
                "The inputs of a Concatenate layer must have the same shape but for the axis of "
                f"concatenation. Received: axis={self.axis}, input_shape={list(input_shape)} for "
                f"layer '{self.name}'"
            )
        sizes = [shape[axis] for shape in input_shape]
        joined = None if None in sizes else sum(sizes)
        return (*first[:axis], joined, *first[axis + 1 :])

    def compute_mask(self, inputs, previous_mask):
        masks = previous_mask
        if masks is None or all(mask is None for mask in masks):
            return None
        full = [_expanded_mask(mask, x) for mask, x in zip(masks, inputs)]
        return ops.any(ops.concatenate(full, axis=self.axis), axis=-1)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


class Dot(Merge):
    """The dot products of two inputs along an axis of each, example by example.

    Args:
        axes: Integer, or pair of integers, the axes along which the products are summed; the batch,
            axis 0, is not among them.
        normalize: Boolean, whether the inputs are first scaled to norm 1 along the axes, so that
            the result is their cosine similarity. Defaults to `False`.

    Input shape:
        A list of two tensors of at least two axes, of the same size along the axes.

    Output shape:
        `(batch, *axes left of the first, *axes left of the second)`; `(batch, 1)` if there are
        none.

    Raises:
        TypeError: if `axes` is neither an integer nor a list or tuple.
        ValueError: if `axes` are not two integers other than 0, or the sizes along them differ.

    Example:

    ```python
    >>> x, y = np.ones((2, 3, 5)), np.ones((2, 10, 3))
    >>> pyclr.layers.Dot(axes=(1, 2))([x, y]).shape
    (2, 5, 10)
    ```
    """

    _count = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, (int, list, tuple)):
            raise TypeError(
                f"Argument `axes` must be an integer or a pair of integers. Received: axes={axes!r}"
            )
        pair = (axes, axes) if isinstance(axes, int) else axes
        if len(pair) != 2 or not all(isinstance(axis, int) and axis != 0 for axis in pair):
            raise ValueError(
                "Argument `axes` must be an integer or a pair of integers, none of them 0, the "
                f"batch. Received: axes={axes!r}"
            )
        self.axes = axes
        self.normalize = normalize

    def _axes_of(self, shapes):
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if not all(2 <= len(s) and -len(s) < axis < len(s) for axis, s in zip(axes, shapes)):
            raise ValueError(
                "Argument `axes` must name axes of the inputs after the batch. "
                f"Received: axes={self.axes}, input_shape={list(shapes)} for layer '{self.name}'"
            )
        return tuple(axis % len(shape) for axis, shape in zip(axes, shapes))

    def call(self, inputs):
        shapes = [x.shape for x in inputs] if _is_list(inputs) else inputs.shape
        output_shape = self.compute_output_shape(shapes)
        x, y = (ops.cast(value, self.dtype) for value in inputs)
        i, j = self._axes_of(shapes)
        if self.normalize:
            x, y = ops.normalize(x, axis=i), ops.normalize(y, axis=j)
        n, size = x.shape[0], x.shape[i]
        x = ops.reshape(ops.moveaxis(x, i, -1), (n, -1, size) if n else (0, 1, size))
        y = ops.reshape(ops.moveaxis(y, j, 1), (n, size, -1) if n else (0, size, 1))
        return ops.reshape(ops.matmul(x, y), output_shape)

    def compute_output_shape(self, input_shape):
        self._check_list(input_shape)
        i, j = self._axes_of(input_shape)
        first, second = input_shape
        if None not in (first[i], second[j]) and first[i] != second[j]:
            raise ValueError(
                f"The inputs of layer '{self.name}' must have the same size along `axes`. "
                f"Received: axes={self.axes}, input_shape={list(input_shape)}"
            )
        left = (*_without(first, i), *_without(second, j)[1:])
        return left if len(left) > 1 else (*left, 1)

    def compute_mask(self, inputs, previous_mask):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def add(inputs, **kwargs):
    """Returns the sum of a list of tensors; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Returns the first of two tensors less the second; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Returns the product of a list of tensors; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Returns the mean of a list of tensors; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Returns the largest of a list of tensors, element by element; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Returns the smallest of a list of tensors, element by element; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """Returns a list of tensors joined along an axis; see `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """Returns the dot products of two tensors along an axis of each; see `Dot`."""
    return Dot(axes=axes, **kwargs)(inputs)


def _is_list(value):
    return isinstance(value, (list, tuple))


def _without(shape, axis):
    return (*shape[:axis], *shape[axis + 1 :])


def _reduced(function, inputs):
    result = inputs[0]
    for x in inputs[1:]:
        result = function(result, x)
    return result


def _with_rank(x, rank):
    """`x` with axes of size 1 after the batch up to a rank."""
    missing = rank - x.ndim
    return ops.reshape(x, (*x.shape[:1], *(1,) * missing, *x.shape[1:])) if missing else x


def _full_mask(x):
    """The mask of an input in its shape, or `None`."""
    mask = getattr(x, "_keras_mask", None)
    return None if mask is None else _expanded_mask(mask, x)


def _expanded_mask(mask, x):
    if mask is None:
        return ops.ones(x.shape, "bool")
    mask = ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - len(mask.shape))))
    return ops.broadcast_to(mask, x.shape)
