"""Adam."""

from .optimizer import Optimizer, hyper_parameter


class Adam(Optimizer):
    """Adam (Kingma & Ba, arXiv 1412.6980): steps from running means of the gradient and its square.

    `m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g**2 - v)`, then
    `w -= alpha * m / (sqrt(v) + epsilon)` with
    `alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)` at update t, counted from 1.

    Args:
        learning_rate: Number or `LearningRateSchedule`. Defaults to 0.001.
        beta_1: Number, the decay of the mean. Defaults to 0.9.
        beta_2: Number, the decay of the mean square. Defaults to 0.999.
        epsilon: Number. Defaults to 1e-7.
        amsgrad: Boolean, whether the largest mean square so far is used (Reddi et al., ICLR 2018).
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: See `Optimizer`.
    """

    update = "adam"
    interleaved_slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        name="adam",
    ):
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            name,
            hyper={"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon},
            slots=("momentum", "velocity") + (("velocity_hat",) if amsgrad else ()),
        )
        self.amsgrad = bool(amsgrad)

    beta_1 = hyper_parameter("beta_1", "The decay of the running mean.")
    beta_2 = hyper_parameter("beta_2", "The decay of the running mean square.")
    epsilon = hyper_parameter("epsilon", "The number that keeps the division finite.")

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
