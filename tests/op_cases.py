"""Every op's cases: what the tests of values, gradients and replays and the benchmark read."""

from cases import (
    conv,
    conv_pool,
    linear,
    losses,
    normalize,
    pointwise,
    pool,
    random,
    recurrent,
    reduce,
    shape,
    sparse,
    update,
)

MODULES = (
    pointwise, shape, reduce, linear, conv, conv_pool, pool, losses, normalize, recurrent, random,
    sparse, update,
)  # fmt: skip
CASES = [case for module in MODULES for case in module.CASES]
