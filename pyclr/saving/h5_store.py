"""Arrays in HDF5 files, in the groups that Keras 3 puts them in: `layers/dense/vars/0`."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import contextmanager

import numpy as np

from .archive import check_size

_VARIABLES = "vars"
_NUMERIC_KINDS = "biuf"  # of NumPy dtypes

# What h5py raises for damaged files, other than ValueErrors.
_UNREADABLE = (
    KeyError, MemoryError, OSError, OverflowError, RuntimeError, TypeError, UnicodeError,
)  # fmt: skip


class H5Writer:
    """An HDF5 file in memory. `image` is its bytes."""

    def __init__(self):
        import h5py

        self._file = h5py.File("weights", "w", driver="core", backing_store=False)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def make(self, path, attributes):
        """Makes the group of one object, a layer for example, and returns it as a mapping.

        Args:
            path: String, the place of the object in the model, `"layers/dense"`.
            attributes: Dictionary of what else is said about the object: its `"name"`.
        """
        group = self._file.create_group(f"{path}/{_VARIABLES}")
        group.attrs.update(attributes)
        return _Writable(group)

    def image(self):
        """Returns the file as bytes."""
        self._file.flush()
        return self._file.id.get_file_image()


class _Writable(MutableMapping):
    def __init__(self, group):
        self._group = group

    def __setitem__(self, key, value):
        self._group[key] = np.asarray(value)

    def __getitem__(self, key):
        return self._group[key][()]

    def __delitem__(self, key):
        del self._group[key]

    def __iter__(self):
        return iter(self._group)

    def __len__(self):
        return len(self._group)


@contextmanager
def open_weights(file, name):
    """Opens HDF5 data as an `H5Reader`. What a damaged file makes h5py raise becomes a ValueError.

    Args:
        file: Binary file, open for reading.
        name: String that error messages call the file by.
    """
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            yield H5Reader(opened)
    except _UNREADABLE as error:
        raise ValueError(f"The weights in the file '{name}' are damaged: {error}") from error


class H5Reader:
    """An HDF5 file whose contents are checked before they are read.

    Args:
        file: `h5py.File`.
    """

    def __init__(self, file):
        self._file = file
        self._asked = set()

    def get(self, path):
        """Returns the arrays of the object at `path` as a mapping, empty if the file has none."""
        path = f"{path}/{_VARIABLES}".lstrip("/")
        self._asked.add(path)
        group = self._file
        for part in path.split("/"):
            group = _child(group, part)
            if group is None:
                return ReadableArrays({})
        return ReadableArrays(group)

    def is_old(self):
        """Whether the layout is that of HDF5 files before Keras 3."""
        return "layer_names" in self._file.attrs or "model_weights" in self._file

    def unread(self):
        """Returns the paths of objects that have arrays in the file and were not asked for."""
        paths = []

        def visit(path, item):
            parent, _, last = path.rpartition("/")
            if last == _VARIABLES and path not in self._asked and len(item):
                paths.append(parent)

        self._file.visititems(visit)
        return paths


class ReadableArrays(Mapping):
    """The arrays of one object, by their numbers as strings. Each is read when it is asked for."""

    def __init__(self, group):
        self._group = group

    def attribute(self, name):
        """Returns what the file says about the object under a name, or `None`. Strings must be of
        fixed length: others are in a heap, and HDF5 can hang when that is damaged."""
        if not self._group or name not in self._group.attrs:
            return None
        kind = self._group.attrs.get_id(name).dtype.kind
        return self._group.attrs[name] if kind in _NUMERIC_KINDS + "S" else None

    def __getitem__(self, key):
        import h5py

        dataset = _child(self._group, key)
        if dataset is None:
            raise KeyError(key)
        where = f"the array '{dataset.name}'"
        is_array = isinstance(dataset, h5py.Dataset) and dataset.shape is not None
        if not is_array or dataset.dtype.kind not in _NUMERIC_KINDS:
            raise ValueError(f"{where} must be an array of numbers. Received: {dataset}")
        if dataset.external or dataset.is_virtual:
            raise ValueError(f"{where} must be in the file itself. Received: {dataset}")
        check_size(where, dataset.nbytes, dataset.id.get_storage_size())
        return dataset[()]

    def __iter__(self):
        return iter(self._group)

    def __len__(self):
        return len(self._group)


def _child(group, name):
    """What a group holds under a name, or `None`. Links to other places are not followed."""
    import h5py

    link = group.get(name, getlink=True) if name in group else None
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"'{name}' in '{group.name}' is a link, which a file of weights has not.")
    return group[name]
