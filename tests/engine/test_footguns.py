"""What recording can not see, or might not: Python around the engine. Three kinds, no fourth.

Handled: a replay does what the eager step does.
    test_handled_stashed_tensor
    test_handled_state_in_a_host_function
    test_handled_random_numbers_of_the_engine
    test_handled_write_to_the_batch
    test_handled_variable_assigned_between_steps
    test_handled_exception_caught_in_the_step
Falls back: two recordings differ, the step stays eager, and the reason is told.
    test_falls_back_python_counter
    test_falls_back_clock
    test_falls_back_numpy_random
    test_falls_back_branch_on_a_value
    test_falls_back_printed_value
    test_falls_back_tensor_of_the_step_before
    test_falls_back_rebound_persistent_tensor
    test_falls_back_host_function_made_anew
    test_falls_back_list_that_grows
Limit: seen at the next audit - the first step of each epoch - and until then the old value is used.
    test_limit_python_value_that_changes_later
    test_limit_numpy_constant_changed_in_place
    test_limit_branch_on_python_state_that_turns_later
    test_limit_attribute_zero_and_minus_zero
"""

import time

import numpy as np
from steps import f, make_program, record, tensor

from pyclr import _core as core

X = tensor([1.0, 2.0, 3.0])


def reason(step):
    """Why the step stays eager."""
    return core.difference(record(step, X), record(step, X))


def replayed(program, x=X):
    return program.run([x])[0].numpy()


def test_handled_stashed_tensor():
    """An activation kept for the user to look at: each replay rewrites it."""
    kept = {}

    def step(x):
        kept["hidden"] = f.square(x)
        return f.sum(kept["hidden"])

    program = make_program(step, X)
    replayed(program, tensor([4.0, 5.0, 6.0]))
    np.testing.assert_array_equal(kept["hidden"].numpy(), [16, 25, 36])


def test_handled_state_in_a_host_function():
    """A host function runs at each step, with all its effects."""
    calls = []

    def count(a):
        calls.append(1)
        return a + len(calls)

    host = core.HostFunction(count, name="count")
    program = make_program(lambda x: f.host(x, function=host, shapes=[[3]], dtypes=["float32"]), X)
    np.testing.assert_array_equal(replayed(program), X.numpy() + 3)
    np.testing.assert_array_equal(replayed(program), X.numpy() + 4)


def test_handled_random_numbers_of_the_engine():
    """Their counter is a tensor: every replay draws new numbers."""
    state = tensor([1, 0], "int64")
    program = make_program(lambda x: f.add(x, f.random_normal(state, shape=[3])), X)
    assert not np.array_equal(replayed(program), replayed(program))


def test_handled_write_to_the_batch():
    """An op that writes its input writes the caller's tensor, replayed or not."""

    def step(x):
        f.assign_add(x, f.square(x))
        return f.sum(x)

    program = make_program(step, tensor([1.0, 1.0, 1.0]))
    x, y = tensor([1.0, 2.0, 3.0]), tensor([1.0, 2.0, 3.0])
    assert replayed(program, x) == step(y).numpy()
    np.testing.assert_array_equal(x.numpy(), y.numpy())


def test_handled_variable_assigned_between_steps():
    """A callback that sets a weight: replays read the variable's memory."""
    w = tensor([1.0, 1.0, 1.0])
    program = make_program(lambda x: f.multiply(x, w), X)
    f.assign(w, tensor([0.0, 2.0, 4.0]))
    np.testing.assert_array_equal(replayed(program), [0, 4, 12])


def test_handled_exception_caught_in_the_step():
    """A call that failed left no trace in the recording."""

    def step(x):
        try:
            f.add(x, tensor([1.0, 2.0]))
        except ValueError:
            return f.negative(x)

    assert reason(lambda x: f.negative(x)) == "" and len(record(step, X)) == 1
    np.testing.assert_array_equal(replayed(make_program(step, X)), -X.numpy())


