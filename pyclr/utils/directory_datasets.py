"""Datasets of the files of a directory, one subdirectory for each class."""

from __future__ import annotations

import os

import numpy as np

from .. import config
from ..random.seed import make_seed
from .numerical_utils import to_categorical

_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    verbose=True,
):
    """Returns a dataset of the images of a directory, float32 from 0 to 255.

    Files are read when their batch is needed, with Pillow.

    Args:
        directory: Path. With inferred labels each subdirectory is a class.
        labels: `"inferred"`, `None` for images alone, or a list of integers, one for each file in
            the order of their paths.
        label_mode: `"int"`, `"categorical"` (one-hot), `"binary"` (0. or 1.), or `None` for images
            alone.
        class_names: List of the subdirectories in the order of the classes. Defaults to all,
            sorted.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        batch_size: Integer; with `None` the elements are single images.
        image_size: `(height, width)` that images are resized to.
        shuffle: Boolean, whether files come in random order, another one in every epoch. Otherwise
            they are sorted by path.
        seed: Integer, decides the order and the split, which is that of Keras.
        validation_split: Number in (0, 1), the share of files kept for validation.
        subset: `"training"`, `"validation"` or `"both"` parts of the split.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        follow_links: Boolean, whether links to directories are followed.
        crop_to_aspect_ratio: Boolean, whether images are cropped, not distorted.
        pad_to_aspect_ratio: Boolean, whether images are padded with zeros, not distorted.
        data_format: `None` or `"channels_last"`.
        verbose: Boolean, whether the number of files is printed.

    Returns:
        A `Dataset` of images or `(images, labels)`, with the attributes `class_names` and
        `file_paths`; for `subset="both"` a list of two.

    Raises:
        ValueError: if an argument does not fit, or there is no file.
    """
    from ..ops.image import resize
    from .image_utils import img_to_array, load_img

    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"Argument `data_format` must be 'channels_last'. Received: data_format={data_format!r}"
        )

    def read(path):
        image = img_to_array(load_img(path, color_mode), dtype="float32")
        resized = resize(
            image, tuple(image_size), interpolation,
            crop_to_aspect_ratio=crop_to_aspect_ratio, pad_to_aspect_ratio=pad_to_aspect_ratio,
        )  # fmt: skip
        return np.asarray(resized)

    image_size = (image_size,) * 2 if isinstance(image_size, int) else image_size
    return _dataset_of_files(
        directory, labels, label_mode, class_names, _IMAGES, read, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """Returns a dataset of the texts (`.txt`, UTF-8) of a directory, NumPy arrays of strings.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
            subset, follow_links, verbose: As in `image_dataset_from_directory`.
        max_length: Integer, characters of a text that are kept. Defaults to all.

    Returns:
        A `Dataset` of texts or `(texts, labels)`, with the attributes `class_names` and
        `file_paths`; for `subset="both"` a list of two.

    Raises:
        ValueError: if an argument does not fit, or there is no file.
    """

    def read(path):
        with open(path, encoding="utf-8") as file:
            return np.asarray(file.read(max_length), object)

    return _dataset_of_files(
        directory, labels, label_mode, class_names, (".txt",), read, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    sampling_rate=None,
    output_sequence_length=None,
    ragged=False,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """Returns a dataset of the sounds (`.wav`, 16-bit PCM) of a directory, float32 in [-1, 1) of
    shape `(samples, channels)`.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
            subset, follow_links, verbose: As in `image_dataset_from_directory`.
        sampling_rate: Integer, the rate that all files must have. Defaults to any.
        output_sequence_length: Integer, samples to which sounds are cut or padded with zeros.
            Defaults to those of the longest in a batch.
        ragged: `False`: tensors have one length.

    Returns:
        A `Dataset` of sounds or `(sounds, labels)`, with the attributes `class_names` and
        `file_paths`; for `subset="both"` a list of two.

    Raises:
        ValueError: if an argument or a file does not fit, or there is no file.
    """
    if ragged:
        raise ValueError(f"Argument `ragged` must be False. Received: ragged={ragged}")

    def read(path):
        sound = _read_wave(path, sampling_rate)
        length = output_sequence_length
        if length is None:
            return sound
        return np.pad(sound[:length], [(0, max(0, length - len(sound))), (0, 0)])

    return _dataset_of_files(
        directory, labels, label_mode, class_names, (".wav",), read, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose, pad=output_sequence_length is None,
    )  # fmt: skip


def _read_wave(path, sampling_rate):
    import wave

    with wave.open(str(path)) as file:
        if file.getsampwidth() != 2:
            raise ValueError(
                f"The file {path} must have samples of 16 bits. Received: {8 * file.getsampwidth()}"
            )
        if sampling_rate not in (None, file.getframerate()):
            raise ValueError(
                f"The file {path} must have a sampling rate of {sampling_rate}. "
                f"Received: {file.getframerate()}"
            )
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.reshape(-1, file.getnchannels()).astype("float32") / 32768


def _dataset_of_files(
    directory, labels, label_mode, class_names, suffixes, read, batch_size, shuffle, seed,
    validation_split, subset, follow_links, verbose, pad=False,
):  # fmt: skip
    _check_split(validation_split, subset, shuffle, seed)
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            "Argument `label_mode` must be 'int', 'categorical', 'binary' or None. "
            f"Received: label_mode={label_mode!r}"
        )
    labels = None if label_mode is None else labels
    paths, labels, names = _index(directory, labels, class_names, suffixes, follow_links)
    if not paths:
        raise ValueError(f"There is no file with a suffix of {suffixes} in {directory}.")
    if label_mode == "binary" and labels is not None and len(names) != 2:
        raise ValueError(f"`label_mode='binary'` needs 2 classes. Received: {names}")
    if verbose:
        print(f"Found {len(paths)} files" + (f" of {len(names)} classes." if names else "."))
    seed = make_seed() if seed is None else int(seed)
    if shuffle:  # the permutation that Keras draws with this seed, so that splits agree
        order = np.random.RandomState(seed % 2**32).permutation(len(paths))
        paths = [paths[i] for i in order]
        labels = None if labels is None else labels[order]
    if labels is not None and label_mode == "binary":
        labels = labels[:, None].astype(config.floatx())
    if labels is not None and label_mode == "categorical":
        labels = to_categorical(labels, len(names)).astype(config.floatx())
    kept = len(paths) - int((validation_split or 0) * len(paths))
    parts = {
        None: [slice(None)],
        "training": [slice(kept)],
        "validation": [slice(kept, None)],
        "both": [slice(kept), slice(kept, None)],
    }[subset]
    datasets = []
    for rows in parts:
        again = shuffle and (rows.start is None or subset != "both")
        part = None if labels is None else labels[rows]
        datasets.append(_reading(paths[rows], part, read, batch_size, again, seed, names, pad))
    return datasets if subset == "both" else datasets[0]


def _reading(paths, labels, read, batch_size, shuffle, seed, class_names, pad):
    from ..data import Dataset

    if not paths:
        raise ValueError("A part of the split has no file.")
    table = np.array(paths, object)
    dataset = Dataset.from_tensor_slices(table if labels is None else (table, labels))
    if shuffle:
        dataset = dataset.shuffle(len(paths), seed)
    dataset = dataset.map(read if labels is None else lambda path, label: (read(path), label))
    if batch_size is not None:
        dataset = dataset.padded_batch(batch_size) if pad else dataset.batch(batch_size)
    dataset.class_names, dataset.file_paths = class_names, paths
    return dataset


def _check_split(validation_split, subset, shuffle, seed):
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(
            "Argument `validation_split` must be in (0, 1). "
            f"Received: validation_split={validation_split}"
        )
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "Arguments `validation_split` and `subset` need each other. "
            f"Received: validation_split={validation_split}, subset={subset!r}"
        )
    if subset not in (None, "training", "validation", "both"):
        raise ValueError(
            "Argument `subset` must be 'training', 'validation' or 'both'. "
            f"Received: subset={subset!r}"
        )
    if subset in ("training", "validation") and shuffle and seed is None:
        raise ValueError(
            "A shuffled split needs `seed`, the same for both parts, or the parts overlap. "
            "Received: seed=None"
        )


