"""Model: a layer that can be trained, evaluated, saved and shown."""

from __future__ import annotations

from ..layers.layer import Layer
from .summary import summary_lines
from .trainer import Trainer


class Model(Trainer, Layer):
    """A layer that can be compiled, trained and saved.

    Subclass it: make layers in `__init__` and use them in `call(self, inputs, training=False)`. For
    a plain stack of layers there is `Sequential`.

    Args:
        name: String.
        trainable: Boolean.
        dtype: String.

    Example:

    ```python
    class Residual(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.hidden = pyclr.layers.Dense(16, activation="relu")
            self.out = pyclr.layers.Dense(16)

        def call(self, x):
            return x + self.out(self.hidden(x))
    ```
    """

    def __init__(self, *args, **kwargs):
        if args:
            raise TypeError(
                "A Model is made by subclassing, or as a Sequential. "
                f"Received: {len(args)} positional arguments"
            )
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)

    @property
    def layers(self):
        """The layers of the model, in order."""
        return self._sublayers()

    def get_layer(self, name=None, index=None):
        """Returns a layer by its name or its place.

        Raises:
            ValueError: if there is none, or not exactly one argument is given.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"Exactly one of `name` and `index` is needed. Received: name={name}, index={index}"
            )
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"The model has {len(self.layers)} layers. Received: index={index}"
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"The model has the layers {[layer.name for layer in self.layers]}. "
            f"Received: name={name!r}"
        )

    def summary(self, line_length=None, print_fn=None):
        """Prints the layers, their output shapes and numbers of parameters.

        Args:
            line_length: Integer, characters a line. Defaults to what the table needs.
            print_fn: Function that is given the text. Defaults to `print`.
        """
        text = "\n".join(summary_lines(self, line_length))
        (print_fn or print)(text)

    # --- Files -----------------------------------------------------------------------------------

    def save(self, filepath, overwrite=True, include_optimizer=True):
        """Saves the model - architecture, weights, optimizer - as a `.keras` file.

        The arguments and errors are those of `pyclr.saving.save_model`.
        """
        from ..saving import save_model

        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath, overwrite=True):
        """Saves the weights, and the optimizer's state, as a `.weights.h5` file.

        The arguments and errors are those of `pyclr.saving.save_weights`.
        """
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, skip_mismatch=False):
        """Loads weights that `save_weights` or `save` wrote, here or in Keras 3.

        The arguments and errors are those of `pyclr.saving.load_weights`.
        """
        from ..saving import load_weights

        load_weights(self, filepath, skip_mismatch)

    def __reduce__(self):
        from ..saving.saving_api import reduce_model

        return reduce_model(self)

    def get_compile_config(self):
        """Returns the arguments of `compile` as a config, or `None`."""
        from ..saving.serialization import serialize_keras_object

        if not self.compiled:
            return None
        config = {**self._compile_config, "optimizer": self.optimizer}
        return {key: serialize_keras_object(value) for key, value in config.items()}

    def compile_from_config(self, config):
        """Compiles the model as a config says."""
        from ..saving.serialization import deserialize_keras_object

        known = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly")
        self.compile(
            **{key: deserialize_keras_object(config[key]) for key in known if key in config}
        )
        if self.built:
            self.optimizer.build(self.trainable_variables)
