"""What the layers that are one cell over sequences share."""

from __future__ import annotations

from .. import regularizers
from .input_spec import InputSpec
from .rnn import RNN


class RecurrentLayer(RNN):
    """Base of layers that take the arguments of their cell; those are attributes as well.

    Args:
        **kwargs: The arguments of `cell_class`, of `RNN` and of `Layer`.
    """

    cell_class: type
    _cell_name: str

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in cls.cell_class.arguments:
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name)))

    def __init__(self, **kwargs):
        names = (*self.cell_class.arguments, "implementation")
        arguments = {name: kwargs.pop(name) for name in names if name in kwargs}
        options = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        super().__init__(self._make_cell(**arguments, **options), **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def _make_cell(self, **kwargs):
        return self.cell_class(**kwargs, name=self._cell_name)

    def get_config(self):
        config = super().get_config()
        of_cell = config.pop("cell")["config"]
        return {
            **config,
            **{name: of_cell[name] for name in self.cell_class.arguments},
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def no_cudnn(use_cudnn):
    """Raises a ValueError if a GPU's kernels are demanded."""
    if use_cudnn not in ("auto", False):
        raise ValueError(
            "Argument `use_cudnn` must be 'auto' or False: computation is on the CPU. "
            f"Received: use_cudnn={use_cudnn!r}"
        )
