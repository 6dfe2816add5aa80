"""Compiling, and the three steps: what a model does with a batch in training, test, prediction."""

from __future__ import annotations

from .. import ops, optimizers, tree
from ..gradient_tape import GradientTape
from ..layers.arguments import positive_integer
from ..layers.layer_state import touch
from ..metrics import Mean
from ..random.seed import make_seed
from ..symbolic import dry_run
from .compile import CompiledLoss, CompiledMetrics
from .direct import DirectPredictions
from .per_output import Outputs
from .preflight import check_data


class Steps:
    """What a model does with one batch; the base of `Trainer`."""

    _bookkeeping = frozenset({"stop_training", "history", "_batch_loss"})

    def __init__(self):
        set_ = object.__setattr__
        set_(self, "optimizer", None)
        set_(self, "compiled", False)
        set_(self, "run_eagerly", False)
        set_(self, "stop_training", False)
        set_(self, "history", None)
        set_(self, "_compiled_loss", None)
        set_(self, "_compiled_metrics", None)
        set_(self, "_compile_config", None)
        set_(self, "_loss_tracker", None)
        set_(self, "_steps", {})
        set_(self, "_direct", DirectPredictions())
        set_(self, "_known_output", None)  # the version and data's signature that `fit` has seen
        set_(self, "_output_spec", None)  # what the model returned for one sample, without values
        set_(self, "_order_seed", make_seed())  # of the shuffles
        set_(self, "_epochs_begun", 0)
        set_(self, "_batch_loss", None)  # of the step that runs

    # --- compile -------------------------------------------------------------------------------

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
    ):
        """Sets how the model trains.

        Args:
            optimizer: An optimizer, its class, name or config. Defaults to `"rmsprop"`.
            loss: A loss, its name, or a function of `(y_true, y_pred)`. For a model with several
                outputs, a list in their order or a dictionary by their names; an output with
                `None`, or without a key, has no loss. `None` where layers add the losses.
            loss_weights: Number, or a list or dictionary of numbers: factors of the losses.
            metrics: List of metrics, names or functions, computed without sample weights; for
                several outputs a list of them an output, or a dictionary by their names.
                `"accuracy"` means the accuracy that fits the labels and the output.
            weighted_metrics: Metrics computed with sample weights, alike.
            run_eagerly: Boolean, whether every step runs from Python. For debugging.
            steps_per_execution: Positive integer; has no effect, as steps run without Python
                unless a callback listens to batches.
            jit_compile, auto_scale_loss: Have no effect: there is nothing to compile, and no mixed
                precision whose loss needs a scale.

        Raises:
            ValueError: if a name is unknown.
        """
        config = dict(
            optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics,
            weighted_metrics=weighted_metrics, run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution, jit_compile=jit_compile,
        )  # fmt: skip
        positive_integer("steps_per_execution", steps_per_execution)
        compiled_optimizer = optimizers.get(optimizer)
        if compiled_optimizer is None:
            raise ValueError("Argument `optimizer` is needed. Received: optimizer=None")
        compiled_loss = None if loss is None else CompiledLoss(loss, loss_weights)
        compiled_metrics = CompiledMetrics(metrics, weighted_metrics)
        self.optimizer = compiled_optimizer
        self._compiled_loss = compiled_loss
        self._compiled_metrics = compiled_metrics
        object.__setattr__(self, "_compile_config", config)  # whose lists hold no layers
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly = bool(run_eagerly)
        self.stop_training = False
        self.compiled = True
        self._forget_steps()
        self._direct = DirectPredictions()

    def _forget_steps(self):
        """Drops the programs of the steps."""
        object.__setattr__(self, "_steps", {})
        touch()

    @property
    def loss(self):
        """The loss given to `compile`."""
        return None if self._compile_config is None else self._compile_config["loss"]

    @property
    def metrics(self):
        """All metrics: the mean loss, the losses of outputs, those given to `compile`, and those of
        layers and of the model's attributes."""
        own = super().metrics
        if not self.compiled:
            return own
        compiled = [self._loss_tracker]
        if self._compiled_loss is not None:
            compiled += self._compiled_loss.metrics
        compiled += self._compiled_metrics.metrics
        return compiled + [m for m in own if all(m is not other for other in compiled)]

    @property
    def metrics_names(self):
        """The names of what `evaluate` returns; known when the model has seen data."""
        with dry_run():
            return list(self.get_metrics_result())

    def _build_compiled(self, y, y_pred):
        """Resolves the losses and metrics for labels and predictions of these shapes."""
        names = self.output_names
        if self._compiled_loss is not None:
            self._compiled_loss.build(y, y_pred, names)
            y = self._compiled_loss.labels(y)
        self._compiled_metrics.build(y, y_pred, names)

    def _check_labels(self, x, y, sample_weight, y_pred):
        """Raises a ValueError if data do not fit the losses and outputs; see models/preflight.py.

        Args:
            x, y, sample_weight: Nested structures of arrays.
            y_pred: What the model returns for one sample.
        """
        outputs = Outputs(y_pred, self.output_names)
        losses = [None] * outputs.count
        labels = None
        if self._compiled_loss is not None and y is not None:
            losses, labels = self._compiled_loss.losses, self._compiled_loss.labels(y)
        shapes = [tuple(output.shape) for output in tree.flatten(y_pred)]
        check_data(x, labels, sample_weight, losses, shapes, outputs.names)

    def reset_metrics(self):
        """Forgets the batches that the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # --- The three steps ----------------------------------------------------------------------

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the loss of a batch, a scalar tensor: the compiled one plus what layers added.

        Override it for a loss of your own.
        """
        losses = list(self.losses)
        if self._compiled_loss is not None:
            compiled = self._compiled_loss(y, y_pred, sample_weight)
            if compiled is not None:
                losses.insert(0, compiled)
        if not losses and not training:
            return ops.zeros(())
        if not losses:
            raise ValueError(
                "There is no loss: give one to `compile(loss=...)`, add one in a layer with "
                "`add_loss`, or override `compute_loss`."
            )
        total = losses[0]
        for loss in losses[1:]:
            total = total + loss
        return total

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Adds a batch to the metrics and returns their results, a dictionary."""
        if y is not None and self._compiled_metrics is not None:
            if self._compiled_loss is not None and self._compiled_loss.outputs is not None:
                y = self._compiled_loss.labels(y)
            self._compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Returns the metrics as a dictionary of tensors."""
        results = {}
        compiled = [] if self._compiled_metrics is None else self._compiled_metrics.metrics
        for metric in self.metrics:
            if any(metric is other for other in compiled):
                if metric is compiled[0]:
                    results.update(self._compiled_metrics.results())
                continue
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        # Numbers too, so that a step with a metric that returns one replays.
        return {name: ops.convert_to_tensor(value) for name, value in results.items()}

    def train_step(self, data):
        """Trains on one batch `(x, y, sample_weight)`; returns a dictionary of logs (tensors)."""
        x, y, sample_weight = unpack(data)
        variables = self.trainable_variables
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        self._track_loss(loss, x)
        self.optimizer.apply(tape.gradient(scaled_loss, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data):
        """Evaluates one batch; returns a dictionary of logs (tensors)."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data):
        """Returns the predictions for one batch."""
        x, _, _ = unpack(data)
        return self(x, training=False)

    def _track_loss(self, loss, x):
        self._batch_loss = loss
        self._loss_tracker.update_state(loss, sample_weight=float(len(tree.flatten(x)[0])))


def unpack(data):
    """Returns `(x, y, sample_weight)` from what a step is given; missing ones are `None`."""
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if len(data) > 3:
        raise ValueError(f"A batch is (x, y, sample_weight). Received: {len(data)} elements")
    return tuple(data) + (None,) * (3 - len(data))
