"""Trainer: fit, evaluate and predict."""

from __future__ import annotations

from contextlib import ExitStack, closing

import numpy as np

from .. import tree
from ..callbacks.callback_list import CallbackList
from ..callbacks.context import Context
from ..data.adapt import as_source, validation_source, with_class_weights
from ..data.rows import ArrayData
from ..data.source import Continued
from ..data.split import split, warn_of_missing_classes
from ..data.weights import ClassWeights, check_one_weighting
from . import lr_find
from .arguments import (
    check_on_interrupt,
    check_several_runs,
    limited_epochs,
    steps_of,
    whole_number,
)
from .keeper import Keeper
from .loops import Loops
from .outputs import Sink
from .run_state import Place, run_state_of
from .validation import Frequency, Validation


class Trainer(Loops):
    """What makes a model trainable; the base of `Model`."""

    # --- fit, evaluate, predict ------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
        *,
        validation_shuffle=False,
        stratify=False,
        resume=None,
        resume_save_freq="epoch",
        resume_override=None,
        on_interrupt="raise",
    ):
        """Trains the model.

        Args:
            x: Input: an array, tensor, pandas object, or a list or dictionary of them (integers
                keep their dtype, floats become `floatx()`); or something that gives batches `(x,)`,
                `(x, y)` or `(x, y, sample_weight)`: a `pyclr.data.Dataset`, a
                `pyclr.utils.PyDataset`, a generator, a PyTorch `DataLoader` or another iterable.
            y: Labels, arrays alike; `None` when `x` gives batches.
            batch_size: Integer, samples per update, for arrays. Defaults to 32. Batches that `x`
                gives keep their size.
            epochs: Integer, the epoch at which training ends.
            verbose: 0 silent, 1 (or `"auto"`) progress bar, 2 one line an epoch.
            callbacks: List of callbacks.
            validation_split: Number in [0, 1): the share of the last samples that is kept for
                validation, for arrays.
            validation_data: What to evaluate on after epochs: a tuple `(x, y)` or
                `(x, y, sample_weight)`, or something that gives batches.
            shuffle: Boolean, whether each epoch has an order of its own, a function of the seed and
                the epoch: of the samples of arrays, of the batches of a `PyDataset`. `"batch"`
                shuffles batches of arrays as wholes. Other data come in their own order.
            class_weight: Dictionary of integer class to the weight of its samples, or
                `"balanced"` (arrays only); for several outputs a dictionary or list of them, like
                the labels. Validation is not weighted.
            sample_weight: Weights of the samples, arrays; `None` when `x` gives batches.
            initial_epoch: Integer, the epoch at which training begins.
            steps_per_epoch: Integer, batches of an epoch. Defaults to all. The next epoch goes on
                where the last one stopped, and the data begin anew when they have ended.
            validation_steps: Integer, batches of a validation, always the first ones; those of an
                iterator come once, and the next validation takes the next ones. Defaults to all.
            validation_batch_size: Integer. Defaults to `batch_size`.
            validation_freq: Integer, or a text such as `"2 epochs"`: validate after every so many
                epochs. A list: after these epochs, counted from 1. A text such as `"500 steps"`:
                after every so many batches, which are counted on from epoch to epoch. Training is
                the same with it and without. The logs of that batch have the results, those of
                the epoch have the last ones in it, if any; `history.validations` has all.
            validation_shuffle: Boolean, whether `validation_split` draws samples at random.
            stratify: Boolean, whether `validation_split` takes the same share of every class.
            resume: Path of a folder, or `None`. The state of the run is saved there, and a run that
                was stopped - killed, too - goes on from it: with the weights, optimizer, order of
                the data, random numbers, History and callbacks' states of a run that was not, bit
                for bit. The script has to make the same model and data. A run that has come to its
                end goes on if there are more `epochs`; one that a callback has ended stays so, but
                for `TimeBudget`.
            resume_save_freq: `"epoch"`, or an integer: the state is saved after every epoch, and
                after every so many batches.
            resume_override: Dictionary of hyper-parameters of the optimizer to numbers or
                schedules, with which the run goes on in place of those it had:
                `{"learning_rate": 1e-4}`. A run that begins anew begins with them, and one that
                was given the same before is left as it is: the script may be started again.
            on_interrupt: What Ctrl-C does when the running batch has ended, the state of the run is
                saved and the callbacks' `on_train_end` is run: `"raise"`, a `KeyboardInterrupt`
                with `model.history` filled; `"stop"`, nothing: `fit` returns. A second Ctrl-C
                raises at once.

        Returns:
            A `History`: its `history` holds the logs of every epoch.

        Raises:
            RuntimeError: if the model is not compiled.
            ValueError: if data or arguments do not fit; nothing has been changed then.
        """
        self._check_compiled("fit")
        epochs = limited_epochs(whole_number("epochs", epochs))
        initial_epoch = whole_number("initial_epoch", initial_epoch)
        frequency = Frequency.of(validation_freq)
        check_on_interrupt(on_interrupt)
        state, delete_state = run_state_of(resume, resume_save_freq, resume_override, callbacks)
        saved = None if state is None else state.load()
        begun = self._epochs_begun
        place = Place(initial_epoch, 0, begun, begun) if saved is None else saved.place
        train, test, weights = self._data_of_fit(
            x, y, sample_weight, batch_size, class_weight, validation_data, validation_split,
            validation_batch_size, validation_shuffle, stratify,
            self._order_seed if saved is None else saved.order_seed,
        )  # fmt: skip
        steps = steps_of("steps_per_epoch", steps_per_epoch, train)
        test_steps = steps_of("validation_steps", validation_steps, test)
        check_several_runs("steps_per_epoch", steps, train, epochs - initial_epoch)
        tests = 2 if frequency.steps else epochs - initial_epoch
        check_several_runs("validation_steps", test_steps, test, tests)
        if steps is not None:
            train = Continued(train, steps, place.first)
        with ExitStack() as stack:
            stack.enter_context(closing(train))
            train.begin(place.number, shuffle)
            self._prepare(train, weights)
            if saved is not None:
                self._make_late_variables(train.sample())
                saved.check(self, steps or train.steps)
            if test is not None:
                stack.enter_context(closing(test))
                self._preflight(test)
                if validation_data is None and self._classifies():
                    warn_of_missing_classes(train.sample(), test)
            callbacks = self._callback_list(
                callbacks, verbose, add_history=True, epochs=epochs, steps=steps or train.steps,
                do_validation=test is not None,
            )  # fmt: skip
            callbacks.set_context(
                Context(
                    self,
                    x,
                    y,
                    sample_weight,
                    getattr(test, "nest", validation_data),
                    validation_batch_size,
                    frequency.steps,
                )  # fmt: skip
            )
            validation = Validation(self, test, test_steps, frequency, callbacks)
            if steps or train.steps:
                validation.warn_if_none_comes((steps or train.steps) * (epochs - initial_epoch))
            self.stop_training = saved is not None and saved.stopped
            if resume_override is not None:
                self.optimizer.override(resume_override)
            if steps or train.steps:  # None: it is not known before the first epoch's end
                self.optimizer.resolve(steps or train.steps, epochs)
            if saved is not None:
                saved.restore(self, callbacks, validation)
            logs = {}
            callbacks.on_train_begin()
            keeper = Keeper(state, self, callbacks, place, validation, stop=on_interrupt == "stop")
            with keeper:
                try:
                    for epoch in range(place.epoch, 0 if self.stop_training else epochs):
                        first = place.step if epoch == place.epoch else 0
                        self.reset_metrics()
                        validation.begin_epoch()
                        callbacks.on_epoch_begin(epoch)
                        if first:  # what the epoch's beginning did was done in the run before
                            saved.restore(self, callbacks, validation)
                            logs = saved.logs
                        done, new = self._train_epoch(
                            train, steps, shuffle, callbacks, keeper, first
                        )
                        if done == 0 or keeper.interrupted:
                            break
                        logs = new if done > first else logs
                        validation.after_epoch(epoch + 1)
                        logs.update(validation.logs)
                        callbacks.on_epoch_end(epoch, logs)
                        keeper.after_epoch()
                        if self.stop_training or (train.one_shot and steps and done < steps):
                            break
                    self.optimizer.finalize_variable_values(self.trainable_variables)
                except BaseException as error:
                    callbacks.set_error(error)
                    raise
                finally:
                    callbacks.on_train_end(logs)
                keeper.end(delete_state)
        return self.history

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
    ):
        """Returns the loss and metrics on data.

        Args:
            x, y, batch_size, verbose, sample_weight, callbacks: As in `fit`.
            steps: Integer, the number of batches. Defaults to all.
            return_dict: Boolean, whether the result is a dictionary.

        Returns:
            The loss; with metrics, a list in the order of `metrics_names`; or a dictionary.

        Raises:
            RuntimeError, ValueError: As `fit`.
        """
        self._check_compiled("evaluate")
        data = as_source(x, y, sample_weight, batch_size)
        steps = steps_of("steps", steps, data)
        with closing(data):
            self._prepare(data)
            callbacks = self._callback_list(callbacks, verbose, epochs=1, steps=steps or data.steps)
            logs = self._evaluate(data, steps, callbacks)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns the outputs for the inputs, as NumPy arrays in the structure of the output.

        A row's prediction does not depend on the batch it is in.

        Args:
            x, batch_size, verbose, callbacks: As in `fit`. Of batches `(x, y)`, `y` is ignored.
            steps: Integer, the number of batches. Defaults to all.

        Raises:
            ValueError: if the input does not fit.
        """
        direct = type(x) is np.ndarray and verbose == 0 and callbacks is None and steps is None
        if direct and (program := self._direct.find(x, batch_size)) is not None:
            return self._direct.predict(program, x)
        data = as_source(x, batch_size=batch_size, inputs_only=True)
        steps = steps_of("steps", steps, data)
        callbacks = self._callback_list(callbacks, verbose, epochs=1, steps=steps or data.steps)
        sink = Sink(data.samples_in(steps))
        with closing(data):
            callbacks.on_predict_begin()
            data.begin(0)
            self._run_epoch("predict", data, steps, callbacks, sink)
            callbacks.on_predict_end()
        if direct and data.steps == 1:
            data.begin(0)
            self._direct.note(x, data.next(1), self._step("predict"))
        return sink.result()

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Trains on one batch and returns its loss and metrics (of this batch alone).

        Args:
            x, y, sample_weight, class_weight: As in `fit`, arrays.
            return_dict: Boolean, whether the result is a dictionary.
        """
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluates one batch and returns its loss and metrics (of this batch alone).

        Args:
            x, y, sample_weight: As in `fit`, arrays.
            return_dict: Boolean, whether the result is a dictionary.
        """
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x):
        """Returns the outputs for one batch of inputs, as NumPy arrays."""
        return self.predict(x, batch_size=_rows(x), verbose=0)

    def lr_find(
        self,
        x,
        y=None,
        batch_size=None,
        *,
        sample_weight=None,
        class_weight=None,
        min_lr=1e-6,
        max_lr=10.0,
        steps=400,
        sweep="exponential",
        smoothing=0.08,
        divergence=4.0,
    ):
        """Finds learning rates by a range test (Smith, arXiv 1506.01186): trains some batches with
        a rate that grows from update to update, and looks at the loss.

        Afterwards weights, optimizer, random numbers and the order of the data are, bit for bit,
        what they were: a `fit` that follows is that without the test. Callbacks take no part. A
        schedule of the learning rate is set aside, and those of other hyper-parameters keep the
        value they have now. `docs/learning_rates.md` says how to use what it returns.

        Args:
            x, y, batch_size, sample_weight, class_weight: As in `fit`; no generator, whose batches
                the test would use up.
            min_lr, max_lr: Numbers, the first rate and the last.
            steps: Integer, the number of updates. Defaults to 400; data that have fewer batches are
                read again.
            sweep: `"exponential"`, or `"linear"`.
            smoothing: Number in [0, 1), the share of the steps over which the loss is smoothed.
            divergence: Number greater than 1: the test ends when the smoothed loss is so many
                times what it was in the beginning, or when the loss is not finite.

        Returns:
            A `LearningRateRange` with arrays and suggestions; `bounds` are those of a cyclical
            schedule. When the curve gives no answer, it says why, and there is a warning.

        Raises:
            RuntimeError: if the model is not compiled.
            ValueError: if data or arguments do not fit.

        Example:

        ```python
        found = model.lr_find(x, y, batch_size=64)
        cycle = pyclr.schedules.TriangularCyclicalLearningRate(*found.bounds, step_size=200)
        model.optimizer.learning_rate = cycle
        ```
        """
        self._check_compiled("lr_find")
        lr_find.check(min_lr, max_lr, steps, sweep, smoothing, divergence)
        data, _, weights = self._data_of_fit(
            x, y, sample_weight, batch_size, class_weight, None, 0.0, None, False, False,
            self._order_seed,
        )  # fmt: skip
        lr_find.check_source(data)
        with lr_find.kept_random_states(), closing(data):
            data.begin(self._epochs_begun, True)
            self._prepare(data, weights)
            return lr_find.run(self, data, min_lr, max_lr, steps, sweep, smoothing, divergence)

    def explain_step(self, kind="train"):
        """Returns a text that says whether the last step was replayed: the program, or the reason.

        Args:
            kind: `"train"`, `"test"` or `"predict"`.
        """
        step = self._steps.get(kind)
        return "No step has run yet." if step is None else step.explain()

    # --- The loop -----------------------------------------------------------------------------

    def _on_batch(self, kind, x, y, sample_weight, class_weight, return_dict):
        self._check_compiled(f"{kind}_on_batch")
        check_one_weighting(class_weight, sample_weight)
        data = ArrayData(x, y, sample_weight, _rows(x))
        if class_weight is not None:
            data = data.with_sample_weight(ClassWeights(class_weight).of(data.y))
        self._prepare(data)
        self.reset_metrics()
        data.begin(0)
        _, logs = self._run(kind, data, 1, CallbackList())
        values = list(logs.values())
        return logs if return_dict else values[0] if len(values) == 1 else values

    # --- Preparations -------------------------------------------------------------------------

    def _data_of_fit(
        self, x, y, sample_weight, batch_size, class_weight, validation_data, validation_split,
        validation_batch_size, validation_shuffle, stratify, seed,
    ):  # fmt: skip
        check_one_weighting(class_weight, sample_weight)
        weights = None if class_weight is None else ClassWeights(class_weight)
        if validation_data is not None or not validation_split:
            train = as_source(x, y, sample_weight, batch_size, weights, seed)
        else:
            train = as_source(x, y, sample_weight, batch_size, seed=seed)
            train, rest = split(train, validation_split, validation_shuffle, stratify)
            validation_data = rest.nest
            if weights is not None:
                train = with_class_weights(train, weights)
        validation = None
        if validation_data is not None:
            validation = validation_source(validation_data, validation_batch_size or batch_size)
        return train, validation, weights


def _rows(x):
    """Samples of a batch of arrays."""
    first = tree.flatten(x)[0] if isinstance(x, (list, tuple, dict)) else x
    return max(len(first), 1)
