"""SwapEMAWeights: evaluates and predicts with averaged weights."""

from __future__ import annotations

from . import _rates
from .callback import Callback


class SwapEMAWeights(Callback):
    """Exchanges the weights with the optimizer's moving averages of them, for a time.

    The averages are those of an optimizer with `use_ema=True` (Polyak & Juditsky, 1992). Evaluation
    (validation too) and prediction then use them; before training goes on, the weights are back,
    and so they are when an error ends it.

    Args:
        swap_on_epoch: Boolean, whether the averages also stand in the model from the end of an
            epoch to the beginning of the next, so that callbacks that come later in the list, such
            as `ModelCheckpoint`, see them.

    Raises:
        ValueError: if the optimizer keeps no averages.

    Example:

    ```python
    model.compile(pyclr.optimizers.SGD(use_ema=True), "mse")
    swap = pyclr.callbacks.SwapEMAWeights(swap_on_epoch=True)
    best = pyclr.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    model.fit(x, y, validation_split=0.2, callbacks=[swap, best])
    ```
    """

    _state = ("_swapped",)

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False
        self._averages = None  # while they stand in the model between epochs

    def _check_run(self):
        self._pairs()

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(True)
            self._averages = [variable.numpy() for variable, _ in self._pairs()]

    def on_train_end(self, logs=None):
        if self._run_error is not None:
            self._swap(False)
        elif self._swapped and self._averages is not None:
            # The end of `fit` has put what the optimizer held, the weights, in their place.
            for pair, value in zip(self._pairs(), self._averages):
                for variable in pair:
                    variable.assign(value)
        self._swapped, self._averages = False, None

    def on_test_begin(self, logs=None):
        self._swap(True)

    def on_test_end(self, logs=None):
        self._swap(False)

    def on_predict_begin(self, logs=None):
        self._swap(True)

    def on_predict_end(self, logs=None):
        self._swap(False)

    def _swap(self, averaged):
        """Makes the model hold the averages, or the weights."""
        pairs = self._pairs()
        # Before the first update there are no averages yet.
        if averaged == self._swapped or _rates.steps_done(self.model.optimizer) == 0:
            return
        for variable, average in pairs:
            value = variable.numpy()
            variable.assign(average)
            average.assign(value)
        self._swapped = averaged

    def _pairs(self):
        optimizer = _rates.innermost(self.model.optimizer)
        if not optimizer.use_ema:
            raise ValueError(
                "SwapEMAWeights needs an optimizer that keeps moving averages of the weights: make "
                f"it with `use_ema=True`. Received: {optimizer!r}"
            )
        return list(zip(optimizer._variables, optimizer._averages))
