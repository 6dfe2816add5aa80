"""The base class of metrics."""

from __future__ import annotations

from contextlib import contextmanager

from .. import _core, config, dtype_policies, initializers, ops, tree
from .._lookup import to_snake_case
from ..layers.layer_state import leaves_of
from ..naming import unique_name
from ..variables import Variable


class Metric:
    """Base class of metrics: numbers accumulated over batches.

    A subclass makes its state with `add_weight`, adds a batch to it in `update_state`, and computes
    the metric from it in `result`. Variables and metrics set as attributes, also in lists, tuples
    and dictionaries, are part of the state. In a training step that is to replay, both methods use
    tensors only: `pyclr.ops` or NumPy functions, and no `float(tensor)`.

    Args:
        dtype: String, the dtype of the state. Defaults to `floatx()`.
        name: String. Defaults to the class name in snake case, numbered from the second one on.

    Attributes:
        variables: List of `Variable`, the state: its own, then that of the metrics it holds.

    Example:

    ```python
    class LargestError(pyclr.metrics.Metric):
        def __init__(self, name="largest_error"):
            super().__init__(name=name)
            self.largest = self.add_weight(name="largest", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = pyclr.ops.max(pyclr.ops.abs(y_true - y_pred))
            self.largest.assign(pyclr.ops.maximum(self.largest, error))

        def result(self):
            return self.largest
    ```
    """

    def __init__(self, dtype=None, name=None):
        object.__setattr__(self, "_own_variables", [])  # (variable, initial value)
        self.name = name or unique_name(to_snake_case(type(self).__name__))
        self._dtype = dtype_policies.get(dtype or config.floatx()).name

    @property
    def dtype(self):
        return self._dtype

    # --- State --------------------------------------------------------------------------------

    def __setattr__(self, name, value):
        if isinstance(value, Variable):
            self._track(value)
        object.__setattr__(self, name, value)

    def _check_initialized(self):
        if "_own_variables" not in vars(self):
            raise RuntimeError(
                f"The metric '{type(self).__name__}' makes state before it is one: call "
                "`super().__init__()` at the start of its `__init__()`."
            )

    def _track(self, variable):
        self._check_initialized()
        if all(variable is not other for other, _ in self._own_variables):
            self._own_variables.append((variable, variable.numpy()))

    def add_variable(
        self,
        shape=(),
        initializer="zeros",
        dtype=None,
        aggregation="sum",
        synchronization=None,
        name=None,
    ):
        """Makes a state variable.

        Args:
            shape: Tuple of integers.
            initializer: Initializer or its name; `reset_state` brings its value back. Defaults to
                `"zeros"`.
            dtype: String, also an integer or boolean dtype. Defaults to the metric's.
            aggregation, synchronization: For training on several devices in Keras; not used.
            name: String.

        Returns:
            A `Variable`.
        """
        self._check_initialized()
        variable = Variable(
            initializers.get("zeros" if initializer is None else initializer),
            shape=(shape,) if isinstance(shape, int) else tuple(shape),
            dtype=self.dtype if dtype is None else dtype_policies.get(dtype).name,
            trainable=False,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._track(variable)
        return variable

    def add_weight(self, *args, **kwargs):
        """Makes a state variable: `add_weight(shape, initializer, dtype, name)`, see
        `add_variable`. As in tf.keras 2, the name may come first: `add_weight("total")`."""
        name_first = bool(args) and isinstance(args[0], str)
        order = ("name", "shape") if name_first else ("shape", "initializer", "dtype", "name")
        if len(args) > len(order) or kwargs.keys() & set(order[: len(args)]):
            raise TypeError(
                "add_weight() takes the arguments shape, initializer, dtype and name, each once. "
                f"Received: args={args}, kwargs={kwargs}"
            )
        return self.add_variable(**dict(zip(order, args)), **kwargs)

    def _held_metrics(self):
        held = []
        for value in vars(self).values():
            for leaf in leaves_of(value):
                if isinstance(leaf, Metric) and all(leaf is not other for other in held):
                    held.append(leaf)
        return held

    @property
    def variables(self):
        own = [variable for variable, _ in self._own_variables]
        return own + [v for metric in self._held_metrics() for v in metric.variables]

    def reset_state(self):
        """Puts the state back to its initial values."""
        for variable, initial in self._own_variables:
            variable.assign(initial)
        for metric in self._held_metrics():
            metric.reset_state()

    # --- The metric ---------------------------------------------------------------------------

    def update_state(self, *args, **kwargs):
        """Adds a batch to the state."""
        raise NotImplementedError(f"Metric '{type(self).__name__}' must implement `update_state`.")

    def result(self):
        """Returns the metric: a scalar tensor, or a dictionary of them."""
        raise NotImplementedError(f"Metric '{type(self).__name__}' must implement `result`.")

    def __call__(self, *args, **kwargs):
        self.update_state(*args, **kwargs)
        result = self.result()
        if _core.is_tensor(result):
            result._metric_obj = self  # for `add_metric` of what a metric returned
        return result

    # --- The metric as functions of its state -------------------------------------------------

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """Returns the state after a batch, and leaves the metric's own as it is.

        Args:
            metric_variables: List of tensors, the state before: one for each of `variables`.
            *args, **kwargs: As for `update_state`.
        """
        with self._state(metric_variables):
            self.update_state(*args, **kwargs)
            return [ops.copy(variable) for variable in self.variables]

    def stateless_result(self, metric_variables):
        """Returns the metric for a state, a list of tensors."""
        with self._state(metric_variables):
            return tree.map_structure(ops.copy, self.result())

    def stateless_reset_state(self):
        """Returns the initial state, a list of tensors."""
        with self._state(self.variables):
            self.reset_state()
            return [ops.copy(variable) for variable in self.variables]

    @contextmanager
    def _state(self, values):
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"Argument `metric_variables` must hold one tensor for each of the "
                f"{len(variables)} variables of {type(self).__name__}. "
                f"Received: a list of {len(values)}"
            )
        saved = [ops.copy(variable) for variable in variables]
        for variable, value in zip(variables, values):
            variable.assign(value)
        try:
            yield
        finally:
            for variable, value in zip(variables, saved):
                variable.assign(value)

    # --- Saving -------------------------------------------------------------------------------

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Returns a metric made from a `get_config()` dictionary."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
