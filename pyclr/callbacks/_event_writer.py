"""Writes TensorBoard's event files, with tensorboardX."""

from __future__ import annotations

import numpy as np
from tensorboardX import FileWriter, summary
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboardX.proto.tensor_pb2 import TensorProto
from tensorboardX.proto.types_pb2 import DT_STRING

_BINS = 30  # of histograms, as many as TensorFlow's have
_MOST_IMAGES = 3  # of one variable, as TensorFlow writes


class EventWriter:
    """An event file.

    Args:
        folder: Path of the folder, which is made.
    """

    def __init__(self, folder):
        self._file = FileWriter(folder)

    def write_scalar(self, name, value, step):
        self._file.add_summary(summary.scalar(name, value), step)

    def write_histogram(self, name, value, step):
        finite = value[np.isfinite(value)]
        if finite.size:
            self._file.add_summary(summary.histogram(name, finite, _BINS), step)

    def write_images(self, name, images, step):
        """Writes the first images of (number, height, width, 1), from black to white."""
        low, high = np.nanmin(images), np.nanmax(images)
        grey = np.nan_to_num((images - low) / max(high - low, np.finfo("float32").tiny))
        for i, image in enumerate(grey[:_MOST_IMAGES]):
            tag = f"{name}/{i}" if len(grey) > 1 else name
            self._file.add_summary(summary.image(tag, image, dataformats="HWC"), step)

    def write_model(self, model):
        """Writes the layers of a model, for the graph page."""
        plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        tensor = TensorProto(dtype=DT_STRING, string_val=[model.to_json().encode()])
        value = Summary.Value(
            tag="keras", metadata=SummaryMetadata(plugin_data=plugin), tensor=tensor
        )
        self._file.add_summary(Summary(value=[value]), 0)

    def flush(self):
        self._file.flush()

    def close(self):
        self._file.close()
