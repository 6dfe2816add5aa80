"""Functions of tensors: Keras' `keras.ops`, eager and differentiable."""

from .core import *  # noqa: F403
from .nn import *  # noqa: F403
from .numpy import *  # noqa: F403
