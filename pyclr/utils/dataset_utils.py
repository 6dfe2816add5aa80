"""Parts of data: batches taken apart, data sets split in two."""

from __future__ import annotations

import numbers

import numpy as np

from ..random.seed import make_seed


def unpack_x_y_sample_weight(data):
    """Returns `(x, y, sample_weight)` of what `train_step` is given; missing ones are `None`."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"A batch must be (x,), (x, y) or (x, y, sample_weight). Received: {len(data)} elements"
        )
    return data + (None,) * (3 - len(data))


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Returns `x`, `(x, y)` or `(x, y, sample_weight)`, as long as something is given."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None):
    """Returns two datasets: the first elements of one, and the others.

    Args:
        dataset: A finite `pyclr.data.Dataset`, an array, a tuple of arrays of one length, or a list
            of elements.
        left_size: Number of elements (an integer) or share of them (a float in (0, 1)) of the
            first. Defaults to what `right_size` leaves.
        right_size: The same for the second.
        shuffle: Boolean, whether the elements are shuffled before.
        seed: Integer, decides their order.

    Raises:
        ValueError: if the sizes do not fit.
    """
    from ..data import Dataset

    if isinstance(dataset, (np.ndarray, tuple)):
        dataset = Dataset.from_tensor_slices(dataset)
    elif not isinstance(dataset, Dataset):
        dataset = Dataset.from_list(list(dataset))
    total = int(dataset.cardinality())
    if total < 0:
        elements = list(dataset.as_numpy_iterator()) if total != -1 else []
        if not elements:
            raise ValueError("Argument `dataset` must be finite and not empty.")
        dataset, total = Dataset.from_list(elements), len(elements)
    if left_size is None and right_size is None:
        raise ValueError("One of `left_size` and `right_size` is needed.")
    left = _size("left_size", left_size, total, round_up=False)
    right = _size("right_size", right_size, total, round_up=True)
    left = total - right if left is None else left
    right = total - left if right is None else right
    if left + right > total:
        raise ValueError(
            f"The two parts must not be more than the {total} elements. "
            f"Received: left_size={left_size}, right_size={right_size}"
        )
    if left < 1 or right < 1:
        raise ValueError(
            f"Both parts must have at least one of the {total} elements. "
            f"Received: left_size={left_size}, right_size={right_size}"
        )
    if shuffle:
        seed = make_seed() if seed is None else seed
        dataset = dataset.shuffle(total, seed, reshuffle_each_iteration=False)
    return dataset.take(left), dataset.skip(left).take(right)


def _size(name, size, total, round_up):
    if size is None:
        return None
    if isinstance(size, numbers.Integral) and not isinstance(size, bool) and 0 < size < total:
        return int(size)
    if isinstance(size, numbers.Real) and not isinstance(size, numbers.Integral) and 0 < size < 1:
        return int(np.ceil(size * total) if round_up else size * total)
    raise ValueError(
        f"Argument `{name}` must be a positive integer less than {total}, or a number in (0, 1). "
        f"Received: {name}={size!r}"
    )
