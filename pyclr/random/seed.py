"""The global seed: where a seed that the user does not give comes from.

`np.random` and Python's `random` are neither used nor changed.
"""

import os
import threading
from operator import index

_lock = threading.Lock()
_seed = None
_drawn = 0  # seeds drawn since `_seed` was set
_state = None  # of the numbers drawn without a seed: a tensor [seed, draws]


def set_random_seed(seed):
    """Makes everything random that follows reproducible.

    Weights, dropout masks and shuffles after this call are the same whenever the same calls are
    made in the same order, on any number of threads of computation.

    Args:
        seed: Integer, at least 0 and less than 2**64.

    Raises:
        ValueError: if `seed` is not such an integer.

    Example:

    ```python
    pyclr.random.set_random_seed(7)
    first = pyclr.initializers.GlorotUniform()((2, 3))
    pyclr.random.set_random_seed(7)
    assert (pyclr.initializers.GlorotUniform()((2, 3)) == first).all()
    ```
    """
    global _seed, _drawn
    number = check_seed(seed)
    with _lock:
        _seed, _drawn = number, 0
        if _state is not None:
            _state._view()[...] = state_words(number)


def make_seed():
    """Draws the next seed, an integer of 31 bits, from the global state.

    The sequence is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), started from the seed given to
    `set_random_seed` or else from the operating system's entropy.
    """
    global _seed, _drawn
    with _lock:
        if _seed is None:
            _seed = int.from_bytes(os.urandom(8), "little")
        _drawn += 1
        state = (_seed + _drawn * 0x9E3779B97F4A7C15) % 2**64
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % 2**64
    return (state ^ (state >> 31)) >> 33


def global_state():
    """Returns the state of the numbers drawn without a seed: an int64 tensor [seed, draws], which
    the engine's random ops advance in place. It is always the same tensor, so that steps replay."""
    global _seed, _state
    import numpy as np

    from .. import _core

    with _lock:
        if _state is None:
            if _seed is None:
                _seed = int.from_bytes(os.urandom(8), "little")
            _state = _core.alias(np.array(state_words(_seed), "int64"))
        return _state


def state_words(seed):
    """The first state of a stream: a seed below 2**64 as a signed integer, and no draws."""
    return [seed - 2**64 if seed >= 2**63 else seed, 0]


def get_state():
    """Returns the global state, `[seed, seeds drawn, state of the numbers drawn without a seed]`,
    for `set_state`. It is plain: JSON can hold it."""
    with _lock:
        return [_seed, _drawn, None if _state is None else _state._view().tolist()]


def set_state(state):
    """Puts the global state back to what `get_state` returned."""
    global _seed, _drawn
    with _lock:
        _seed, _drawn, words = state
        if _state is not None and _seed is not None:
            _state._view()[...] = state_words(_seed) if words is None else words


def check_seed(seed):
    """Returns `seed` as a Python integer, or raises a ValueError."""
    try:
        number = None if isinstance(seed, bool) else index(seed)
    except TypeError:
        number = None
    if number is None or not 0 <= number < 2**64:
        raise ValueError(
            "Argument `seed` must be an integer, at least 0 and less than 2**64. "
            f"Received: seed={seed!r}"
        )
    return number


def numpy_generator(seed):
    """Returns a `np.random.Generator` over Philox, keyed by a seed.

    Args:
        seed: Integer, which always gives the same generator, or an object whose `next()` returns
            two integers: a seed generator, which gives another one at each call.
    """
    import numpy as np

    key = seed.next() if hasattr(seed, "next") else (seed, 0)
    return np.random.Generator(np.random.Philox(key=np.array(key, dtype=np.uint64)))
