"""The base class of initializers."""

import numpy as np

from .. import config


class Initializer:
    """Base class of initializers, which give a layer's weights their first values.

    A subclass implements `__call__(shape, dtype=None)` and, to be saved, `get_config()`.

    Example:

    ```python
    class Range(pyclr.initializers.Initializer):
        def __init__(self, start=0.0):
            self.start = start

        def __call__(self, shape, dtype=None):
            return self.start + np.arange(np.prod(shape), dtype=dtype).reshape(shape)

        def get_config(self):
            return {"start": self.start}
    ```
    """

    def __call__(self, shape, dtype=None):
        """Returns an array of values.

        Args:
            shape: Tuple of integers.
            dtype: NumPy dtype or its name. Defaults to `pyclr.config.floatx()`.

        Returns:
            A NumPy array of that shape and dtype.
        """
        raise NotImplementedError(
            f"Initializer '{type(self).__name__}' must override `__call__(self, shape, dtype)`."
        )

    def get_config(self):
        """Returns the constructor's arguments as a dictionary."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)

    def clone(self):
        """Returns a new instance of the same config."""
        return type(self).from_config(self.get_config())


def standardize_dtype(dtype):
    """Returns the NumPy dtype; `None` means the default floating point dtype."""
    return np.dtype(config.floatx() if dtype is None else dtype)
