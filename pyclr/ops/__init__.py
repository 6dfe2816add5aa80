"""Functions of tensors: Keras' `keras.ops`, eager and differentiable."""

from . import image as image
from . import linalg as linalg
from . import nn as nn
from . import numpy as numpy
from .core.control_flow import *  # noqa: F403
from .core.conversion import *  # noqa: F403
from .core.slices import *  # noqa: F403
from .einops import *  # noqa: F403
from .linalg import *  # noqa: F403
from .math import *  # noqa: F403
from .nn import *  # noqa: F403
from .numpy import *  # noqa: F403


def _make_symbolic():
    """Lets every function here take symbolic tensors; those about shapes and dtypes answer."""
    from types import BuiltinFunctionType, FunctionType

    from ..symbolic import dispatching

    asked_of_tensor = {"shape", "ndim", "size", "is_tensor", "dtype"}
    own = [(globals(), list(globals()))]
    for namespace, names in own + [(vars(m), m.__all__) for m in (image, linalg, nn, numpy)]:
        for name in names:
            function = namespace[name]
            is_function = isinstance(function, (FunctionType, BuiltinFunctionType))
            if is_function and not name.startswith("_") and name not in asked_of_tensor:
                namespace[name] = dispatching(function)


_make_symbolic()
