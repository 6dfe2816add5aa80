"""Utilities."""

from .._lazy import attach as _attach

__getattr__, __dir__ = _attach(
    __name__,
    {
        "..backend": "clear_session is_keras_tensor standardize_dtype",
        "..config": "disable_interactive_logging enable_interactive_logging "
        "is_interactive_logging_enabled",
        "..data.py_dataset": "PyDataset Sequence=PyDataset",
        "..random.seed": "set_random_seed",
        "..saving.object_registration": "CustomObjectScope custom_object_scope get_custom_objects "
        "get_registered_name get_registered_object register_keras_serializable",
        "..saving.serialization": "deserialize_keras_object serialize_keras_object",
        "..symbolic": "get_source_inputs=source_inputs",
        ".config": "Config",
        ".dataset_utils": "pack_x_y_sample_weight split_dataset unpack_x_y_sample_weight",
        ".directory_datasets": "audio_dataset_from_directory image_dataset_from_directory "
        "text_dataset_from_directory",
        ".file_utils": "get_file",
        ".image_utils": "array_to_img img_to_array load_img save_img",
        ".model_visualization": "model_to_dot plot_model",
        ".numerical_utils": "normalize to_categorical",
        ".progbar": "Progbar",
        ".sequence_utils": "pad_sequences",
        ".timeseries_dataset_utils": "timeseries_dataset_from_array",
    },
)
