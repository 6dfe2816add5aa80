"""The state of a model - weights, optimizer, random numbers - and the file's places for it.

Keras finds what has a state by walking over the attributes of models and layers, in alphabetical
order, and names the places in a file by the way it went: `layers/dense_1`, `encoder/hidden`,
`blocks/conv2d`. The walk here is the same, so files fit both ways.
"""

from __future__ import annotations

import functools
from collections import Counter

import numpy as np

from .. import _lookup
from .._warn import warn
from ..layers.layer import Layer
from ..models import Model, Sequential
from ..optimizers import Optimizer
from ..random.seed_generator import SeedGenerator

_STATEFUL = (Layer, Optimizer, SeedGenerator)
_CONTAINERS = (list, tuple, dict)

# Attributes in files that Keras does not have. Of the model: the state of the order of batches,
# (seed, epochs). Of the optimizer: its class, as several have slots of the same number and shapes.
_ORDER, _KIND = "pyclr_order", "pyclr_class"

# Places that Keras' files may have and no object of ours reads.
_IGNORED = {"metrics", "optimizer"}


def walk(obj, path="", seen=None):
    """Yields `(place in the file, object)` for a model and everything in it that has a state."""
    seen = {} if seen is None else seen
    if id(obj) in seen:
        return
    seen[id(obj)] = obj  # kept, so that no other object gets its id
    if isinstance(obj, _STATEFUL):
        yield path, obj
    for name, child in _children(obj):
        yield from walk(child, f"{path}/{name}".lstrip("/"), seen)


def _children(obj):
    if isinstance(obj, _CONTAINERS):
        yield from _items(obj.values() if isinstance(obj, dict) else obj)
        return
    if not isinstance(obj, Layer):
        return
    if getattr(obj, "_graph", None) is not None or isinstance(obj, Sequential):
        yield "layers", obj.layers
    names = set(dir(obj)) - _own_names(_base(type(obj)))
    for name in sorted(names, key=lambda name: (name.startswith("_"), name)):
        if name.startswith("__"):
            continue
        try:
            child = getattr(obj, name)
        except Exception:  # a property of the user's, not ready: it holds nothing to save
            continue
        if isinstance(child, _STATEFUL + _CONTAINERS):
            yield name, child


def _items(container):
    counts = Counter()
    for item in container:
        if isinstance(item, _STATEFUL):
            cls = type(item)
            name = _lookup.to_snake_case(getattr(cls, "_saved_class", cls.__name__))
        elif isinstance(item, _CONTAINERS):
            name = "container"
        else:
            continue
        yield f"{name}_{counts[name]}" if counts[name] else name, item
        counts[name] += 1


def _base(cls):
    return next(base for base in cls.__mro__ if base in (Sequential, Model, Layer))


@functools.cache
def _own_names(base):
    """The attributes that every layer or model has; two of them lead to what has a state."""
    return frozenset(dir(base(name="any"))) - {"layers", "optimizer"}


def save_state(model, writer, include_optimizer=True):
    """Writes the state of a model to an `H5Writer`."""
    for path, obj in walk(model):
        if isinstance(obj, Optimizer) and not include_optimizer:
            continue
        attributes = {"name": obj.name}
        if obj is model:
            attributes[_ORDER] = [model._order_seed, model._epochs_begun]
        if isinstance(obj, Optimizer):
            attributes[_KIND] = np.bytes_(type(obj).__name__)
        arrays = writer.make(path, attributes)
        if isinstance(obj, SeedGenerator):
            arrays["0"] = obj.state
        else:
            obj.save_own_variables(arrays)


def load_state(model, reader, weights_only=False, skip_mismatch=False):
    """Sets the state of a model from an `H5Reader`: all of it or, if anything is wrong, nothing.

    Args:
        model: A built model.
        reader: `H5Reader`.
        weights_only: Boolean. Then random numbers go on as they were, and the optimizer takes its
            state from the file only if it fits, as in Keras' `load_weights`.
        skip_mismatch: Boolean, whether layers that do not fit are left as they were, with a
            warning.

    Raises:
        ValueError: if the file does not fit the model. It names the layers, what they expect and
            what the file has.
    """
    if model.optimizer is not None and not model.optimizer.built and reader.get("optimizer"):
        model.optimizer.build(model.trainable_variables)
    objects = list(walk(model))
    undo = [(v, v.numpy()) for _, obj in objects for v in _own_variables(obj)]
    factors = [(obj, obj.rate_factor) for _, obj in objects if isinstance(obj, Optimizer)]
    try:
        notes, mistakes = [], []
        for path, obj in objects:
            what = _load_one(path, obj, reader.get(path), weights_only)
            may_differ = weights_only and isinstance(obj, Optimizer)
            (notes if may_differ or skip_mismatch else mistakes).extend(what)
        extra = [path for path in reader.unread() if not _IGNORED.intersection(path.split("/"))]
        (notes if skip_mismatch else mistakes).extend(
            f"{path}: the model has no such layer" for path in extra
        )
        if mistakes:
            raise ValueError(
                f"The weights in the file do not fit the model '{model.name}', which is left as it "
                f"was:{_listed(mistakes)}"
            )
        if not weights_only:
            _load_order(model, reader.get("").attribute(_ORDER))
    except BaseException:
        for variable, value in undo:
            variable.assign(value)
        for optimizer, factor in factors:
            optimizer.rate_factor = factor
        raise
    if notes:
        warn(f"The weights were loaded into the model '{model.name}', without:{_listed(notes)}")


def _load_one(path, obj, arrays, weights_only):
    """Loads one object, or leaves it as it was; returns what is wrong as a list of strings."""
    variables = _own_variables(obj)
    before = [variable.numpy() for variable in variables]
    try:
        if isinstance(obj, SeedGenerator):
            if "0" in arrays and not weights_only:  # Keras does not save it
                obj.state.assign(arrays["0"])
        elif isinstance(obj, Optimizer) and weights_only:
            if arrays:
                _check_kind(obj, arrays.attribute(_KIND))
                obj.load_own_variables(arrays)
        else:
            obj.load_own_variables(arrays)
    except Exception as error:  # also what a user's method or a damaged file may raise
        for variable, value in zip(variables, before):
            variable.assign(value)
        return [f"{path or 'the model'}: {error}"]
    return []


def _check_kind(optimizer, kind):
    """Raises a ValueError if the state is that of another optimizer."""
    name = type(optimizer).__name__
    if kind is not None and kind != np.bytes_(name):
        raise ValueError(
            f"the state is that of {kind.decode()}, and the model is compiled with {name}."
        )


def _listed(lines):
    more = f"\n  ... and {len(lines) - 10} more" if len(lines) > 10 else ""
    return "".join(f"\n  {line}" for line in lines[:10]) + more


def _load_order(model, order):
    if order is not None:
        seed, epochs = (int(number) for number in order)
        object.__setattr__(model, "_order_seed", seed)
        object.__setattr__(model, "_epochs_begun", epochs)


def _own_variables(obj):
    if isinstance(obj, SeedGenerator):
        return [obj.state]
    return obj.variables if isinstance(obj, Optimizer) else obj._variables
