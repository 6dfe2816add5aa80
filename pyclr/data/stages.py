"""The stages of a dataset: each gives the elements of one visit, from those of the stage before.

A visit is a tuple of integers: the epoch's number and the number of each repetition on the way.
What a stage gives depends on the visit only. Elements are structures of NumPy arrays.
"""

from __future__ import annotations

import itertools

import numpy as np

from .. import tree
from . import spec, workers

INFINITE, UNKNOWN = -1, -2


class Stage:
    """A stage of a dataset; the base of all.

    Attributes:
        table: The `Slices` whose rows are this stage's elements or, with `batch_size`, the rows of
            its batches; `None` if they are something else. Such a stage has `orders`.
        batch_size: Integer or `None`.
    """

    table = None
    batch_size = None

    def __init__(self, source=None):
        self.source = source

    def iterate(self, visit):
        """Gives the elements of a visit."""
        return self._gathered(visit)

    def orders(self, visit):
        """Gives the rows of the table as arrays of indices. With `batch_size` each array is cut
        into batches by itself, the last of which may be smaller."""
        raise NotImplementedError

    def length(self):
        """Returns the number of elements, `INFINITE` or `UNKNOWN`."""
        return UNKNOWN

    def element_spec(self):
        """Returns the structure of `TensorSpec`; by default that of the first element."""
        elements = self.iterate((0,))
        try:
            for element in elements:
                return spec.spec_of(element)
        finally:
            workers.close(elements)
        raise ValueError("An empty dataset does not tell what its elements are.")

    def _gathered(self, visit):
        data = self.table.data
        for order in self.orders(visit):
            if self.batch_size is None:
                for row in order:
                    yield tree.map_structure(lambda a: np.asarray(a[row]), data)  # noqa: B023
            else:
                for i in range(0, len(order), self.batch_size):
                    rows = order[i : i + self.batch_size]
                    yield tree.map_structure(lambda a: a[rows], data)  # noqa: B023


class Slices(Stage):
    """The rows of arrays."""

    def __init__(self, data):
        super().__init__()
        self.data, self.table = data, self
        leaves = tree.flatten(data)
        lengths = {leaf.shape[:1] for leaf in leaves}
        if len(lengths) != 1 or lengths == {()}:
            raise ValueError(
                "The arrays of a dataset must have the same number of rows. "
                f"Received: arrays of the shapes {[leaf.shape for leaf in leaves]}"
            )
        (self._rows,) = lengths.pop()

    def orders(self, visit):
        yield np.arange(self._rows)

    def length(self):
        return self._rows

    def element_spec(self):
        return tree.map_structure(lambda a: spec.TensorSpec(a.shape[1:], a.dtype), self.data)


class Elements(Stage):
    """Given elements, one after another."""

    def __init__(self, elements):
        super().__init__()
        self._elements = elements

    def iterate(self, visit):
        return iter(self._elements)

    def length(self):
        return len(self._elements)


class Numbers(Stage):
    """A range of integers."""

    def __init__(self, numbers, dtype):
        super().__init__()
        self._numbers, self._dtype = numbers, np.dtype(dtype)

    def iterate(self, visit):
        return (np.asarray(i, self._dtype) for i in self._numbers)

    def length(self):
        return len(self._numbers)

    def element_spec(self):
        return spec.TensorSpec((), self._dtype)


class RandomNumbers(Stage):
    """Integers of 32 bits without end."""

    def __init__(self, seed, again):
        super().__init__()
        self._seed, self._again = seed, again

    def iterate(self, visit):
        generator = visit_generator(self._seed, visit if self._again else ())
        while True:
            for value in generator.integers(0, 2**32, 1024):
                yield np.asarray(value)

    def length(self):
        return INFINITE

    def element_spec(self):
        return spec.TensorSpec((), "int64")


class Generated(Stage):
    """The elements of a user's generator function, checked against a signature."""

    def __init__(self, function, args, signature):
        super().__init__()
        self._function, self._args, self._signature = function, args, signature

    def iterate(self, visit):
        iterator = iter(self._function(*self._args))
        try:
            for i, element in enumerate(iterator):
                yield self._checked(i, element)
        finally:
            workers.close(iterator)

    def _checked(self, i, element):
        if self._signature is None:
            return spec.component(element)
        try:
            leaves = flatten_as(self._signature, element)
        except (TypeError, KeyError, IndexError, ValueError):
            raise TypeError(
                "The generator must give elements of the structure of its signature, "
                f"{self._signature}. Received: element {i}, a {type(element).__name__}"
            ) from None
        arrays = []
        for wanted, leaf in zip(tree.flatten(self._signature), leaves):
            text = wanted.dtype in ("string", "str")
            array = np.asarray(spec.as_leaf(leaf), None if text else wanted.dtype)
            if not wanted.fits(array.shape):
                raise TypeError(
                    f"The generator must give elements of shape {wanted.shape}. "
                    f"Received: element {i} of shape {array.shape}"
                )
            arrays.append(array)
        return tree.pack_like(self._signature, arrays)

    def element_spec(self):
        return self._signature if self._signature is not None else super().element_spec()


