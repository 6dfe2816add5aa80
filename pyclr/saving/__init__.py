"""Saving and loading: models, weights and the configs of single objects."""

from .object_registration import CustomObjectScope as CustomObjectScope
from .object_registration import custom_object_scope as custom_object_scope
from .object_registration import get_custom_objects as get_custom_objects
from .object_registration import get_registered_name as get_registered_name
from .object_registration import get_registered_object as get_registered_object
from .object_registration import register_keras_serializable as register_keras_serializable
from .saving_api import load_model as load_model
from .saving_api import load_weights as load_weights
from .saving_api import restore_state as restore_state
from .saving_api import save_model as save_model
from .saving_api import save_weights as save_weights
from .serialization import deserialize_keras_object as deserialize_keras_object
from .serialization import serialize_keras_object as serialize_keras_object
