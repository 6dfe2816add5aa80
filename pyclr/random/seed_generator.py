"""SeedGenerator: the state of one stream of random numbers."""

from __future__ import annotations

import numpy as np

from .. import _core
from ..variables import Variable
from .seed import check_seed, make_seed


class SeedGenerator:
    """A stream of random numbers, counter-based (Philox), whose state is a variable.

    The numbers of draw k depend on the seed and k only. Because the state is a tensor that each
    draw advances in place, a replayed training step draws new numbers as an eager one does.

    Args:
        seed: Integer, or `None` for one drawn from the global seed state
            (`pyclr.utils.set_random_seed`).
        name: String.
    """

    def __init__(self, seed=None, name=None):
        self.seed = make_seed() if seed is None else check_seed(seed)
        self.name = name or "seed_generator"
        self.state = Variable(
            np.array([self.seed, 0], "int64"), trainable=False, name="seed_generator_state"
        )

    def next(self):
        """Advances the state by one draw; returns (seed, number of the draw) as integers."""
        seed, step = self.state.value._view().tolist()
        _core.forbid_replay("SeedGenerator.next() gave its state to Python")
        self.state.value._view()[1] = step + 1
        return seed, step

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config):
        """Returns an instance made from a `get_config()` dictionary."""
        return cls(**config)