class Zipped(Stage):
    """Elements of several stages, side by side."""

    def __init__(self, stages):
        super().__init__()
        self._stages = stages  # a structure

    def iterate(self, visit):
        iterators = [stage.iterate(visit) for stage in tree.flatten(self._stages)]
        try:
            for elements in zip(*iterators):
                parts = iter(elements)
                yield tree.map_structure(lambda _: next(parts), self._stages)  # noqa: B023
        finally:
            for iterator in iterators:
                workers.close(iterator)

    def length(self):
        lengths = [stage.length() for stage in tree.flatten(self._stages)]
        if UNKNOWN in lengths:
            return UNKNOWN
        return min((n for n in lengths if n != INFINITE), default=INFINITE)

    def element_spec(self):
        return tree.map_structure(lambda stage: stage.element_spec(), self._stages)


class Shuffle(Stage):
    """Elements drawn at random from a buffer of the coming ones."""

    def __init__(self, source, buffer_size, seed, again):
        super().__init__(source)
        self._buffer_size, self._seed, self._again = buffer_size, seed, again
        if source.batch_size is None:
            self.table = source.table

    def iterate(self, visit):
        if self.table is not None:
            return self._gathered(visit)
        return self._drawn(self.source.iterate(visit), visit)

    def orders(self, visit):
        length = self.source.length()
        if self._buffer_size is None or 0 <= length <= self._buffer_size:
            rows = np.concatenate([np.empty(0, np.int64), *self.source.orders(visit)])
            yield rows[self._generator(visit).permutation(len(rows))]
            return
        rows = (row for order in self.source.orders(visit) for row in order.tolist())
        drawn = self._drawn(rows, visit)
        while chunk := list(itertools.islice(drawn, 1 << 16)):
            yield np.array(chunk, np.int64)

    def _drawn(self, items, visit):
        """tf.data's algorithm: a full buffer gives a random element and takes the next in its
        place; what is left in the end comes in random order."""
        random = self._generator(visit)
        try:
            if self._buffer_size is None:
                buffer = list(items)
            else:
                buffer = list(itertools.islice(items, self._buffer_size))
                places = iter(())
                for item in items:
                    place = next(places, None)
                    if place is None:
                        places = iter(random.integers(0, len(buffer), 1024).tolist())
                        place = next(places)
                    yield buffer[place]
                    buffer[place] = item
            for place in random.permutation(len(buffer)):
                yield buffer[place]
        finally:
            workers.close(items)

    def _generator(self, visit):
        return visit_generator(self._seed, visit if self._again else ())

    def length(self):
        return self.source.length()

    def element_spec(self):
        return self.source.element_spec()


class Through(Stage):
    """A stage whose elements have the form of those before it; the base of such stages."""

    def __init__(self, source):
        super().__init__(source)
        self.table, self.batch_size = source.table, source.batch_size

    def length(self):
        return self.source.length()

    def element_spec(self):
        return self.source.element_spec()


class Repeat(Through):
    """All elements several times, or without end."""

    def __init__(self, source, count):
        super().__init__(source)
        self._count = count

    def iterate(self, visit):
        return self._repeated(self.source.iterate, visit)

    def orders(self, visit):
        return self._repeated(self.source.orders, visit)

    def _repeated(self, give, visit):
        for k in itertools.count() if self._count is None else range(self._count):
            empty = True
            items = give(visit + (k,))
            try:
                for item in items:
                    empty = False
                    yield item
            finally:
                workers.close(items)
            if empty:
                return

    def length(self):
        length = self.source.length()
        if self._count == 0 or length == 0:
            return 0
        if self._count is None or length == INFINITE:
            return INFINITE
        return length if length == UNKNOWN else length * self._count


