"""Settings of the process: threads, instruction set, dtypes, logging, limits for debugging."""

import os

from . import _core

_floatx = "float32"
_epsilon = 1e-7
_dtype_policy = None  # the name of one, or `None` for that of `floatx()`
_interactive_logging = True
_limits = {"epochs": None, "steps_per_epoch": None}


def num_threads():
    """Returns the number of threads that computations use, the calling one included."""
    return _core.num_threads()


def set_num_threads(num_threads):
    """Sets the number of threads that computations use. Results do not depend on it, bit for bit.

    The default is what `PYCLR_NUM_THREADS` or `OMP_NUM_THREADS` says, else the cores that CPU
    affinity and the cgroup's quota leave to the process.

    Args:
        num_threads: Integer, at least 1.
    """
    if not isinstance(num_threads, int) or isinstance(num_threads, bool) or num_threads < 1:
        raise ValueError(
            "Argument `num_threads` must be a positive integer. "
            f"Received: num_threads={num_threads!r}"
        )
    _core.set_num_threads(num_threads)


def register_with_threadpoolctl():
    """Lets threadpoolctl see and limit the threads of pyclr.

    Afterwards `threadpoolctl.threadpool_info()` lists pyclr, and `threadpool_limits(1)` means it as
    well; `user_api="pyclr"` means it alone. `import pyclr` does this where threadpoolctl was
    imported before.

    Raises:
        ImportError: without threadpoolctl 3.4 or newer. Older ones go by file names alone.
    """
    from ._threadpoolctl import register

    register()


def isa():
    """Returns the name of the instruction set in use, such as `"avx2"`."""
    return _core.isa()


def available_isas():
    """Returns the instruction sets this machine supports, best first."""
    return _core.available_isas()


def set_isa(name):
    """Chooses the instruction set of the kernels. Results differ between sets by rounding.

    Args:
        name: String, one of `available_isas()`. The environment variable `PYCLR_ISA` does the same
            at import.
    """
    _core.select_isa(name)


def backend():
    """Returns `"pyclr"`: the library has one backend, its own."""
    return "pyclr"


def conv_algorithm():
    """Returns how convolutions are computed: `"auto"` or `"direct"`."""
    return "auto" if _core.use_winograd() else "direct"


def set_conv_algorithm(name):
    """Chooses how convolutions are computed.

    With `"auto"`, the default, float32 convolutions of 3x3 and 5x5 kernels without strides,
    dilation and groups use Winograd's minimal filtering (Lavin and Gray, arXiv:1509.09308) where
    channels and images are large enough for it to be faster, and for 5x5 kernels on images of one
    channel: less than half the multiplications, and rounding errors some two to four times as
    large. The choice depends on the shapes of the image and the kernel, not on the batch.

    Args:
        name: String, `"auto"`, or `"direct"` for products and sums as in the definition.
    """
    if name not in ("auto", "direct"):
        raise ValueError(f"Argument `name` must be 'auto' or 'direct'. Received: name={name!r}")
    _core.set_use_winograd(name == "auto")


# --- Numbers and layouts -----------------------------------------------------------------------


def floatx():
    """Returns the default floating point dtype, a string."""
    return _floatx


def set_floatx(value):
    """Sets the default floating point dtype: `"float32"` or `"float64"`.

    Raises:
        ValueError: for another one.
    """
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(
            f"Argument `value` must be 'float32' or 'float64'. Received: value={value!r}"
        )
    _floatx = value


def dtype_policy():
    """Returns the `DTypePolicy` of layers that are given no `dtype`: that of `floatx()` unless
    `set_dtype_policy` was called."""
    from .dtype_policies import DTypePolicy

    return DTypePolicy(_dtype_policy or _floatx)


def set_dtype_policy(policy):
    """Sets the dtype policy of layers that are made from now on without a `dtype`.

    Args:
        policy: A `DTypePolicy` or its name, such as `"float64"`.

    Raises:
        ValueError: for a dtype that pyclr lacks, such as those of mixed precision.
    """
    global _dtype_policy
    from . import dtype_policies

    _dtype_policy = dtype_policies.get(policy).name


