"""TensorBoard: writes what TensorBoard shows."""

from __future__ import annotations

import os
import time

import numpy as np

from . import _rates
from .callback import Callback


class TensorBoard(Callback):
    """Writes event files that TensorBoard shows. Needs the package tensorboardX.

    In `log_dir/train` and `log_dir/validation`, with the names that Keras gives them: `epoch_loss`,
    `epoch_<metric>` and `epoch_learning_rate` by epoch, `batch_<name>` by training batch, and
    `evaluation_<name>_vs_iterations` by the optimizer's steps. `tensorboard --logdir <log_dir>`
    shows them.

    Args:
        log_dir: Path of the folder. Defaults to `"logs"`.
        histogram_freq: Integer, histograms of all weights are written every so many epochs. 0:
            never.
        write_graph: Boolean, whether the layers of a Sequential or functional model are written,
            for the "Keras" view of the graph page.
        write_images: Boolean, whether the weights are written as images too, with the histograms.
            Needs Pillow.
        write_steps_per_second: Boolean, whether `epoch_steps_per_second`, and
            `batch_steps_per_second` with batches, are written.
        update_freq: `"epoch"`, or `"batch"`, or an integer: the running loss and metrics are also
            written every so many training batches.
        profile_batch: Has no effect: there is no profile to write.
        embeddings_freq: Integer, the weights of `Embedding` layers are written for the projector
            every so many epochs. 0: never.
        embeddings_metadata: Path of a file of labels for the projector, or a dictionary of
            embedding layers' names to such paths.

    Raises:
        ImportError: when `fit` begins, if tensorboardX is missing.
        ValueError: if an argument does not fit, or `embeddings_metadata` names no such layer.

    Example:

    ```python
    board = pyclr.callbacks.TensorBoard("logs/run_1", update_freq=100)
    model.fit(x, y, epochs=5, validation_split=0.2, callbacks=[board])
    ```
    """

    _state = ("_train_batches", "_step_of_epoch")

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        if update_freq not in ("epoch", "batch") and not (
            isinstance(update_freq, int) and update_freq > 0
        ):
            raise ValueError(
                "Argument `update_freq` must be 'epoch', 'batch' or a positive integer. "
                f"Received: update_freq={update_freq!r}"
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.profile_batch = profile_batch
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers = {}
        self._in_fit = False
        self._train_batches = 0
        self._step_of_epoch = 0  # the optimizer's, when the epoch began
        self._epoch_start = self._batch_start = self._test_start = 0.0

    def __getstate__(self):
        return {**super().__getstate__(), "_writers": {}}

    def _check_run(self):
        _event_writer()
        if self.embeddings_freq:
            self._metadata_of(self._embeddings())

    def _idle_hooks(self):
        if self.update_freq != "epoch":
            return ()
        return (TensorBoard.on_train_batch_begin, TensorBoard.on_train_batch_end)

    # --- Hooks -----------------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        self._in_fit = True
        if not self.resumed:
            self._train_batches = 0
        if self.write_graph and type(self.model).__name__ in ("Functional", "Sequential"):
            self._writer("train").write_model(self.model)
        if self.embeddings_freq:
            self._write_projector_config()

    def on_train_end(self, logs=None):
        self._in_fit = False
        self._close()

    def on_epoch_begin(self, epoch, logs=None):
        self._step_of_epoch = _rates.steps_done(self.model.optimizer)
        self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        rates = {"learning_rate": _rates.rate(self.model.optimizer)}
        if self.write_steps_per_second:
            steps = _rates.steps_done(self.model.optimizer) - self._step_of_epoch
            rates["steps_per_second"] = steps / (time.perf_counter() - self._epoch_start)
        for name, value in {**(logs or {}), **rates}.items():
            kind = "validation" if name.startswith("val_") else "train"
            self._write(kind, f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_batch_begin(self, batch, logs=None):
        self._train_batches += 1
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.update_freq == "epoch" or self._train_batches % self.update_freq:
            return
        values = dict(logs or {})
        if self.write_steps_per_second:
            values["steps_per_second"] = 1 / (time.perf_counter() - self._batch_start)
        for name, value in values.items():
            # `on_test_end` has written the ones; the other is no name of Keras'.
            if not name.startswith("val_") and name != "batch_loss":
                self._write("train", f"batch_{name}", value, self._train_batches)

    def on_test_begin(self, logs=None):
        self._test_start = time.perf_counter()

    def on_test_end(self, logs=None):
        # A validation within an epoch is no time of the batch before it.
        self._batch_start += time.perf_counter() - self._test_start
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None:
            return
        for name, value in (logs or {}).items():
            name = f"evaluation_{name}_vs_iterations"
            self._write("validation", name, value, int(optimizer.iterations))
        if not self._in_fit:
            self._close()

    # --- Writing ---------------------------------------------------------------------------------

    def _writer(self, kind):
        if kind not in self._writers:
            self._writers[kind] = _event_writer()(os.path.join(self.log_dir, kind))
        return self._writers[kind]

    def _close(self):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write(self, kind, name, value, step):
        if np.size(value) == 1:
            self._writer(kind).write_scalar(name, float(np.reshape(value, ())), step)

    def _write_weights(self, epoch):
        writer = self._writer("train")
        for variable in self.model.weights:
            value = variable.numpy()
            writer.write_histogram(f"{variable.path}/histogram", value, epoch)
            image = _as_images(value) if self.write_images else None
            if image is not None:
                writer.write_images(f"{variable.path}/image", image, epoch)

    # --- Embeddings ------------------------------------------------------------------------------

    def _embeddings(self):
        from .. import layers

        kind = getattr(layers, "Embedding", ())
        return [layer for layer in self.model.layers if isinstance(layer, kind)]

    def _metadata_of(self, embeddings):
        given = self.embeddings_metadata or {}
        names = [layer.name for layer in embeddings]
        if not isinstance(given, dict):
            return dict.fromkeys(names, os.fspath(given))
        if not set(given) <= set(names):
            raise ValueError(
                f"Argument `embeddings_metadata` must name Embedding layers, of which there are "
                f"{names}. Received: embeddings_metadata={given!r}"
            )
        return given

    def _write_projector_config(self):
        embeddings = self._embeddings()
        metadata = self._metadata_of(embeddings)
        lines = []
        for layer in embeddings:
            lines += ["embeddings {", f'  tensor_name: "{layer.name}"']
            lines.append(f'  tensor_path: "{layer.name}.tsv"')
            if layer.name in metadata:
                lines.append(f'  metadata_path: "{metadata[layer.name]}"')
            lines.append("}")
        os.makedirs(self.log_dir, exist_ok=True)
        path = os.path.join(self.log_dir, "projector_config.pbtxt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def _write_embeddings(self, epoch):
        for layer in self._embeddings():
            path = os.path.join(self.log_dir, f"{layer.name}.tsv")
            np.savetxt(path, layer.weights[0].numpy(), fmt="%.7g", delimiter="\t")
        name = f"keras_embedding.ckpt-{epoch}.weights.h5"
        self.model.save_weights(os.path.join(self.log_dir, "train", name))


def _event_writer():
    try:
        from ._event_writer import EventWriter
    except ImportError as error:
        raise ImportError(
            "The TensorBoard callback needs the package tensorboardX: "
            "`pip install pyclr[tensorboard]`."
        ) from error
    return EventWriter


def _as_images(value):
    """A weight as grey images (number, height, width, 1), or `None` if it has too many axes."""
    value = np.squeeze(value)
    if value.ndim == 1:
        return value.reshape(1, -1, 1, 1)
    if value.ndim == 2:
        value = value.T if value.shape[0] > value.shape[1] else value
        return value[None, :, :, None]
    if value.ndim == 3:  # a kernel of one channel: an image each filter
        return np.moveaxis(value, -1, 0)[..., None]
    return None
