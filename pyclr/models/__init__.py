"""Models: layers that can be trained and saved."""

from ..saving import load_model as load_model
from ..saving import save_model as save_model
from .model import Model as Model
from .sequential import Sequential as Sequential
