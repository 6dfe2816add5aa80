"""Dropout layers: random zeros in training."""

from __future__ import annotations

from .. import _core, ops
from ..random.seed_generator import SeedGenerator
from .arguments import channels_last, integer_tuple, number_between
from .input_spec import InputSpec
from .layer import Layer


class Dropout(Layer):
    """Sets inputs to 0 at random in training, and nothing else otherwise.

    Each input is set to 0 with probability `rate`; the others are multiplied by
    `1 / (1 - rate)`, which keeps the expected value (Srivastava et al., JMLR 15, 2014).

    Args:
        rate: Number in [0, 1], the share of inputs set to 0.
        noise_shape: Optional tuple, the shape of the random mask, which broadcasts against the
            input: `(None, 1, channels)` treats all steps alike. `None` stands for the input's
            size. Defaults to the input's shape.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: if `rate` is not in [0, 1] or `noise_shape` is not a tuple of positive integers.

    Example:

    ```python
    layer = pyclr.layers.Dropout(0.5, seed=1)
    x = np.ones((2, 3))
    assert (layer(x).numpy() == 1).all()
    assert np.isin(layer(x, training=True).numpy(), [0, 2]).all()
    ```
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.rate = self._checked_rate(rate)
        self.seed = seed
        self.noise_shape = _checked(noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    @staticmethod
    def _checked_rate(rate):
        return number_between("rate", rate, 0, 1)

    def _mask_shape(self, shape):
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape):
            raise ValueError(
                "Argument `noise_shape` must have as many entries as the input has axes. "
                f"Received: noise_shape={self.noise_shape} and an input of shape {shape} in layer "
                f"'{self.name}'"
            )
        return tuple(size if dim is None else dim for dim, size in zip(self.noise_shape, shape))

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        x = ops.cast(inputs, self.dtype)
        return self._dropped(x, self._random_mask(self._mask_shape(x.shape)))

    def _random_mask(self, shape):
        """0 where an input is dropped, and `1 / (1 - rate)` elsewhere."""
        return _core.ops.dropout_mask(
            self.seed_generator.state, shape=shape, rate=self.rate, dtype=self.dtype
        )

    def _dropped(self, x, mask):
        return ops.multiply(x, mask)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


class _SpatialDropout(Dropout):
    rank: int  # number of axes between batch and channels

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _mask_shape(self, shape):
        return (shape[0], *(1,) * self.rank, shape[-1])

    def get_config(self):
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


class SpatialDropout1D(_SpatialDropout):
    """Sets whole channels of a sequence to 0 at random in training (Tompson et al.,
    arXiv 1411.4280); otherwise as `Dropout`.

    Args:
        rate: Number in [0, 1], the share of channels set to 0.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        `(batch, steps, channels)`.

    Output shape:
        The input's.
    """

    rank = 1


class SpatialDropout2D(_SpatialDropout):
    """Sets whole channels of an image to 0 at random in training (Tompson et al.,
    arXiv 1411.4280); otherwise as `Dropout`.

    Args:
        rate: Number in [0, 1], the share of channels set to 0.
        data_format: `None` or `"channels_last"`.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        The input's.
    """

    rank = 2

    def __init__(self, rate, data_format=None, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = channels_last(data_format)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


class SpatialDropout3D(_SpatialDropout):
    """Sets whole channels of a volume to 0 at random in training (Tompson et al.,
    arXiv 1411.4280); otherwise as `Dropout`.

    Args:
        rate: Number in [0, 1], the share of channels set to 0.
        data_format: `None` or `"channels_last"`.
        seed: Integer, or `None` for one drawn from the global seed.

    Input shape:
        `(batch, depth, height, width, channels)`.

    Output shape:
        The input's.
    """

    rank = 3

    def __init__(self, rate, data_format=None, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = channels_last(data_format)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


def _checked(noise_shape):
    if noise_shape is None:
        return None
    try:
        shape = tuple(noise_shape)
        known = [dim for dim in shape if dim is not None]
        integer_tuple("noise_shape", known, len(known))
    except (TypeError, ValueError):
        raise ValueError(
            "Argument `noise_shape` must be a tuple of positive integers or None. "
            f"Received: noise_shape={noise_shape!r}"
        ) from None
    return shape
