"""dlcore.scratch.optimizers: the paths, states and errors of torch.optim."""

import copy
import inspect
import pickle
import re
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.optimizers import OPTIMIZERS
from cases.vocabulary import Optimizer, Path, path
from conformance.paths import TOLERANCE, Walk, deviation
from dlcore import pytorch, scratch

optimizers = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])
backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
HALF = 16  # steps before a state is saved and after it is loaded


def ours(name, *args, **options):
    return getattr(scratch.optimizers, name)(*args, **options)


def leaves(backend, *arrays, dtype=np.float64):
    return [backend.tensor(np.asarray(array, dtype), requires_grad=True) for array in arrays]


def array_of(tensor):
    """The values of a tensor of either backend, sharing memory with it."""
    return tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else tensor.data


# Paths


@dtypes
@optimizers
def test_every_combination_of_options_walks_pytorchs_path(optimizer, dtype):
    paths = (
        optimizer.examples if dtype is np.float64 else optimizer.examples[::6]
    )  # the page shows all of both
    for number, item in enumerate(paths):
        assert deviation(optimizer.name, item, dtype, seed=number) <= TOLERANCE[dtype.__name__], item


@dtypes
@optimizers
@settings(max_examples=2)  # the page has more
@given(data=st.data())
def test_random_options_walk_pytorchs_path(optimizer, dtype, data):
    item, seed = data.draw(optimizer.samples), data.draw(st.integers(0, 1000))
    assert deviation(optimizer.name, item, dtype, seed=seed) <= TOLERANCE[dtype.__name__]


@optimizers
def test_every_option_is_walked_with(optimizer):
    options = inspect.signature(getattr(scratch.optimizers, optimizer.name)).parameters.values()
    for option in options:
        if option.name != "params":
            tried = [item.options.get(option.name, option.default) for item in optimizer.examples]
            assert any(value is not option.default for value in tried), option.name


def test_every_optimizer_has_paths():
    here = {
        name
        for name, value in vars(scratch.optimizers).items()
        if inspect.isclass(value) and value.__module__ == "dlcore.scratch.optimizers"
    }
    assert here == {optimizer.name for optimizer in OPTIMIZERS}


def test_a_small_fault_is_seen(monkeypatch):
    """The walk tells eps inside of the root from eps outside, and a correction that is a step late."""
    root = scratch.optimizers._root
    for wrong in (
        lambda v, correction, eps: np.sqrt(v / correction + eps**2),
        lambda v, correction, eps: root(v, 1 - (1 - correction) * 0.999, eps),
    ):
        monkeypatch.setattr(scratch.optimizers, "_root", wrong)
        assert deviation("Adam", path(), np.float64) > 100 * TOLERANCE["float64"]


def test_the_walk_sees_a_deviation_at_any_step_and_nan():
    walk = Walk("SGD", path(), np.float64)
    step, astray = walk.our_optimizer.step, iter([0.0, 1.0, -1.0, 0.0])

    def step_aside():
        step()
        walk.ours[0].data += next(astray)  # there and back

    walk.our_optimizer.step = step_aside
    assert walk.advance(4) > 0.1
    np.testing.assert_allclose(walk.ours[0].data, walk.values[0])
    walk.our_optimizer.step = step
    walk.ours[1].data[...] = np.nan
    assert walk.advance(1) == np.inf


def test_the_walk_changes_options_and_leaves_gradients_out():
    walk = Walk("Adam", Path(changes={2: {"lr": 0.25}}), np.float64)
    for steps, rate in ((2, 1e-3), (2, 0.25)):
        walk.advance(steps)
        assert [side.param_groups[0]["lr"] for side in (walk.our_optimizer, walk.their_optimizer)] == [
            rate
        ] * 2
    assert [state["step"] for state in walk.our_optimizer.state.values()] == [3, 3]  # of 4


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient():
    (theta,) = leaves(scratch, [0.0, 0.0, 0.0])
    theta.grad = np.array([1e-3, -5.0, 1e4])
    ours("Adam", [theta], lr=0.1).step()
    np.testing.assert_allclose(theta.data, [-0.1, 0.1, -0.1], rtol=1e-4)


