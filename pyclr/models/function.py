"""Function: what a graph of layers and functions computes, without being a layer."""

from __future__ import annotations

from .. import tree
from ..symbolic import Operation
from .functional import standardized
from .graph import Graph


class Function(Operation):
    """The computation of symbolic outputs from symbolic inputs.

    Other than a `Model` it has no weights of its own, is not trained and not saved.

    Args:
        inputs: `KerasTensor`, or a list, tuple or dictionary of them.
        outputs: `KerasTensor` computed from the inputs, or a structure of them.
        name: String.

    Raises:
        ValueError: if the outputs can not be computed from the inputs.

    Example:

    ```python
    x = pyclr.KerasTensor((None, 3))
    double = pyclr.Function(x, 2 * x)
    assert double(np.ones((1, 3))).numpy().tolist() == [[2, 2, 2]]
    ```
    """

    def __init__(self, inputs, outputs, name=None):
        super().__init__(name)
        self._computation = Graph(inputs, outputs)

    def call(self, inputs):
        value_of = self._computation.run(standardized(self._computation, inputs))
        return tree.map_structure(value_of, self._computation.outputs)

    @property
    def inputs(self):
        """The symbolic inputs, a flat list."""
        return list(self._computation.flat_inputs)

    @property
    def outputs(self):
        """The symbolic outputs, a flat list."""
        return tree.flatten(self._computation.outputs)

    @property
    def operations(self):
        """The layers and functions, in the order of the graph."""
        return self._computation.operations
