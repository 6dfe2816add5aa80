"""A dense layer whose product is said by an equation."""

from __future__ import annotations

import math
import re

from .. import _core, activations, constraints, initializers, ops, regularizers
from .arguments import drop_unsupported, weight_config, weight_options
from .input_spec import InputSpec
from .layer import Layer


class EinsumDense(Layer):
    """Dense layer between any axes: `activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: String such as `"abc,cd->abd"`: the axes of the input, of the kernel and of the
            output; `...` stands for leading or trailing axes of input and output.
        output_shape: Integer or tuple, the output's shape without the batch and without what `...`
            stands for. `None` for sizes that the input says.
        activation: Activation function or its name. Defaults to none.
        bias_axes: Optional string, the axes of the output that the bias has. Defaults to no bias.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Optional function of the kernel added to the loss.
        bias_regularizer: Optional function of the bias added to the loss.
        kernel_constraint: Optional function applied to the kernel after each update.
        bias_constraint: Optional function applied to the bias after each update.

    Input shape:
        As the equation says.

    Output shape:
        As the equation says.

    Raises:
        ValueError: if the equation is malformed, or does not fit the shapes.

    Example:

    ```python
    layer = pyclr.layers.EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")
    assert layer(np.ones((2, 5, 3), "float32")).shape == (2, 5, 8)
    ```
    """

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        drop_unsupported(
            kwargs, lora_rank=None, lora_alpha=None, gptq_unpacked_column_size=None,
            quantization_config=None,
        )  # fmt: skip
        super().__init__(**kwargs)
        self.equation = equation
        self._terms = _Terms(equation, bias_axes)
        is_integer = isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if is_integer else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape):
        terms, shape = self._terms, self._full_output_shape(input_shape)
        sizes = terms.sizes(input_shape, shape)
        unknown = [axis for axis in terms.kernel if sizes[axis] is None]
        if unknown:
            raise ValueError(
                f"The sizes of the kernel's axes {unknown} in '{self.equation}' must be known. "
                f"Received: input_shape={tuple(input_shape)} in layer '{self.name}'"
            )
        options = weight_options(self, "kernel")
        options["initializer"] = self._initializer_of_axes()
        self.kernel = self.add_weight(
            shape=tuple(sizes[axis] for axis in terms.kernel), name="kernel", **options
        )
        self.bias = None
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                shape=terms.bias_shape(sizes, len(input_shape)),
                name="bias",
                **weight_options(self, "bias"),
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def _initializer_of_axes(self):
        """The kernel's initializer, told which axes are of the input and which of the output."""
        initializer, terms = self.kernel_initializer, self._terms
        if not isinstance(initializer, initializers.VarianceScaling):
            return initializer
        if initializer.input_axes is not None and initializer.output_axes is not None:
            return initializer
        places = list(enumerate(terms.kernel))
        return type(initializer).from_config(
            {
                **initializer.get_config(),
                "seed": initializer.seed,
                "input_axes": [i for i, axis in places if axis not in terms.output],
                "output_axes": [i for i, axis in places if axis in terms.output],
            }
        )

    def _full_output_shape(self, input_shape):
        terms, partial = self._terms, self.partial_output_shape
        hidden = terms.hidden(len(input_shape))
        if terms.dots == "left":
            return (*input_shape[: max(hidden, 1)], *partial)
        return (input_shape[0], *partial, *input_shape[len(input_shape) - hidden :])

    def call(self, inputs):
        x = ops.cast(inputs, self.dtype)
        depth = self._terms.dense_depth
        if depth:
            return self.activation(self._dense(x, depth))
        y = ops.einsum(self.equation, x, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def _dense(self, x, depth):
        """The last `depth` axes of x times the first of the kernel: one product of matrices."""
        batch, width = x.shape[: x.ndim - depth], self.kernel.shape[depth:]
        rows = math.prod(self.kernel.shape[:depth])
        matrix = _core.ops.reshape(self.kernel, shape=(rows, math.prod(width)))
        weights, late_bias = [matrix], self.bias
        if self.bias is not None and self.bias.shape == width:
            weights.append(_core.ops.reshape(self.bias, shape=(math.prod(width),)))
            late_bias = None
        y = _core.ops.dense(_core.ops.reshape(x, shape=(*batch, rows)), *weights)
        y = _core.ops.reshape(y, shape=(*batch, *width))
        return y if late_bias is None else y + late_bias

    def compute_output_shape(self, input_shape):
        return self._full_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            **weight_config(self, "kernel", "bias"),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }


class _Terms:
    """The axes that an equation names.

    Attributes:
        input, kernel, output: Strings of letters, without the dots.
        dots: `"left"`, `"right"` or `None`: where the input has `...`.
        dense_depth: How many axes the product sums over if it is one of matrices as they lie in
            memory, else 0.
    """

    def __init__(self, equation, bias_axes):
        forms = {
            None: r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
            "left": r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
            "right": r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
        }
        for self.dots, form in forms.items():
            match = re.fullmatch(form, equation.replace(" ", ""))
            if match:
                break
        else:
            raise ValueError(
                "Argument `equation` must be like 'ab,bc->ac', '...a,ab->...b' or "
                f"'ab...,bc->ac...'. Received: equation={equation!r}"
            )
        self.input, self.kernel, self.output = match.groups()
        self.bias_axes = bias_axes
        for axis in self.output:
            if axis not in self.input + self.kernel:
                raise ValueError(
                    f"Axis '{axis}' of the output must be one of input or kernel. "
                    f"Received: equation={equation!r}"
                )
        for axis in self.kernel:
            if axis not in self.input + self.output:
                raise ValueError(
                    f"Axis '{axis}' of the kernel must be one of input or output. "
                    f"Received: equation={equation!r}"
                )
        for axis in bias_axes or "":
            if axis not in self.output:
                raise ValueError(
                    f"Argument `bias_axes` must name axes of the output '{self.output}'. "
                    f"Received: bias_axes={bias_axes!r}"
                )
        self.dense_depth = self._depth()

    def _depth(self):
        summed = len([axis for axis in self.kernel if axis not in self.output])
        kept = self.input[: len(self.input) - summed]
        as_matrices = (
            self.dots != "right"
            and self.input == kept + self.kernel[:summed]
            and self.output == kept + self.kernel[summed:]
        )
        return summed if as_matrices else 0

    def hidden(self, rank):
        """The number of axes that the dots stand for."""
        return rank - len(self.input)

    def sizes(self, input_shape, output_shape):
        """Returns the size of each axis, or raises a ValueError if the shapes disagree."""
        hidden = self.hidden(len(input_shape)) if self.dots == "left" else 0
        sizes = dict(zip(self.input, input_shape[hidden:]))
        for axis, size in zip(self.output, output_shape[hidden:]):
            if sizes.get(axis) is None:
                sizes[axis] = size
            elif size is not None and size != sizes[axis]:
                raise ValueError(
                    f"Axis '{axis}' has {sizes[axis]} elements in the input and must have {size} "
                    f"in the output. Received: input_shape={tuple(input_shape)}"
                )
        return sizes

    def bias_shape(self, sizes, rank):
        first = min(self.output.index(axis) for axis in self.bias_axes)
        shape = [sizes[axis] if axis in self.bias_axes else 1 for axis in self.output[first:]]
        return (*shape, *(1,) * (self.hidden(rank) if self.dots == "right" else 0))