def test_a_constant_gradient_gives_momentum_its_terminal_step():
    (theta,) = leaves(scratch, 0.0)
    optimizer = ours("SGD", [theta], lr=0.01, momentum=0.9)
    for _ in range(300):
        before = theta.item()
        theta.grad = np.array(1.0)
        optimizer.step()
    assert before - theta.item() == pytest.approx(0.01 / (1 - 0.9))


def test_decoupled_weight_decay_shrinks_all_weights_alike():
    (theta,) = leaves(scratch, [1.0, 2.0])
    optimizer = ours("AdamW", [theta], lr=0.1, weight_decay=0.5)
    theta.grad = np.zeros(2)
    optimizer.step()
    np.testing.assert_allclose(theta.data, [0.95, 1.9])


def test_a_constant_gradient_does_not_break_centered_rmsprop():
    """The square of the mean may round to more than the mean of the squares; PyTorch then takes a root of that."""
    gradients = np.random.default_rng(0).standard_normal(50)
    for backend in (scratch, pytorch):
        (theta,) = leaves(backend, np.ones(50))
        optimizer = backend.optimizers.RMSprop([theta], alpha=0.5, centered=True)
        for _ in range(200):
            theta.grad = gradients.copy() if backend is scratch else torch.tensor(gradients)
            optimizer.step()
        assert np.isfinite(array_of(theta)).all() == (backend is scratch)


def test_a_variance_that_rounding_made_negative_is_0():
    (theta,) = leaves(scratch, 0.0)
    optimizer = ours("RMSprop", [theta], lr=0.5, alpha=1.0, eps=2.0, centered=True)
    optimizer.state[theta] = {"step": 1, "square_avg": np.array(1.0), "grad_avg": np.array(1.5)}  # 1 - 1.5²
    theta.grad = np.array(1.0)
    optimizer.step()
    assert theta.item() == -0.5 * 1 / (0 + 2)


def test_each_group_of_adagrad_begins_with_its_own_accumulator():
    first, second = leaves(scratch, 0.0, 0.0)
    optimizer = ours(
        "Adagrad", [{"params": first}, {"params": second, "initial_accumulator_value": 3.0}], lr=1.0
    )
    first.grad = second.grad = np.array(1.0)
    optimizer.step()
    assert first.item() == pytest.approx(-1) and second.item() == pytest.approx(-0.5)


@dtypes
@optimizers
def test_arrays_keep_their_places_and_dtypes_and_gradients_their_values(optimizer, dtype):
    for item in optimizer.examples[::4]:
        walk = Walk(optimizer.name, item, dtype)
        arrays = [tensor.data for tensor in walk.ours]
        walk.advance(7)
        for tensor, array in zip(walk.ours, arrays):
            assert tensor.data is array and array.dtype == dtype
            tensor.grad = np.ones_like(array)
            tensor.grad.flags.writeable = False
        walk.our_optimizer.step()
        for tensor, state in walk.our_optimizer.state.items():
            kept = {name: value for name, value in state.items() if name not in ("step", "mu_product")}
            assert all(value.dtype == dtype and value.shape == tensor.shape for value in kept.values())


@optimizers
@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_goes_through_as_in_pytorch(optimizer):
    gradient = np.array([np.nan, np.inf, -np.inf, 1e200, 1e-200, 0.0])
    results = []
    for backend in (scratch, pytorch):
        (theta,) = leaves(backend, np.ones(6))
        optimizer_ = getattr(backend.optimizers, optimizer.name)([theta], eps=0) if (
            "eps" in inspect.signature(getattr(scratch.optimizers, optimizer.name)).parameters
        ) else backend.optimizers.SGD([theta], momentum=0.9)  # fmt: skip
        for _ in range(3):
            theta.grad = torch.tensor(gradient) if backend is pytorch else gradient.copy()
            optimizer_.step()
        results.append(array_of(theta))
    for number in results:
        number[~np.isfinite(number)] = np.nan  # an infinite average is inf or NaN, as one writes it down
    np.testing.assert_allclose(*results, rtol=1e-12)


@optimizers
def test_a_parameter_without_elements_takes_part(optimizer):
    empty, other = leaves(scratch, np.zeros((0, 3)), 1.0)
    stepper = ours(optimizer.name, [empty, other])
    for _ in range(2):
        empty.grad, other.grad = np.zeros((0, 3)), np.array(1.0)
        stepper.step()
    assert empty.shape == (0, 3) and other.item() < 1


