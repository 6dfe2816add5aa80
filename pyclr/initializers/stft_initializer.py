"""Initializer of convolution kernels that compute a short-time Fourier transform."""

import numpy as np

from .initializer import Initializer, standardize_dtype

# By the names of scipy.signal.windows; symmetric.
_WINDOWS = {
    "bartlett": np.bartlett,
    "blackman": np.blackman,
    "boxcar": np.ones,
    "hamming": np.hamming,
    "hann": np.hanning,
}


class STFT(Initializer):
    """Initializer that makes the kernel of a `Conv1D` layer which computes the real or imaginary
    part of a short-time Fourier transform.

    For the shape `(frame_length, 1, bins)` the kernel at `(t, 0, k)` is `window[t]` times
    `cos(a)` or `-sin(a)`, where `a = 2 * pi * t * k / (2 * (bins - 1))`.

    Args:
        side: `"real"` (default) or `"imag"`.
        window: `"hann"` (default), `"hamming"`, `"blackman"`, `"bartlett"`, `"boxcar"`, an array of
            the values, or `None` for no window, and then no scaling.
        scaling: `"density"` (default), which divides by the root of the sum of the window's
            squares; `"spectrum"`, by the sum of its absolute values; or `None`.
        periodic: Boolean, whether the window is one period of an infinite one, rather than
            symmetric. Defaults to `False`.

    Raises:
        ValueError: if an argument is not one of these or, when called, an array of another length
            than the frame is given as the window.
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        _check_one_of("side", side, ("real", "imag"))
        _check_one_of("scaling", scaling, ("density", "spectrum", None))
        if window is None or isinstance(window, str):
            _check_one_of("window", window, (*_WINDOWS, None), " or an array")
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape, dtype=None):
        if len(shape) != 3:
            raise ValueError(
                "The STFT initializer needs a shape (frame_length, 1, bins). "
                f"Received: shape={tuple(shape)}"
            )
        length, _, bins = shape
        angles = 2 * np.pi * np.outer(np.arange(length), np.arange(bins)) / (2 * (bins - 1))
        kernel = np.cos(angles) if self.side == "real" else -np.sin(angles)
        if self.window is not None:
            kernel = kernel * self._scaled_window(length)[:, None]
        return np.broadcast_to(kernel[:, None], shape).astype(standardize_dtype(dtype))

    def _scaled_window(self, length):
        if isinstance(self.window, str):
            window = _WINDOWS[self.window](length + self.periodic)[:length]
        else:
            window = np.asarray(self.window, "float64")
            if window.shape != (length,):
                raise ValueError(
                    f"The window must have as many values as the frame, {length}. "
                    f"Received: an array of shape {window.shape}"
                )
        if self.scaling == "density":
            return window / np.sqrt(np.sum(np.square(window)))
        return window / np.sum(np.abs(window)) if self.scaling == "spectrum" else window

    def get_config(self):
        return {
            "side": self.side,
            "window": self.window,
            "periodic": self.periodic,
            "scaling": self.scaling,
        }


def _check_one_of(name, value, allowed, more=""):
    if value not in allowed:
        names = ", ".join(map(repr, allowed))
        raise ValueError(
            f"Argument `{name}` must be one of {names}{more}. Received: {name}={value!r}"
        )
