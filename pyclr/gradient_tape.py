"""GradientTape: gradients of what ran while the tape was open (TensorFlow's `tf.GradientTape`)."""

from __future__ import annotations

import contextlib

from . import _core, tree
from .ops.core import convert_to_tensor
from .ops.numpy.shaping import stack
from .variables import Variable


class GradientTape:
    """Records computations for automatic differentiation.

    Trainable variables are watched by themselves; other tensors by `watch`. Tapes may be nested:
    an outer one sees the gradients that an inner one computes, for second derivatives.

    Args:
        persistent: Boolean, whether gradients may be asked for more than once.
        watch_accessed_variables: Boolean, whether trainable variables are watched by themselves.

    Example:

    ```python
    x = pyclr.Variable(3.0)
    with pyclr.GradientTape() as outer:
        with pyclr.GradientTape() as tape:
            y = x * x * x
        slope = tape.gradient(y, x)
    assert float(slope) == 27.0
    assert float(outer.gradient(slope, x)) == 18.0
    ```
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._follow = watch_accessed_variables
        self._persistent = persistent
        self._tape = self._new_tape()
        self._open = self._used = False

    def _new_tape(self):
        return _core.Tape(follow_variables=self._follow)

    def __enter__(self):
        if self._open:
            raise ValueError("The tape is recording already.")
        if self._tape is None:  # it was used: what follows is recorded anew
            self._tape, self._used = self._new_tape(), False
        self._tape.start()
        self._open = True
        return self

    def __exit__(self, *exception):
        self._open = False
        if self._tape is not None:
            self._tape.stop()

    def watch(self, tensor):
        """Watches tensors or variables (nested structures too)."""
        for item in tree.flatten(tensor):
            self._tape.watch(item.value if isinstance(item, Variable) else item)

    def watched_variables(self):
        """Returns the trainable variables that were used, as a tuple in the order of their use."""
        found = (getattr(tensor, "_variable", None) for tensor in self._tape.variables())
        return tuple(variable() for variable in found if variable is not None)

    def reset(self):
        """Forgets what was recorded and watched."""
        self._tape.stop()
        self._tape, self._used = self._new_tape(), False
        if self._open:
            self._tape.start()

    @contextlib.contextmanager
    def stop_recording(self):
        """Within this context the tape does not record."""
        if not self._open:
            raise ValueError("The tape is not recording.")
        self._tape.stop()
        try:
            yield
        finally:
            self._tape.start()

    def _use(self):
        if self._used and not self._persistent:
            raise RuntimeError(
                "A GradientTape gives gradients once, unless it is made with `persistent=True`."
            )
        self._used = True

    def _finish(self):
        if not self._persistent:
            self._tape.stop()
            self._tape = None

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """Returns the gradient of the sum of `target` with respect to each source.

        Args:
            target: Floating point tensor, or a nested structure of them.
            sources: Tensor or variable, or a nested structure of them.
            output_gradients: Optional tensors, one for each target, that weigh its elements.
            unconnected_gradients: `"none"` (then `None` stands for a source that the target does
                not depend on) or `"zero"`.

        Returns:
            The gradients, in the structure of `sources`.

        Raises:
            RuntimeError: if a tape that is not persistent is used twice.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                "Argument `unconnected_gradients` must be 'none' or 'zero'. "
                f"Received: unconnected_gradients={unconnected_gradients!r}"
            )
        self._use()
        targets = [convert_to_tensor(t) for t in tree.flatten(target)]
        tensors = _tensors(sources)
        seeds = [] if output_gradients is None else tree.flatten(output_gradients)
        seeds = [None if s is None else convert_to_tensor(s) for s in seeds]
        gradients = self._tape.gradient(targets, tensors, seeds)
        if unconnected_gradients == "zero":
            gradients = [_or_zeros(g, t.shape, t.dtype) for g, t in zip(gradients, tensors)]
        self._finish()
        return tree.pack_like(sources, gradients)

    def jacobian(self, target, sources, unconnected_gradients="none"):
        """Returns the derivative of each element of `target` with respect to each of the sources.

        One backward pass is made for each element of the target.

        Args:
            target: Floating point tensor.
            sources: Tensor or variable, or a nested structure of them.
            unconnected_gradients: `"none"` or `"zero"`.

        Returns:
            Tensors of the shape `target.shape + source.shape`, in the structure of `sources`.
        """
        self._use()
        target, tensors = convert_to_tensor(target), _tensors(sources)
        units = _core.ops.reshape(
            _unit_vectors(target.size, target.dtype), shape=[target.size, *target.shape]
        )
        rows = [self._tape.gradient([target], tensors, [units[i]]) for i in range(target.size)]
        self._finish()
        jacobians = []
        for source, column in zip(tensors, zip(*rows)):
            if column[0] is None and unconnected_gradients == "none":
                jacobians.append(None)
                continue
            whole = stack([_or_zeros(g, source.shape, source.dtype) for g in column])
            shape = [*target.shape, *source.shape]
            jacobians.append(_core.ops.reshape(whole, shape=shape))
        return tree.pack_like(sources, jacobians)

    def batch_jacobian(self, target, source, unconnected_gradients="none"):
        """Returns the derivative of each sample of `target` with respect to the same sample of
        `source`, of which alone it must depend.

        Args:
            target: Floating point tensor `(batch, ...)`.
            source: Tensor or variable `(batch, ...)`.
            unconnected_gradients: `"none"` or `"zero"`.

        Returns:
            Tensor `(batch, *target.shape[1:], *source.shape[1:])`.
        """
        target, (tensor,) = convert_to_tensor(target), _tensors(source)
        if target.shape[:1] != tensor.shape[:1] or not target.shape:
            raise ValueError(
                "`target` and `source` must have one batch. "
                f"Received: target.shape={target.shape}, source.shape={tensor.shape}"
            )
        self._use()
        batch = target.shape[0]
        per_sample = target.size // max(batch, 1)
        units = _unit_vectors(per_sample, target.dtype)
        columns = []
        for i in range(per_sample):
            unit = _core.ops.reshape(units[i], shape=[1, *target.shape[1:]])
            seed = _core.ops.broadcast_to(unit, shape=target.shape)
            columns += self._tape.gradient([target], [tensor], [seed])
        self._finish()
        if columns[0] is None and unconnected_gradients == "none":
            return None
        columns = [_or_zeros(g, tensor.shape, tensor.dtype) for g in columns]
        return _core.ops.reshape(
            stack(columns, 1), shape=[batch, *target.shape[1:], *tensor.shape[1:]]
        )


def _tensors(sources):
    return [s.value if isinstance(s, Variable) else s for s in tree.flatten(sources)]


def _or_zeros(gradient, shape, dtype):
    return _core.ops.full(shape=shape, dtype=dtype) if gradient is None else gradient


def _unit_vectors(count, dtype):
    import numpy as np

    return _core.tensor(np.eye(count), dtype)
