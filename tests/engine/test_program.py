"""Programs: a replay is the eager step, bit for bit."""

import numpy as np
import pytest
from steps import Net, assert_same_bits, batches, f, make_program, names, record, tensor

from pyclr import _core as core
from pyclr._feed import Feeder

FOREVER = 1e9


def tensors_of(x, y):
    return [tensor(x, "float32"), tensor(y, "int32")]


def eager_losses(net, x, y, rows=8):
    return [
        float(net.step(*tensors_of(x[i : i + rows], y[i : i + rows])))
        for i in range(0, len(x), rows)
    ]


def trained_program(net, x, y):
    """The program of net.step, made in its first two steps."""
    first = record(net.step, *tensors_of(x[:8], y[:8]))
    second = record(net.step, *tensors_of(x[8:16], y[8:16]))
    assert core.difference(first, second) == ""
    del first
    return core.Program(second)


def test_replay_is_the_eager_step():
    x, y = batches(6)
    eager, replayed = Net(), Net()
    losses = eager_losses(eager, x, y)
    program = trained_program(replayed, x, y)
    got = [
        float(program.run(tensors_of(x[i : i + 8], y[i : i + 8]))[0]) for i in range(16, len(x), 8)
    ]
    assert got == losses[2:]
    assert_same_bits(replayed.state(), eager.state())
    assert int(replayed.iterations) == 6


def test_replay_over_a_feeder_in_shuffled_order():
    x, y = batches(8)
    order = np.random.default_rng(3).permutation(len(x))
    eager, replayed = Net(), Net()
    losses = eager_losses(eager, x[order], y[order])
    program = trained_program(replayed, x[order], y[order])
    feeder = Feeder([x, y], order)
    sink = np.zeros(6, "float32")
    steps, outputs = program.replay(feeder.source_at(16, 8, 6), [], 6, FOREVER, [sink])
    assert steps == 6
    np.testing.assert_array_equal(sink, np.float32(losses[2:]))
    assert float(outputs[0]) == losses[-1]
    assert_same_bits(replayed.state(), eager.state())


def test_steps_and_time_limit():
    x, y = batches(8)
    program = trained_program(Net(), x, y)
    feeder = Feeder([x, y])
    assert program.replay(feeder.source_at(0, 8, 8), [], 5, FOREVER)[0] == 5
    assert program.replay(feeder.source_at(0, 8, 8), [], 8, 0.0)[0] == 1  # a step is never cut
    assert program.replay(feeder.source_at(0, 8, 8), [], 0, FOREVER)[0] == 0


def test_time_cut_steps_go_on_where_they_stopped():
    x, y = batches(8)
    eager, replayed = Net(), Net()
    eager_losses(eager, x, y)
    program = trained_program(replayed, x, y)
    feeder = Feeder([x, y])
    done = 2
    while done < 8:
        done += program.replay(feeder.source_at(8 * done, 8, 8 - done), [], 8 - done, 0.0)[0]
    assert_same_bits(replayed.state(), eager.state())


def test_feeds_write_tensors_before_each_step():
    """A learning rate as a table: one row a step."""
    x, y = batches(6)
    rates = np.linspace(0.1, 0.5, 6)
    eager, replayed = Net(), Net()

    def set_rate(net, rate):
        f.assign(net.hyper, tensor([rate, 0.0, 0.9], "float64"))

    for i, rate in enumerate(rates):
        set_rate(eager, rate)
        eager.step(*tensors_of(x[8 * i : 8 * i + 8], y[8 * i : 8 * i + 8]))
    recordings = []
    for i in (0, 1):
        set_rate(replayed, rates[i])
        rows = slice(8 * i, 8 * i + 8)
        recordings.append(record(replayed.step, *tensors_of(x[rows], y[rows])))
    program = core.Program(recordings.pop())
    table = np.stack([rates[2:], np.zeros(4), np.full(4, 0.9)], 1)
    program.run(tensors_of(x[16:24], y[16:24]), [(replayed.hyper, table[:1])])
    feeder = Feeder([x, y])
    program.replay(feeder.source_at(24, 8, 3), [(replayed.hyper, table[1:].copy())], 3, FOREVER)
    assert_same_bits(replayed.state(), eager.state())


@pytest.mark.parametrize(
    "table", [np.zeros((2, 3)), np.zeros((3, 3), "float32"), np.zeros((3, 6)).T[:3]]
)
def test_feed_of_the_wrong_size_or_dtype(table):
    x, y = batches(3)
    net = Net()
    program = trained_program(net, x, y)
    feeder = Feeder([x, y])
    with pytest.raises(ValueError, match="A feed must be a contiguous table"):
        program.replay(feeder.source_at(0, 8, 3), [(net.hyper, table)], 3, FOREVER)


