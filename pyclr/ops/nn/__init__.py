"""Functions of neural networks (Keras' `keras.ops.nn`)."""

from typing import TYPE_CHECKING

from . import (
    activation,
    decoding,
    encoding,
    normalization,
    windows,
)
from .activation import *  # noqa: F403
from .ctc import ctc_loss as ctc_loss
from .decoding import *  # noqa: F403
from .encoding import *  # noqa: F403
from .normalization import *  # noqa: F403
from .windows import *  # noqa: F403

if not TYPE_CHECKING:  # type checkers can not read it: to them all is public
    __all__ = [
        "ctc_loss",
        *activation.__all__,
        *decoding.__all__,
        *encoding.__all__,
        *normalization.__all__,
        *windows.__all__,
    ]
