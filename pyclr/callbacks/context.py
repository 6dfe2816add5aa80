"""Context: what callbacks may know of the run they are in."""

from __future__ import annotations

import numpy as np

from .. import tree
from . import _rates


class Context:
    """The data of a run, and the model's predictions for those of validation.

    Callbacks find it as `self.context` in `fit`.

    Args:
        model: The model.
        x, y, sample_weight: What is trained on, as it was given to `fit`.
        validation_data: Tuple `(x, y)` or `(x, y, sample_weight)`, or what else `fit` was given;
            `None` without validation.
        validation_batch_size: Integer or `None`.
        validation_steps: Integer, the batches of training between validations; `None` when these
            come after epochs.

    Example:

    ```python
    class Confusion(pyclr.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            labels = self.context.validation_data[1]
            predicted = self.context.validation_predictions().argmax(-1)
            logs["val_mistaken_0_for_1"] = np.mean((labels == 0) & (predicted == 1))
    ```
    """

    def __init__(
        self, model, x=None, y=None, sample_weight=None, validation_data=None,
        validation_batch_size=None, validation_steps=None,
    ):  # fmt: skip
        self.x, self.y, self.sample_weight = x, y, sample_weight
        self.validation_data = validation_data
        self.validation_steps = validation_steps
        self._model = model
        self._batch_size = validation_batch_size
        self._predictions = None
        self._predicted_at = None  # the optimizer's step
        self._stretch = None

    def new_epoch(self):
        """Forgets the predictions: the weights are about to change."""
        self._predictions = self._stretch = None

    def set_batch(self, stretch):
        """Told the `Stretch` of data that begins with the current batch."""
        self._stretch = stretch

    def batch(self):
        """Returns `(x, y, sample_weight)` of the current batch, of training or validation, in the
        structure of the data with NumPy arrays; `None` for what is absent.

        Raises:
            RuntimeError: outside of batch hooks.
        """
        if self._stretch is None:
            raise RuntimeError("There is a current batch only in the hooks of batches.")
        arrays = iter([np.array(tensor) for tensor in self._stretch.tensors()])
        return tree.map_structure(
            lambda leaf: None if leaf is None else next(arrays), tuple(self._stretch.nest)
        )

    def validation_predictions(self):
        """Returns the model's predictions for all validation data, as `predict` does. They are
        computed once until the next update, at the first call.

        Raises:
            ValueError: if there is no validation.
        """
        if self.validation_data is None:
            raise ValueError(
                "There are no validation predictions: `fit` was given neither `validation_data` "
                "nor `validation_split`."
            )
        step = _rates.steps_done(self._model.optimizer)
        if self._predictions is None or self._predicted_at != step:
            self._predicted_at = step
            data = self.validation_data
            x = data[0] if isinstance(data, (tuple, list)) else data
            self._predictions = self._model.predict(x, batch_size=self._batch_size, verbose=0)
        return self._predictions
