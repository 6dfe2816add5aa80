"""Spectral normalization."""

from __future__ import annotations

from .. import initializers, ops
from .arguments import positive_integer
from .input_spec import InputSpec
from .wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value at each training step, so that
    the layer changes distances by a factor of at most about 1 (Miyato et al., arXiv 1802.05957).

    The singular value is estimated by power iterations, which go on from those of the step before.

    Args:
        layer: Layer with a `kernel` or `embeddings`. More than two dimensions are seen as the
            matrix `(product of the others, last)`.
        power_iterations: Positive integer, how many a step. Defaults to `1`.

    Input shape:
        That of the layer.

    Output shape:
        That of the layer.

    Raises:
        ValueError: if `layer` is not a layer or has no kernel, or `power_iterations` is not
            positive.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_integer("power_iterations", power_iterations)

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        names = [name for name in ("kernel", "embeddings") if hasattr(self.layer, name)]
        if not names:
            raise ValueError(
                "Argument `layer` of a SpectralNormalization layer must have a kernel or "
                f"embeddings. Received: layer={self.layer!r}"
            )
        self.kernel = getattr(self.layer, names[0])
        self.vector_u = self.add_weight(
            shape=(1, self.kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs, training=False):
        if training:
            self._normalize_kernel()
        return self.layer(inputs)

    def _normalize_kernel(self):
        matrix = ops.reshape(self.kernel, (-1, self.kernel.shape[-1]))
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(matrix)))
            u = ops.normalize(ops.matmul(v, matrix))
        largest = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        # A kernel of zeros stays, and so does its vector.
        is_zero = ops.all(ops.equal(self.kernel, 0))
        self.vector_u.assign(ops.where(is_zero, self.vector_u, u))
        divisor = ops.where(is_zero, 1.0, ops.reshape(largest, ()))
        self.kernel.assign(ops.divide(self.kernel, divisor))

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
