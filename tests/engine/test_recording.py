"""When two recordings of a step are one computation, and the reason when they are not."""

import re
import subprocess
import sys

import numpy as np
import pytest
from steps import f, make_program, record, tensor

from pyclr import _core as core

X = tensor(np.arange(6.0).reshape(2, 3))
X2 = tensor(np.arange(6.0).reshape(2, 3))
W = tensor(np.ones((3, 2)))


def difference(first, second, inputs=(X,)):
    return core.difference(record(first, *inputs), record(second, *inputs))


def test_equal_steps():
    def step(x):
        return f.add(f.dense(x, W, activation="relu"), 1.5)

    assert difference(step, step) == ""
    assert difference(lambda x: f.square(x), lambda x: f.square(x)) == ""


@pytest.mark.parametrize(
    "first, second, reason",
    [
        (lambda x: f.exp(x), lambda x: f.log(x), "the op changed from exp to log"),
        (
            lambda x: f.sum(x, axes=[0]),
            lambda x: f.sum(x, axes=[0], keepdims=True),
            "an attribute changed",
        ),
        (lambda x: f.dense(x, W), lambda x: f.dense(x, W, tensor([0.0, 0])), "number of arguments"),
        (lambda x: f.add(x, 1.0), lambda x: f.add(x, 2.0), "a constant .* changed"),
        (
            lambda x: f.add(x, np.zeros(3, "float32")),
            lambda x: f.add(x, np.full(3, -0.0, "float32")),
            "a constant .* changed",
        ),
        (
            lambda x: f.add(x, np.zeros(3)),
            lambda x: f.add(x, np.zeros((1, 3))),
            "a constant .* changed",
        ),
        (lambda x: f.multiply(x, f.exp(x)), lambda x: f.multiply(f.exp(x), x), "another place|op"),
        (
            lambda x: [f.exp(x), f.log(x)][0],
            lambda x: [f.exp(x), f.log(x)][1],
            "output 0: it comes from another place",
        ),
        (lambda x: f.exp(x), lambda x: f.exp(f.exp(x)), "the step made 1 calls, then 2"),
        (lambda x: f.exp(x), lambda x: [f.exp(x)] * 2, "the number of outputs changed"),
        (lambda x: f.exp(x), lambda x: f.exp(X2), "it comes from another place"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reason(first, second, reason):
    assert re.search(reason, difference(first, second))


def test_wiring():
    def step(swap):
        def run(x):
            a, b = f.exp(x), f.square(x)
            return f.subtract(b, a) if swap else f.subtract(a, b)

        return run

    assert "call 2: argument 0: it comes from another place" in difference(step(0), step(1))


def test_both_calls_are_shown():
    text = difference(lambda x: f.sum(x, axes=[0]), lambda x: f.sum(x, axes=[1]))
    assert "first:  sum(float32 (2, 3); axes=(0), keepdims=False) -> float32 (3,)" in text
    assert "second: sum(float32 (2, 3); axes=(1), keepdims=False) -> float32 (2,)" in text


def test_another_tensor_from_outside():
    a, b = tensor([1.0, 2, 3]), tensor([1.0, 2, 3])
    text = difference(lambda x: f.add(x, a), lambda x: f.add(x, b))
    assert "argument 1: another tensor from outside the step is used" in text


def test_constant_in_place_of_a_tensor_from_outside():
    a = tensor([1.0, 2, 3])
    text = difference(lambda x: f.add(x, a), lambda x: f.add(x, np.ones(3)))
    assert "another tensor from outside" in text


def test_same_memory_through_another_handle_is_the_same_tensor():
    """A variable read through a fresh view each time."""
    w = tensor(np.ones((3, 2)))

    def step(x):
        return f.dense(x, f.reshape(w, shape=[3, 2]))

    assert difference(step, step) == ""


def test_input_shape_and_count():
    first = record(f.exp, tensor(np.ones((2, 3))))
    assert "shape or dtype of input 0" in core.difference(first, record(f.exp, tensor([1.0])))
    assert "shape or dtype of input 0" in core.difference(
        first, record(f.exp, tensor(np.ones((2, 3)), "float64"))
    )
    pair = record(lambda x, y: f.exp(x), tensor(np.ones((2, 3))), tensor([1.0]))
    assert core.difference(first, pair) == "the number of inputs changed"


READS = {
    "tensor.numpy()": lambda t: t.numpy(),
    "np.asarray(tensor)": lambda t: np.asarray(t),
    "tensor.item()": lambda t: f.sum(t).item(),
    "float(tensor)": lambda t: float(f.sum(t)),
    "int(tensor)": lambda t: int(f.sum(t)),
    "bool(tensor)": lambda t: bool(f.sum(t)),
    "tensor as an index": lambda t: range(6)[f.argmax(f.reshape(t, shape=[-1]))],
}


@pytest.mark.parametrize("how", READS)
def test_reading_a_value_is_an_obstacle(how):
    def step(x):
        y = f.exp(x)
        READS[how](y)
        return y

    recording = record(step, X)
    assert recording.obstacle == f"a value was read while the step ran ({how})"
    assert core.difference(recording, record(step, X)) == recording.obstacle
    with pytest.raises(ValueError, match="can not be replayed: a value was read"):
        core.Program(recording)


@pytest.mark.parametrize("how", ["shape", "dtype", "ndim", "size", "len", "type"])
def test_reading_what_is_known_without_the_value_is_none(how):
    def step(x):
        y = f.exp(x)
        if how == "len":
            len(y)
        elif how == "type":
            repr(type(y))
        else:
            getattr(y, how)
        return y

    assert record(step, X).obstacle == ""


def test_reading_outside_the_step_is_none():
    def step(x):
        return f.exp(x)

    recording = record(step, X)
    X.numpy()
    assert recording.obstacle == ""


def test_first_obstacle_stays():
    def step(x):
        core.forbid_replay("the layer said so")
        float(f.sum(x))

    assert record(step, X).obstacle == "the layer said so"


def test_forbid_outside_a_recording_is_harmless():
    assert not core.is_recording()
    core.forbid_replay("no one listens")
    assert record(f.exp, X).obstacle == ""


def test_one_recording_at_a_time():
    def step(x):
        assert core.is_recording()
        with pytest.raises(ValueError, match="open already"):
            core.Recording([]).begin()
        return f.exp(x)

    assert len(record(step, X)) == 1


def test_views_and_shared_memory_can_not_be_inputs():
    """A replay gives each input memory of its own."""
    x = tensor(np.ones((4, 3)))
    with pytest.raises(ValueError, match="must not be a view"):
        core.Recording([f.slice(x, begin=[1, 0], size=[2, 3], strides=[1, 1])])
    for other in (x, f.reshape(x, shape=[12])):
        with pytest.raises(ValueError, match="must not share memory"):
            core.Recording([x, other])


def test_dropped_recording_is_closed():
    recording = core.Recording([X])
    recording.begin()
    del recording
    assert not core.is_recording()
    f.exp(X)


def test_open_recording_is_no_program():
    recording = core.Recording([X])
    recording.begin()
    try:
        with pytest.raises(ValueError, match="open recording"):
            core.Program(recording)
    finally:
        recording.end()


def test_describe():
    recording = record(lambda x: f.dense(x, W), X)
    assert recording.describe() == (
        "dense(float32 (2, 3), float32 (3, 2); activation=linear) -> float32 (2, 2)\n"
    )


def test_audit():
    """A program compares a new recording with its own."""

    def step(x):
        return f.add(f.exp(x), 1.0)

    program = make_program(step, X)
    assert program.difference_from(record(step, X)) == ""
    changed = record(lambda x: f.add(f.exp(x), 2.0), X)
    assert "a constant" in program.difference_from(changed)
    assert "the step made" in program.difference_from(record(lambda x: f.exp(x), X))


def test_released_recording_keeps_what_is_held_and_tells_differences():
    """Held: an activation, a view of one, what the step returned, a variable that it wrote."""
    stashed, variable = [], tensor([0.0, 0.0, 0.0])
    x = tensor([1.0, 2.0, 3.0])
    expected = np.exp(x.numpy())

    def step(x, factor=2.0):
        y = f.exp(x)
        stashed.append(f.multiply(y, factor))
        stashed.append(f.reshape(f.negative(y), shape=[3, 1]))
        f.assign(variable, f.sqrt(y))
        return f.add(y, 1.0)

    recording, results = core.Recording([x]), []
    recording.begin()
    results.append(step(x))
    recording.end()
    recording.set_outputs(results)
    for _ in range(2):  # as often as one likes
        recording.release_values()
    for _ in range(20):  # other values in the memory that is free
        f.full(shape=[3], value=7.0)
    np.testing.assert_allclose(stashed[0].numpy(), 2 * expected, rtol=1e-6)
    np.testing.assert_allclose(stashed[1].numpy()[:, 0], -expected, rtol=1e-6)
    np.testing.assert_allclose(variable.numpy(), np.sqrt(expected), rtol=1e-6)
    np.testing.assert_allclose(results[0].numpy(), expected + 1, rtol=1e-6)
    assert core.difference(recording, record(step, x)) == ""
    other = record(lambda x: step(x, 3.0), x)
    assert "a constant" in core.difference(recording, other)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no /proc on this system")
def test_second_recording_uses_the_memory_of_the_first():
    code = """
import re, numpy as np, pyclr
from pyclr import layers
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) / 1024
model = pyclr.Sequential([pyclr.Input((256,))])
for _ in range(8):
    model.add(layers.Dense(256, "tanh"))
model.compile("sgd", "mse")
x = np.ones((4096, 256), "float32")
model.evaluate(x[:2], x[:2], verbose=0)  # what is imported and built at first
peaks = [peak()]
for _ in range(2):
    model.fit(x, x, batch_size=len(x), verbose=0)
    peaks.append(peak())
first, second = np.diff(peaks)
assert first > 30 and second < first / 3, peaks
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