def epsilon():
    """Returns the small number that keeps divisions and logarithms finite."""
    return _epsilon


def set_epsilon(value):
    """Sets the small number that constraints, metrics and normalizations read as `epsilon()`.

    Crossentropies clip probabilities at 1e-7, and optimizers have an argument of their own.

    Args:
        value: Number greater than 0.
    """
    global _epsilon
    if not value > 0:
        raise ValueError(f"Argument `value` must be greater than 0. Received: value={value!r}")
    _epsilon = float(value)


def image_data_format():
    """Returns `"channels_last"`, the only layout of images pyclr has."""
    return "channels_last"


def set_image_data_format(data_format):
    """Takes `"channels_last"`, the only layout of images pyclr has.

    Raises:
        ValueError: for another one.
    """
    if data_format != "channels_last":
        raise ValueError(
            "Argument `data_format` must be 'channels_last': channels come last. "
            f"Received: data_format={data_format!r}"
        )


# --- Output ------------------------------------------------------------------------------------


def enable_interactive_logging():
    """Lets the progress of `fit`, `evaluate` and `predict` go to standard output, as it does from
    the beginning."""
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging():
    """Lets the progress of `fit`, `evaluate` and `predict` go to the logger `"pyclr"` of Python's
    `logging`, a line an epoch at level INFO, and `verbose="auto"` mean 2."""
    global _interactive_logging
    _interactive_logging = False


def is_interactive_logging_enabled():
    """Returns whether progress goes to standard output."""
    return _interactive_logging


def enable_traceback_filtering():
    """Has no effect, for Keras' sake: tracebacks are short, and shown whole."""


def disable_traceback_filtering():
    """Has no effect: see `enable_traceback_filtering`."""


def is_traceback_filtering_enabled():
    """Returns `False`: tracebacks are shown whole."""
    return False


# --- Limits for debugging ----------------------------------------------------------------------


def max_epochs():
    """Returns the largest number of epochs of a `fit`, or `None`. It is what `set_max_epochs` or
    the environment variable `KERAS_MAX_EPOCHS` says."""
    return _limit("epochs")


def set_max_epochs(max_epochs):
    """Limits the epochs of every `fit`, so that a script can be tried in a short time.

    Args:
        max_epochs: Integer, at least 1; or `None` for no limit.
    """
    _set_limit("epochs", max_epochs)


def max_steps_per_epoch():
    """Returns the largest number of batches of an epoch, an evaluation or a prediction, or `None`.
    It is what `set_max_steps_per_epoch` or the environment variable `KERAS_MAX_STEPS_PER_EPOCH`
    says."""
    return _limit("steps_per_epoch")


def set_max_steps_per_epoch(max_steps_per_epoch):
    """Limits the batches of every epoch, evaluation and prediction.

    Args:
        max_steps_per_epoch: Integer, at least 1; or `None` for no limit.
    """
    _set_limit("steps_per_epoch", max_steps_per_epoch)


def _limit(what):
    if _limits[what] is None:
        return int(os.environ.get(f"KERAS_MAX_{what.upper()}", 0)) or None
    return _limits[what]


def _set_limit(what, value):
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ValueError(
            f"Argument `max_{what}` must be an integer, at least 1, or None. "
            f"Received: max_{what}={value!r}"
        )
    _limits[what] = value


# --- What only other backends have -------------------------------------------------------------


def enable_flash_attention():
    """Has no effect, for Keras' sake: attention has one implementation."""


def disable_flash_attention():
    """Has no effect: see `enable_flash_attention`."""


def is_flash_attention_enabled():
    """Returns `False`."""
    return False


def is_nnx_enabled():
    """Returns `False`: layers are not modules of Flax."""
    return False


def enable_unsafe_deserialization():
    """Has no effect: code in files is never run, whatever `safe_mode` says."""
