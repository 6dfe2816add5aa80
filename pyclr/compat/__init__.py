"""Runs programs written for TensorFlow, tf.keras, Keras or TensorFlow Addons on pyclr, unchanged.

    python -m pyclr.compat script.py argument ...
    python -m pyclr.compat -m module argument ...
    python -m pyclr.compat -c "import tensorflow as tf; print(tf.__version__)"

In IPython and Jupyter, `%load_ext pyclr.compat` in the first cell does the same; anywhere else,
`pyclr.compat.install()` before the first import.

`tensorflow`, `tensorflow_addons`, `keras` and `tf_keras`, imported by the user's own code, are then
made of pyclr, whether or not these libraries are installed. Installed packages and the standard
library see what they would see without pyclr. A name that pyclr lacks raises an ImportError or
AttributeError that says so.
"""

from ..models import compile as _compile
from ..saving import object_registration as _object_registration
from . import importing as _importing


def install():
    """Lets the user's own code import pyclr under the names of TensorFlow and Keras.

    It acts on imports from now on. Models with lambdas can be saved: see
    `pyclr.optimizers.schedules.CyclicalLearningRate`. Calling it again changes nothing.

    Example:

    ```python
    import pyclr.compat
    pyclr.compat.install()
    import tensorflow as tf
    assert tf.Variable is pyclr.Variable
    ```
    """
    _importing.install()
    _object_registration.allow_unregistered_functions = True


def uninstall():
    """Makes imports mean what they did before `install`. What was imported stays as it is."""
    _importing.uninstall()
    _object_registration.allow_unregistered_functions = False
    _compile.match_ranks = False


def is_installed():
    """Returns whether `install` is in force."""
    return _object_registration.allow_unregistered_functions


def load_ipython_extension(ipython):
    """What `%load_ext pyclr.compat` calls."""
    install()


def unload_ipython_extension(ipython):
    """What `%unload_ext pyclr.compat` calls."""
    uninstall()
