"""The archives of CIFAR-10 and CIFAR-100: pickled dictionaries in a tar file."""

import io

import numpy as np

from . import _files

_MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)


def read(dataset, file, folder, members, labels):
    """Returns `(images, labels)` for each of several lists of members of an archive.

    Args:
        dataset: String, the data set's name.
        file: The archive, a `DataFile`.
        folder: String, the folder in the archive.
        members: List of lists of file names; the content of each list is concatenated.
        labels: String, the key of the labels.
    """
    import pickle
    import tarfile

    content = _files.read(dataset, file, _MIRRORS)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:

        def load(name):
            # The checksum has vouched for what is unpickled.
            return pickle.load(archive.extractfile(f"{folder}/{name}"), encoding="bytes")

        parts = [[load(name) for name in names] for names in members]
    return tuple(
        (
            # As stored: the colours one after the other.
            np.concatenate([_images(batch[b"data"]) for batch in part]),
            np.concatenate([np.uint8(batch[labels.encode()]) for batch in part])[:, None],
        )
        for part in parts
    )


def _images(rows):
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
