"""What holds for every optimizer. Their arithmetic is checked in tests/test_golden.py (against
trajectories of Keras) and tests/cases/update.py (against formulas)."""

import inspect
import json
import os

import numpy as np
import pytest

import pyclr
from pyclr import optimizers
from pyclr.optimizers import schedules
from pyclr.saving import deserialize_keras_object, serialize_keras_object
from pyclr.testing import check_optimizer

from .cases import OPTIMIZERS, OPTIONS

# Of JAX, which Keras' NumPy backend uses for some things.

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def tensor(value):
    return pyclr.ops.convert_to_tensor(np.asarray(value, "float32"))


def variables():
    return [
        pyclr.Variable(np.arange(1, 7, dtype="float32").reshape(2, 3), name="k"),
        pyclr.Variable(np.ones(3, "float32"), name="b"),
    ]


def gradients(step):
    rng = np.random.default_rng(step)
    return [tensor(rng.normal(size=shape)) for shape in ((2, 3), (3,))]


@every_optimizer
def test_contract(name):
    check_optimizer(getattr(optimizers, name), OPTIMIZERS[name])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["SGD", "Nadam", "Lamb"])
def test_contract_with_options(name, options):
    """With one that is a call of the engine, one with a scalar beside it, and one made of ops."""
    arguments = {"learning_rate": 0.01, **OPTIMIZERS[name], **OPTIONS[options]}
    check_optimizer(getattr(optimizers, name), arguments)


@every_optimizer
def test_any_number_of_threads(name, threads):
    results = []
    for count in (1, 2):
        threads(count)
        rng = np.random.default_rng(0)
        variable = pyclr.Variable(rng.normal(size=(300, 200)).astype("float32"))
        optimizer = getattr(optimizers, name)(
            **{**OPTIMIZERS[name], "use_ema": True, "global_clipnorm": 1.0}
        )
        for _ in range(3):
            optimizer.apply([tensor(rng.normal(size=(300, 200)))], [variable])
        results.append(variable.numpy())
    np.testing.assert_array_equal(*results)


@every_optimizer
def test_float64_variables(name):
    variable = pyclr.Variable(np.ones((2, 3)), dtype="float64")
    optimizer = getattr(optimizers, name)(**{**OPTIMIZERS[name], "weight_decay": 0.1})
    optimizer.apply([tensor(np.ones((2, 3)))], [variable])
    assert variable.dtype == "float64" and np.isfinite(variable.numpy()).all()
    assert (variable.numpy() < 1).all()


def net(optimizer, **arguments):
    layers = pyclr.layers
    dense = [layers.Dense(4, kernel_initializer=pyclr.initializers.GlorotUniform(seed=i))
             for i in range(2)]  # fmt: skip
    model = pyclr.Sequential([layers.Input((5,)), *dense])
    model.compile(optimizer, "mse", **arguments)
    return model


def data():
    x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
    return x, x[:, :4] * 2


@every_optimizer
def test_elementwise_optimizers_are_one_call(name):
    model = net(getattr(optimizers, name)(**{**OPTIMIZERS[name], "weight_decay": 0.1}))
    model.fit(*data(), batch_size=8, verbose=0)
    program = model.explain_step()
    assert program.startswith("The step is replayed")
    update = getattr(model.optimizer, "update", None)
    assert (update is None) == (name in ("Lamb", "Adafactor", "Muon"))
    assert update is None or program.count(f" {update}(") == 1


# --- Keras ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    return pytest.importorskip("keras")


@every_optimizer
def test_arguments_are_those_of_keras(keras, name):
    def arguments(cls):
        parameters = inspect.signature(cls).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}

    cls = getattr(optimizers, name)
    assert arguments(cls) == arguments(getattr(keras.optimizers, name))


@every_optimizer
def test_configs_are_those_of_keras(keras, name):
    arguments = {"name": "mine", **OPTIMIZERS[name], "clipnorm": 0.5, "weight_decay": 0.25}
    optimizer = getattr(optimizers, name)(**arguments)
    reference = getattr(keras.optimizers, name)(**arguments)
    assert optimizer.get_config() == reference.get_config()
    written = json.loads(json.dumps(optimizers.serialize(optimizer)))
    assert written == keras.optimizers.serialize(reference)
    assert optimizers.deserialize(written).get_config() == optimizer.get_config()
    assert keras.saving.deserialize_keras_object(written).get_config() == optimizer.get_config()
    assert type(optimizers.get(name.lower())) is type(optimizer)
    default = getattr(keras.optimizers, name)(name=optimizers.get(name).name)
    assert getattr(optimizers, name)().get_config() == default.get_config()


