"""Rehearsals: a step is recorded as ever, and nothing is computed, written or read."""

import numpy as np
import pytest
from steps import Net, assert_same_bits, batches, f, make_program, names, record, tensor

import pyclr
from pyclr import _core as core
from pyclr.replay import ReplayedStep, ReplayWarning

X = tensor([1.0, 2.0, 3.0])


@pytest.fixture
def rehearsal():
    before = core.set_mode("rehearsal")
    yield
    core.set_mode(before)


def current(step, x=X):
    """A step's program, and whether it is current."""
    replayed = ReplayedStep(lambda structure, tensors: step(*tensors))
    for _ in range(2):
        replayed.run("key", None, [x])
        replayed.finish("key")
    assert replayed.program("key") is not None
    return replayed, replayed.is_current("key", None)


def test_recording_is_that_of_the_step():
    """Forward, backward and update of a net."""
    x, y = (core.tensor(a) for a in batches(1))
    net = Net()
    recording, before = record(net.step, x, y), net.state()
    core.set_mode("rehearsal")
    try:
        rehearsed = record(net.step, x, y)
    finally:
        core.set_mode("real")
    assert core.difference(recording, rehearsed) == ""
    assert_same_bits(net.state(), before)


def test_modes():
    assert core.set_mode("rehearsal") == "real" and core.set_mode("dry") == "rehearsal"
    assert core.mode() == "dry" and core.set_mode("real") == "dry"
    with pytest.raises(ValueError, match="no mode"):
        core.set_mode("wet")


def test_host_functions_do_not_run():
    calls = []
    host = core.HostFunction(lambda a: calls.append(1) or a, name="count")
    replayed, is_current = current(
        lambda x: f.host(x, function=host, shapes=[[3]], dtypes=["float32"])
    )
    assert is_current and len(calls) == 2


@pytest.mark.parametrize(
    "read",
    [
        lambda t: float(f.sum(t)), lambda t: np.asarray(t), lambda t: t.numpy(), repr,
        lambda t: bool(f.sum(t)), lambda t: t.item(), lambda t: core.forbid_replay("no"),
    ],
)  # fmt: skip
def test_values_end_a_rehearsal(read, rehearsal):
    """Also past a step that catches exceptions."""

    def step(x):
        try:
            read(f.square(x))
        except Exception:
            pytest.fail("the step went on")

    with pytest.raises(core.RehearsalEnded):
        record(step, X)


def test_changed_steps_are_not_current():
    def step(x):
        return f.multiply(x, factor[0])

    factor = [2.0]
    replayed, is_current = current(step)
    assert is_current
    factor[0] = 3.0
    assert not replayed.is_current("key", None)
    with pytest.warns(ReplayWarning, match="a constant"):
        np.testing.assert_array_equal(replayed.run("key", None, [X]).numpy(), [3, 6, 9])


def test_steps_that_begin_to_read_or_to_keep():
    """Neither is seen by a comparison with the program: the audit is left to an eager run."""
    kept, does = [], {"read": False, "keep": False}

    def step(x):
        y = f.square(x)
        if does["read"]:
            kept.append(float(f.sum(y)))
        if does["keep"]:
            kept.append(y)
        return y

    replayed, is_current = current(step)
    assert is_current
    for name in does:
        does[name] = True
        assert not replayed.is_current("key", None)
        does[name] = False
        kept[:] = []
    assert replayed.is_current("key", None)


def test_kept_tensor_has_no_values(rehearsal):
    kept = f.square(X)
    core.set_mode("real")
    program = make_program(f.square, X)
    for use in (lambda: kept.numpy(), lambda: f.add(kept, X), lambda: program.run([kept])):
        with pytest.raises(ValueError, match=r"has no values.*\(3,\)"):
            use()


def test_variables_made_in_a_rehearsal_are_real(rehearsal):
    variable = pyclr.Variable(lambda shape, dtype: np.ones(shape, dtype), shape=(2,))
    core.set_mode("real")
    np.testing.assert_array_equal(variable.numpy(), [1, 1])


class Counting(pyclr.layers.Layer):
    """Counts its calls, unseen by pyclr, and multiplies by a Python number."""

    def __init__(self):
        super().__init__()
        self.seen = {"calls": 0, "factor": None}

    def call(self, x):
        self.seen["calls"] += 1
        return x if self.seen["factor"] is None else self.seen["factor"] * x


def fitted(layer, epochs, x, callbacks=(), **options):
    pyclr.utils.set_random_seed(1)
    model = pyclr.Sequential([pyclr.layers.Dense(3), layer, pyclr.layers.Dense(1)])
    model.compile(pyclr.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"], **options)
    history = model.fit(
        x,
        x[:, :1],
        batch_size=4,
        epochs=epochs,
        verbose=0,
        shuffle=False,
        callbacks=list(callbacks),
    )
    return model, history.history


def test_audits_of_fit_evaluate_and_predict():
    """One call of the layers each, in which nothing happens: weights and logs have the bits of a
    model that is never audited."""
    x = np.random.default_rng(0).standard_normal((16, 2)).astype("float32")
    layer = Counting()
    model, logs = fitted(layer, 3, x)
    before = layer.seen["calls"]
    model.fit(x, x[:, :1], batch_size=4, verbose=0, shuffle=False)
    assert layer.seen["calls"] == before + 1
    same, other_logs = fitted(pyclr.layers.Identity(), 4, x)
    assert_same_bits(model.get_weights(), same.get_weights())
    for run in (model.predict, lambda x, **k: model.evaluate(x, x[:, :1], **k)):
        run(x, batch_size=4, verbose=0)  # twice eager
        first = run(x, batch_size=4, verbose=0)
        before = layer.seen["calls"]
        assert_same_bits([np.asarray(first)], [np.asarray(run(x, batch_size=4, verbose=0))])
        assert layer.seen["calls"] == before + 1


def test_change_in_a_later_epoch_counts_from_its_first_step():
    """The rehearsal sees it, and the eager step that follows does it."""
    x = np.random.default_rng(0).standard_normal((16, 2)).astype("float32")
    layer, eager = Counting(), Counting()

    def change(layer):
        return pyclr.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: epoch == 1 and layer.seen.update(factor=2.0)
        )

    with pytest.warns(ReplayWarning, match="call 1: the op changed"):
        model, logs = fitted(layer, 3, x, [change(layer)])
    assert "multiply" in names(model._steps["train"]._last.program)
    model, eager_logs = fitted(eager, 3, x, [change(eager)], run_eagerly=True)
    assert logs == eager_logs
