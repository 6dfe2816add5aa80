"""A loss of one's own, written with NumPy: it is differentiated, recorded and replayed."""

import numpy as np

import pyclr

(x_train, y_train), (x_test, y_test) = pyclr.datasets.digits.load_data()
x_train, x_test = x_train.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16
y_train, y_test = np.eye(10)[y_train], np.eye(10)[y_test]


def mean_fourth_power(y_true, y_pred):
    return np.mean(np.square(np.square(y_true - y_pred)), axis=-1)


pyclr.utils.set_random_seed(0)
model = pyclr.Sequential(
    [
        pyclr.Input((64,)),
        pyclr.layers.Dense(64, activation="relu"),
        pyclr.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", loss=mean_fourth_power, metrics=["accuracy"])
model.fit(x_train, y_train, epochs=20, verbose=2)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.5f}, test accuracy {accuracy:.4f}")
print(model.explain_step())