@every_optimizer
def test_the_state_is_that_of_keras(keras, name):
    """Order, names and shapes, as files number the variables."""
    arguments = {**OPTIMIZERS[name], "use_ema": True, "gradient_accumulation_steps": 2}
    optimizer = getattr(optimizers, name)(**arguments)
    reference = getattr(keras.optimizers, name)(**arguments)
    optimizer.build(variables())
    reference.build([keras.Variable(v.numpy(), name=v.name) for v in variables()])
    found = [(v.name.replace("u_product", "variable"), v.shape) for v in optimizer.variables]
    assert found == [(v.name, v.shape) for v in reference.variables]
    for ours, theirs in zip(optimizer.variables, reference.variables):
        np.testing.assert_array_equal(ours.numpy(), np.asarray(theirs))


# --- Options --------------------------------------------------------------------------------------


def apply(optimizer, value, gradient):
    variable = pyclr.Variable(np.asarray(value, "float32"))
    optimizer.apply([tensor(gradient)], [variable])
    return variable.numpy()


def test_clipping():
    gradient = [3.0, 4.0]
    assert np.allclose(apply(optimizers.SGD(1.0, clipvalue=3.5), [0, 0], gradient), [-3, -3.5])
    assert np.allclose(apply(optimizers.SGD(1.0, clipnorm=1.0), [0, 0], gradient), [-0.6, -0.8])
    assert np.allclose(apply(optimizers.SGD(1.0, clipnorm=9.0), [0, 0], gradient), [-3, -4])
    a, b = (pyclr.Variable(np.zeros(1, "float32")) for _ in range(2))
    optimizer = optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.apply([tensor([3.0]), tensor([4.0])], [a, b])
    assert np.allclose([a.numpy()[0], b.numpy()[0]], [-0.6, -0.8])


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Lamb])
def test_excluded_variables_do_not_decay(cls):
    first, second, third = (pyclr.Variable(np.ones(2, "float32"), name=n) for n in ("k", "b", "x"))
    optimizer = cls(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[third], var_names=["^b"])
    optimizer.apply([tensor(np.zeros(2))] * 3, [first, second, third])
    np.testing.assert_allclose(first.numpy(), 0.95)
    for variable in (second, third):
        np.testing.assert_array_equal(variable.numpy(), 1)
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["k"])


def test_weight_decay_is_decoupled_and_can_be_set():
    optimizer = optimizers.SGD(0.1)
    variable = pyclr.Variable(np.full(1, 2.0, "float32"))
    expected = 2.0
    for decay in (None, 0.5, 0.25, None):
        optimizer.weight_decay = decay
        optimizer.apply([tensor([1.0])], [variable])
        expected = expected * (1 - 0.1 * (decay or 0)) - 0.1
        assert variable.numpy()[0] == pytest.approx(expected)
    assert optimizer.weight_decay is None


def test_constraints_hold_after_an_update():
    variable = pyclr.Variable(np.ones(2, "float32"), constraint=pyclr.constraints.NonNeg())
    optimizers.SGD(1.0).apply([tensor([5.0, 0.5])], [variable])
    assert np.array_equal(variable.numpy(), [0, 0.5])


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Lamb])
def test_accumulation_is_an_update_with_the_mean(cls):
    accumulating, plain = cls(0.1, gradient_accumulation_steps=3), cls(0.1)
    ours, expected = variables(), variables()
    for step in range(9):
        before = [v.numpy() for v in ours]
        accumulating.apply(gradients(step), ours)
        assert int(accumulating.iterations) == (step + 1) // 3
        if step % 3 != 2:
            for one, other in zip(ours, before):
                np.testing.assert_array_equal(one.numpy(), other)
            continue
        sums = [sum(g.numpy() for g in column) for column in
                zip(*(gradients(step - i) for i in range(3)))]  # fmt: skip
        plain.apply([tensor(s / 3) for s in sums], expected)
        for one, other in zip(ours, expected):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)
    accumulating.iterations = 7
    assert int(accumulating.iterations) == 7 and int(accumulating.variables[0]) == 21