@pytest.mark.parametrize("sink", [np.zeros(2, "float32"), np.zeros(3), np.zeros(6, "float32")[::2]])
def test_sink_of_the_wrong_size_or_dtype(sink):
    x, y = batches(3)
    program = trained_program(Net(), x, y)
    feeder = Feeder([x, y])
    source = feeder.source_at(0, 8, 3)
    with pytest.raises(ValueError, match="A sink must be a contiguous table"):
        program.replay(source, [], 3, FOREVER, [sink])
    with pytest.raises(ValueError, match="There are 1 outputs. Received: 2 sinks"):
        program.replay(source, [], 3, FOREVER, [np.zeros(3, "float32")] * 2)


def test_results_leave_by_value():
    x = tensor([1.0, 2.0])
    program = make_program(lambda x: f.exp(x), x)
    first = program.run([tensor([1.0, 2.0])])[0]
    expected = first.numpy()
    second = program.run([tensor([3.0, 4.0])])[0]
    np.testing.assert_array_equal(first.numpy(), expected)
    assert not np.shares_memory(first._view(), second._view())


def test_result_that_is_an_input_or_a_view_of_it():
    program = make_program(lambda x: [x, f.reshape(x, shape=[4])], tensor(np.zeros((2, 2))))
    a = tensor(np.arange(4.0).reshape(2, 2))
    same, flat = program.run([a])
    np.testing.assert_array_equal(same.numpy(), a.numpy())
    np.testing.assert_array_equal(flat.numpy(), np.arange(4))
    assert not np.shares_memory(same._view(), a._view())


def test_held_tensors_are_rewritten_by_each_replay():
    stash = []

    def step(x):
        stash[:] = [f.exp(x)]
        return f.sum(stash[0])

    program = make_program(step, tensor([1.0, 2.0]))
    assert program.has_held
    held = stash[0]
    program.run([tensor([0.0, 0.0])])
    np.testing.assert_array_equal(held.numpy(), [1, 1])


def test_nothing_is_held_when_nothing_is_kept():
    assert not make_program(lambda x: f.sum(f.exp(x)), tensor([1.0, 2.0])).has_held


def test_view_of_a_step_tensor_is_held():
    stash = []

    def step(x):
        stash[:] = [f.reshape(f.exp(x), shape=[2, 1])]
        return f.sum(stash[0])

    program = make_program(step, tensor([1.0, 2.0]))
    assert program.has_held
    program.run([tensor([0.0, 0.0])])
    np.testing.assert_array_equal(stash[0].numpy(), [[1], [1]])


def test_one_tensor_for_both_inputs():
    """The same array as x and y."""
    program = make_program(lambda x, y: f.subtract(f.exp(x), y), tensor([1.0]), tensor([2.0]))
    a = tensor([0.5])
    np.testing.assert_allclose(program.run([a, a])[0].numpy(), np.exp(0.5) - 0.5, rtol=1e-6)
    both = np.asarray([[0.5], [1.0]], "float32")
    feeder = Feeder([both, both])
    sink = np.zeros((2, 1), "float32")
    program.replay(feeder.source_at(0, 1, 2), [], 2, FOREVER, [sink])
    # Recorded for shape (1,); the batch of one row of one element fills it.
    np.testing.assert_allclose(sink, np.exp(both) - both, rtol=1e-6)


def test_inputs_are_read_in_place_and_stay_the_callers():
    """A program that is dropped must not give the memory of its last arguments away."""
    x = tensor(np.arange(4096.0))
    program = make_program(lambda x: f.sum(x), tensor(np.zeros(4096)))
    program.run([x])
    del program
    others = [tensor(np.full(4096, -1.0)) for _ in range(8)]
    np.testing.assert_array_equal(x.numpy(), np.arange(4096))
    assert len(others) == 8


def test_run_after_replay_and_back():
    x, y = batches(4)
    eager, replayed = Net(), Net()
    program = trained_program(replayed, x, y)
    feeder = Feeder([x, y])
    eager_losses(eager, x, y)
    eager_losses(eager, x[16:], y[16:])
    program.run(tensors_of(x[16:24], y[16:24]))
    program.replay(feeder.source_at(24, 8, 1), [], 1, FOREVER)
    program.run(tensors_of(x[16:24], y[16:24]))
    program.replay(feeder.source_at(24, 8, 1), [], 1, FOREVER)
    assert_same_bits(replayed.state(), eager.state())


def test_wrong_inputs():
    program = make_program(lambda x: f.exp(x), tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="takes 1 inputs. Received: 2"):
        program.run([tensor([1.0, 2.0])] * 2)
    with pytest.raises(ValueError, match=r"Input 0 .* float32 \(2,\). Received: float32 \(3,\)"):
        program.run([tensor([1.0, 2.0, 3.0])])
    with pytest.raises(ValueError, match="Received: float64"):
        program.run([tensor([1.0, 2.0], "float64")])


def test_unused_calls_are_left_out_and_writes_are_not():
    state = tensor([3, 0], "int64")
    variable = tensor([0.0])

    def step(x):
        f.log(f.exp(x))
        f.random_uniform(state, shape=[4])
        f.assign_add(variable, f.square(x))
        return f.negative(x)

    program = make_program(step, tensor([2.0]))
    assert names(program) == ["random_uniform", "square", "assign_add", "negative"]
    program.run([tensor([3.0])])
    assert (variable.numpy(), state.numpy()[1]) == (4 + 4 + 9, 3)


