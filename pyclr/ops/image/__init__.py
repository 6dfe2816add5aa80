"""Functions of images `(height, width, channels)` or `(batch, height, width, channels)` (Keras'
`keras.ops.image`)."""

from typing import TYPE_CHECKING

from . import (
    color,
    filters,
    patches,
    resizing,
    sampling,
)
from .color import *  # noqa: F403
from .filters import *  # noqa: F403
from .patches import *  # noqa: F403
from .resizing import *  # noqa: F403
from .sampling import *  # noqa: F403

if not TYPE_CHECKING:  # type checkers can not read it: to them all is public
    __all__ = [
        *color.__all__,
        *filters.__all__,
        *patches.__all__,
        *resizing.__all__,
        *sampling.__all__,
    ]
