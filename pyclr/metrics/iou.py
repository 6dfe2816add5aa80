"""Intersection over union of predicted and true classes, from a confusion matrix."""

from __future__ import annotations

import numpy as np

from .. import _core, config, ops
from .._warn import warn
from .metric import Metric
from .weighting import broadcast_weight


class IoU(Metric):
    """The mean intersection over union of some classes:
    `true_positives / (true_positives + false_positives + false_negatives)`.

    Predictions and labels are counted in a confusion matrix; pairs with a class outside
    `[0, num_classes)` are left out. Classes that occur neither in labels nor in predictions do not
    count in the mean.

    Args:
        num_classes: Integer, the number of classes.
        target_class_ids: List of integers, the classes that the mean is over.
        name: String.
        dtype: String, the dtype of the confusion matrix. Defaults to int32, which truncates
            fractions of sample weights: use float32 for those.
        ignore_class: Integer or `None`, a label that does not count, such as that of void pixels.
        sparse_y_true: Boolean, whether labels are integers, or else scores whose largest is meant.
        sparse_y_pred: Boolean, the same for predictions.
        axis: Integer, the axis of the scores. Defaults to -1.

    Raises:
        ValueError: if a target class is out of range.

    Example:

    ```python
    >>> metric = pyclr.metrics.IoU(num_classes=2, target_class_ids=[0])
    >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> round(float(metric.result()), 4)
    0.3333
    ```
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype="int32" if dtype in (None, "int") else dtype)
        self.target_class_ids = [int(i) for i in target_class_ids]
        if not all(0 <= i < num_classes for i in self.target_class_ids):
            raise ValueError(
                f"Argument `target_class_ids` must hold integers in [0, {num_classes}). "
                f"Received: target_class_ids={target_class_ids}"
            )
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels: integers, or scores without `sparse_y_true`.
            y_pred: Predictions: integers, or scores without `sparse_y_pred`.
            sample_weight: Optional weights that broadcast to the integers from the left.

        Raises:
            ValueError: if a shape does not fit.
        """
        y_true = y_true if self.sparse_y_true else ops.argmax(y_true, axis=self.axis)
        y_pred = y_pred if self.sparse_y_pred else ops.argmax(y_pred, axis=self.axis)
        y_true = ops.convert_to_tensor(y_true, "int32")
        y_pred = ops.convert_to_tensor(y_pred, "int32")
        if y_true.size != y_pred.size:
            raise ValueError(
                f"The metric '{self.name}' needs one class in `y_true` for each in `y_pred`. "
                f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
            )
        weight = self._weight(sample_weight, y_true.shape)
        y_true, y_pred = ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1,))
        counts = self._in_range(y_true) & self._in_range(y_pred)
        if self.ignore_class is not None:
            counts = counts & (y_true != self.ignore_class)
        weight = ops.where(counts, weight, ops.zeros((), self.dtype))
        index = ops.where(counts, y_true * self.num_classes + y_pred, 0)
        cells = _core.ops.scatter_add(weight, index, axis=0, shape=[self.num_classes**2])
        self.total_cm.assign_add(ops.reshape(cells, self.total_cm.shape))

    def _weight(self, sample_weight, shape):
        if sample_weight is None:
            return ops.ones((int(np.prod(shape)),), self.dtype)
        weight = ops.convert_to_tensor(sample_weight)
        if "float" in weight.dtype and "int" in self.dtype:
            warn(
                f"The metric '{self.name}' has dtype {self.dtype}: fractions of `sample_weight` "
                "are cut off. Make it with dtype='float32'."
            )
        weight = broadcast_weight(ops.cast(weight, self.dtype), shape)
        return ops.reshape(weight, (-1,))

    def _in_range(self, classes):
        return (classes >= 0) & (classes < self.num_classes)

    def result(self):
        matrix = ops.cast(self.total_cm, "float32")
        right = ops.reshape(matrix, (-1,))[:: self.num_classes + 1]
        union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - right
        targets = np.array(self.target_class_ids, "int32")
        right, union = ops.take(right, targets), ops.take(union, targets)
        occurs = union > 1e-9
        iou = ops.where(occurs, right / (union + config.epsilon()), 0.0)
        return ops.sum(iou) / (ops.sum(ops.cast(occurs, "float32")) + config.epsilon())

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


class BinaryIoU(IoU):
    """The mean intersection over union of the classes 0 and 1, where a prediction not below the
    threshold is a 1.

    Args:
        target_class_ids: The classes that the mean is over: `[0]`, `[1]` or `[0, 1]` (the default).
        threshold: Number. Defaults to 0.5.
        name: String.
        dtype: String, see `IoU`.
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Labels 0 or 1.
            y_pred: Scores, as many.
            sample_weight: Optional weights that broadcast to the labels from the left.
        """
        y_pred = ops.convert_to_tensor(y_pred, "float32") >= self.threshold
        super().update_state(y_true, ops.cast(y_pred, "int32"), sample_weight)

    def get_config(self):
        config = super().get_config()
        kept = {key: config[key] for key in ("name", "dtype", "target_class_ids")}
        return {**kept, "threshold": self.threshold}


class MeanIoU(IoU):
    """The mean intersection over union of all classes that occur.

    Args:
        num_classes: Integer, the number of classes.
        name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: See `IoU`.
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(
            num_classes, range(num_classes), name=name, dtype=dtype, ignore_class=ignore_class,
            sparse_y_true=sparse_y_true, sparse_y_pred=sparse_y_pred, axis=axis,
        )  # fmt: skip

    def get_config(self):
        config = super().get_config()
        del config["target_class_ids"]
        return config


class OneHotIoU(IoU):
    """The mean intersection over union of some classes, for one-hot labels.

    Args:
        num_classes: Integer, the number of classes.
        target_class_ids: List of integers, the classes that the mean is over.
        name, dtype, ignore_class, axis: See `IoU`.
        sparse_y_pred: Boolean, whether predictions are integers. Defaults to `False`: scores.
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes, target_class_ids, name=name, dtype=dtype, ignore_class=ignore_class,
            sparse_y_true=False, sparse_y_pred=sparse_y_pred, axis=axis,
        )  # fmt: skip

    def get_config(self):
        config = super().get_config()
        del config["sparse_y_true"]
        return config


class OneHotMeanIoU(MeanIoU):
    """The mean intersection over union of all classes that occur, for one-hot labels.

    Args:
        num_classes: Integer, the number of classes.
        name, dtype, ignore_class, axis: See `IoU`.
        sparse_y_pred: Boolean, whether predictions are integers. Defaults to `False`: scores.
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes, name=name, dtype=dtype, ignore_class=ignore_class, sparse_y_true=False,
            sparse_y_pred=sparse_y_pred, axis=axis,
        )  # fmt: skip

    def get_config(self):
        config = super().get_config()
        del config["sparse_y_true"]
        return config
