"""Case: what a test or a benchmark has to know about an op."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pyclr import _core as core

FLOATS = ("float32", "float64")
INTEGERS = ("int32", "int64")


def bound_ulps(count):
    """Error of a function of each element: `count` units in the last place."""
    return lambda inputs, expected: count * np.abs(expected)


def bound_absolute(count):
    """The same for functions that subtract numbers near 1: small results keep their error."""
    return lambda inputs, expected: count * (1 + np.abs(expected))


def bound_sum(terms, *operands):
    """A sum of `terms` products of the given inputs: (k + 1) times the largest product."""

    def bound(inputs, expected):
        largest = [np.abs(inputs[i]).max(initial=0) for i in operands or (0,)]
        return (terms(inputs) + 1) * np.prod(largest)

    return bound


EXACT = bound_ulps(0)


@dataclass(frozen=True)
class Bench:
    """What to measure: `inputs(rng, dtype)` as in Case, and the work in flops; 0 for an op whose
    work is to read its inputs and write its outputs once."""

    inputs: Callable
    flops: float = 0


def call_op(case, tensors, attrs):
    """The outputs of the op as a list."""
    result = getattr(core.ops, case.op)(*tensors, **attrs)
    if result is None:
        return []
    return list(result) if isinstance(result, tuple) else [result]


@dataclass(frozen=True)
class Case:
    """One op under test.

    `inputs(rng, n, dtype)` makes NumPy arrays with `n` elements in the axis that vectors run along
    (`n` = 0 must work unless `sizes` says otherwise): a list, or a list and the attributes that
    depend on it, besides `attrs`. `reference(*inputs, **attrs)` is the value by
    NumPy, floating point inputs given in float64: an array, or a tuple of the outputs followed by
    the new values of the inputs that the op `writes`. `bound(inputs, expected)` is the error
    allowed, in units of the dtype's eps; `reference_error` is NumPy's own, in units of float64's
    eps, where it is more than rounding. `gradient` names the inputs to differentiate by, through
    the outputs `targets`. A case of a gradient op has a `run` that asks a tape for it.
    """

    op: str
    inputs: Callable
    reference: Callable
    bound: Callable = EXACT
    reference_error: Callable | None = None
    attrs: dict = field(default_factory=dict)
    gradient: Sequence[int] = ()
    targets: Sequence[int] = (0,)
    writes: Sequence[int] = ()
    dtypes: Sequence[str] = FLOATS
    result: str | None = None  # dtype of the first output; default: the one under test
    sizes: Sequence[int] | None = None  # default: every tail of the widest vectors
    bench: Bench | None = None
    run: Callable = call_op
    label: str = ""

    def __str__(self):
        return f"{self.op}-{self.label}" if self.label else self.op

    def make(self, rng, n, dtype):
        """Inputs and attributes."""
        return self.with_attrs(self.inputs(rng, n, dtype))

    def make_bench(self, rng, dtype):
        return self.with_attrs(self.bench.inputs(rng, dtype))

    def with_attrs(self, made):
        arrays, attrs = made if isinstance(made, tuple) else (made, {})
        return arrays, self.attrs | attrs

    def expected(self, arrays, attrs):
        """The reference's outputs and written inputs, as a list."""
        wide = [a.astype("float64") if a.dtype == "float32" else a for a in arrays]
        with np.errstate(all="ignore"):
            result = self.reference(*wide, **attrs)
        return list(result) if isinstance(result, tuple) else [result]

    def outputs(self, tensors, attrs):
        """The op's outputs and written inputs, as tensors."""
        return [*self.run(self, tensors, attrs), *(tensors[i] for i in self.writes)]

    def allowed(self, arrays, expected, dtype):
        """The error allowed for each element of one output."""
        if np.dtype(dtype).kind != "f":
            return 0.0
        wide = [np.asarray(a, "float64") for a in arrays]
        eps = np.finfo("float64").eps
        with np.errstate(all="ignore"):
            bound = self.bound(wide, expected)
            own = bound + (self.reference_error(wide, expected) if self.reference_error else 0)
        # A denormal result may count as zero.
        return np.finfo(dtype).eps * bound + eps * own + np.finfo(dtype).tiny


def tensors(arrays):
    return [core.tensor(a, a.dtype) for a in arrays]


def tape_gradient(parent, wrt, count=1):
    """A `run` for a gradient op: inputs are the seeds of the first `count` outputs of `parent`,
    then its inputs; outputs are the gradients for the inputs `wrt`."""

    def run(case, tensors, attrs):
        seeds, sources = tensors[:count], tensors[count:]
        tape = core.Tape()
        for i in wrt:
            tape.watch(sources[i])
        tape.start()
        outputs = getattr(core.ops, parent)(*sources, **attrs)
        tape.stop()
        outputs = list(outputs[:count]) if isinstance(outputs, tuple) else [outputs]
        return tape.gradient(outputs, [sources[i] for i in wrt], seeds)

    return run


def normal(rng, shape, dtype, scale=1.0):
    """Normal deviates; small integers or booleans for such dtypes."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if kind in "iu":
        return np.asarray(rng.integers(0 if kind == "u" else -9, 10, shape), dtype)
    return np.asarray(scale * rng.standard_normal(shape), dtype)


def uniform(rng, shape, dtype, low, high):
    return np.asarray(rng.uniform(low, high, shape), dtype)


def away_from(values, kinks, margin=0.05):
    """Moves values that lie close to a kink: differences across it would mean nothing."""
    moved = values
    for kink in kinks:
        near = np.abs(moved - kink) < margin
        moved = np.where(near, kink + np.where(moved < kink, -margin, margin), moved)
    return moved.astype(values.dtype)


def differences(function, x, step=2.0**-10):
    """df/dx of a function of each element by four points; error of order step^4."""
    near = function(x + step) - function(x - step)
    far = function(x + 2 * step) - function(x - 2 * step)
    return (8 * near - far) / (12 * step)