def _index(directory, labels, class_names, suffixes, follow_links):
    """The paths, their labels (or `None`) and the names of the classes (or `None`)."""
    directory = os.fspath(directory)
    if not isinstance(labels, str):
        if class_names is not None:
            raise ValueError(
                "Argument `class_names` needs `labels='inferred'`. "
                f"Received: class_names={class_names}"
            )
        paths = list(_files(directory, suffixes, follow_links))
        if labels is None:
            return paths, None, None
        if len(labels) != len(paths):
            raise ValueError(
                f"Argument `labels` must have one entry for each of the {len(paths)} files. "
                f"Received: {len(labels)}"
            )
        return paths, np.asarray(labels, "int32"), [str(label) for label in sorted(set(labels))]
    if labels != "inferred":
        raise ValueError(
            f"Argument `labels` must be 'inferred', None or a list. Received: labels={labels!r}"
        )
    found = sorted(
        entry.name for entry in os.scandir(directory) if entry.is_dir() and entry.name[0] != "."
    )
    names = found if class_names is None else list(class_names)
    if not set(names) <= set(found):
        raise ValueError(
            f"Argument `class_names` must name subdirectories, of {found}. "
            f"Received: class_names={class_names}"
        )
    groups = [list(_files(os.path.join(directory, n), suffixes, follow_links)) for n in names]
    numbers = np.repeat(np.arange(len(names), dtype="int32"), [len(group) for group in groups])
    return [path for group in groups for path in group], numbers, names


def _files(directory, suffixes, follow_links):
    for folder, _, files in sorted(os.walk(directory, followlinks=follow_links)):
        for name in sorted(files):
            if name.lower().endswith(suffixes):
                yield os.path.join(folder, name)
