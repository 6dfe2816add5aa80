"""GradientTape: gradients of what ran while the tape was open (TensorFlow's `tf.GradientTape`)."""

from __future__ import annotations

from . import _core
from .ops.core import convert_to_tensor
from .utils import tree
from .variables import Variable


class GradientTape:
    """Records computations for automatic differentiation.

    Trainable variables are watched by themselves; other tensors by `watch`.

    Args:
        persistent: Boolean, whether `gradient` may be called more than once.
        watch_accessed_variables: Boolean, whether trainable variables are watched by themselves.

    Example:

    ```python
    x = pyclr.Variable(3.0)
    with pyclr.GradientTape() as tape:
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0
    ```
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._tape = _core.Tape(follow_variables=watch_accessed_variables)
        self._persistent = persistent
        self._used = False

    def __enter__(self):
        self._tape.start()
        return self

    def __exit__(self, *exception):
        self._tape.stop()

    def watch(self, tensor):
        """Watches tensors or variables (nested structures too)."""
        for item in tree.flatten(tensor):
            self._tape.watch(item.value if isinstance(item, Variable) else item)

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
        if self._used and not self._persistent:
            raise RuntimeError(
                "A GradientTape gives gradients once, unless it is made with `persistent=True`."
            )
        self._used = True
        targets = [convert_to_tensor(t) for t in tree.flatten(target)]
        tensors = [s.value if isinstance(s, Variable) else s for s in tree.flatten(sources)]
        seeds = [] if output_gradients is None else tree.flatten(output_gradients)
        gradients = self._tape.gradient(targets, tensors, [convert_to_tensor(s) for s in seeds])
        if unconnected_gradients == "zero":
            gradients = [
                _core.ops.full(shape=t.shape, dtype=t.dtype) if g is None else g
                for g, t in zip(gradients, tensors)
            ]
        if not self._persistent:
            self._tape = None
        return tree.pack_like(sources, gradients)
