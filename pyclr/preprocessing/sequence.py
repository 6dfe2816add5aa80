"""Sequences of different lengths as rectangular arrays."""

from ..utils import pad_sequences as pad_sequences
