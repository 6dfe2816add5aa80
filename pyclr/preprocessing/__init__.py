"""Keras' older names for parts of `pyclr.utils`."""

from .._lazy import attach as _attach

__getattr__, __dir__ = _attach(
    __name__,
    {
        "..utils": "image_dataset_from_directory text_dataset_from_directory "
        "timeseries_dataset_from_array",
        ".image": "",
        ".sequence": "",
    },
)
