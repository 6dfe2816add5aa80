"""Dataset: a pipeline of data with tf.data's vocabulary."""

from __future__ import annotations

import itertools

import numpy as np

from .. import _core, tree
from ..random.seed import check_seed, make_seed
from . import spec, stages, transforms, workers
from .spec import TensorSpec
from .stages import INFINITE, UNKNOWN

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


class Dataset:
    """A sequence of elements, each a tensor or a tuple or dictionary of tensors.

    A dataset begins with one of the functions `from_tensor_slices`, `from_tensors`,
    `from_generator`, `range`, `zip`; its methods return new datasets, lazily: elements are made
    when they are asked for, and only a few are in memory at a time. `fit`, `evaluate` and `predict`
    take a dataset of batches `(x, y)` or `(x, y, sample_weight)`.

    Functions given to `map`, `filter` and so on are ordinary Python on tensors. Text and other
    values that tensors do not hold are handed to them as they are.

    Arrays that are sliced, shuffled, repeated, cut and batched - nothing but rows in some order -
    are served to training as fast as arrays are.

    The order of a shuffled dataset is a function of its seed and the number of the epoch; every new
    `for` loop over it counts as the next epoch.

    Example:

    ```python
    data = pyclr.data.Dataset.from_tensor_slices((x, y))
    train = data.skip(100).shuffle(1000).batch(32).prefetch(pyclr.data.AUTOTUNE)
    model.fit(train, epochs=3, validation_data=data.take(100).batch(32))
    ```
    """

    def __init__(self, stage):
        self.stage = stage
        self._loops = 0

    # --- Beginnings ----------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """Returns the dataset of the rows of arrays, which are not copied.

        Args:
            tensors: Array, or a tuple or dictionary of arrays with the same number of rows.
            name: Ignored.
        """
        return Dataset(stages.Slices(spec.component(tensors)))

    @staticmethod
    def from_tensors(tensors, name=None):
        """Returns the dataset of one element."""
        return Dataset(stages.Elements([spec.component(tensors)]))

    @staticmethod
    def from_list(elements, name=None):
        """Returns the dataset of the elements in a list."""
        if not elements:
            raise ValueError("Argument `elements` must not be empty.")
        return Dataset(stages.Elements([spec.component(element) for element in elements]))

    @staticmethod
    def from_generator(
        generator,
        output_types=None,
        output_shapes=None,
        args=None,
        output_signature=None,
        name=None,
    ):
        """Returns the dataset of what a generator function gives; it is called for every epoch.

        Args:
            generator: Function that returns an iterator.
            output_types: Dtype, or a structure of dtypes.
            output_shapes: Shape, or a structure of shapes, like `output_types`.
            args: Tuple of the function's arguments.
            output_signature: `TensorSpec`, or a structure of them, in place of types and shapes.
                Without any the elements are taken as they are.
            name: Ignored.
        """
        if not callable(generator):
            raise TypeError(
                "Argument `generator` must be a function that returns an iterator. "
                f"Received: generator={generator!r}"
            )
        signature = output_signature
        if signature is None and output_types is not None:
            types = _structure(output_types)
            dtypes = tree.flatten(types)
            shapes = transforms.broadcast(types, output_shapes, transforms.is_shape)
            leaves = [TensorSpec(s, _dtype_name(d)) for s, d in zip(shapes, dtypes)]
            signature = tree.pack_like(types, leaves)
        elif signature is not None:
            signature = tree.map_structure(_as_spec, _structure(signature))
        return Dataset(stages.Generated(generator, tuple(args or ()), signature))

    @staticmethod
    def range(*args, output_type="int64", name=None):
        """Returns the dataset of integers as Python's `range` gives them."""
        return Dataset(stages.Numbers(range(*map(int, args)), _dtype_name(output_type)))

    @staticmethod
    def random(seed=None, rerandomize_each_iteration=None, name=None):
        """Returns an endless dataset of random integers from 0 to 2**32 - 1.

        Args:
            seed: Integer.
            rerandomize_each_iteration: Boolean, whether every epoch has numbers of its own.
                Defaults to `False`.
            name: Ignored.
        """
        return Dataset(stages.RandomNumbers(_seed(seed), bool(rerandomize_each_iteration)))

    @staticmethod
    def zip(*args, datasets=None, name=None):
        """Returns the dataset of tuples of elements, one of each dataset.

        Args:
            *args: Datasets, or a tuple or dictionary of them.
            datasets: The same, by name.
            name: Ignored.
        """
        structure = args if datasets is None else datasets
        if datasets is None and len(args) == 1 and not isinstance(args[0], Dataset):
            structure = args[0]
        for dataset in tree.flatten(structure):
            if not isinstance(dataset, Dataset):
                raise TypeError(f"`zip` takes datasets. Received: {dataset!r}")
        parts = tree.map_structure(lambda dataset: dataset.stage, structure)
        leaves = tree.flatten(parts)
        if all(type(s) is stages.Slices and s.length() == leaves[0].length() for s in leaves):
            return Dataset(stages.Slices(tree.map_structure(lambda s: s.data, parts)))
        return Dataset(stages.Zipped(parts))

    # --- Order and number ----------------------------------------------------------------------

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=None, name=None):
        """Returns the elements in random order: each is drawn from a buffer of the coming ones.

        Args:
            buffer_size: Integer; with that of the dataset or more, all orders are equally likely.
                `None` is the whole dataset.
            seed: Integer. Defaults to one from the global seed.
            reshuffle_each_iteration: Boolean, whether every epoch has an order of its own. Defaults
                to `True`.
            name: Ignored.
        """
        size = None if buffer_size is None else _positive("buffer_size", buffer_size)
        again = True if reshuffle_each_iteration is None else bool(reshuffle_each_iteration)
        return Dataset(stages.Shuffle(self.stage, size, _seed(seed), again))

    def repeat(self, count=None, name=None):
        """Returns the elements `count` times; without end by default or with -1."""
        count = None if count is None or int(count) < 0 else int(count)
        return Dataset(stages.Repeat(self.stage, count))

    def take(self, count, name=None):
        """Returns the first `count` elements; all with -1."""
        count = int(count)
        return Dataset(stages.Cut(self.stage, 0, None if count < 0 else count))

    def skip(self, count, name=None):
        """Returns the elements without the first `count`; none with -1."""
        count = int(count)
        stop = 0 if count < 0 else None
        return Dataset(stages.Cut(self.stage, max(count, 0), stop))

    def shard(self, num_shards, index, name=None):
        """Returns every `num_shards`-th element, from number `index` on."""
        num_shards, index = _positive("num_shards", num_shards), int(index)
        if not 0 <= index < num_shards:
            raise ValueError(
                f"Argument `index` must be from 0 to {num_shards - 1}. Received: index={index}"
            )
        return Dataset(stages.Shard(self.stage, num_shards, index))

    def concatenate(self, dataset, name=None):
        """Returns the elements and then those of another dataset."""
        return Dataset(stages.Concatenated(self.stage, dataset.stage))

    def enumerate(self, start=0, name=None):
        """Returns tuples `(number, element)`."""
        return Dataset(stages.Zipped((transforms.Endless(int(start)), self.stage)))

    # --- Functions -----------------------------------------------------------------------------

    def map(
        self,
        map_func,
        num_parallel_calls=None,
        deterministic=None,
        synchronous=None,
        use_unbounded_threadpool=False,
        name=None,
    ):
        """Returns `map_func(element)` for every element; the parts of a tuple are its arguments.

        Args:
            map_func: Function.
            num_parallel_calls: Integer, how many threads compute. With `AUTOTUNE`, `None` or 1
                there is no other thread. The order is always that of the elements.
            deterministic, synchronous, use_unbounded_threadpool, name: Ignored.
        """
        count = 1 if num_parallel_calls is None else int(num_parallel_calls)
        return Dataset(transforms.Map(self.stage, map_func, count))

    def filter(self, predicate, name=None):
        """Returns the elements for which `predicate(element)` is true."""
        return Dataset(transforms.Filter(self.stage, predicate))

    def take_while(self, predicate, name=None):
        """Returns the elements before the first for which `predicate(element)` is false."""
        return Dataset(transforms.TakeWhile(self.stage, predicate))

    def flat_map(self, map_func, name=None):
        """Returns the elements of the datasets `map_func(element)`, one dataset after the other."""
        return Dataset(transforms.Interleave(self.stage, map_func, 1, 1, "flat_map"))

    def interleave(
        self,
        map_func,
        cycle_length=None,
        block_length=None,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ):
        """Returns the elements of the datasets `map_func(element)`, taking turns.

        Args:
            map_func: Function that returns a `Dataset`.
            cycle_length: Integer, how many datasets take turns. Defaults to 4.
            block_length: Integer, how many elements each gives in its turn. Defaults to 1.
            num_parallel_calls, deterministic, name: Ignored; the order is always the same.
        """
        cycle = 4 if cycle_length in (None, AUTOTUNE) else _positive("cycle_length", cycle_length)
        block = 1 if block_length is None else _positive("block_length", block_length)
        return Dataset(transforms.Interleave(self.stage, map_func, cycle, block, "interleave"))

    def reduce(self, initial_state, reduce_func, name=None):
        """Returns `reduce_func(state, element)` of all elements, one after another, as tensors."""
        state = spec.to_tensors(spec.component(initial_state))
        items = self._visit()
        try:
            for element in items:
                result = reduce_func(state, spec.to_tensors(element))
                state = spec.to_tensors(spec.component(result))
        finally:
            workers.close(items)
        return state

    def apply(self, transformation_func, name=None):
        """Returns `transformation_func(self)`."""
        dataset = transformation_func(self)
        if not isinstance(dataset, Dataset):
            raise TypeError(
                f"Argument `transformation_func` must return a Dataset. Received: {dataset!r}"
            )
        return dataset

    # --- Batches -------------------------------------------------------------------------------

    def batch(
        self,
        batch_size,
        drop_remainder=False,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ):
        """Returns batches: `batch_size` elements as one, with a new first axis.

        Args:
            batch_size: Integer.
            drop_remainder: Boolean, whether a smaller last batch is left out.
            num_parallel_calls, deterministic, name: Ignored.
        """
        size = _positive("batch_size", batch_size)
        return Dataset(stages.Batch(self.stage, size, bool(drop_remainder)))

    def padded_batch(
        self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None
    ):
        """Returns batches of elements of several shapes, each padded at its ends.

        Args:
            batch_size: Integer.
            padded_shapes: Shape of an element in the batch, or a structure of shapes; `None` and -1
                are the largest of the batch. Defaults to that in all axes.
            padding_values: Number, or a structure of numbers. Defaults to 0 (text: empty).
            drop_remainder: Boolean, whether a smaller last batch is left out.
            name: Ignored.
        """
        size = _positive("batch_size", batch_size)
        return Dataset(
            transforms.PaddedBatch(
                self.stage, size, padded_shapes, padding_values, bool(drop_remainder)
            )
        )

    def unbatch(self, name=None):
        """Returns the entries of the first axis of each element."""
        return Dataset(transforms.Unbatch(self.stage))

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Returns batches of another size: `unbatch().batch(batch_size)`."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Returns datasets of `size` neighbouring elements (for tuples, tuples of datasets).

        Args:
            size: Integer.
            shift: Integer, from the begin of one window to that of the next. Defaults to `size`.
            stride: Integer, from one element of a window to the next.
            drop_remainder: Boolean, whether smaller windows at the end are left out.
            name: Ignored.
        """
        size, stride = _positive("size", size), _positive("stride", stride)
        shift = size if shift is None else _positive("shift", shift)
        return Dataset(
            transforms.Window(self.stage, size, shift, stride, bool(drop_remainder), Dataset)
        )

    # --- Speed ---------------------------------------------------------------------------------

    def cache(self, filename="", name=None):
        """Returns a dataset that keeps the elements of its first epoch in memory.

        Shuffling before `cache` has the same order in every epoch; shuffle after it.
        """
        if filename:
            raise ValueError(
                f"Argument `filename` must be empty: the cache is in memory. Received: {filename!r}"
            )
        return Dataset(stages.Cache(self.stage))

    def prefetch(self, buffer_size, name=None):
        """Returns the same elements; a thread computes `buffer_size` ahead (`AUTOTUNE`: 2)."""
        ahead = int(buffer_size)
        return Dataset(stages.Prefetch(self.stage, 2 if ahead < 0 else ahead))

    def with_options(self, options, name=None):
        """Returns this dataset; it takes no options."""
        return self

    # --- Elements ------------------------------------------------------------------------------

    @property
    def element_spec(self):
        """The structure of `TensorSpec` of the elements. After a function, that of the first."""
        return self.stage.element_spec()

    def cardinality(self, name=None):
        """Returns the number of elements, an int64 tensor; `INFINITE_CARDINALITY` (-1) or
        `UNKNOWN_CARDINALITY` (-2)."""
        return _core.tensor(np.int64(self.stage.length()))

    def __len__(self):
        length = self.stage.length()
        if length < 0:
            raise TypeError(
                "The dataset's length is " + ("infinite." if length == INFINITE else "unknown.")
            )
        return length

    def __bool__(self):
        return True

    def __iter__(self):
        items = self._visit()
        try:
            for element in items:
                yield spec.to_tensors(element)
        finally:
            workers.close(items)

    def as_numpy_iterator(self):
        """Returns an iterator over the elements as NumPy arrays."""
        for element in self._visit():
            yield tree.map_structure(
                lambda leaf: leaf[()] if isinstance(leaf, np.ndarray) else leaf, element
            )

    def get_single_element(self, name=None):
        """Returns the only element."""
        elements = list(itertools.islice(iter(self), 2))
        if len(elements) != 1:
            raise ValueError(
                "The dataset must have one element. Received: a dataset of "
                + ("none" if not elements else "more")
            )
        return elements[0]

    def _visit(self):
        """The elements of the next loop."""
        self._loops += 1
        return self.stage.iterate((self._loops - 1,))

    def __repr__(self):
        length = self.stage.length()
        text = {INFINITE: "without end", UNKNOWN: "of unknown length"}.get(length, f"of {length}")
        return f"<pyclr.data.Dataset {text}>"


def _seed(seed):
    return make_seed() if seed is None else check_seed(seed)


def _positive(name, value):
    number = int(value)
    if isinstance(value, bool) or number < 1 or number != value:
        raise ValueError(
            f"Argument `{name}` must be a positive integer. Received: {name}={value!r}"
        )
    return number


def _dtype_name(dtype):
    if isinstance(dtype, str):
        return dtype
    return getattr(dtype, "name", None) or np.dtype(dtype).name


def _structure(value):
    """Lists of a structure are tuples, as in elements."""
    if isinstance(value, dict):
        return {key: _structure(item) for key, item in value.items()}
    return tuple(map(_structure, value)) if isinstance(value, (list, tuple)) else value


def _as_spec(value):
    if isinstance(value, TensorSpec):
        return value
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise TypeError(
            f"Argument `output_signature` must hold `TensorSpec` objects. Received: {value!r}"
        )
    return TensorSpec(value.shape, _dtype_name(value.dtype))
