"""Settings of the process: threads, instruction set, default dtype."""

from . import _core

_floatx = "float32"
_epsilon = 1e-7


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


def floatx():
    """Returns the default floating point dtype, a string."""
    return _floatx


def set_floatx(value):
    """Sets the default floating point dtype: `"float32"` or `"float64"`."""
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(
            f"Argument `value` must be 'float32' or 'float64'. Received: value={value!r}"
        )
    _floatx = value


def epsilon():
    """Returns the small number that keeps divisions and logarithms finite."""
    return _epsilon


def image_data_format():
    """Returns `"channels_last"`, the only layout of images pyclr has."""
    return "channels_last"
