"""The base class of losses, and losses made of functions."""

from __future__ import annotations

from .. import config, ops, tree
from .._lookup import to_snake_case
from .reduction import align, reduce_weighted, standardize_reduction


class Loss:
    """Base class of losses. A subclass implements `call(y_true, y_pred)`.

    Args:
        name: String. Defaults to the class name in snake case.
        reduction: How the values that `call` returns become one number:
            `"sum_over_batch_size"` (or `"mean"`; the default) divides the weighted sum by the
            number of values that are not masked, `"mean_with_sample_weight"` by the sum of the
            weights, `"sum"` does not divide, and `"none"` (or `None`) returns the values.
        dtype: String, or an object with a `compute_dtype`: what predictions and labels are cast to.
            Defaults to `floatx()`, and to float64 for predictions in float64.

    A loss is called as `loss(y_true, y_pred, sample_weight=None)`, with tensors, arrays, lists of
    numbers, or nested structures of them. Weights are a number, one for each sample, `(batch,)`, or
    of the rank of the values, each size equal to theirs or 1; any other shape raises a ValueError.
    Where `y_pred` carries a mask (of a layer: `y_pred._keras_mask`), only values under True count.

    Example:

    ```python
    class Quartic(pyclr.losses.Loss):
        def call(self, y_true, y_pred):
            return pyclr.ops.mean((y_true - y_pred) ** 4, axis=-1)
    ```
    """

    # Whether labels are class numbers: these stay integers.
    integer_labels = False

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or to_snake_case(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype = getattr(dtype, "compute_dtype", dtype)

    @property
    def dtype(self):
        return self._dtype or config.floatx()

    def call(self, y_true, y_pred):
        """Returns the loss of every sample (and, possibly, place), before reduction."""
        raise NotImplementedError(f"Loss '{type(self).__name__}' must implement `call`.")

    def __call__(self, y_true, y_pred, sample_weight=None):
        mask = getattr(y_pred, "_keras_mask", None)
        y_pred, y_true = to_tensors(y_pred), to_tensors(y_true)
        dtype = self.dtype
        if self._dtype is None and any(x.dtype == "float64" for x in tree.flatten(y_pred)):
            dtype = "float64"
        y_pred = tree.map_structure(lambda x: ops.cast(x, dtype), y_pred)
        y_true = tree.map_structure(
            lambda x: x if self.integer_labels and "int" in x.dtype else ops.cast(x, dtype), y_true
        )
        values = self.call(y_true, y_pred)
        return reduce_weighted(values, sample_weight, self.reduction, mask, dtype)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        """Returns a loss made from a `get_config()` dictionary."""
        return cls(**config)


class LossFunctionWrapper(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)` that returns a value for each sample.

    Args:
        fn: The function.
        reduction: See `Loss`.
        name: String. Defaults to the function's name.
        dtype: See `Loss`.
        **kwargs: Arguments for the function, which are attributes of the loss as well.

    Labels and predictions whose ranks differ by a last axis of size 1 are brought to one rank.
    """

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self.integer_labels = getattr(fn, "integer_labels", False)
        self._fn_kwargs = kwargs

    def __getattr__(self, name):
        arguments = self.__dict__.get("_fn_kwargs", {})
        if name in arguments:
            return arguments[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def call(self, y_true, y_pred):
        labels, predictions = tree.flatten(y_true), tree.flatten(y_pred)
        if len(labels) != len(predictions):
            raise ValueError(
                f"The loss '{self.name}' needs labels in the structure of the predictions. "
                f"Received: {len(labels)} arrays of labels for {len(predictions)} of predictions"
            )
        pairs = [align(label, prediction) for label, prediction in zip(labels, predictions)]
        y_true = tree.pack_like(y_true, [label for label, _ in pairs])
        y_pred = tree.pack_like(y_pred, [prediction for _, prediction in pairs])
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        from ..saving.serialization import serialize_keras_object

        config = super().get_config()
        if type(self) is LossFunctionWrapper:
            config["fn"] = serialize_keras_object(self.fn)
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config):
        from ..saving.serialization import deserialize_keras_object

        if "fn" in config:
            config = {key: deserialize_keras_object(value) for key, value in config.items()}
        return cls(**config)


def to_tensors(structure):
    """Returns a nested structure with tensors for leaves; a list of numbers is a leaf."""
    nested = isinstance(structure, dict) or any(
        getattr(leaf, "ndim", 0) for leaf in tree.flatten(structure)
    )
    if nested:
        return tree.map_structure(ops.convert_to_tensor, structure)
    return ops.convert_to_tensor(structure)
