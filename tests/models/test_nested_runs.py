"""A model that runs in the training step of another."""

import numpy as np
import pytest

import pyclr


@pytest.mark.parametrize("trained", [False, True], ids=["new teacher", "trained teacher"])
@pytest.mark.parametrize("batch", [4, 16], ids=["in batches", "in one batch"])
def test_a_model_predicts_in_the_training_step_of_another(trained, batch):
    """Distillation: the step that asks a teacher for its predictions stays eager."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x @ np.float32([[1], [-2], [3]])
    teacher = pyclr.Sequential([pyclr.Input((3,)), pyclr.layers.Dense(1)])
    teacher.compile("sgd", "mse")
    if trained:
        teacher.fit(x, y, batch_size=16, epochs=2, verbose=0)
        teacher.predict(x, batch_size=batch, verbose=0)

    class Student(pyclr.Model):
        def __init__(self):
            super().__init__()
            self.dense = pyclr.layers.Dense(1)
            self.targets = []

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            inputs, _ = data
            wanted = teacher.predict(inputs, batch_size=batch, verbose=0)
            self.targets.append(wanted)
            with pyclr.GradientTape() as tape:
                loss = pyclr.ops.mean((self(inputs) - wanted) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}

    student = Student()
    student.compile("sgd")
    student.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    assert len(student.targets) == 12
    expected = x @ teacher.get_weights()[0] + teacher.get_weights()[1]
    np.testing.assert_allclose(np.concatenate(student.targets[:4]), expected, rtol=1e-5, atol=1e-6)
    reason = student.explain_step()
    assert "a value was read" in reason or "another model's batches" in reason
    # It is a state of that moment only.
    teacher.fit(x, y, batch_size=16, epochs=2, verbose=0)
    assert "The step is replayed" in teacher.explain_step()