@optimizers
def test_a_weight_without_slope_stays(optimizer):
    (theta,) = leaves(scratch, [1.0, 2.0])
    stepper = ours(optimizer.name, [theta], weight_decay=0.0)
    for _ in range(10):
        theta.grad = np.array([0.0, 1.0])
        stepper.step()
    assert theta.data[0] == 1 and theta.data[1] < 2


@dtypes
@pytest.mark.parametrize(
    "wrap", [np.array, np.float64, lambda lr: np.array([lr]), scratch.tensor, torch.tensor], ids=str
)
@optimizers
def test_a_rate_may_be_an_array_or_a_tensor_that_changes(optimizer, wrap, dtype):
    results = []
    for first, second in ((0.1, 0.05), (wrap(0.1), wrap(0.05))):
        (theta,) = leaves(scratch, [1.0, 2.0], dtype=dtype)
        stepper = ours(optimizer.name, [theta], lr=first)
        for rate in (first, second):
            stepper.param_groups[0]["lr"] = rate
            theta.grad = np.array([1.0, -2.0], dtype)
            stepper.step()
        state = stepper.state_dict()
        stepper.load_state_dict(state)
        arrays = without(stepper.state[theta], "mu_product").values()
        assert all(value.dtype == dtype for value in arrays if hasattr(value, "dtype"))
        results.append(theta.data)
    np.testing.assert_allclose(*results, rtol=1e-6)  # torch.tensor(0.1) has single precision


# States


@optimizers
def test_states_bear_pytorchs_names(optimizer):
    for item in optimizer.examples:
        walk = Walk(optimizer.name, item, np.float32)
        walk.advance(3)
        our, their = (side.state_dict() for side in (walk.our_optimizer, walk.their_optimizer))
        assert {place: set(state) for place, state in our["state"].items()} == {
            place: set(state) for place, state in their["state"].items()
        }
        for one, other in zip(our["param_groups"], their["param_groups"]):
            assert one["params"] == other["params"]
            assert set(other) - set(one) <= {"foreach", "fused", "capturable", "differentiable"}


@dtypes
@optimizers
def test_a_saved_state_continues_as_if_nothing_had_happened(optimizer, dtype):
    for item in optimizer.examples[::5]:
        undisturbed, resumed = Walk(optimizer.name, item, dtype), Walk(optimizer.name, item, dtype)
        undisturbed.advance(2 * HALF)
        resumed.advance(HALF)
        saved = pickle.loads(pickle.dumps(resumed.our_optimizer.state_dict()))
        resumed.our_optimizer, _ = resumed.make()
        resumed.our_optimizer.load_state_dict(saved)
        resumed.advance(HALF)
        for one, other in zip(undisturbed.ours, resumed.ours):
            np.testing.assert_array_equal(one.data, other.data)


@dtypes
@optimizers
def test_a_state_of_pytorch_is_continued_here(optimizer, dtype):
    for item in optimizer.examples[:: 2 if dtype is np.float32 else 6]:
        walk = Walk(optimizer.name, item, dtype)
        walk.advance(HALF)
        walk.our_optimizer, _ = walk.make()
        walk.our_optimizer.load_state_dict(walk.their_optimizer.state_dict())
        assert all(type(state.get("step", 0)) is int for state in walk.our_optimizer.state.values())
        assert walk.advance(HALF) <= TOLERANCE[dtype.__name__], item


