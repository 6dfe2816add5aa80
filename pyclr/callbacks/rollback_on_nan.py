"""RollbackOnNaN: goes back to finite weights and on with a lower rate."""

from __future__ import annotations

import numpy as np

from . import _rates
from .callback import Callback
from .terminate_on_nan import invalid_loss


class RollbackOnNaN(Callback):
    """Takes the model back to its last finite state when the loss is NaN or infinite.

    The weights and the optimizer's variables become those of the last epoch's end (or of the
    beginning) at which all of them were finite, the learning rate is multiplied by `factor`, and
    training goes on with the next batch. The metrics of the epoch begin anew. After
    `max_rollbacks` it ends training, in that state.

    Args:
        factor: Number in (0, 1], by which the rate is multiplied. Defaults to 0.5.
        max_rollbacks: Integer, how often. Defaults to 3.
        verbose: Integer, whether each time is said (1). Defaults to 1.

    Attributes:
        rollbacks: Integer, how often it was in this run.

    Raises:
        ValueError: if an argument does not fit.

    Example:

    ```python
    model.fit(x, y, epochs=50, callbacks=[pyclr.callbacks.RollbackOnNaN(factor=0.1)])
    ```
    """

    _sets_rate = True

    def __init__(self, factor=0.5, max_rollbacks=3, verbose=1):
        super().__init__()
        if not 0 < factor <= 1:
            raise ValueError(f"Argument `factor` must be in (0, 1]. Received: factor={factor!r}")
        if max_rollbacks < 0:
            raise ValueError(
                "Argument `max_rollbacks` must not be negative. "
                f"Received: max_rollbacks={max_rollbacks!r}"
            )
        self.factor = factor
        self.max_rollbacks = max_rollbacks
        self.verbose = verbose
        self.rollbacks = 0
        self._values = None

    def on_train_begin(self, logs=None):
        if not self.resumed:
            self.rollbacks = 0
            self._values = None
        if self._values is None:
            self._keep()

    def on_epoch_end(self, epoch, logs=None):
        self._keep()

    def on_batch_end(self, batch, logs=None):
        text = invalid_loss(self.model, batch, logs)
        if text is None:
            return
        if self._values is None:
            print(f"{text} Training is ended: the state was never finite.")
            self.model.stop_training = True
            return
        optimizer = self.model.optimizer
        rate = _rates.rate(optimizer)
        for variable, value in zip(self._variables(), self._values):
            variable.assign(value)
        self.model.reset_metrics()
        if self.rollbacks >= self.max_rollbacks:
            print(f"{text} Training is ended, in the last finite state.")
            self.model.stop_training = True
            return
        self.rollbacks += 1
        if _rates.schedule_of(optimizer) is None:  # it has become that of the state
            _rates.set_rate(optimizer, rate, self)
        _rates.scale_rate(optimizer, self.factor, self)
        if self.verbose > 0:
            rate = _rates.rate(optimizer)
            print(f"{text} Back to the last finite state, with the learning rate {rate:g}.")

    def get_state(self):
        values = self._values or []
        return {"rollbacks": self.rollbacks, **{f"value_{i}": v for i, v in enumerate(values)}}

    def set_state(self, state):
        super().set_state(state)
        self.rollbacks = state["rollbacks"]
        count = sum(name.startswith("value_") for name in state)
        self._values = [state[f"value_{i}"].copy() for i in range(count)] or None

    def _variables(self):
        return self.model.weights + self.model.optimizer.variables

    def _keep(self):
        values = [variable.numpy() for variable in self._variables()]
        if all(np.isfinite(value).all() for value in values):
            self._values = values
