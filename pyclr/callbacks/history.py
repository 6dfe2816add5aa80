"""History: the record of a training run."""

from __future__ import annotations

import numpy as np

from . import _rates
from ._values import plain
from .callback import Callback


class History(Callback):
    """Records the logs of every epoch, and the rates of every step; `fit` returns it.

    Attributes:
        history: Dictionary of lists of Python floats, one entry an epoch, for the loss and each
            metric, with `val_` before those of validation.
        epoch: List of the epochs' numbers.
        rates: Dictionary of lists of floats: what `learning_rate`, and each other hyper-parameter
            with a schedule, was in the last step of each epoch.
        step_rates: Dictionary of arrays: what each of them was in every step.
        validations: Dictionary of lists, one entry a validation: its results, with `val_`, and as
            `step` the optimizer's steps before it.

    Example:

    ```python
    history = model.fit(x, y, epochs=5, validation_split=0.2)
    json.dump(history.history, open("history.json", "w"))
    history.plot().savefig("history.png")
    ```
    """

    _state = ("history", "epoch", "rates", "validations", "_epochs_of")

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []
        self.rates = {}
        self.validations = {}
        self._epochs_of = {}  # the epochs of the entries of `history`
        self._chunks = {}  # of `step_rates`: lists of arrays
        self._steps_noted = 0

    @property
    def step_rates(self):
        return {name: np.concatenate(chunks) for name, chunks in self._chunks.items()}

    def on_train_begin(self, logs=None):
        if not self.resumed:
            self.epoch = []
        self.skip_steps()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(plain(value))
            self._epochs_of.setdefault(key, []).append(epoch + 1)
        for name, chunks in self._chunks.items():
            self.rates.setdefault(name, []).append(float(chunks[-1][-1]))
        self.model.history = self

    def on_test_end(self, logs=None):
        results = {f"val_{name}": plain(value) for name, value in (logs or {}).items()}
        for key, value in {"step": self._steps_done(), **results}.items():
            self.validations.setdefault(key, []).append(value)

    def note_steps(self):
        """Notes the rates of the steps that were done since the last time."""
        first, last = self._steps_noted, self._steps_done()
        self._steps_noted = last
        if last <= first:
            return
        rates = self.model.optimizer.current_hyper(np.arange(first, last))
        for name, values in rates.items():
            self._chunks.setdefault(name, []).append(values)

    def skip_steps(self):
        """Leaves out of account how a callback has changed the number of steps."""
        self._steps_noted = self._steps_done()

    def plot(self, figure=None):
        """Draws the losses, the metrics and the rates, one above the other. Needs matplotlib.

        Args:
            figure: A figure of matplotlib's to draw on. Defaults to a new one.

        Returns:
            The figure.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError(
                "`history.plot()` needs matplotlib: `pip install pyclr[plot]`."
            ) from error
        names = [name for name in self.history if not name.startswith("val_")]
        names += [
            name.removeprefix("val_")
            for name in self.history
            if name.startswith("val_") and name.removeprefix("val_") not in names
        ]
        names = [name for name in names if name not in self._chunks]
        panels = names + list(self._chunks)
        if figure is None:
            figure = Figure(figsize=(7, 2.2 * max(len(panels), 1)), layout="constrained")
        for i, name in enumerate(panels):
            axes = figure.add_subplot(len(panels), 1, i + 1)
            axes.set_ylabel(name)
            if name in names:
                self._plot_logs(axes, name)
            else:
                axes.plot(self.step_rates[name])
                axes.set_xlabel("step")
        return figure

    def _plot_logs(self, axes, name):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in self.history:
                axes.plot(self._epochs_of[key], self.history[key], marker=".", label=label)
        axes.set_xlabel("epoch")
        axes.legend()

    def get_state(self):
        steps = {f"step_{name}": values for name, values in self.step_rates.items()}
        return {**super().get_state(), **steps}

    def set_state(self, state):
        super().set_state(state)
        self._chunks = {
            name.removeprefix("step_"): [np.array(values)]
            for name, values in state.items()
            if name.startswith("step_")
        }

    def _steps_done(self):
        optimizer = getattr(self.model, "optimizer", None)
        return 0 if optimizer is None else _rates.steps_done(optimizer)
