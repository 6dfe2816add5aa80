"""Utilities."""

from ..backend import clear_session as clear_session
from ..backend import is_keras_tensor as is_keras_tensor
from ..backend import standardize_dtype as standardize_dtype
from ..config import disable_interactive_logging as disable_interactive_logging
from ..config import enable_interactive_logging as enable_interactive_logging
from ..config import is_interactive_logging_enabled as is_interactive_logging_enabled
from ..data.py_dataset import PyDataset as PyDataset
from ..data.py_dataset import PyDataset as Sequence  # noqa: F401 - its old name
from ..random.seed import set_random_seed as set_random_seed
from ..saving.object_registration import CustomObjectScope as CustomObjectScope
from ..saving.object_registration import custom_object_scope as custom_object_scope
from ..saving.object_registration import get_custom_objects as get_custom_objects
from ..saving.object_registration import get_registered_name as get_registered_name
from ..saving.object_registration import get_registered_object as get_registered_object
from ..saving.object_registration import register_keras_serializable as register_keras_serializable
from ..saving.serialization import deserialize_keras_object as deserialize_keras_object
from ..saving.serialization import serialize_keras_object as serialize_keras_object
from ..symbolic import source_inputs as get_source_inputs  # noqa: F401
from .config import Config as Config
from .dataset_utils import pack_x_y_sample_weight as pack_x_y_sample_weight
from .dataset_utils import split_dataset as split_dataset
from .dataset_utils import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from .directory_datasets import audio_dataset_from_directory as audio_dataset_from_directory
from .directory_datasets import image_dataset_from_directory as image_dataset_from_directory
from .directory_datasets import text_dataset_from_directory as text_dataset_from_directory
from .file_utils import get_file as get_file
from .image_utils import array_to_img as array_to_img
from .image_utils import img_to_array as img_to_array
from .image_utils import load_img as load_img
from .image_utils import save_img as save_img
from .model_visualization import model_to_dot as model_to_dot
from .model_visualization import plot_model as plot_model
from .numerical_utils import normalize as normalize
from .numerical_utils import to_categorical as to_categorical
from .progbar import Progbar as Progbar
from .sequence_utils import pad_sequences as pad_sequences
from .timeseries_dataset_utils import timeseries_dataset_from_array as timeseries_dataset_from_array
