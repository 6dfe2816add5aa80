"""Texts as lists of word numbers, the most frequent word first: IMDB and Reuters."""

import io

import numpy as np

from . import _files


def read(dataset, file, path):
    """Returns the arrays of an NPZ file as a dictionary."""
    content = io.BytesIO(_files.read(dataset, file, path=path))
    # Lists of different lengths are pickled. The checksum has vouched for them.
    with np.load(content, allow_pickle=True) as data:
        return dict(data)


def read_index(dataset, file, path):
    """Returns the dictionary of a JSON file."""
    import json

    return json.loads(_files.read(dataset, file, path=path))


def numbered(texts, labels, start_char, index_from, maxlen):
    """Returns texts, and their labels, with words numbered from `index_from` and a mark at the
    begin; without those that then have `maxlen` words or more."""
    start = [] if start_char is None else [start_char]
    texts = [start + [word + index_from for word in text] for text in texts]
    if not maxlen:
        return texts, labels
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(
            f"Argument `maxlen` must be larger: there is no text below. Received: maxlen={maxlen}"
        )
    return [texts[i] for i in kept], labels[kept]


def frequent(texts, num_words, skip_top, oov_char):
    """Returns texts, an array of lists, with the words outside of [skip_top, num_words) replaced,
    or left out when `oov_char` is `None`."""
    # Keras' default is the largest number, which is thus not among the frequent words.
    num_words = num_words or max(max(text) for text in texts)
    result = np.empty(len(texts), object)
    for i, text in enumerate(texts):
        if oov_char is None:
            result[i] = [word for word in text if skip_top <= word < num_words]
        else:
            result[i] = [word if skip_top <= word < num_words else oov_char for word in text]
    return result
