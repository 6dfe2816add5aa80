"""Random numbers: all from Philox, keyed by seeds that a user gives or that `seed` draws."""

from .distributions import beta as beta
from .distributions import binomial as binomial
from .distributions import categorical as categorical
from .distributions import dropout as dropout
from .distributions import gamma as gamma
from .distributions import normal as normal
from .distributions import randint as randint
from .distributions import shuffle as shuffle
from .distributions import truncated_normal as truncated_normal
from .distributions import uniform as uniform
from .seed_generator import SeedGenerator as SeedGenerator
