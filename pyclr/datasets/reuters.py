"""Reuters: 11,228 news items on 46 topics."""

import numpy as np

from . import _files, _tables, _words

_FILE = _files.DataFile(
    "reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
)
_INDEX = _files.DataFile("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
_TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply",
    "coffee", "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi",
    "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal",
    "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc",
    "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Loads the items as lists of word numbers: 1 for the most frequent word, and so on.

    From Reuters-21578 (Lewis, 1997). If they are not on this machine they are downloaded (2 MB).

    Args:
        path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from: As in
            `pyclr.datasets.imdb.load_data`.
        test_split: Number in [0, 1], the share of the test set.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists, and int64 arrays of the topics, for
        which see `get_label_names`.

    Raises:
        ValueError: if no item is short enough, or the file is damaged.
        ConnectionError: if it is not found and cannot be downloaded.
    """
    data = _words.read("reuters", _FILE, path)
    order = _tables.shuffled(len(data["x"]), np.random.RandomState(seed))
    texts, labels = _words.numbered(
        data["x"][order], data["y"][order], start_char, index_from, maxlen
    )
    texts = _words.frequent(texts, num_words, skip_top, oov_char)
    size = int(len(texts) * (1 - test_split))
    return (texts[:size], labels[:size]), (texts[size:], labels[size:])


def get_word_index(path="reuters_word_index.json"):
    """Returns the dictionary of words to their numbers, before `index_from` is added."""
    return _words.read_index("reuters", _INDEX, path)


def get_label_names():
    """Returns the names of the topics, in the order of their numbers."""
    return _TOPICS
