"""InputSpec: what a layer expects of its inputs."""

from __future__ import annotations


class InputSpec:
    """What a layer expects of an input; a layer's attribute `input_spec` holds one, or one for
    each input.

    Args:
        dtype: String, the dtype.
        shape: Tuple of integers or `None`, the shape with the batch; `None` fits any size.
        ndim: Integer, the rank.
        max_ndim: Integer, the largest rank.
        min_ndim: Integer, the smallest rank.
        axes: Dictionary from axis to size.
        allow_last_axis_squeeze: Boolean, whether a last axis of size 1 may be missing or added.
        name: String, the key when inputs are a dictionary.
        optional: Boolean, whether the input may be `None`.

    Example:

    ```python
    class Pairs(pyclr.layers.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = pyclr.layers.InputSpec(ndim=3, axes={-1: 2})
    ```
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self):
        """Returns the constructor's arguments."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)

    def __repr__(self):
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value)
        return f"InputSpec({given})"

    def mismatch(self, shape, dtype=None):
        """Returns what is wrong with an input of this shape (`None` for a size not known) and
        dtype, as `"expected ndim=4, found ndim=3"`, or `None` when it fits."""
        rank = len(shape)
        if self.ndim not in (None, rank) and not self.allow_last_axis_squeeze:
            return f"expected ndim={self.ndim}, found ndim={rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}"
        if None not in (dtype, self.dtype) and dtype != self.dtype:
            return f"expected dtype={self.dtype}, found dtype={dtype}"
        for axis, size in self.axes.items():
            if not _fits(size, shape[axis]):
                return f"expected axis {axis} of the input shape to have value {size}"
        if self.shape is not None:
            expected, found = self.shape, tuple(shape)
            if self.allow_last_axis_squeeze:
                expected, found = _squeezed(expected), _squeezed(found)
            if len(expected) != len(found) or not all(map(_fits, expected, found)):
                return f"expected shape={self.shape}"
        return None


def check_inputs(specs, inputs, layer_name):
    """Raises a ValueError that names the layer if its inputs do not fit.

    Args:
        specs: List of `InputSpec` or `None`.
        inputs: List of `(shape, dtype)`, or `None` for a missing input.
        layer_name: String.
    """
    if len(specs) != len(inputs):
        raise ValueError(
            f"Layer '{layer_name}' expects {len(specs)} input(s). Received: {len(inputs)} inputs"
        )
    for i, (spec, described) in enumerate(zip(specs, inputs)):
        if spec is None or (described is None and spec.optional):
            continue
        problem = "expected a tensor" if described is None else spec.mismatch(*described)
        if problem:
            shape = None if described is None else tuple(described[0])
            raise ValueError(
                f"Input {i} of layer '{layer_name}' is incompatible with the layer: {problem}. "
                f"Full shape received: {shape}"
            )


def _fits(expected, found):
    return expected is None or found is None or expected == found


def _squeezed(shape):
    return shape[:-1] if shape and shape[-1] == 1 else shape
