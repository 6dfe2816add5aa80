"""Host ops: NumPy functions as functions of tensors that are differentiable and replay."""

from __future__ import annotations

import functools

import numpy as np

from .. import _core
from .core import convert_to_tensor

# Sets of parameters, and of input shapes, that one function remembers.
_REMEMBERED = 512


def host_op(function, vjp=None, specs=None):
    """Returns a function of tensors that computes a NumPy function.

    The tensors are positional; parameters - hashable Python values - come by keyword. Each set of
    parameters has one host function, made at its first use, so that steps replay.

    Args:
        function: `function(*arrays, **parameters)` returns an array or a tuple of arrays.
        vjp: Optional `vjp(inputs, outputs, gradients, **parameters)`: takes lists of tensors (the
            gradient of an output that nothing depends on is `None`) and returns a gradient or
            `None` for each input, written with ops.
        specs: Optional `specs(*shapes, **parameters)` that returns the shapes of the outputs; they
            are floating point, as the first input is. By default the function is computed once on
            arrays of ones, which tells shapes and dtypes: floats become float64 when an input is,
            and float32 otherwise; integers int64 when an input is, and int32 otherwise.
    """
    name = function.__name__.strip("_")

    @functools.lru_cache(_REMEMBERED)
    def host_function(parameters):
        run = _quiet(functools.partial(function, **dict(parameters)))
        backward = functools.partial(vjp, **dict(parameters)) if vjp else None
        return _core.HostFunction(run, backward, name)

    @functools.lru_cache(_REMEMBERED)
    def output_specs(parameters, inputs):
        if specs is not None:
            shapes = specs(*(shape for shape, _ in inputs), **dict(parameters))
            return shapes, [inputs[0][1]] * len(shapes)
        ones = [np.ones(shape, dtype) for shape, dtype in inputs]
        result = _quiet(functools.partial(function, **dict(parameters)))(*ones)
        results = [np.asarray(a) for a in (result if isinstance(result, tuple) else (result,))]
        dtypes = [_output_dtype(a.dtype, [dtype for _, dtype in inputs]) for a in results]
        return [a.shape for a in results], dtypes

    def call(*tensors, **parameters):
        tensors = [convert_to_tensor(tensor) for tensor in tensors]
        key = tuple(sorted((name, _hashable(value)) for name, value in parameters.items()))
        shapes, dtypes = output_specs(key, tuple((t.shape, t.dtype) for t in tensors))
        return _core.ops.host(*tensors, function=host_function(key), shapes=shapes, dtypes=dtypes)

    call.__name__ = call.__qualname__ = name
    return call


def _quiet(function):
    """NumPy's warnings of single elements (0 / 0) stay unsaid, as they do in the engine's ops."""

    def run(*arrays):
        with np.errstate(all="ignore"):
            return function(*arrays)

    return run


def _output_dtype(dtype, inputs):
    if dtype.kind == "f":
        return "float64" if "float64" in inputs else "float32"
    if dtype.kind in "iu" and dtype != "uint8":
        return "int64" if "int64" in inputs else "int32"
    return dtype.name


def _hashable(value):
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