@optimizers
def test_a_state_of_ours_is_continued_in_pytorch(optimizer):
    def tensors(values):
        return {key: torch.tensor(value) for key, value in values.items()}

    for item in optimizer.examples[::3]:
        walk = Walk(optimizer.name, item, np.float64)
        walk.advance(HALF)
        saved = walk.our_optimizer.state_dict()
        _, walk.their_optimizer = walk.make()
        complete = walk.their_optimizer.state_dict()["param_groups"]
        walk.their_optimizer.load_state_dict(
            {
                "state": {place: tensors(state) for place, state in saved["state"].items()},
                "param_groups": [{**more, **group} for more, group in zip(complete, saved["param_groups"])],
            }
        )
        assert walk.advance(HALF) <= TOLERANCE["float64"], item


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
@optimizers
def test_a_network_and_its_optimizer_are_copied_together(optimizer, copied):
    """The copy trains on as the original does, and neither moves the other."""

    def train(network, stepper, steps):
        for number in range(steps):
            stepper.zero_grad()
            (network(scratch.tensor([[1.0, 2.0], [3.0, -number]])) ** 2).sum().backward()
            stepper.step()
        return [parameter.data.copy() for parameter in network.parameters()]

    network = scratch.nn.reset_parameters(scratch.nn.Linear(2, 3, dtype=np.float64), np.random.default_rng(0))
    stepper = ours(optimizer.name, network.named_parameters(), weight_decay=0.1)
    middle = train(network, stepper, 2)
    twin, its_stepper = copied((network, stepper))
    end = train(network, stepper, 3)
    for one, other in zip(twin.parameters(), middle):
        np.testing.assert_array_equal(one.data, other)
    for one, other in zip(train(twin, its_stepper, 3), end):
        np.testing.assert_array_equal(one, other)


@optimizers
def test_a_loaded_state_is_a_copy_and_takes_the_parameters_dtype(optimizer):
    (source,), (target,) = leaves(scratch, [1.0, 2.0]), leaves(scratch, [1.0, 2.0], dtype=np.float32)
    options = {"momentum": 0.9} if optimizer.name == "SGD" else {}
    first, second = ours(optimizer.name, [source], **options), ours(optimizer.name, [target], **options)
    source.grad = np.ones(2)
    first.step()
    saved = first.state_dict()
    second.load_state_dict(saved)
    before = copy.deepcopy(second.state[target])
    source.grad = np.full(2, 5.0)
    first.step()
    for name, value in second.state[target].items():
        np.testing.assert_array_equal(value, before[name])
        assert name == "step" or value.dtype == np.float32
    assert saved["param_groups"][0]["params"] == [0] and second.param_groups[0]["params"][0] is target


def test_what_does_not_move_has_no_state():
    first, second = leaves(scratch, 1.0, 1.0)
    first.grad = np.array(1.0)
    for options in ({}, {"momentum": 0.9}):
        optimizer = ours("SGD", [first, second], **options)
        optimizer.step()
        assert list(optimizer.state_dict()["state"]) == [0] * bool(options)


def test_adamw_stays_decoupled_when_it_loads_a_state_of_adam():
    for backend in (scratch, pytorch):
        (theta,) = leaves(backend, 1.0)
        saved = backend.optimizers.Adam([theta], weight_decay=0.3).state_dict()
        optimizer = backend.optimizers.AdamW([theta])
        optimizer.load_state_dict(saved)
        group = optimizer.param_groups[0]
        assert group["decoupled_weight_decay"] is True and group["weight_decay"] == 0.3


def test_a_rate_that_pytorch_keeps_in_a_tensor_is_loaded_as_a_number():
    (theirs,), (mine,) = leaves(pytorch, 1.0), leaves(scratch, 1.0)
    optimizer = ours("SGD", [mine])
    optimizer.load_state_dict(torch.optim.SGD([theirs], lr=torch.tensor(0.5)).state_dict())
    assert type(optimizer.param_groups[0]["lr"]) is float and optimizer.param_groups[0]["lr"] == 0.5


def test_options_that_others_have_added_are_saved_and_loaded():
    (theta,) = leaves(scratch, 1.0)
    optimizer = ours("SGD", [theta])
    optimizer.param_groups[0].update(initial_lr=0.3, max_lr=1.0)
    other = ours("SGD", [theta])
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["initial_lr"] == 0.3 and other.param_groups[0]["max_lr"] == 1.0


def stepped(name, **options):
    """An optimizer of two parameters after one step."""
    parameters = leaves(scratch, [1.0, 2.0], 3.0)
    for parameter in parameters:
        parameter.grad = np.ones_like(parameter.data)
    optimizer = ours(name, parameters, **options)
    optimizer.step()
    return optimizer


