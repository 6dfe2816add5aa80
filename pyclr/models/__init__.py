"""Models: layers that can be trained and saved."""

from .model import Model as Model
from .sequential import Sequential as Sequential
