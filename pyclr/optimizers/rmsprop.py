"""RMSprop."""

from .optimizer import Optimizer, hyper_parameter


class RMSprop(Optimizer):
    """RMSprop (Hinton, 2012): steps divided by a running root mean square of the gradient.

    `v = rho * v + (1 - rho) * g**2; w -= learning_rate * g / sqrt(v + epsilon)`; when centered, the
    square of the running mean of the gradient is taken from `v`; with momentum, the steps are
    accumulated in `m = momentum * m + step; w -= m`.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        rho: Number, the decay of the running means. Defaults to 0.9.
        momentum: Number. Defaults to 0.
        epsilon: Number. Defaults to 1e-7.
        centered: Boolean. Defaults to `False`.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: See `Optimizer`.
    """

    update = "rmsprop"

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.9,
        momentum=0.0,
        epsilon=1e-7,
        centered=False,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        name="rmsprop",
    ):
        slots = ["velocity"]
        slots += ["momentum"] if momentum else []
        slots += ["average_gradient"] if centered else []
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            name,
            hyper={"rho": rho, "momentum": momentum, "epsilon": epsilon},
            slots=slots,
        )
        self.centered = bool(centered)

    rho = hyper_parameter("rho", "The decay of the running means.")
    momentum = hyper_parameter("momentum", "The momentum of the next update.")
    epsilon = hyper_parameter("epsilon", "The number that keeps the division finite.")

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
