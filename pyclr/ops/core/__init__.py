"""Tensors from values and back, parts of tensors, and control flow (Keras' `keras.ops.core`)."""

from .conversion import cast as cast
from .conversion import convert_to_numpy as convert_to_numpy
from .conversion import convert_to_tensor as convert_to_tensor
from .conversion import dtype as dtype
from .conversion import is_tensor as is_tensor
from .conversion import saturate_cast as saturate_cast
from .conversion import shape as shape
from .conversion import stop_gradient as stop_gradient
