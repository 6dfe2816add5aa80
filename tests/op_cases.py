"""Every op's cases: what the tests of values, gradients and replays and the benchmark read."""

import pyclr._core as core
from cases import conv, linear, losses, normalize, pointwise, pool, random, reduce, shape, update

MODULES = (pointwise, shape, reduce, linear, conv, pool, losses, normalize, random, update)
CASES = [case for module in MODULES for case in module.CASES]
# What this build of the engine has.
CASES = [case for case in CASES if case.op in core.op_names()]
# Ops without a case of their own, and the test that covers them.
COVERED: dict[str, str] = {}