def test_means_of_the_variables():
    optimizer = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4)
    ours = variables()
    values, means = [v.numpy() for v in ours], None
    for step in range(10):
        optimizer.apply(gradients(step), ours)
        values = [v - np.float32(0.1) * g.numpy() for v, g in zip(values, gradients(step))]
        old = means or values
        means = [0.8 * mean + 0.2 * v for mean, v in zip(old, values)]
        if step % 4 == 3:
            values = means
        for one, value in zip(ours, values):
            np.testing.assert_allclose(one.numpy(), value, rtol=1e-5)
    optimizer.finalize_variable_values(ours)
    for one, mean in zip(ours, means):
        np.testing.assert_allclose(one.numpy(), mean, rtol=1e-5)
    with pytest.raises(ValueError, match="`var_list` must hold variables .* built with"):
        optimizer.finalize_variable_values(variables()[:1])


def test_means_of_those_that_are_still_trained():
    model = net(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
    model.fit(*data(), verbose=0)
    model.layers[0].trainable = False
    frozen, others = model.layers[0].get_weights(), model.trainable_variables
    model.fit(*data(), verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], frozen[0])
    means = model.optimizer._averages[-len(others) :]
    for variable, mean in zip(others, means):
        np.testing.assert_array_equal(variable.numpy(), mean.numpy())


def test_fit_ends_with_the_means():
    model = net(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
    model.fit(*data(), batch_size=8, epochs=2, verbose=0)
    for weight, mean in zip(model.get_weights(), model.optimizer.variables[2:]):
        np.testing.assert_array_equal(weight, mean.numpy())


def test_loss_scale_factor():
    optimizer = optimizers.SGD(0.1, loss_scale_factor=8.0)
    assert float(optimizer.scale_loss(tensor(2.0))) == 16.0
    assert np.allclose(apply(optimizer, [1.0], [8.0]), 0.9)
    scaled, plain = net(optimizers.SGD(0.1, loss_scale_factor=8.0)), net(optimizers.SGD(0.1))
    for model in (scaled, plain):
        model.fit(*data(), batch_size=8, shuffle=False, verbose=0)
    for one, other in zip(scaled.get_weights(), plain.get_weights()):
        np.testing.assert_array_equal(one, other)  # a power of two scales without rounding


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clipnorm": 1, "clipvalue": 1}, "Only one of `clipnorm`, `clipvalue` and"),
        ({"clipnorm": -1}, "`clipnorm` must be a number, at least 0, or None"),
        ({"weight_decay": -0.1}, "`weight_decay` must be a number, at least 0, a schedule, or"),
        ({"weight_decay": "much"}, "`weight_decay` must be a finite number or a Learning"),
        ({"learning_rate": "fast"}, "`learning_rate` must be a finite number or a Learning"),
        ({"momentum": 1.5}, r"`momentum` must be in \[0, 1\]. Received: momentum=1.5"),
        ({"use_ema": True, "ema_momentum": 2}, r"`ema_momentum` must be in \[0, 1\]"),
        ({"ema_overwrite_frequency": 0}, "`ema_overwrite_frequency` must be an integer, at least"),
        ({"gradient_accumulation_steps": 1}, "`gradient_accumulation_steps` must be an integer, a"),
        ({"beta": 0.1}, r"not recognized: \{'beta': 0.1\}"),
    ],
)
def test_mistakes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(**arguments)


def test_keras_2_decay_is_ignored():
    with pytest.warns(UserWarning, match="`decay` is not supported and has no effect"):
        optimizers.SGD(decay=0.1)


def test_bad_gradients():
    a, b = (pyclr.Variable(np.zeros(1, "float32"), name=name) for name in "ab")
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="does not know its variables yet"):
        optimizer.apply([tensor([1.0])])
    with pytest.raises(ValueError, match="one gradient for each variable"):
        optimizer.apply([None], [a, b])
    with pytest.raises(ValueError, match="does not depend on any"):
        optimizer.apply([None, None], [a, b])
    with pytest.warns(UserWarning, match=r"\['b'\]; they are not updated"):
        optimizer.apply([tensor([1.0]), None], [a, b])
    other = pyclr.Variable(np.zeros(1, "float32"), name="other")
    with pytest.raises(ValueError, match="no state for 'other'"):
        optimizer.apply([tensor([1.0])], [other])
    optimizer.apply([])  # as in Keras, nothing
    assert int(optimizer.iterations) == 1 and a.numpy()[0] != 0


