"""Callbacks: what runs at points of training, evaluation and prediction."""

from .callback import Callback as Callback
from .callback_list import CallbackList as CallbackList
from .history import History as History
from .progbar_logger import ProgbarLogger as ProgbarLogger
