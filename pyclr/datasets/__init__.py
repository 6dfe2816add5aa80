"""Data sets, each a module with a `load_data()`.

All but `digits`, which comes with pyclr, are read from `$PYCLR_DATASETS`, `~/.keras/datasets` or
`~/.pyclr/datasets`, else downloaded into the latter, and checked against their known hash.
"""

from . import boston_housing as boston_housing
from . import california_housing as california_housing
from . import cifar10 as cifar10
from . import cifar100 as cifar100
from . import digits as digits
from . import fashion_mnist as fashion_mnist
from . import imdb as imdb
from . import mnist as mnist
from . import reuters as reuters
