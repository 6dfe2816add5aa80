"""pyclr: train and run neural networks on CPUs with the Keras API."""

from . import _tensor as _tensor
from ._core import Tensor as Tensor
from .variables import Variable as Variable

__version__ = "0.1.0"
