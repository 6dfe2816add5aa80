"""Initializers whose spread follows the number of inputs and outputs of a layer."""

import math

from .random_initializers import RandomInitializer

_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal distribution cut off at -2 and 2


class VarianceScaling(RandomInitializer):
    """Initializer whose variance is `scale / n`.

    `n` is the number of inputs of a unit (`mode="fan_in"`), of outputs (`"fan_out"`) or their
    average (`"fan_avg"`). For a dense kernel they are its two dimensions; for a convolution kernel
    `(*window, in, out)` they are `in` and `out` times the size of the window.

    Args:
        scale: Positive number. Defaults to `1.0`.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`. Defaults to `"fan_in"`.
        distribution: `"truncated_normal"` (also called `"normal"`), `"untruncated_normal"` or
            `"uniform"`, the latter over `[-limit, limit)` with `limit = sqrt(3 * scale / n)`.
            Defaults to `"truncated_normal"`.
        seed: Integer, `None` or a seed generator. Defaults to `None`.
        input_axes: Optional list of integers, the axes whose sizes multiply to the number of
            inputs. Used if `output_axes` is given too.
        output_axes: Optional list of integers, the same for outputs.

    Raises:
        ValueError: if `scale` is not positive, or `mode` or `distribution` is not one of these.
    """

    def __init__(
        self,
        scale=1.0,
        mode="fan_in",
        distribution="truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        if not scale > 0:
            raise ValueError(f"Argument `scale` must be positive. Received: scale={scale}")
        modes = ("fan_in", "fan_out", "fan_avg")
        if mode not in modes:
            raise ValueError(f"Argument `mode` must be one of {modes}. Received: mode={mode!r}")
        distributions = ("truncated_normal", "untruncated_normal", "uniform")
        lowered = str(distribution).lower()
        lowered = "truncated_normal" if lowered == "normal" else lowered
        if lowered not in distributions:
            raise ValueError(
                f"Argument `distribution` must be one of {distributions}. "
                f"Received: distribution={distribution!r}"
            )
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = lowered
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1, n))
        if self.distribution == "truncated_normal":
            return self._truncated_normal(shape, 0.0, stddev / _TRUNCATED_STDDEV, dtype)
        if self.distribution == "untruncated_normal":
            return self._normal(shape, 0.0, stddev, dtype)
        limit = math.sqrt(3) * stddev
        return self._uniform(shape, -limit, limit, dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """A VarianceScaling with a name of its own for `(scale, mode, distribution)`."""

    scaling: tuple

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(*self.scaling, seed, input_axes, output_axes)

    def get_config(self):
        config = super().get_config()
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_NamedScaling):
    """Glorot (Xavier) initializer, uniform: `limit = sqrt(6 / (fan_in + fan_out))`.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Glorot (Xavier) initializer, truncated normal: `stddev = sqrt(2 / (fan_in + fan_out))`.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_NamedScaling):
    """He initializer, uniform: `limit = sqrt(6 / fan_in)` (He et al., arXiv 1502.01852).

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (2.0, "fan_in", "uniform")


class HeNormal(_NamedScaling):
    """He initializer, truncated normal: `stddev = sqrt(2 / fan_in)` (He et al., arXiv 1502.01852).

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """LeCun initializer, uniform: `limit = sqrt(3 / fan_in)` (Klambauer et al., arXiv 1706.02515).

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (1.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """LeCun initializer, truncated normal: `stddev = sqrt(1 / fan_in)` (Klambauer et al.,
    arXiv 1706.02515).

    Args:
        seed, input_axes, output_axes: See `VarianceScaling`.
    """

    scaling = (1.0, "fan_in", "truncated_normal")


def compute_fans(shape, input_axes=None, output_axes=None):
    """Returns the numbers of inputs and outputs `(fan_in, fan_out)` of a weight's shape."""
    if input_axes is not None and output_axes is not None:
        return tuple(math.prod(shape[axis] for axis in axes) for axes in (input_axes, output_axes))
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]