class Cut(Through):
    """Elements `[start, stop)` of those before."""

    def __init__(self, source, start, stop):
        super().__init__(source)
        self._start, self._stop = start, stop

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            yield from itertools.islice(items, self._start, self._stop)
        finally:
            workers.close(items)

    def orders(self, visit):
        unit = self.batch_size or 1
        skip, left = self._start, self._stop
        if left is not None:
            left -= skip
        if left is not None and left <= 0:
            return
        for order in self.source.orders(visit):
            count = -(-len(order) // unit)
            if skip >= count:
                skip -= count
                continue
            order, count, skip = order[skip * unit :], count - skip, 0
            yield order if left is None else order[: left * unit]
            if left is not None:
                left -= count
                if left <= 0:
                    return

    def length(self):
        length = self.source.length()
        if length == INFINITE:
            return INFINITE if self._stop is None else max(self._stop - self._start, 0)
        if length == UNKNOWN:
            return 0 if self._stop is not None and self._stop <= self._start else UNKNOWN
        return len(range(length)[self._start : self._stop])


class Shard(Through):
    """Every so many-th element."""

    def __init__(self, source, shards, index):
        super().__init__(source)
        self._shards, self._index = shards, index
        if self.batch_size is not None:
            self.table = self.batch_size = None

    def iterate(self, visit):
        items = self.source.iterate(visit)
        try:
            yield from itertools.islice(items, self._index, None, self._shards)
        finally:
            workers.close(items)

    def orders(self, visit):
        seen = 0
        for order in self.source.orders(visit):
            yield order[(self._index - seen) % self._shards :: self._shards]
            seen += len(order)

    def length(self):
        length = self.source.length()
        if length < 0:
            return length
        return len(range(self._index, length, self._shards))


class Cache(Through):
    """The elements of one visit, again and again."""

    def __init__(self, source):
        super().__init__(source)
        self._elements = None

    def iterate(self, visit):
        if self.table is not None:
            return self.source.iterate((0,))
        return iter(self._elements) if self._elements is not None else self._filling()

    def _filling(self):
        elements = []
        items = self.source.iterate((0,))
        try:
            for item in items:
                elements.append(item)
                yield item
        finally:
            workers.close(items)
        self._elements = elements

    def orders(self, visit):
        return self.source.orders((0,))


class Prefetch(Through):
    """The same elements, computed ahead by a thread."""

    def __init__(self, source, ahead):
        super().__init__(source)
        self._ahead = ahead

    def iterate(self, visit):
        items = self.source.iterate(visit)
        return items if not self._ahead else workers.iterate_ahead(items, self._ahead)

    def orders(self, visit):
        return self.source.orders(visit)


class Concatenated(Through):
    """The elements of one stage and then those of another."""

    def __init__(self, source, other):
        super().__init__(source)
        self._other = other
        if (other.table, other.batch_size) != (self.table, self.batch_size):
            self.table = self.batch_size = None

    def iterate(self, visit):
        yield from self.source.iterate(visit)
        yield from self._other.iterate(visit)

    def orders(self, visit):
        yield from self.source.orders(visit)
        yield from self._other.orders(visit)

    def length(self):
        lengths = self.source.length(), self._other.length()
        if INFINITE in lengths:
            return INFINITE
        return UNKNOWN if UNKNOWN in lengths else sum(lengths)


class Batch(Stage):
    """So many elements as one."""

    def __init__(self, source, size, drop_remainder):
        super().__init__(source)
        self._size, self._drop = size, drop_remainder
        if source.batch_size is None and source.table is not None:
            self.table, self.batch_size = source.table, size

    def iterate(self, visit):
        if self.table is not None:
            yield from self._gathered(visit)
            return
        items = self.source.iterate(visit)
        try:
            while batch := list(itertools.islice(items, self._size)):
                if len(batch) == self._size or not self._drop:
                    yield spec.stack(batch)
        finally:
            workers.close(items)

    def orders(self, visit):
        rest = np.empty(0, np.int64)
        for order in self.source.orders(visit):
            rest = np.concatenate([rest, order]) if len(rest) else order
            whole = len(rest) // self._size * self._size
            if whole:
                yield rest[:whole]
                rest = rest[whole:]
        if len(rest) and not self._drop:
            yield rest

    def length(self):
        length = self.source.length()
        if length < 0:
            return length
        return length // self._size if self._drop else -(-length // self._size)

    def element_spec(self):
        size = self._size if self._drop else None
        return tree.map_structure(
            lambda s: s if s.shape is None else spec.TensorSpec((size,) + s.shape, s.dtype),
            self.source.element_spec(),
        )


def visit_generator(seed, visit):
    """A random generator that depends on its arguments only."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, *visit))))


def flatten_as(structure, value):
    """Returns the parts of `value` at the leaves of `structure`, in the order of `flatten`."""
    if isinstance(structure, dict):
        if set(structure) != set(value):
            raise KeyError("other keys")
        parts = [(structure[key], value[key]) for key in sorted(structure)]
    elif isinstance(structure, (list, tuple)):
        if len(structure) != len(value):
            raise IndexError("another number of elements")
        parts = zip(structure, value)
    else:
        return [value]
    return [leaf for part, inner in parts for leaf in flatten_as(part, inner)]