def test_falls_back_python_counter():
    """A learning rate computed from a Python step counter."""
    counter = [0]

    def step(x):
        counter[0] += 1
        return f.multiply(x, 1.0 / counter[0])

    assert "a constant (a NumPy array or Python number) changed" in reason(step)


def test_falls_back_clock():
    def step(x):
        time.sleep(0.001)
        return f.multiply(x, np.float64(time.perf_counter() % 1))  # in float32, too, ever another

    assert "a constant" in reason(step)


def test_falls_back_numpy_random():
    rng = np.random.default_rng(0)
    assert "a constant" in reason(lambda x: f.add(x, rng.standard_normal(3)))


def test_falls_back_branch_on_a_value():
    """Gradient clipping written with `if`."""

    def step(x):
        return f.negative(x) if f.greater(f.sum(x), 3.0) else x

    assert reason(step) == "a value was read while the step ran (bool(tensor))"


def test_falls_back_printed_value():
    def step(x):
        y = f.sum(x)
        f"loss {float(y):.3f}"
        return y

    assert "a value was read while the step ran (float(tensor))" in reason(step)


def test_falls_back_tensor_of_the_step_before():
    """A recurrent state kept as a plain attribute."""
    state = [tensor([0.0, 0.0, 0.0])]

    def step(x):
        state[0] = f.add(x, state[0])
        return state[0]

    assert "another tensor from outside the step is used" in reason(step)


def test_falls_back_rebound_persistent_tensor():
    """`self.w = self.w - lr * g` in place of an assignment."""
    model = {"w": tensor([1.0, 1.0, 1.0])}

    def step(x):
        model["w"] = f.subtract(model["w"], f.multiply(x, 0.1))

    assert "another tensor from outside the step is used" in reason(step)


def test_falls_back_host_function_made_anew():
    """Two functions are never known to be one."""

    def step(x):
        host = core.HostFunction(lambda a: a * 2)
        return f.host(x, function=host, shapes=[[3]], dtypes=["float32"])

    assert "an attribute changed" in reason(step)


def test_falls_back_list_that_grows():
    """Losses collected over the steps and averaged in the step."""
    losses = []

    def step(x):
        losses.append(f.sum(x))
        return f.concat(*(f.reshape(loss, shape=[1]) for loss in losses), axis=0)

    assert reason(step) != ""


def test_limit_python_value_that_changes_later():
    """A factor that a callback changes after the second step."""
    factor = [2.0]

    def step(x):
        return f.multiply(x, factor[0])

    program = make_program(step, X)
    factor[0] = 10.0
    np.testing.assert_array_equal(replayed(program), 2 * X.numpy())
    assert "a constant" in program.difference_from(record(step, X))


def test_limit_numpy_constant_changed_in_place():
    """A constant is a copy: class weights changed in their array. An assigned tensor is seen."""
    weights = np.ones(3, "float32")

    def step(x):
        return f.multiply(x, weights)

    program = make_program(step, X)
    weights[:] = 5
    np.testing.assert_array_equal(replayed(program), X.numpy())
    assert "a constant" in program.difference_from(record(step, X))


def test_limit_branch_on_python_state_that_turns_later():
    """A flag like `self.trainable`, without telling the model."""
    flag = [True]

    def step(x):
        return f.square(x) if flag[0] else f.negative(x)

    program = make_program(step, X)
    flag[0] = False
    np.testing.assert_array_equal(replayed(program), np.square(X.numpy()))
    assert "the op changed from square to negative" in program.difference_from(record(step, X))


def test_limit_attribute_zero_and_minus_zero():
    """Attributes compare as numbers do: 0 equals -0. (As a constant tensor they differ.)"""

    def filled(value):
        return record(lambda x: f.full(shape=[1], value=value), X)

    assert core.difference(filled(0.0), filled(-0.0)) == ""
    assert "an attribute changed" in core.difference(filled(0.0), filled(1e-300))


def test_index_lists_every_test():
    named = {line.strip() for line in __doc__.splitlines() if line.strip().startswith("test_")}
    tests = {name for name in globals() if name.startswith("test_")} - {
        "test_index_lists_every_test"
    }
    assert named == tests
