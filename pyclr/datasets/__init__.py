"""Data sets, each a module with a `load_data()`.

All but `digits`, which comes with pyclr, are read from `$PYCLR_DATASETS`, `~/.keras/datasets` or
`~/.pyclr/datasets`, else downloaded into the latter, and checked against their known hash.
"""

from .._lazy import attach as _attach

__getattr__, __dir__ = _attach(
    __name__,
    dict.fromkeys(
        (
            ".boston_housing", ".california_housing", ".cifar10", ".cifar100", ".digits",
            ".fashion_mnist", ".imdb", ".mnist", ".reuters",
        ),
        "",
    ),
)  # fmt: skip