def test_host_functions_replay_with_their_effects():
    seen = []
    host = core.HostFunction(lambda a: (seen.append(a.copy()), a * 2)[1], name="double")

    def step(x):
        f.host(f.exp(x), function=host, shapes=[[2]], dtypes=["float32"])  # result unused
        return f.host(x, function=host, shapes=[[2]], dtypes=["float32"])

    program = make_program(step, tensor([0.0, 1.0]))
    seen.clear()
    result = program.run([tensor([2.0, 3.0])])[0].numpy()
    np.testing.assert_array_equal(result, [4, 6])
    np.testing.assert_allclose(seen, [np.exp([2, 3]), [2, 3]], rtol=1e-6)


def test_host_function_in_a_replay_over_a_feeder():
    host = core.HostFunction(lambda a: np.cumsum(a), name="cumsum")

    def step(x):
        return f.host(x, function=host, shapes=[[1, 3]], dtypes=["float32"])

    with pytest.raises(ValueError, match="must return an array of shape"):
        record(step, tensor(np.ones((1, 3))))
    host = core.HostFunction(lambda a: np.cumsum(a, 1), name="cumsum")
    program = make_program(step, tensor(np.ones((1, 3))))
    x = np.arange(12, dtype="float32").reshape(4, 3)
    sink = np.zeros((4, 3), "float32")
    feeder = Feeder([x])
    program.replay(feeder.source_at(0, 1, 4), [], 4, FOREVER, [sink])
    np.testing.assert_array_equal(sink, np.cumsum(x, 1))


def test_exception_in_a_replay_leaves_the_engine_usable():
    """A host function that raises, and an index out of range: at the third step of five."""

    def refuse_negative(a):
        if a.min() < 0:
            raise RuntimeError("negative")
        return a

    host = core.HostFunction(refuse_negative, name="refuse")
    table = tensor(np.arange(4.0))
    steps = {
        RuntimeError: lambda x: f.host(x, function=host, shapes=[[1]], dtypes=["int32"]),
        ValueError: lambda x: f.gather(table, x),
    }
    x = np.asarray([0, 1, -9, 2, 3], "int32")
    for exception, step in steps.items():
        program = make_program(step, tensor([0], "int32"))
        feeder = Feeder([x])
        with pytest.raises(exception):
            program.replay(feeder.source_at(0, 1, 5), [], 5, FOREVER)
        assert not core.is_recording()
        result = program.run([tensor([3], "int32")])[0].numpy()
        np.testing.assert_array_equal(result, [3])
        np.testing.assert_array_equal(f.square(tensor([2.0])).numpy(), [4])


def test_exception_while_recording():
    def step(x):
        f.exp(x)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        record(step, tensor([1.0]))
    assert not core.is_recording()
    assert make_program(f.exp, tensor([1.0])).run([tensor([0.0])])[0].numpy() == 1


def test_step_without_calls():
    program = make_program(lambda x: x, tensor([1.0]))
    assert len(program) == 0 and program.arena_bytes == 0
    assert program.run([tensor([5.0])])[0].numpy() == 5


def test_step_without_inputs_and_outputs():
    counter = tensor(0, "int64")
    program = make_program(lambda: f.assign_add(counter, tensor(1, "int64")))
    for _ in range(3):
        assert program.run([]) == []
    assert int(counter) == 2 + 3


def test_empty_batch():
    program = make_program(lambda x: f.sum(f.exp(x)), tensor(np.zeros((0, 3))))
    assert program.run([tensor(np.zeros((0, 3)))])[0].numpy() == 0


def test_random_numbers_go_on_from_step_to_step():
    """Replayed dropout masks are those of the eager steps."""

    def masks(state, steps):
        return [f.dropout_mask(state, shape=[16], rate=0.5).numpy() for _ in range(steps)]

    expected = masks(tensor([7, 0], "int64"), 6)
    state = tensor([7, 0], "int64")
    program = make_program(lambda: f.dropout_mask(state, shape=[16], rate=0.5))
    got = [program.run([])[0].numpy() for _ in range(4)]
    assert_same_bits(got, expected[2:])
    assert len({m.tobytes() for m in expected}) == 6


def test_second_program_for_another_shape_shares_the_variables():
    x, y = batches(4)
    eager, replayed = Net(), Net()
    program = trained_program(replayed, x, y)
    eager_losses(eager, x[:16], y[:16])
    short = [tensors_of(x[16:21], y[16:21]), tensors_of(x[21:26], y[21:26])]
    for batch in short:
        eager.step(*batch)
    recordings = [record(replayed.step, *batch) for batch in short]
    tail = core.Program(recordings.pop())
    full = tensors_of(x[:8], y[:8])
    for batch, run in [(full, program), (short[0], tail)] * 2:
        eager.step(*batch)
        run.run(batch)
    assert_same_bits(replayed.state(), eager.state())
