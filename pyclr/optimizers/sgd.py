"""Stochastic gradient descent."""

from .optimizer import Optimizer, hyper_parameter


class SGD(Optimizer):
    """Gradient descent, with momentum.

    `w -= learning_rate * g`; with momentum `v = momentum * v - learning_rate * g; w += v`; with
    Nesterov's momentum `w += momentum * v - learning_rate * g` (Sutskever et al., ICML 2013).

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.01.
        momentum: Number in [0, 1]. Defaults to 0.
        nesterov: Boolean. Defaults to `False`.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: See `Optimizer`.
    """

    update = "sgd"

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.0,
        nesterov=False,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        name="SGD",
    ):
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            name,
            hyper={"momentum": momentum},
            slots=("momentum",) if momentum else (),
            flag=nesterov,
        )
        if not 0 <= self.momentum <= 1:
            raise ValueError(
                f"Argument `momentum` must be in [0, 1]. Received: momentum={momentum!r}"
            )

    momentum = hyper_parameter("momentum", "The momentum of the next update.")

    @property
    def nesterov(self):
        return self._flag

    def get_config(self):
        config = super().get_config()
        return {**config, "momentum": self.momentum, "nesterov": self.nesterov}
