"""Depthwise convolutions: usual sizes have loops of their own, with the bits of the general one."""

import numpy as np
import pytest

from pyclr import _core as core

f = core.ops
RNG = np.random.default_rng(5)


@pytest.mark.parametrize("taps", [(1, 2), (3, 3), (2, 4), (5, 5), (3, 6)], ids=str)
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2), (3, 3)], ids=str)
def test_channels_do_not_depend_on_how_many_there_are(taps, strides, isa, threads):
    """Few channels take the general loop. One small image is summed at once."""
    channels, piece = 300, 100
    x = RNG.standard_normal((1, 4, 9, channels)).astype("float32")
    attributes = {"strides": strides, "padding": "same"}
    kernel = RNG.standard_normal((*taps, 1, channels)).astype("float32")
    dy = RNG.standard_normal(f.conv2d(x, kernel, groups=channels, **attributes).shape)
    dy = dy.astype("float32")

    def results(at):
        count = len(range(channels)[at])
        own = {"groups": count, **attributes}
        a, w, b = (np.ascontiguousarray(v[..., at]) for v in (x, kernel, dy))
        return [
            f.conv2d(a, w, **own).numpy(),
            f.conv2d_weight_gradient(a, b, shape=w.shape, **own).numpy(),
            f.conv2d_input_gradient(b, w, shape=a.shape, **own).numpy(),
        ]

    for name in core.available_isas():
        isa(name)
        pieces = [results(slice(i, i + piece)) for i in range(0, channels, piece)]
        expected = [np.concatenate(parts, axis=-1).tobytes() for parts in zip(*pieces)]
        for count in (1, 3):
            threads(count)
            assert [a.tobytes() for a in results(slice(None))] == expected
