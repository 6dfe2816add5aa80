"""Initializers: the first values of weights. Each is also found under its snake-case name."""

from .. import _lookup
from ..saving import serialization
from .constant_initializers import Constant as Constant
from .constant_initializers import Identity as Identity
from .constant_initializers import Ones as Ones
from .constant_initializers import Zeros as Zeros
from .initializer import Initializer as Initializer
from .random_initializers import Orthogonal as Orthogonal
from .random_initializers import RandomNormal as RandomNormal
from .random_initializers import RandomUniform as RandomUniform
from .random_initializers import TruncatedNormal as TruncatedNormal
from .scaling_initializers import GlorotNormal as GlorotNormal
from .scaling_initializers import GlorotUniform as GlorotUniform
from .scaling_initializers import HeNormal as HeNormal
from .scaling_initializers import HeUniform as HeUniform
from .scaling_initializers import LecunNormal as LecunNormal
from .scaling_initializers import LecunUniform as LecunUniform
from .scaling_initializers import VarianceScaling as VarianceScaling
from .stft_initializer import STFT as STFT

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT
normal = RandomNormal
one = Ones
uniform = RandomUniform
zero = Zeros


def get(identifier):
    """Returns the initializer that an identifier means.

    Args:
        identifier: `None`, a name (`"he_normal"`, `"HeNormal"`), a config dictionary, an
            initializer or its class, a callable `(shape, dtype=None)`, or an array, which is
            itself the initial value and must have the shape asked for.

    Returns:
        An initializer or callable, or `None`.

    Raises:
        ValueError: if the identifier cannot be interpreted.

    Example:

    ```python
    >>> pyclr.initializers.get("he_normal").get_config()
    {'seed': None, 'input_axes': None, 'output_axes': None}
    ```
    """
    if not callable(identifier) and hasattr(identifier, "__array__"):
        return Constant(identifier)
    return _lookup.get(identifier, __name__, "initializer", Initializer)


def serialize(initializer):
    """Returns the config of an initializer as a dictionary."""
    return serialization.serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """Returns the initializer that a config or name describes; see `get`."""
    return _lookup.get(config, __name__, "initializer", Initializer, custom_objects=custom_objects)


def __getattr__(name):
    return _lookup.alias(name, __name__, Initializer)
