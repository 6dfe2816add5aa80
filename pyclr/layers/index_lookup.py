"""Layers that give each entry of a vocabulary an index."""

from __future__ import annotations

from collections import Counter

import numpy as np

from .. import config, ops, symbolic
from ..keras_tensor import KerasTensor
from ..ops.host import host_op
from .arguments import one_of
from .fingerprint import bucket
from .layer import Layer
from .preprocessing import batches_of, dense_only, encoded, encoded_shape, output_mode_named


class IndexLookup(Layer):
    """Base of `IntegerLookup` and `StringLookup`: the vocabulary, and look-ups in it.

    Indices: 0 is the mask token (only with `output_mode="int"` and a mask token), then come
    `num_oov_indices` for what is out of the vocabulary, then the vocabulary.
    """

    def __init__(
        self,
        *,
        max_tokens,
        num_oov_indices,
        mask_token,
        oov_token,
        vocabulary,
        idf_weights,
        invert,
        output_mode,
        sparse,
        pad_to_max_tokens,
        oov_method,
        salt,
        name,
        encoding="utf-8",
        **kwargs,
    ):
        # What Keras' configs hold and is known otherwise.
        for key in ("vocabulary_size", "has_input_vocabulary", "dtype"):
            kwargs.pop(key, None)
        super().__init__(name=name, **kwargs)
        dense_only(sparse)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(
                f"Argument `max_tokens` must be above 1 or None. Received: max_tokens={max_tokens}"
            )
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(
                "Argument `pad_to_max_tokens` needs `max_tokens`. Received: max_tokens=None"
            )
        if num_oov_indices < 0:
            raise ValueError(
                "Argument `num_oov_indices` must not be negative. "
                f"Received: num_oov_indices={num_oov_indices}"
            )
        self.output_mode = output_mode_named(output_mode)
        if invert and self.output_mode != "int":
            raise ValueError(
                "Argument `output_mode` must be 'int' with `invert`. "
                f"Received: output_mode={output_mode!r}"
            )
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(
                "Argument `idf_weights` is of the mode 'tf_idf'. "
                f"Received: output_mode={output_mode!r}"
            )
        self.encoding = encoding
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = one_of("oov_method", oov_method, ("floormod", "farmhash"))
        self.salt = [salt, salt] if isinstance(salt, int) else list(salt) if salt else None
        self._tokens, self._weights = [], None
        self._given = vocabulary is not None
        self._make_table()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    @property
    def _oov_start(self):
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _token_start(self):
        return self._oov_start + self.num_oov_indices

    def vocabulary_size(self):
        """Returns the number of indices, special ones included."""
        return self._token_start + len(self._tokens)

    def get_vocabulary(self, include_special_tokens=True):
        """Returns the vocabulary, a list in the order of the indices.

        Args:
            include_special_tokens: Boolean, whether mask and out-of-vocabulary tokens come first.
        """
        special = [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices
        return (special if include_special_tokens else []) + list(self._tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Replaces the vocabulary.

        Args:
            vocabulary: List or array of tokens, special ones first or left out; or the path of a
                text file with one token a line.
            idf_weights: Optional list of numbers, one a token, for the mode `"tf_idf"`.

        Raises:
            ValueError: if it is empty, too large or has repeated tokens, or the weights do not fit.
        """
        if isinstance(vocabulary, str):
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = file.read().splitlines()
        tokens = [self._plain(token) for token in np.asarray(vocabulary).tolist()]
        weights = None if idf_weights is None else [float(weight) for weight in idf_weights]
        if not tokens:
            raise ValueError("The vocabulary must not be empty. Received: vocabulary=[]")
        if (weights is None) != (self.output_mode != "tf_idf"):
            raise ValueError(
                "Argument `idf_weights` must be given in the mode 'tf_idf', and only there. "
                f"Received: idf_weights={idf_weights!r}, output_mode={self.output_mode!r}"
            )
        if weights is not None and len(weights) != len(tokens):
            raise ValueError(
                "Argument `idf_weights` must be as long as the vocabulary. "
                f"Received: {len(weights)} weights and {len(tokens)} tokens"
            )
        special = self.get_vocabulary()[: self._token_start]
        if special and tokens[: len(special)] == special:
            tokens = tokens[len(special) :]
        elif weights is not None:
            weights = [float(np.mean(weights))] * len(special) + weights
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(f"The vocabulary must not repeat tokens. Received twice: {repeated}")
        if self.mask_token is not None and self.mask_token in tokens:
            raise ValueError(
                f"The mask token {self.mask_token!r} must be in the vocabulary at its start only."
            )
        size = self._token_start + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"The vocabulary must have at most `max_tokens`={self.max_tokens} entries with the "
                f"special ones. Received: {size}"
            )
        self._tokens, self._weights = tokens, weights
        self._make_table()

    def _plain(self, token):
        """A token of the vocabulary from an element of an array."""
        raise NotImplementedError

    def _make_table(self):
        table = {token: self._token_start + i for i, token in enumerate(self._tokens)}
        if self.mask_token is not None:
            table[self.mask_token] = 0 if self.output_mode == "int" else -1  # -1 encodes to zeros
        self._table = table

    def _indices(self, array):
        """The indices of an array of tokens, int64."""
        unique, places = np.unique(array, return_inverse=True)
        found = [self._index(self._plain(token)) for token in unique.tolist()]
        return np.asarray(found, "int64")[places].reshape(array.shape)

    def _index(self, token):
        index = self._table.get(token)
        if index is not None:
            return index
        if self.num_oov_indices == 0:
            raise ValueError(
                f"Every input of layer '{self.name}' must be in the vocabulary, since "
                f"`num_oov_indices` is 0. Received: {token!r}"
            )
        if self.num_oov_indices == 1:
            return self._oov_start
        if isinstance(token, int) and self.oov_method == "floormod":
            return self._oov_start + token % self.num_oov_indices
        return self._oov_start + bucket(token, self.num_oov_indices, self.salt)

    def _inverted(self, indices):
        """The tokens of an array of indices."""
        vocabulary = dict(enumerate(self.get_vocabulary()))
        tokens = [vocabulary.get(i, self.oov_token) for i in indices.reshape(-1).tolist()]
        return np.asarray(tokens).reshape(indices.shape)

    def _depth(self):
        return self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()

    def _output_dtype(self):
        return "int64" if self.output_mode == "int" else config.floatx()

    def _encoded(self, indices):
        weights = None
        if self.output_mode == "tf_idf":
            weights = np.zeros(self._depth(), config.floatx())
            weights[: len(self._weights or ())] = self._weights or ()
        return encoded(indices, self.output_mode, self._depth(), self._output_dtype(), weights)

    def _check_ready(self):
        if not self._tokens:
            raise ValueError(
                f"Layer '{self.name}' has no vocabulary: give one, or call `adapt()` with data."
            )

    def adapt(self, data, steps=None):
        """Makes the vocabulary: the most frequent tokens, equally frequent ones in falling order.

        Args:
            data: Array or list of tokens, or iterable of batches. A row of a batch is a document.
            steps: Optional integer, how many batches to take.

        Raises:
            ValueError: if the layer was given its vocabulary.
        """

        def one(value):
            return isinstance(value, (list, tuple)) or hasattr(value, "__array__")

        documents = []
        for batch in batches_of(data, steps, one):
            batch = batch[:, None] if batch.ndim == 1 else np.atleast_2d(batch)
            documents.extend(
                [self._plain(token) for token in row.reshape(-1).tolist()] for row in batch
            )
        self.adapt_to_documents(documents)

    def adapt_to_documents(self, documents):
        """`adapt`, from lists of tokens."""
        if self._given:
            raise ValueError(f"Layer '{self.name}' was given its vocabulary; it does not adapt.")
        counts = Counter(token for document in documents for token in document)
        for special in (self.mask_token, self.oov_token):
            counts.pop(special, None)
        ranked = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        if self.max_tokens is not None:
            ranked = ranked[: self.max_tokens - self._token_start]
        weights = None
        if self.output_mode == "tf_idf":
            seen = Counter(token for document in documents for token in set(document))
            weights = [np.log(1 + len(documents) / (1 + seen[token])) for token in ranked]
        if not ranked:
            raise ValueError("Argument `data` of `adapt()` must hold tokens. Received none")
        self.set_vocabulary(ranked, weights)

    def compute_output_shape(self, input_shape):
        return encoded_shape(input_shape, self.output_mode, self._depth())

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=self._output_dtype())

    def _weights_without_special(self):
        return None if self._weights is None else self._weights[self._token_start :]

    def get_config(self):
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": self._weights_without_special(),
            "vocabulary": list(self._tokens) or None,
            "vocabulary_size": self.vocabulary_size() if self._tokens else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }


class IntegerLookup(IndexLookup):
    """Turns integers into the indices of a vocabulary, given or found in data by `adapt`.

    Args:
        max_tokens: Optional integer, the largest size of the vocabulary with the special indices.
        num_oov_indices: Integer, how many indices there are for what is not in the vocabulary;
            several share it by the remainder or hash of the input.
        mask_token: Optional integer that gets index 0.
        oov_token: Integer that `invert` gives for unknown indices.
        vocabulary: Optional list of integers, or path of a file.
        vocabulary_dtype: `"int64"`.
        idf_weights: Optional list of numbers, for `"tf_idf"` with a given vocabulary.
        invert: Boolean, whether to turn indices into integers instead.
        output_mode: `"int"`, `"one_hot"`, `"multi_hot"`, `"count"` or `"tf_idf"`.
        sparse: `False`.
        pad_to_max_tokens: Boolean, whether encodings are `max_tokens` wide.
        oov_method: `"floormod"` or `"farmhash"`, how several such indices are shared.
        salt: Optional integer or two, the key of SipHash in place of FarmHash.
        name: String.

    Input shape:
        Any, integers.

    Output shape:
        The input's; encodings as in `Discretization`.

    Example:

    ```python
    layer = pyclr.layers.IntegerLookup(vocabulary=[12, 36])
    assert layer(np.array([36, 12, 5])).numpy().tolist() == [2, 1, 0]
    ```
    """

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token=-1,
        vocabulary=None,
        vocabulary_dtype="int64",
        idf_weights=None,
        invert=False,
        output_mode="int",
        sparse=False,
        pad_to_max_tokens=False,
        oov_method="floormod",
        salt=None,
        name=None,
        **kwargs,
    ):
        one_of("vocabulary_dtype", vocabulary_dtype, ("int64",))
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )

    def _plain(self, token):
        return int(token)

    def _make_table(self):
        super()._make_table()
        look_up = self._inverted if self.invert else self._indices

        def index_lookup(x):
            return look_up(x).astype("int64")

        # Made once a vocabulary, so that steps replay.
        self._op = host_op(index_lookup, specs=lambda shape: [shape])

    def call(self, inputs):
        self._check_ready()
        indices = self._op(ops.cast(inputs, "int64"))
        return indices if self.invert else self._encoded(indices)

    def get_config(self):
        return {**super().get_config(), "vocabulary_dtype": "int64"}


class StringLookup(IndexLookup):
    """Turns strings into the indices of a vocabulary, given or found in data by `adapt`.

    Strings are NumPy arrays (or lists): the layer is applied to data before a model, not inside.

    Args:
        max_tokens: Optional integer, the largest size of the vocabulary with the special indices.
        num_oov_indices: Integer, how many indices there are for what is not in the vocabulary;
            several share it by the hash of the input.
        mask_token: Optional string that gets index 0.
        oov_token: String that `invert` gives for unknown indices.
        vocabulary: Optional list of strings, or path of a file.
        idf_weights: Optional list of numbers, for `"tf_idf"` with a given vocabulary.
        invert: Boolean, whether to turn indices into strings instead.
        output_mode: `"int"`, `"one_hot"`, `"multi_hot"`, `"count"` or `"tf_idf"`.
        pad_to_max_tokens: Boolean, whether encodings are `max_tokens` wide.
        sparse: `False`.
        encoding: String, of bytes given as inputs.
        name: String.

    Input shape:
        Any, strings; integers with `invert`.

    Output shape:
        The input's; encodings as in `Discretization`. With `invert` an array of strings.

    Example:

    ```python
    layer = pyclr.layers.StringLookup(vocabulary=["a", "b"])
    assert layer(["b", "a", "z"]).numpy().tolist() == [2, 1, 0]
    ```
    """

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token="[UNK]",
        vocabulary=None,
        idf_weights=None,
        invert=False,
        output_mode="int",
        pad_to_max_tokens=False,
        sparse=False,
        encoding="utf-8",
        salt=None,
        name=None,
        **kwargs,
    ):
        kwargs.pop("vocabulary_dtype", None)
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=kwargs.pop("oov_method", "floormod"),
            salt=salt,
            name=name,
            encoding=encoding,
            **kwargs,
        )

    def _plain(self, token):
        return token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    def __call__(self, inputs, **kwargs):
        if symbolic.is_symbolic(inputs):
            raise TypeError(
                f"Layer '{self.name}' works on strings, which are NumPy arrays: apply it to the "
                f"data, not inside of a model. Received: {inputs!r}"
            )
        return self.call(inputs)

    def call(self, inputs):
        self._check_ready()
        if self.invert:
            return self._inverted(np.asarray(inputs))
        return self._encoded(ops.convert_to_tensor(self._indices(np.asarray(inputs))))

    def get_config(self):
        return {**super().get_config(), "encoding": self.encoding}
