"""The loop over batches that fit, evaluate and predict share, and what comes before it."""

from __future__ import annotations

from copy import copy

from .. import config
from .._warn import warn
from ..callbacks.callback_list import CallbackList
from ..data.source import pack
from ..layers.layer import structure_version
from ..replay import ReplayedStep
from ..symbolic import dry_run
from .outputs import Logs, OutputSpec, to_numpy
from .run_state import stateful_layers
from .steps import Steps, unpack

# A stretch of replayed steps ends after this time, so that the progress bar moves and Ctrl-C acts.
_STRETCH_SECONDS = 0.1


class Loops(Steps):
    """Batches of a source through the steps of a model; the base of `Trainer`."""

    def _step(self, kind):
        if kind not in self._steps:
            function = getattr(self, f"{kind}_step")

            def run(nest, tensors):
                result = function(pack(nest, tensors))
                self._clear_losses()
                if kind == "predict":
                    return result
                loss, self._batch_loss = self._batch_loss, None
                return result, [] if loss is None else [loss]

            self._steps[kind] = ReplayedStep(run, structure_version, not self.run_eagerly)
        return self._steps[kind]

    def _run(self, kind, data, limit, callbacks, sink=None, keeper=None, done=0):
        """Runs the coming batches, up to `limit` (with the `done` ones before) or all; returns
        their number and the last logs as floats. Before the first step of a run with several, the
        program is audited."""
        step = self._step(kind)
        begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
        every_batch = callbacks.listens(begin) or callbacks.listens(end)
        progbar = callbacks.progbar
        progress = _nothing if progbar is None or not progbar.shows(kind) else progbar.update
        several = (data.steps if limit is None else limit) != 1
        logs = Logs(None)
        audited = not several
        while limit is None or done < limit:
            wanted = 1 if every_batch else None if limit is None else limit - done
            stretch = data.next(wanted if keeper is None else keeper.limit(wanted))
            if stretch is None:
                break
            key = stretch.key
            program = step.program(key)
            if every_batch:
                callbacks.set_batch(stretch)
                callbacks.call(begin, done, {})
            if program is not None and not audited and not step.is_current(key, stretch.nest):
                program = None
            audited = True
            if program is None:
                outputs = to_numpy(step.run(key, stretch.nest, stretch.tensors()))
                step.finish(key)
                if sink is not None:
                    sink.write(outputs, stretch.rows)
                count = 1
            else:
                if sink is not None:
                    specs = [OutputSpec(*spec) for spec in program.output_specs]
                    sink.prepare(step.pack(key, specs), stretch.rows)
                count, tensors = stretch.replay(
                    program, step.feeds(key, stretch.count), stretch.count, _STRETCH_SECONDS, sink
                )
                outputs = step.pack(key, tensors)
            logs = Logs(*([None] if kind == "predict" else outputs))
            data.advance(count)
            done += count
            if keeper is not None and keeper.validation.after_batches(count):
                logs.more = keeper.validation.logs
                callbacks.set_batch(stretch)
            if every_batch:
                shown = {"outputs": outputs} if kind == "predict" else logs.of_batch()
                callbacks.call(end, done - 1, shown)
            else:
                progress(done, None if kind == "predict" else logs)
            if keeper is not None:
                keeper.after_batches(count, done, logs)
            if kind == "train" and self.stop_training:
                break
        return done, {} if kind == "predict" else logs()

    def _run_epoch(self, kind, data, steps, callbacks, sink=None, keeper=None, first=0):
        """Runs an epoch that has begun, and warns when it had fewer batches than asked for."""
        data.on_epoch_begin()
        done, logs = self._run(kind, data, steps, callbacks, sink, keeper, first)
        data.on_epoch_end()
        if steps is not None and done < steps and not (kind == "train" and self.stop_training):
            warn(
                f"The data ran out: {done} of {steps} batches came. "
                "A generator must give enough for all epochs; a Dataset can be continued with "
                "`.repeat()`." + (" Training ends." if kind == "train" and data.one_shot else "")
            )
        return done, logs

    def _train_epoch(self, data, steps, shuffle, callbacks, keeper, first):
        """Trains an epoch, of which the first batches may have been done in a run before."""
        number = self._epochs_begun
        object.__setattr__(self, "_epochs_begun", number + 1)
        data.begin(number, shuffle)
        if first:
            data.skip(first)
        done, logs = self._run_epoch("train", data, steps, callbacks, None, keeper, first)
        if callbacks.params.get("steps") is None:  # now it is known, for the progress bar
            callbacks.set_params({**callbacks.params, "steps": done})
        return done, logs

    def _evaluate(self, data, steps, callbacks):
        self.reset_metrics()
        callbacks.on_test_begin()
        data.begin(0)
        _, logs = self._run_epoch("test", data, steps, callbacks)
        callbacks.on_test_end(logs)
        return logs

    def _check_compiled(self, method):
        if not self.compiled:
            raise RuntimeError(
                f"The model '{self.name}' must be compiled before `{method}`: call "
                "`model.compile(optimizer, loss)`."
            )

    def _classifies(self):
        losses = [] if self._compiled_loss is None else self._compiled_loss.losses
        names = [getattr(getattr(loss, "fn", loss), "__name__", "") for loss in losses]
        return len(names) == 1 and "crossentropy" in names[0]

    def _prepare(self, data, class_weights=None):
        """Builds the model and its metrics by the first sample, and checks the data."""
        self._preflight(data)
        if class_weights is not None:
            class_weights.check(self._output_spec)
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _preflight(self, data):
        """Builds the model, its losses and metrics, and checks the data against them; once, until
        something changes."""
        sample = data.sample()
        if self._known_output == (structure_version(), sample.signature):
            self._check_labels(*sample.nest, self._output_spec)
            return
        before = copy(self._compiled_loss), copy(self._compiled_metrics)
        try:
            self._see(sample)
            self._check_labels(*sample.nest, self._output_spec)
        except Exception:
            # What was resolved by data that are refused is resolved anew by the next.
            self._compiled_loss, self._compiled_metrics = before
            object.__setattr__(self, "_known_output", None)
            raise

    def _see(self, sample):
        x, y, _ = unpack(pack(sample.nest, sample.first_row()))
        with dry_run():
            output = self(x, training=False)
            self._clear_losses()
            if y is not None:
                self._build_compiled(y, output)
        object.__setattr__(self, "_known_output", (structure_version(), sample.signature))
        object.__setattr__(self, "_output_spec", output)

    def _make_late_variables(self, sample):
        """Makes the variables that some metrics and stateful layers make at the first batch."""
        for layer in stateful_layers(self):
            layer.make_states(min(sample.batch_size, sample.rows))
        x, y, sample_weight = unpack(pack(sample.nest, sample.first_row()))
        with dry_run():
            self.compute_metrics(x, y, self._output_spec, sample_weight)

    def _callback_list(self, callbacks, verbose, add_history=False, **params):
        if isinstance(callbacks, CallbackList):
            return callbacks
        if verbose == "auto":
            verbose = 1 if config.is_interactive_logging_enabled() else 2
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
