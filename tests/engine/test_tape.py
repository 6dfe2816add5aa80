import numpy as np
import pytest
from steps import f, gradients, tensor

from pyclr import _core as core


def test_chain():
    x = tensor([0.5, 2.0], "float64")
    _, (dx,) = gradients(lambda: f.sum(f.exp(f.square(x))), [x])
    np.testing.assert_allclose(dx.numpy(), 2 * x.numpy() * np.exp(x.numpy() ** 2))


def test_uses_of_one_tensor_add_up():
    x = tensor([3.0, -1.0])
    _, (dx,) = gradients(lambda: f.add(f.multiply(x, x), f.add(x, x)), [x])
    np.testing.assert_array_equal(dx.numpy(), 2 * x.numpy() + 2)


def test_one_tensor_as_several_arguments_of_one_call():
    x = tensor([1.0, 2.0])
    _, (dx,) = gradients(lambda: f.concat(x, x, x, axis=0), [x])
    np.testing.assert_array_equal(dx.numpy(), [3, 3])


def test_the_target_is_its_own_gradient():
    x = tensor([1.0, 2.0])
    _, (dx,) = gradients(lambda: x, [x])
    np.testing.assert_array_equal(dx.numpy(), [1, 1])


def test_source_in_the_middle_of_a_chain():
    x = tensor([1.0, 2.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y = f.multiply(x, tensor(3.0))
    z = f.square(y)
    tape.stop()
    dy, dx = tape.gradient([z], [y, x])
    np.testing.assert_array_equal(dy.numpy(), [6, 12])
    np.testing.assert_array_equal(dx.numpy(), [18, 36])


def test_unused_source_has_no_gradient():
    x, unused = tensor([1.0]), tensor([1.0])
    _, (dx, none) = gradients(lambda: f.square(x), [x, unused])
    assert dx is not None and none is None


def test_unwatched_source_has_no_gradient():
    x, other = tensor([1.0]), tensor([2.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y = f.multiply(x, other)
    tape.stop()
    assert tape.watches(x) and tape.watches(y) and not tape.watches(other)
    assert tape.gradient([y], [other]) == [None]


def test_tape_that_follows_variables():
    variable, constant = tensor([1.0]), tensor([2.0])
    variable.trainable = True
    tape = core.Tape(follow_variables=True)
    tape.start()
    y = f.multiply(variable, constant)
    tape.stop()
    dv, dc = tape.gradient([y], [variable, constant])
    assert dv.numpy() == [2] and dc is None


def test_calls_outside_start_and_stop_are_not_seen():
    x = tensor([1.0])
    tape = core.Tape()
    tape.watch(x)
    before = f.square(x)
    tape.start()
    tape.stop()
    assert tape.gradient([before], [x]) == [None]


def test_several_targets_and_seeds():
    x = tensor([1.0, 2.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y, z = f.square(x), f.exp(x)
    tape.stop()
    (dx,) = tape.gradient([y, z], [x], [tensor([1.0, 0.0]), tensor([0.0, 2.0])])
    np.testing.assert_allclose(dx.numpy(), [2, 2 * np.exp(2.0)], rtol=1e-6)


def test_gradient_may_be_asked_for_again():
    x = tensor([2.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y = f.square(x)
    z = f.square(y)
    tape.stop()
    assert [tape.gradient([t], [x])[0].numpy()[0] for t in (z, y, z)] == [32, 4, 32]


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
def test_target_must_be_floating_point(dtype):
    x = tensor([1, 0], dtype)
    with pytest.raises(TypeError, match=f"must be floating point. Received: dtype={dtype}"):
        core.Tape().gradient([x], [x])


def test_integers_are_constants():
    x, index = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1, 1, 0], "int32")
    _, (dx, none) = gradients(lambda: f.gather(x, index), [x, index])
    np.testing.assert_array_equal(dx.numpy(), [[1, 1], [2, 2]])
    assert none is None


def test_gradient_stops_at_a_comparison():
    x = tensor([1.0, -1.0])
    _, (dx,) = gradients(
        lambda: f.multiply(x, f.cast(f.greater(x, tensor(0.0)), dtype="float32")), [x]
    )
    np.testing.assert_array_equal(dx.numpy(), [1, 0])


def test_views_share_memory_and_pass_gradients():
    x = tensor(np.arange(12.0).reshape(4, 3))
    rows = f.slice(x, begin=[1, 0], size=[2, 3], strides=[1, 1])
    flat = f.reshape(rows, shape=[6])
    assert np.shares_memory(flat._view(), x._view())

    def squares():
        rows = f.slice(x, begin=[1, 0], size=[2, 3], strides=[1, 1])
        return f.square(f.reshape(rows, shape=[6]))

    _, (dx,) = gradients(squares, [x])
    expected = np.zeros((4, 3))
    expected[1:3] = 2 * x.numpy()[1:3]
    np.testing.assert_array_equal(dx.numpy(), expected)


def test_value_at_the_time_of_the_call_counts_for_copies():
    """An op that saves its output is not disturbed by a later write to its input."""
    x = tensor([1.0, 2.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    y = f.exp(x)
    tape.stop()
    expected = y.numpy()
    f.assign(x, tensor([0.0, 0.0]))
    np.testing.assert_array_equal(tape.gradient([y], [x])[0].numpy(), expected)


def second_derivative(function, x):
    outer = core.Tape()
    outer.watch(x)
    outer.start()
    _, (dx,) = gradients(lambda: function(x), [x])
    outer.stop()
    return outer.gradient([dx], [x])[0].numpy()


def test_second_derivative_through_multiply():
    x = tensor([1.0, -2.0], "float64")
    np.testing.assert_allclose(
        second_derivative(lambda x: f.multiply(f.multiply(x, x), x), x), 6 * x.numpy()
    )


def test_second_derivative_through_dense(rng):
    """f = sum((x @ w)^2): the Hessian times ones is 2 w w^T 1."""
    w = tensor(rng.standard_normal((3, 4)), "float64")
    x = tensor(rng.standard_normal((2, 3)), "float64")

    def function(x):
        y = f.dense(x, w)
        return f.sum(f.multiply(y, y))

    expected = np.ones((2, 3)) @ w.numpy() @ w.numpy().T * 2
    np.testing.assert_allclose(second_derivative(function, x), expected)


def test_inner_tape_does_not_disturb_the_outer():
    x = tensor([3.0])
    outer, inner = core.Tape(), core.Tape()
    outer.watch(x), inner.watch(x)
    outer.start()
    y = f.square(x)
    inner.start()
    z = f.multiply(y, x)
    inner.stop()
    w = f.add(z, y)
    outer.stop()
    assert inner.gradient([z], [x])[0].numpy() == 9  # to the inner tape y is a constant
    assert inner.gradient([w], [x]) == [None]
    assert outer.gradient([w], [x])[0].numpy() == 27 + 6


def test_suspended_tapes_see_nothing():
    x = tensor([3.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    saved = core.suspend_tapes()
    hidden = f.square(x)
    core.resume_tapes(saved)
    seen = f.multiply(x, hidden)
    tape.stop()
    assert tape.gradient([seen], [x])[0].numpy() == 9


def test_dropped_tape_is_closed():
    x = tensor([1.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    del tape
    assert f.square(x).numpy() == 1


def test_failed_gradient_leaves_the_tape_open():
    x = tensor([1.0])
    tape = core.Tape()
    tape.watch(x)
    tape.start()
    function = core.HostFunction(lambda a: a, name="mine")
    y = f.host(x, function=function, shapes=[[1]], dtypes=["float32"])
    with pytest.raises(ValueError, match="has no gradient"):
        tape.gradient([y], [x])
    z = f.square(x)
    tape.stop()
    assert tape.gradient([z], [x])[0].numpy() == 2
