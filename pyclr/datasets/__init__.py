"""Data sets, each a module with a `load_data()`."""

from . import digits as digits
from . import fashion_mnist as fashion_mnist