# --- The state in files ---------------------------------------------------------------------------


@every_optimizer
def test_a_state_from_before_the_first_update(name):
    make = getattr(optimizers, name)
    store = {}
    make().save_own_variables(store)
    assert sorted(store) == ["0", "1"]
    optimizer, fresh = make(), make()
    ours, expected = variables(), variables()
    optimizer.apply(gradients(0), ours)
    for one, start in zip(ours, variables()):
        one.assign(start)
    optimizer.load_own_variables(store)
    optimizer.apply(gradients(1), ours)
    fresh.apply(gradients(1), expected)
    for one, other in zip(ours, expected):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_rate_factor_is_saved_if_it_does_something():
    optimizer, other = optimizers.SGD(0.5), optimizers.SGD(0.5)
    store = {}
    optimizer.save_own_variables(store)
    assert sorted(store) == ["0", "1"]
    optimizer.rate_factor = 0.25
    optimizer.save_own_variables(store)
    other.load_own_variables(store)
    assert other.rate_factor == 0.25 and other.current_hyper() == {"learning_rate": 0.125}
    del store["rate_factor"]
    other.load_own_variables(store)
    assert other.rate_factor == 1
    with pytest.raises(ValueError, match="has 2 variables, and the file has 0"):
        other.load_own_variables({})


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("scheduled_here", [True, False])
def test_a_state_from_with_or_without_a_schedule(scheduled_here, built):
    """The slots and iterations are those of the state; the rate stays what it is here."""
    rates = [schedules.ExponentialDecay(0.5, 50, 0.9), 0.25]
    here, there = (optimizers.Adam(rate) for rate in (rates if scheduled_here else rates[::-1]))
    variables = [tensor(np.ones(3)), tensor(np.ones((2, 2)))]
    variables = [pyclr.Variable(np.asarray(v)) for v in variables]
    there.build(variables)
    there.apply([tensor(np.full(v.shape, 0.5)) for v in variables], variables)
    store = {}
    there.save_own_variables(store)
    if not built:
        store = {key: store[key] for key in list(store)[: 2 if scheduled_here else 1]}
    here.build(variables)
    here.load_own_variables(store)
    assert int(here.iterations) == 1
    rate = rates[0](1) if scheduled_here else 0.25
    assert float(here.learning_rate) == pytest.approx(float(rate))
    slots = [[v.numpy() for v in optimizer.variables][-4:] for optimizer in (here, there)]
    for one, other in zip(*slots):
        np.testing.assert_array_equal(one, other if built else 0 * other)


# --- Optimizers of one's own ----------------------------------------------------------------------


class OwnMomentum(optimizers.Optimizer):
    """As Keras' documentation tells to write one."""

    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.momentum = 0.9

    def build(self, variables):
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(variable, "momentum"))

    def update_step(self, gradient, variable, learning_rate):
        ops = pyclr.ops
        m = self.momentums[self._get_variable_index(variable)]
        learning_rate = ops.cast(learning_rate, variable.dtype)
        self.assign(m, ops.subtract(m * self.momentum, gradient * learning_rate))
        self.assign_add(variable, m)


@pytest.mark.parametrize("options", [{}, *OPTIONS.values()])
def test_an_optimizer_of_ones_own(options):
    check_optimizer(OwnMomentum, options)
    own, reference = OwnMomentum(**options), optimizers.SGD(0.01, 0.9, **options)
    ours, expected = variables(), variables()
    for step in range(12):
        own.apply(gradients(step), ours)
        reference.apply(gradients(step), expected)
    for one, other in zip(own.variables + ours, reference.variables + expected):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-5)


def test_an_optimizer_without_an_update():
    with pytest.raises(NotImplementedError, match="'Optimizer' must override `update_step"):
        apply(optimizers.Optimizer(0.1), [1.0], [1.0])
    with pytest.raises(ValueError, match="number of names must be that of initializers"):
        optimizers.Optimizer(0.1).add_optimizer_variables([], ["a", "b"], ["zeros"])


def test_schedules_are_a_package_of_pyclr():
    assert pyclr.schedules is schedules
    read = deserialize_keras_object(serialize_keras_object(optimizers.SGD(schedules.OneCycle(0.5))))
    assert isinstance(read.learning_rate_schedule, schedules.OneCycle)
