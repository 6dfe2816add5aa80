"""Compiling, and the three steps: what a model does with a batch in training, test, prediction."""

from __future__ import annotations

from .. import optimizers
from ..gradient_tape import GradientTape
from ..metrics import Mean
from ..random.seed import make_seed
from ..utils import tree
from .compile import CompiledLoss, CompiledMetrics


class Steps:
    """What a model does with one batch; the base of `Trainer`."""

    _bookkeeping = frozenset({"stop_training", "history"})

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
        set_(self, "_known_output", (None, None))  # (version and data's signature, output shape)
        set_(self, "_order_seed", make_seed())  # of the shuffles
        set_(self, "_epochs_shuffled", 0)

    # --- compile -------------------------------------------------------------------------------

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
    ):
        """Sets how the model trains.

        Args:
            optimizer: An optimizer, its class, name or config. Defaults to `"rmsprop"`.
            loss: A loss, its name, or a function of `(y_true, y_pred)`.
            loss_weights: Number or `None`, a factor of the loss.
            metrics: List of metrics, names or functions, computed without sample weights.
                `"accuracy"` means the accuracy that fits the labels and the output.
            weighted_metrics: List of metrics computed with sample weights.
            run_eagerly: Boolean, whether every step runs from Python. For debugging.

        Raises:
            ValueError: if a name is unknown.
        """
        config = dict(
            optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics,
            weighted_metrics=weighted_metrics, run_eagerly=run_eagerly,
        )  # fmt: skip
        compiled_optimizer = optimizers.get(optimizer)
        if compiled_optimizer is None:
            raise ValueError("Argument `optimizer` is needed. Received: optimizer=None")
        compiled_loss = None if loss is None else CompiledLoss(loss, loss_weights)
        compiled_metrics = CompiledMetrics(metrics, weighted_metrics)
        self.optimizer = compiled_optimizer
        self._compiled_loss = compiled_loss
        self._compiled_metrics = compiled_metrics
        self._compile_config = config
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly = bool(run_eagerly)
        self.stop_training = False
        self.compiled = True
        self._steps = {}

    @property
    def loss(self):
        """The loss given to `compile`."""
        return None if self._compile_config is None else self._compile_config["loss"]

    @property
    def metrics(self):
        """The metrics of the compiled model, the mean loss first."""
        if not self.compiled:
            return []
        return [self._loss_tracker] + self._compiled_metrics.metrics

    @property
    def metrics_names(self):
        """The names of what `evaluate` returns."""
        return [metric.name for metric in self.metrics]

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
            losses.insert(0, self._compiled_loss(y, y_pred, sample_weight))
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
        if y is not None:
            self._compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Returns the metrics as a dictionary of tensors."""
        results = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results

    def train_step(self, data):
        """Trains on one batch `(x, y, sample_weight)`; returns a dictionary of logs (tensors)."""
        x, y, sample_weight = unpack(data)
        variables = self.trainable_variables
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
        self._track_loss(loss, x)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
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
        self._loss_tracker.update_state(loss, sample_weight=float(len(tree.flatten(x)[0])))


def unpack(data):
    """Returns `(x, y, sample_weight)` from what a step is given; missing ones are `None`."""
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if len(data) > 3:
        raise ValueError(f"A batch is (x, y, sample_weight). Received: {len(data)} elements")
    return tuple(data) + (None,) * (3 - len(data))
