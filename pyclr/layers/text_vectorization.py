"""TextVectorization: texts to rows of integers."""

from __future__ import annotations

import re
import string

import numpy as np

from .. import ops, symbolic
from ..saving import serialization
from .arguments import one_of
from .index_lookup import StringLookup
from .layer import Layer
from .preprocessing import batches_of, output_mode_named

# ASCII only, as TensorFlow's ops that Keras uses.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")


class TextVectorization(Layer):
    """Turns texts into rows of integers: standardized, split into tokens, each token's index in a
    vocabulary, which is given or found in data by `adapt`.

    Texts are NumPy arrays (or lists): the layer is applied to data before a model, not inside.

    Args:
        max_tokens: Optional integer, the largest size of the vocabulary with padding and unknown.
        standardize: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"`, `None`, or a
            function of an array of strings.
        split: `"whitespace"`, `"character"`, `None`, or a function of a string that returns a list.
        ngrams: Optional integer or tuple of integers: also runs of so many tokens (up to it),
            joined by spaces.
        output_mode: `"int"`, or an encoding: `"multi_hot"`, `"count"`, `"tf_idf"`.
        output_sequence_length: Optional integer, to which rows are cut or padded with 0; by default
            the longest text's.
        pad_to_max_tokens: Boolean, whether encodings are `max_tokens` wide.
        vocabulary: Optional list of strings, or path of a file.
        idf_weights: Optional list of numbers, for `"tf_idf"` with a given vocabulary.
        sparse, ragged: `False`.
        encoding: String, of bytes given as inputs.
        name: String.

    Input shape:
        `(batch,)` or `(batch, 1)`, strings.

    Output shape:
        `(batch, tokens)`; encodings `(batch, vocabulary size)`.

    Raises:
        ValueError: if an argument is none of the above.

    Example:

    ```python
    layer = pyclr.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(["a cat sat", "the cat"])
    assert layer(["The cat!"]).numpy().tolist() == [[3, 2, 0, 0]]
    ```
    """

    def __init__(
        self,
        max_tokens=None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        ngrams=None,
        output_mode="int",
        output_sequence_length=None,
        pad_to_max_tokens=False,
        vocabulary=None,
        idf_weights=None,
        sparse=False,
        ragged=False,
        encoding="utf-8",
        name=None,
        **kwargs,
    ):
        kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        if ragged:
            raise ValueError(
                f"Argument `ragged` must be False: tensors are dense. Received: ragged={ragged!r}"
            )
        if not callable(standardize):
            allowed = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
            standardize = one_of("standardize", standardize, allowed)
        if not callable(split):
            split = one_of("split", split, ("whitespace", "character", None))
        self._output_mode = output_mode_named(output_mode)
        length = output_sequence_length
        if length is not None and (self._output_mode != "int" or not isinstance(length, int)):
            raise ValueError(
                "Argument `output_sequence_length` must be an integer, and is of the mode 'int'. "
                f"Received: output_sequence_length={length!r}, output_mode={output_mode!r}"
            )
        ngrams = tuple(ngrams) if isinstance(ngrams, list) else ngrams
        if ngrams is not None and not isinstance(ngrams, (int, tuple)):
            raise ValueError(
                "Argument `ngrams` must be an integer, a tuple of integers or None. "
                f"Received: ngrams={ngrams!r}"
            )
        self._standardize, self._split, self._ngrams = standardize, split, ngrams
        self._output_sequence_length = length
        self._encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
        )

    def adapt(self, data, batch_size=None, steps=None):
        """Makes the vocabulary: the most frequent tokens, equally frequent ones in falling order.

        Args:
            data: Array or list of texts, or iterable of batches.
            batch_size: Accepted for Keras' sake.
            steps: Optional integer, how many batches to take.
        """

        def one(value):
            return isinstance(value, (list, tuple)) or hasattr(value, "__array__")

        rows = (row for batch in batches_of(data, steps, one) for row in self._tokens(batch))
        self._lookup_layer.adapt_to_documents(list(rows))

    def get_vocabulary(self, include_special_tokens=True):
        """Returns the vocabulary, a list in the order of the indices.

        Args:
            include_special_tokens: Boolean, whether padding and unknown come first.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Replaces the vocabulary, as `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def vocabulary_size(self):
        """Returns the number of indices, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def _tokens(self, texts):
        """The tokens of each text, a list of lists."""
        array = np.asarray(texts)
        if array.dtype.kind in "SO":
            plain = [self._lookup_layer._plain(text) for text in array.reshape(-1).tolist()]
            array = np.asarray(plain, dtype=str).reshape(array.shape)
        if callable(self._standardize):
            array = np.asarray(self._standardize(array))
        if self._split is None:
            rows = [list(row) for row in array.reshape(len(array), -1).tolist()]
        else:
            if array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
                raise ValueError(
                    "Texts to split must have the shape (batch,) or (batch, 1). "
                    f"Received: an array of shape {array.shape} in layer '{self.name}'"
                )
            rows = [self._parts(text) for text in array.reshape(-1).tolist()]
        if self._ngrams is None:
            return rows
        is_integer = isinstance(self._ngrams, int)
        widths = range(1, self._ngrams + 1) if is_integer else self._ngrams
        return [
            [" ".join(row[i : i + n]) for n in widths for i in range(len(row) - n + 1)]
            for row in rows
        ]

    def _parts(self, text):
        if self._standardize in ("lower", "lower_and_strip_punctuation"):
            text = text.translate(_LOWER)
        if self._standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            text = _PUNCTUATION.sub("", text)
        if callable(self._split):
            return [str(part) for part in self._split(text)]
        return text.split() if self._split == "whitespace" else list(text)

    def __call__(self, inputs, **kwargs):
        if symbolic.is_symbolic(inputs):
            raise TypeError(
                f"Layer '{self.name}' works on texts, which are NumPy arrays: apply it to the "
                f"data, not inside of a model. Received: {inputs!r}"
            )
        return self.call(inputs)

    def call(self, inputs):
        lookup = self._lookup_layer
        lookup._check_ready()
        single = np.ndim(inputs) == 0
        rows = self._tokens([inputs] if single else inputs)
        width = max(map(len, rows), default=0)
        is_int = self._output_mode == "int"
        if is_int and self._output_sequence_length is not None:
            width = self._output_sequence_length
        indices = np.full((len(rows), width), 0 if is_int else -1, "int64")
        for target, row in zip(indices, rows):
            count = min(len(row), width)
            target[:count] = [lookup._index(token) for token in row[:count]]
        outputs = lookup._encoded(ops.convert_to_tensor(indices))
        return outputs[0] if single else outputs

    def compute_output_shape(self, input_shape):
        if self._output_mode == "int":
            return (input_shape[0], self._output_sequence_length)
        return (input_shape[0], self._lookup_layer._depth())

    def get_config(self):
        lookup = self._lookup_layer.get_config()

        def plain(function):
            if callable(function):
                return serialization.serialize_keras_object(function)
            return function

        return {
            **super().get_config(),
            "max_tokens": lookup["max_tokens"],
            "standardize": plain(self._standardize),
            "split": plain(self._split),
            "ngrams": self._ngrams,
            "output_mode": self._output_mode,
            "output_sequence_length": self._output_sequence_length,
            "pad_to_max_tokens": lookup["pad_to_max_tokens"],
            "sparse": False,
            "ragged": False,
            "vocabulary": lookup["vocabulary"],
            "idf_weights": lookup["idf_weights"],
            "encoding": self._encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        functions = {
            name: serialization.deserialize_keras_object(config[name], custom_objects)
            for name in ("standardize", "split")
            if isinstance(config.get(name), dict)
        }
        return cls(**{**config, **functions})
