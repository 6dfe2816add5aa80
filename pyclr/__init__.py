"""pyclr: train and run neural networks on CPUs with the Keras API."""

import sys as _sys
from contextlib import suppress as _suppress

try:
    from . import _core as _core
except ImportError:
    # These are the files of a checkout (`python -m pyclr.demo` finds them there); the compiled
    # parts are with the installed package, further down the path.
    from pkgutil import extend_path

    __path__ = extend_path(__path__, __name__)
    try:
        from . import _core as _core
    except ImportError as error:
        raise ImportError(
            "pyclr's compiled engine was not found. Install it: `pip install .` in the checkout."
        ) from error

from . import _tensor as _tensor
from . import activations as activations
from . import backend as backend
from . import callbacks as callbacks
from . import config as config
from . import constraints as constraints
from . import data as data
from . import datasets as datasets
from . import dtype_policies as dtype_policies
from . import initializers as initializers
from . import layers as layers
from . import losses as losses
from . import metrics as metrics
from . import models as models
from . import ops as ops
from . import optimizers as optimizers
from . import preprocessing as preprocessing
from . import random as random
from . import regularizers as regularizers
from . import saving as saving
from . import tree as tree
from . import utils as utils
from . import wrappers as wrappers
from ._core import Tensor as Tensor
from .backend import device as device
from .backend import name_scope as name_scope
from .dtype_policies import DTypePolicy as DTypePolicy
from .dtype_policies import FloatDTypePolicy as FloatDTypePolicy
from .gradient_tape import GradientTape as GradientTape
from .initializers import Initializer as Initializer
from .keras_tensor import KerasTensor as KerasTensor
from .layers import Input as Input
from .layers import InputSpec as InputSpec
from .layers import Layer as Layer
from .losses import Loss as Loss
from .metrics import Metric as Metric
from .models import Function as Function
from .models import Model as Model
from .models import Sequential as Sequential
from .optimizers import Optimizer as Optimizer
from .optimizers import schedules as schedules
from .regularizers import Regularizer as Regularizer
from .symbolic import Operation as Operation
from .variables import Variable as Variable

__version__ = "0.1.0"

if "threadpoolctl" in _sys.modules:
    with _suppress(ImportError):  # an old one
        config.register_with_threadpoolctl()


def version():
    """Returns the version of pyclr, a string."""
    return __version__
