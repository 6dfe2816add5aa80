"""scikit-learn's MLPClassifier on the dense workloads.

It has no RMSprop: where the workload asks for it, Adam stands in (about the same work).
"""

from __future__ import annotations

import numpy as np
from common import Trainer, Workload, in_batches, run, timed_epochs


def build(workload: Workload, x: np.ndarray, y: np.ndarray) -> Trainer:
    import sklearn
    from sklearn.neural_network import MLPClassifier

    if any(name != "Dense" for name, _ in workload.layers):
        raise ImportError("scikit-learn has dense layers only")
    _, arguments = workload.optimizer
    model = MLPClassifier(
        hidden_layer_sizes=[layer["units"] for _, layer in workload.layers[:-1]],
        activation="relu",
        solver="adam",
        alpha=0.0,
        batch_size=workload.batch_size,
        learning_rate_init=arguments["learning_rate"],
        shuffle=True,
        random_state=0,
    )
    classes = np.unique(y)

    def run_epoch() -> None:
        model.partial_fit(x, y, classes=classes)  # one shuffled pass over the data

    return Trainer(sklearn.__version__, timed_epochs(run_epoch), in_batches(model.predict_proba))


if __name__ == "__main__":
    run("sklearn", build)
