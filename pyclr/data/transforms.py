"""The stages of a dataset that compute: functions of a user, and other shapes of elements."""

from __future__ import annotations

import itertools

import numpy as np

from .. import tree
from . import spec, workers
from .stages import INFINITE, UNKNOWN, Elements, Numbers, Stage


class StageError(RuntimeError):
    """A function of a dataset's stage failed; the cause is the error that it raised."""


def _called(what, function, index, element):
    """Calls a user's function with an element; an error names the stage."""
    try:
        return spec.call(function, element)
    except Exception as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise StageError(
            f"The dataset's stage `{what}({name})` failed at element {index}: "
            f"{type(error).__name__}: {error}"
        ) from error


class Map(Stage):
    """A function of each element."""

    def __init__(self, source, function, workers_count):
        super().__init__(source)
        self._function, self._workers = function, workers_count
        self._spec = None

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            numbered = enumerate(items)
            if self._workers > 1:
                mapped = workers.run_ahead(self._mapped, numbered, self._workers, 2 * self._workers)
                try:
                    yield from mapped
                finally:
                    mapped.close()
            else:
                yield from map(self._mapped, numbered)
        finally:
            workers.close(items)

    def _mapped(self, numbered):
        result = _called("map", self._function, *numbered)
        try:
            return spec.component(tuple(result) if isinstance(result, list) else result)
        except (TypeError, ValueError) as error:
            raise StageError(
                "A function given to `map` must return tensors, arrays or numbers, in tuples or "
                f"dictionaries. Received: {result!r}"
            ) from error

    def length(self):
        return self.source.length()

    def element_spec(self):
        if self._spec is None:
            self._spec = super().element_spec()
        return self._spec


class Filter(Stage):
    """The elements of which a function says so."""

    def __init__(self, source, predicate):
        super().__init__(source)
        self._predicate = predicate

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            for i, element in enumerate(items):
                if bool(_called("filter", self._predicate, i, element)):
                    yield element
        finally:
            workers.close(items)

    def length(self):
        return INFINITE if self.source.length() == INFINITE else UNKNOWN

    def element_spec(self):
        return self.source.element_spec()


class TakeWhile(Filter):
    """The elements before the first of which a function says no."""

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            for i, element in enumerate(items):
                if not bool(_called("take_while", self._predicate, i, element)):
                    return
                yield element
        finally:
            workers.close(items)

    def length(self):
        return UNKNOWN


class Interleave(Stage):
    """The elements of the datasets that a function makes of each element, `block` of one after
    `block` of the next, `cycle` of them at a time."""

    def __init__(self, source, function, cycle, block, name):
        super().__init__(source)
        self._function, self._cycle, self._block, self._name = function, cycle, block, name

    def iterate(self, visit):
        items = self.source.iterate(visit)
        numbered = enumerate(items)
        opened = [None] * self._cycle
        place, more = 0, True
        try:
            while more or any(iterator is not None for iterator in opened):
                if opened[place] is None and more:
                    opened[place] = self._open(next(numbered, None), visit)
                    more = opened[place] is not None
                    continue
                if opened[place] is not None:
                    given = 0
                    for element in itertools.islice(opened[place], self._block):
                        given += 1
                        yield element
                    if given < self._block:  # its successor begins when the place comes round
                        opened[place] = None
                place = (place + 1) % self._cycle
        finally:
            for iterator in [*opened, items]:
                workers.close(iterator)

    def _open(self, numbered, visit):
        if numbered is None:
            return None
        index, element = numbered
        dataset = _called(self._name, self._function, index, element)
        if not hasattr(dataset, "stage"):
            raise StageError(
                f"A function given to `{self._name}` must return a Dataset. Received: {dataset!r}"
            )
        return dataset.stage.iterate(visit + (index,))


class Unbatch(Stage):
    """The entries of each element's first axis."""

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            for element in items:
                for i in range(len(tree.flatten(element)[0])):
                    yield tree.map_structure(lambda a: np.asarray(a[i]), element)  # noqa: B023
        finally:
            workers.close(items)

    def length(self):
        length = self.source.length()
        if length <= 0:
            return length
        sizes = [s.shape[0] for s in tree.flatten(self.source.element_spec()) if s.shape]
        return length * sizes[0] if sizes and sizes[0] is not None else UNKNOWN

    def element_spec(self):
        return tree.map_structure(
            lambda s: spec.TensorSpec(s.shape[1:], s.dtype), self.source.element_spec()
        )