def without(dictionary, name):
    return {key: value for key, value in dictionary.items() if key != name}


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda saved: saved["param_groups"].append(saved["param_groups"][0]), r"groups of \[2\].* \[2, 2\]"),
        (
            lambda saved: saved["param_groups"][0]["params"].append(2),
            r"groups of \[2\] parameters, got \[3\]",
        ),
        (lambda saved: saved["param_groups"][0].pop("betas"), r"Adam misses the options \['betas'\]"),
        (lambda saved: saved["param_groups"][0].update(lr=-1), "lr: must not be negative"),
        (lambda saved: saved["state"][1].pop("exp_avg_sq"), r"Adam misses \['exp_avg_sq'\] of parameter 1"),
        (lambda saved: saved["state"].update({7: {}}), "7 that no group has"),
        (
            lambda saved: saved["state"][0].update(exp_avg=np.ones(3)),
            r"exp_avg of shape \(2,\), got \(3,\)",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_an_error_and_changes_nothing(change, message):
    optimizer = stepped("Adam", lr=0.3)
    before = copy.deepcopy(optimizer.state_dict())
    saved = copy.deepcopy(before)
    saved["param_groups"][0]["weight_decay"] = 0.7
    saved["state"][0]["step"] = 9
    change(saved)
    with pytest.raises(ValueError, match=f"state_dict: .*{message}|{message}"):
        optimizer.load_state_dict(saved)
    assert repr(optimizer.state_dict()) == repr(before)


@pytest.mark.parametrize(
    "saver, loader", [("SGD", "Adam"), ("Adam", "SGD"), ("Adam", "Adamax"), ("Adam", "RMSprop")]
)
def test_a_state_of_another_optimizer_is_an_error(saver, loader):
    saved = stepped(saver).state_dict()
    with pytest.raises(ValueError, match=f"state_dict: {loader} misses"):
        stepped(loader).load_state_dict(saved)


# Groups and options


@optimizers
def test_what_an_optimizer_refuses(optimizer):
    """PyTorch's class of error, and a message that begins with the option; also within a group and in a state."""
    for item in optimizer.refusals:
        options, error = item.sample.options, item.error
        if error is None:
            with pytest.raises((TypeError, ValueError)) as theirs:
                getattr(torch.optim, optimizer.name)(leaves(pytorch, 1.0), **options)
            error = theirs.type
        theta, other = leaves(scratch, 1.0, 2.0)
        optimizer_ = ours(optimizer.name, [other])
        for make, argument in (
            (partial(ours, optimizer.name, **options), [theta]),
            (partial(ours, optimizer.name), [{"params": theta, **options}]),
            (optimizer_.add_param_group, {"params": theta, **options}),
        ):
            with pytest.raises(error, match=rf"^{item.naming}: ") as raised:
                make(argument)
            assert raised.type is error, item


@backends
def test_the_callers_group_may_have_one_tensor_and_fills_up_with_defaults(backend):
    first, second, third = leaves(backend, 1.0, 2.0, 3.0)
    optimizer = backend.optimizers.SGD([{"params": first}, {"params": iter([second]), "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [third], "momentum": 0.9})
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 1, 1]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.1]
    assert [group["momentum"] for group in optimizer.param_groups] == [0, 0, 0.9]


@optimizers
def test_parameters_that_come_later_begin_at_their_first_step(optimizer):
    sides = []
    for backend in (scratch, pytorch):
        first, second = leaves(backend, [1.0, 2.0], [3.0, 4.0])
        stepper = getattr(backend.optimizers, optimizer.name)([first], weight_decay=0.1)
        for number in range(8):
            if number == 3:
                stepper.add_param_group({"params": [second], "lr": 0.05})
            for parameter in (first, second):
                gradient = np.array([1.0, -1.0]) * (number + 1) + array_of(parameter)
                parameter.grad = gradient if backend is scratch else torch.tensor(gradient)
            stepper.step()
        states = stepper.state_dict()["state"].values()
        steps = [float(state["step"]) for state in states if "step" in state]
        sides.append([*array_of(first), *array_of(second), *steps])
    np.testing.assert_allclose(*sides, rtol=1e-13)


@pytest.mark.parametrize(
    "name, option, value", [("RMSprop", "momentum", 0.9), ("RMSprop", "centered", True), ("Adam", "amsgrad", True)]
)  # fmt: skip
def test_what_an_option_remembers_begins_when_it_is_switched_on(name, option, value):
    """PyTorch raises a KeyError."""
    theta, other = leaves(scratch, [1.0, 2.0], [1.0, 2.0])
    always, later = ours(name, [theta], **{option: value}), ours(name, [other])
    theta.grad, other.grad = np.zeros(2), np.zeros(2)  # which leave every average at 0
    always.step()
    later.step()
    later.param_groups[0][option] = value
    for number in range(3):
        theta.grad, other.grad = np.array([1.0, number]), np.array([1.0, number])
        always.step()
        later.step()
    np.testing.assert_array_equal(theta.data, other.data)
    assert set(always.state[theta]) == set(later.state[other])


def test_a_group_that_is_added_stays_as_it_is():
    mine = {"params": leaves(scratch, 1.0)[0]}
    before = dict(mine)
    ours("SGD", [mine])
    assert mine == before


@pytest.mark.parametrize(
    "group, error, message",
    [
        ({"lr": 0.1}, KeyError, "params"),
        ([1], TypeError, "param_group: expected a dict, got list"),
        (
            {"params": [], "learning_rate": 0.1},
            ValueError,
            r"SGD has the options .*, got \['learning_rate'\]",
        ),
        ({"params": {1, 2}}, TypeError, "params: a set has no order"),
        ({"params": 3}, TypeError, "params: expected an iterable of tensors, got int"),
        ({"params": [np.ones(2)]}, TypeError, "params: expected tensors, got ndarray"),
    ],
)
def test_groups_that_are_none_are_errors(group, error, message):
    optimizer = ours("SGD", leaves(scratch, 1.0))
    with pytest.raises(error, match=message):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1


@backends
def test_parameters_that_cannot_be_optimized_are_errors(backend):
    tensor = backend.tensor([1.0], requires_grad=True)
    for params, error in (
        ([], ValueError), ([np.ones(2)], TypeError), (tensor, TypeError), (3, TypeError),
        ([tensor * 2], ValueError), ([{"params": tensor}, {"params": tensor}], ValueError),
        ([("weight", tensor), backend.tensor([2.0])], ValueError),
    ):  # fmt: skip
        with pytest.raises(error):
            backend.optimizers.SGD(params, 0.1)


def test_a_set_has_no_order():
    with pytest.raises(TypeError, match="params: a set has no order"):
        ours("SGD", set(leaves(scratch, 1.0)))


def test_the_same_parameter_twice_is_an_error():
    # PyTorch warns as yet and announces that it will be an error.
    mine, theirs = (backend.tensor([1.0], requires_grad=True) for backend in (scratch, pytorch))
    with pytest.raises(ValueError, match="params: the same tensor stands there twice"):
        ours("SGD", [mine, mine], 0.1)
    with pytest.warns(UserWarning, match="duplicate"):
        torch.optim.SGD([theirs, theirs], 0.1)


def torchs_text(optimizer):
    """What PyTorch's optimizer prints, without the options that say how it computes."""
    return re.sub(r"    (foreach|fused|capturable|differentiable): \w+\n", "", repr(optimizer))


@optimizers
def test_optimizers_print_what_pytorchs_print(optimizer):
    for item in [*optimizer.examples[:2], *(item for item in optimizer.examples if item.groups)]:
        walk = Walk(optimizer.name, item, np.float64)
        assert repr(walk.our_optimizer) == torchs_text(walk.their_optimizer)


def test_names_of_parameters_are_kept_as_in_pytorch():
    sides = []
    for backend in (scratch, pytorch):
        optimizer = backend.optimizers.Adam(backend.nn.Linear(2, 3).named_parameters())
        assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
        nameless = backend.optimizers.Adam(leaves(backend, 1.0, 2.0))
        nameless.load_state_dict(optimizer.state_dict())
        assert nameless.param_groups[0]["param_names"] == ["weight", "bias"]
        other = backend.optimizers.Adam([("a", leaves(backend, 1.0)[0]), ("b", leaves(backend, 2.0)[0])])
        other.load_state_dict(optimizer.state_dict())
        assert other.param_groups[0]["param_names"] == ["weight", "bias"]
        optimizer.load_state_dict(
            {"state": {}, "param_groups": [without(optimizer.state_dict()["param_groups"][0], "param_names")]}
        )
        assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
        with pytest.raises(ValueError, match="name"):
            optimizer.add_param_group({"params": leaves(backend, 1.0)})
        sides.append(optimizer)
    assert repr(sides[0]) == torchs_text(sides[1])


# Steps


@optimizers
def test_a_closure_is_called_once_and_its_loss_returned(optimizer):
    walks = [closed_walk(backend, optimizer.name) for backend in (scratch, pytorch)]
    np.testing.assert_allclose(*walks, rtol=1e-12)


def closed_walk(backend, name):
    """The losses of five steps with a closure, which is counted."""
    (theta,) = leaves(backend, [1.0, -2.0])
    stepper, calls = getattr(backend.optimizers, name)([theta]), []

    def closure():
        stepper.zero_grad()
        loss = (theta * theta).sum()
        loss.backward()
        calls.append(loss.item())
        return loss

    with backend.no_grad():  # the closure records all the same
        losses = [stepper.step(closure).item() for _ in range(5)]
        assert not backend.is_grad_enabled()
    assert losses == calls and len(calls) == 5
    assert stepper.step() is None
    return losses


@backends
def test_zero_grad_forgets_or_fills_with_zeros(backend):
    first, second = leaves(backend, [1.0, 2.0], 3.0)
    optimizer = backend.optimizers.SGD([first, second], 0.1)
    (first * 3).sum().backward()
    gradient = first.grad
    optimizer.zero_grad(set_to_none=False)
    assert first.grad is gradient and gradient.tolist() == [0, 0] and second.grad is None
    optimizer.zero_grad()
    assert first.grad is None
    optimizer.step()
    assert [first[0].item(), first[1].item()] == [1, 2]


@backends
def test_frozen_parameters_stay_as_they_are(backend):
    frozen, free = backend.tensor([1.0]), backend.tensor([1.0], requires_grad=True)
    optimizer = backend.optimizers.SGD([frozen, free], 0.5, weight_decay=0.1)
    (frozen * free * 3).sum().backward()
    optimizer.step()
    assert frozen.item() == 1 and free.item() == pytest.approx(1 - 0.5 * 3.1)


@pytest.mark.parametrize(
    "use",
    [
        lambda theta: ours("SGD", [theta]).step(),
        lambda theta: ours("SGD", [theta]).zero_grad(set_to_none=False),
        lambda theta: scratch.optimizers.clip_grad_norm_(theta, 0.1),
        lambda theta: scratch.optimizers.clip_grad_value_(theta, 0.1),
    ],
)
def test_a_gradient_must_fit_its_parameter_and_may_be_a_tensor(use):
    (theta,) = leaves(scratch, [1.0, 2.0])
    for gradient in (np.ones(()), np.ones((2, 1)), np.ones(2, np.float32)):
        theta.grad = gradient
        with pytest.raises(RuntimeError, match=r"grad: expected shape \(2,\) and float64"):
            use(theta)
    theta.grad = [1.0, 1.0]
    with pytest.raises(TypeError, match="grad: expected an array, got list"):
        use(theta)
    assert theta.data.tolist() == [1, 2]
    results = []
    for gradient in (np.ones(2), scratch.tensor([1.0, 1.0])):
        (theta,) = leaves(scratch, [1.0, 2.0])
        theta.grad = gradient
        use(theta)
        results.append([theta.data.tolist(), np.asarray(theta.grad).tolist()])
    assert results[0] == results[1] != [[1, 2], [1, 1]]


def test_the_base_asks_for_a_formula():
    (theta,) = leaves(scratch, 1.0)
    theta.grad = np.array(1.0)
    with pytest.raises(NotImplementedError, match=r"write update\(\)"):
        scratch.optimizers.Optimizer([theta], {}).step()


def test_paths_without_groups_have_one_and_others_deal_the_parameters_out():
    assert len(Walk("SGD", Path(), np.float64).our_optimizer.param_groups) == 1
    dealt = Walk("SGD", Path(groups=({}, {"lr": 0.5})), np.float64).our_optimizer.param_groups
    assert [len(group["params"]) for group in dealt] == [1, 1] and dealt[1]["lr"] == 0.5
    assert isinstance(OPTIMIZERS[0], Optimizer)
