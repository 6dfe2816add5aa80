"""Data for training: arrays and anything iterable made into batches, and pipelines (`Dataset`)."""

from .dataset import AUTOTUNE as AUTOTUNE
from .dataset import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from .dataset import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY
from .dataset import Dataset as Dataset
from .spec import TensorSpec as TensorSpec
