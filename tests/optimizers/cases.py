"""Every optimizer, with arguments under which it does all it can."""

from pyclr.optimizers import schedules

OPTIMIZERS = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Adamax": {},
    "Nadam": {},
    "Adagrad": {},
    "Adadelta": {},
    "Ftrl": {"learning_rate": 1.0, "l1_regularization_strength": 0.01},
    "Lion": {},
    "ScheduleFreeAdamW": {"warmup_steps": 3},
    "Lamb": {},
    "Adafactor": {},
    "Muon": {},
}
# What every one of them takes.
OPTIONS = {
    "clipvalue": {"clipvalue": 0.05},
    "clipnorm": {"clipnorm": 0.1},
    "global_clipnorm": {"global_clipnorm": 0.1, "weight_decay": 0.01},
    "means": {"use_ema": True, "ema_momentum": 0.9},
    "accumulation": {"gradient_accumulation_steps": 2, "weight_decay": 0.01},
    "all": {
        "gradient_accumulation_steps": 5,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "global_clipnorm": 0.1,
        "weight_decay": schedules.ExponentialDecay(0.1, 3, 0.5),
        "loss_scale_factor": 8.0,
    },
}
