"""Functions of tensors under NumPy's names (Keras' `keras.ops.numpy`).

Arguments may be tensors, variables, arrays and numbers; results are tensors. Everything with a
float result is differentiable. NumPy's functions, called on tensors, lead here.
"""

from typing import TYPE_CHECKING

from . import (
    binary,
    creation,
    determinant,
    elementwise,
    indexing,
    products,
    reduction,
    sequence,
    shaping,
    vectorization,
)
from .binary import *  # noqa: F403
from .creation import *  # noqa: F403
from .determinant import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .indexing import *  # noqa: F403
from .products import *  # noqa: F403
from .reduction import *  # noqa: F403
from .sequence import *  # noqa: F403
from .shaping import *  # noqa: F403
from .vectorization import *  # noqa: F403

if not TYPE_CHECKING:  # type checkers can not read it: to them all is public
    __all__ = [
        *binary.__all__,
        *creation.__all__,
        *determinant.__all__,
        *elementwise.__all__,
        *indexing.__all__,
        *products.__all__,
        *reduction.__all__,
        *sequence.__all__,
        *shaping.__all__,
        *vectorization.__all__,
    ]
