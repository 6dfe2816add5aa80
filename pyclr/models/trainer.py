"""Trainer: fit, evaluate and predict. One loop over batches serves all three."""

from __future__ import annotations

import numpy as np

from ..callbacks.callback_list import CallbackList
from ..data.arrays import ArrayData, class_weights, pack, shuffled
from ..layers.layer import structure_version
from ..replay import ReplayedStep
from ..utils import tree
from .arguments import steps_of, validation_epochs, whole_number
from .outputs import Logs, OutputSpec, Sink, to_numpy
from .preflight import check_data
from .steps import Steps

# A stretch of replayed steps ends after this time, so that the progress bar moves and Ctrl-C acts.
_STRETCH_SECONDS = 0.1


class Trainer(Steps):
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
    ):
        """Trains the model.

        Args:
            x: Input: an array, tensor, pandas object, or a list or dictionary of them. Integers
                keep their dtype, floats become `floatx()`.
            y: Labels, alike.
            batch_size: Integer, samples per update. Defaults to 32.
            epochs: Integer, the epoch at which training ends.
            verbose: 0 silent, 1 (or `"auto"`) progress bar, 2 one line an epoch.
            callbacks: List of callbacks.
            validation_split: Number in [0, 1): the share of the last samples that is kept for
                validation.
            validation_data: Tuple `(x, y)` or `(x, y, sample_weight)` to evaluate on after epochs.
            shuffle: Boolean, whether each epoch has an order of its own, a function of the seed and
                the epoch.
            class_weight: Dictionary of integer class to the weight of its samples.
            sample_weight: Weights of the samples.
            initial_epoch: Integer, the epoch at which training begins.
            steps_per_epoch: Integer, batches of an epoch. Defaults to all.
            validation_steps: Integer, batches of a validation. Defaults to all.
            validation_batch_size: Integer. Defaults to `batch_size`.
            validation_freq: Integer, validate every so many epochs; or a list of epochs, from 1.

        Returns:
            A `History`: its `history` holds the logs of every epoch.

        Raises:
            RuntimeError: if the model is not compiled.
            ValueError: if data or arguments do not fit; nothing has been changed then.
        """
        self._check_compiled("fit")
        epochs = whole_number("epochs", epochs)
        initial_epoch = whole_number("initial_epoch", initial_epoch)
        train, validation = self._training_data(
            x, y, sample_weight, batch_size, validation_split, validation_data,
            validation_batch_size, class_weight,
        )  # fmt: skip
        steps = steps_of("steps_per_epoch", steps_per_epoch, train)
        test_steps = steps_of("validation_steps", validation_steps, validation)
        validate = validation_epochs(validation_freq) if validation is not None else None
        self._prepare(train)
        if validation is not None:
            self._preflight(validation)
        callbacks = self._callback_list(
            callbacks, verbose, add_history=True, epochs=epochs, steps=steps
        )
        self.stop_training = False
        logs = {}
        callbacks.on_train_begin()
        try:
            for epoch in range(initial_epoch, epochs):
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch)
                train.set_order(self._next_order(train) if shuffle else None)
                logs = self._run("train", train, steps, callbacks)
                if validate is not None and validate(epoch + 1):
                    results = self._evaluate(validation, test_steps, callbacks)
                    logs.update({f"val_{name}": value for name, value in results.items()})
                callbacks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            callbacks.on_train_end(logs)
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
        data = ArrayData(x, y, sample_weight, batch_size)
        steps = steps_of("steps", steps, data)
        self._prepare(data)
        callbacks = self._callback_list(callbacks, verbose, epochs=1, steps=steps)
        logs = self._evaluate(data, steps, callbacks)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns the outputs for the inputs, as NumPy arrays in the structure of the output.

        A row's prediction does not depend on the batch it is in.

        Args:
            x, batch_size, verbose, callbacks: As in `fit`.
            steps: Integer, the number of batches. Defaults to all.

        Raises:
            ValueError: if the input does not fit.
        """
        data = ArrayData(x, batch_size=batch_size)
        steps = steps_of("steps", steps, data)
        callbacks = self._callback_list(callbacks, verbose, epochs=1, steps=steps)
        callbacks.on_predict_begin()
        sink = Sink(min(data.rows, steps * data.batch_size))
        self._run("predict", data, steps, callbacks, sink)
        callbacks.on_predict_end()
        return sink.result()

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Trains on one batch and returns its loss and metrics (of this batch alone).

        Args:
            x, y, sample_weight, class_weight: As in `fit`.
            return_dict: Boolean, whether the result is a dictionary.
        """
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluates one batch and returns its loss and metrics (of this batch alone).

        Args:
            x, y, sample_weight: As in `fit`.
            return_dict: Boolean, whether the result is a dictionary.
        """
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x):
        """Returns the outputs for one batch of inputs, as NumPy arrays."""
        rows = len(tree.flatten(x)[0]) if isinstance(x, (list, tuple, dict)) else len(x)
        return self.predict(x, batch_size=max(rows, 1), verbose=0)

    def explain_step(self, kind="train"):
        """Returns a text that says whether the last step was replayed: the program, or the reason.

        Args:
            kind: `"train"`, `"test"` or `"predict"`.
        """
        step = self._steps.get(kind)
        return "No step has run yet." if step is None else step.explain()

    # --- The loop -----------------------------------------------------------------------------

    def _step(self, kind):
        if kind not in self._steps:
            function = getattr(self, f"{kind}_step")

            def run(nest, tensors):
                result = function(pack(nest, tensors))
                self._clear_losses()
                return result

            self._steps[kind] = ReplayedStep(run, structure_version, not self.run_eagerly)
        return self._steps[kind]

    def _run(self, kind, data, steps, callbacks, sink=None):
        """Runs `steps` batches; returns the last logs as floats. The first step of a run with
        several is eager: it audits the program."""
        step = self._step(kind)
        begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
        every_batch = callbacks.listens(begin) or callbacks.listens(end)
        progress = callbacks.progbar.update if callbacks.progbar is not None else _nothing
        done, logs = 0, Logs(None)
        while done < steps:
            key = data.key(done)
            program = step.program(key)
            if every_batch:
                callbacks.call(begin, done, {})
            if program is None or (done == 0 and steps > 1):
                outputs = to_numpy(step.run(key, data.nest, data.batch(done)))
                step.finish(key)
                if sink is not None:
                    sink.write(outputs, data.batch_rows(done))
                count = 1
            else:
                count = 1 if every_batch else min(steps - done, data.equal_steps(done))
                feeds = step.feeds(key, count)
                sinks = []
                if sink is not None:
                    specs = [OutputSpec(*spec) for spec in program.output_specs]
                    sink.prepare(step.pack(key, specs), data.batch_rows(done))
                    sinks = sink.arrays(count, data.batch_rows(done))
                count, tensors = program.replay(
                    data.source(done, count), feeds, count, _STRETCH_SECONDS, sinks
                )
                outputs = step.pack(key, tensors)
                if sink is not None:
                    sink.advance(count * data.batch_rows(done))
            logs = Logs(outputs)
            done += count
            if every_batch:
                shown = {"outputs": outputs} if kind == "predict" else logs()
                callbacks.call(end, done - 1, shown)
            elif not (kind == "test" and callbacks.params.get("epochs", 1) > 1):
                progress(done, None if kind == "predict" else logs)
        return {} if kind == "predict" else logs()

    def _evaluate(self, data, steps, callbacks):
        self.reset_metrics()
        callbacks.on_test_begin()
        logs = self._run("test", data, steps, callbacks)
        callbacks.on_test_end(logs)
        return logs

    def _on_batch(self, kind, x, y, sample_weight, class_weight, return_dict):
        self._check_compiled(f"{kind}_on_batch")
        rows = len(tree.flatten(x)[0]) if isinstance(x, (list, tuple, dict)) else len(x)
        data = ArrayData(x, y, sample_weight, max(rows, 1))
        if class_weight is not None:
            data = _with_class_weight(data, class_weight)
        self._prepare(data)
        self.reset_metrics()
        logs = self._run(kind, data, 1, CallbackList())
        values = list(logs.values())
        return logs if return_dict else values[0] if len(values) == 1 else values

    # --- Preparations -------------------------------------------------------------------------

    def _check_compiled(self, method):
        if not self.compiled:
            raise RuntimeError(
                f"The model '{self.name}' must be compiled before `{method}`: call "
                "`model.compile(optimizer, loss)`."
            )

    def _training_data(
        self, x, y, sample_weight, batch_size, split, validation_data, validation_batch_size,
        class_weight,
    ):  # fmt: skip
        if class_weight is not None and sample_weight is not None:
            raise ValueError(
                "Only one of `class_weight` and `sample_weight` can be given: multiply the class "
                "weights into the sample weights."
            )
        train = ArrayData(x, y, sample_weight, batch_size)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                raise ValueError(
                    "Argument `validation_data` must be a tuple (x, y) or (x, y, sample_weight). "
                    f"Received: {type(validation_data).__name__}"
                )
            validation = ArrayData(
                *validation_data, batch_size=validation_batch_size or train.batch_size
            )
        elif split:
            if not 0 < split < 1:
                raise ValueError(
                    "Argument `validation_split` must be in [0, 1). "
                    f"Received: validation_split={split!r}"
                )
            train, validation = train.split(split)
        if class_weight is not None:
            train = _with_class_weight(train, class_weight)
        return train, validation

    def _prepare(self, data):
        """Builds the model and its metrics by the first sample, and checks the data."""
        self._preflight(data)
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _preflight(self, data):
        """Checks the data against the outputs; builds the model and its metrics on the way."""
        output_shape = self._output_shape_for(data)
        if output_shape is not None:
            check_data(data, self._compiled_loss, output_shape)

    def _output_shape_for(self, data):
        """The shape of the output for one sample, from a call on the first one; kept until
        something changes."""
        if self._known_output[0] != (structure_version(), data.signature):
            x, y, _ = data.pack(data.batch(0, rows=1))
            output = self(x, training=False)
            self._clear_losses()
            if hasattr(output, "shape") and hasattr(y, "shape"):
                self._compiled_metrics.build(y, output)
            known = (structure_version(), data.signature), getattr(output, "shape", None)
            object.__setattr__(self, "_known_output", known)
        return self._known_output[1]

    def _next_order(self, data):
        object.__setattr__(self, "_epochs_shuffled", self._epochs_shuffled + 1)
        return shuffled(data.rows, self._order_seed, self._epochs_shuffled - 1)

    def _callback_list(self, callbacks, verbose, add_history=False, **params):
        if isinstance(callbacks, CallbackList):
            return callbacks
        if verbose == "auto":
            verbose = 1
        if verbose not in (0, 1, 2):
            raise ValueError(
                f"Argument `verbose` must be 'auto', 0, 1 or 2. Received: verbose={verbose!r}"
            )
        return CallbackList(
            callbacks, add_history, add_progbar=verbose != 0, model=self,
            verbose=int(verbose), **params,
        )  # fmt: skip


def _nothing(done, logs):
    pass


def _with_class_weight(data, class_weight):
    if not isinstance(data.y, np.ndarray):
        raise ValueError("Argument `class_weight` needs labels `y`, one array of them.")
    return ArrayData(
        data.x, data.y, class_weights(class_weight, data.y), batch_size=data.batch_size
    )