class PaddedBatch(Stage):
    """So many elements as one, each padded to the largest."""

    def __init__(self, source, size, shapes, values, drop_remainder):
        super().__init__(source)
        self._size, self._shapes, self._values = size, shapes, values
        self._drop = drop_remainder

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            while batch := list(itertools.islice(items, self._size)):
                if len(batch) == self._size or not self._drop:
                    yield self._padded(batch)
        finally:
            workers.close(items)

    def _padded(self, elements):
        first = elements[0]
        columns = list(zip(*(tree.flatten(element) for element in elements)))
        shapes = broadcast(first, self._shapes, is_shape)
        values = broadcast(first, self._values, np.isscalar)
        padded = [_pad(*parts) for parts in zip(columns, shapes, values)]
        return tree.pack_like(first, padded)

    def length(self):
        length = self.source.length()
        if length < 0:
            return length
        return length // self._size if self._drop else -(-length // self._size)


def is_shape(value):
    """Returns whether this is one shape, and not a structure of them."""
    return isinstance(value, (list, tuple)) and all(d is None or np.isscalar(d) for d in value)


def broadcast(element, value, is_one):
    """One value for each leaf of an element, from one for all or a structure of them."""
    count = len(tree.flatten(element))
    if value is None or is_one(value):
        return [value] * count
    leaves = []

    def visit(structure, part):
        if isinstance(structure, dict):
            for key in sorted(structure):
                visit(structure[key], part[key])
        elif isinstance(structure, (list, tuple)):
            for s, p in zip(structure, part):
                visit(s, p)
        else:
            leaves.append(part)

    visit(element, value)
    return leaves


def _pad(arrays, shape, value):
    rank = arrays[0].ndim
    shape = [None] * rank if shape is None else [None if d == -1 else d for d in shape]
    if len(shape) != rank or any(a.ndim != rank for a in arrays):
        raise ValueError(
            "Argument `padded_shapes` must have the rank of the elements. "
            f"Received: {tuple(shape)} for elements of the shapes {[a.shape for a in arrays]}"
        )
    largest = [max(a.shape[axis] for a in arrays) for axis in range(rank)]
    wanted = [size if d is None else d for d, size in zip(shape, largest)]
    if any(size > d for d, size in zip(wanted, largest)):
        raise ValueError(
            f"An element is larger than `padded_shapes`. Received: {tuple(wanted)} for elements of "
            f"the shapes {[a.shape for a in arrays]}"
        )
    dtype = arrays[0].dtype
    if value is None:
        value = "" if dtype.kind in "US" else 0
    result = np.full([len(arrays), *wanted], value, dtype)
    for i, array in enumerate(arrays):
        result[(i,) + tuple(slice(size) for size in array.shape)] = array
    return result


class Window(Stage):
    """Datasets of neighbouring elements."""

    def __init__(self, source, size, shift, stride, drop_remainder, make_dataset):
        super().__init__(source)
        self._size, self._shift, self._stride = size, shift, stride
        self._drop, self._make_dataset = drop_remainder, make_dataset

    def iterate(self, visit):
        items = self.source.iterate(visit)
        span = (self._size - 1) * self._stride + 1
        buffer = []
        try:
            while True:
                buffer += itertools.islice(items, max(span - len(buffer), 0))
                window = buffer[: span : self._stride]
                if not window or (self._drop and len(window) < self._size):
                    return
                yield self._datasets(window)
                missing = self._shift - len(buffer)
                buffer = buffer[self._shift :]
                for _ in itertools.islice(items, max(missing, 0)):
                    pass
        finally:
            workers.close(items)

    def _datasets(self, window):
        """A dataset for each component, as in tf.data."""
        columns = iter(list(zip(*(tree.flatten(element) for element in window))))
        return tree.map_structure(
            lambda _: self._make_dataset(Elements(list(next(columns)))), window[0]
        )

    def length(self):
        length = self.source.length()
        if length < 0:
            return length
        span = (self._size - 1) * self._stride + 1
        left = length - span + 1 if self._drop else length
        return max(-(-left // self._shift), 0)


class Endless(Numbers):
    """The integers from a number on, as far as their dtype has them."""

    def __init__(self, start):
        super().__init__(range(start, 1 << 63), "int64")

    def length(self):
        return INFINITE
