"""IMDB: 50,000 reviews of films, good or bad."""

import numpy as np

from . import _files, _tables, _words

_FILE = _files.DataFile(
    "imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
)
_INDEX = _files.DataFile("imdb_word_index.json", "bfafd718b763782e994055a2d397834f")


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Loads the reviews as lists of word numbers: 1 for the most frequent word, and so on.

    Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011. If they are not on this
    machine they are downloaded (17 MB).

    Args:
        path: Name of the file in the folders of `pyclr.datasets`, or its path.
        num_words: Integer, the first number that is replaced by `oov_char`, as all larger ones are.
            Defaults to the largest.
        skip_top: Integer, numbers below are replaced by `oov_char`.
        maxlen: Integer, reviews of as many numbers or more are left out. Defaults to none.
        seed: Integer, from which the order follows, as in Keras.
        start_char: Integer that each review begins with, or `None`.
        oov_char: Integer that stands for words that are replaced, or `None` to leave them out.
        index_from: Integer, added to the numbers of words.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists, and int64 arrays of 0 and 1, with
        25,000 entries each. `pyclr.utils.pad_sequences` makes them rectangular.

    Raises:
        ValueError: if no review is short enough, or the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.

    Example:

    ```python
    (x_train, y_train), _ = pyclr.datasets.imdb.load_data(num_words=10000)
    x_train = pyclr.utils.pad_sequences(x_train, 80)
    ```
    """
    data = _words.read("imdb", _FILE, path)
    generator = np.random.RandomState(seed)
    texts, labels, sizes = [], [], []
    for part in ("train", "test"):
        order = _tables.shuffled(len(data[f"x_{part}"]), generator)
        x, y = data[f"x_{part}"][order], data[f"y_{part}"][order]
        x, y = _words.numbered(x, y, start_char, index_from, maxlen)
        texts, labels, sizes = texts + x, [*labels, y], [*sizes, len(x)]
    texts = _words.frequent(texts, num_words, skip_top, oov_char)
    return (texts[: sizes[0]], labels[0]), (texts[sizes[0] :], labels[1])


def get_word_index(path="imdb_word_index.json"):
    """Returns the dictionary of words to their numbers, before `index_from` is added."""
    return _words.read_index("imdb", _INDEX, path)
