"""dlcore.scratch.optimizers: the paths, states and errors of torch.optim, and gradient clipping."""

import copy
import inspect
import re
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.optimizers import OPTIMIZERS
from cases.vocabulary import Optimizer, Path, path
from conformance.paths import STEPS, TOLERANCE, Walk, deviation
from dlcore import pytorch, scratch

optimizers = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])
backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
every_clipping = pytest.mark.parametrize("norm_type", [2.0, 1, 3.0, 0.5, 0, np.inf, -np.inf, -1.0, "inf"])


def ours(name, *args, **options):
    return getattr(scratch.optimizers, name)(*args, **options)


def leaves(backend, *arrays, dtype=np.float64):
    return [backend.tensor(np.asarray(array, dtype), requires_grad=True) for array in arrays]


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
@settings(max_examples=4)
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
        finite = np.isfinite(theta.data if backend is scratch else theta.detach().numpy())
        assert finite.all() == (backend is scratch)


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
        results.append(theta.detach().numpy() if backend is pytorch else theta.data)
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
        assert all(value.dtype == dtype for value in stepper.state[theta].values() if hasattr(value, "dtype"))
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
        undisturbed.advance(STEPS)
        resumed.advance(STEPS // 2)
        saved = copy.deepcopy(resumed.our_optimizer.state_dict())
        resumed.our_optimizer, _ = resumed.make()
        resumed.our_optimizer.load_state_dict(saved)
        resumed.advance(STEPS // 2)
        if optimizer.name == "NAdam":  # as in PyTorch, a loaded product takes the dtype of the parameter
            assert resumed.deviation <= TOLERANCE[dtype.__name__]
        else:
            for one, other in zip(undisturbed.ours, resumed.ours):
                np.testing.assert_array_equal(one.data, other.data)


@dtypes
@optimizers
def test_a_state_of_pytorch_is_continued_here(optimizer, dtype):
    for item in optimizer.examples[::5]:
        walk = Walk(optimizer.name, item, dtype)
        walk.advance(STEPS // 2)
        walk.our_optimizer, _ = walk.make()
        walk.our_optimizer.load_state_dict(walk.their_optimizer.state_dict())
        assert walk.advance(STEPS // 2) <= TOLERANCE[dtype.__name__], item


@optimizers
def test_a_state_of_ours_is_continued_in_pytorch(optimizer):
    def tensors(values):
        return {key: torch.tensor(value) for key, value in values.items()}

    for item in optimizer.examples[::5]:
        walk = Walk(optimizer.name, item, np.float64)
        walk.advance(STEPS // 2)
        saved = walk.our_optimizer.state_dict()
        _, walk.their_optimizer = walk.make()
        complete = walk.their_optimizer.state_dict()["param_groups"]
        walk.their_optimizer.load_state_dict(
            {
                "state": {place: tensors(state) for place, state in saved["state"].items()},
                "param_groups": [{**more, **group} for more, group in zip(complete, saved["param_groups"])],
            }
        )
        assert walk.advance(STEPS // 2) <= TOLERANCE["float64"], item


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


def test_a_gradient_of_another_shape_or_dtype_is_an_error():
    (theta,) = leaves(scratch, [1.0, 2.0])
    for gradient in (np.ones(()), np.ones((2, 1)), np.ones(2, np.float32)):
        theta.grad = gradient
        with pytest.raises(RuntimeError, match=r"grad: expected shape \(2,\) and float64"):
            ours("SGD", [theta]).step()
    assert theta.data.tolist() == [1, 2]


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


# Clipping


def with_gradients(gradients, dtype=np.float64):
    """The same parameters for both backends, None where there is no gradient."""
    sides = []
    for backend in (scratch, pytorch):
        parameters = []
        for gradient in gradients:
            (parameter,) = leaves(backend, np.zeros_like(0.0 if gradient is None else gradient), dtype=dtype)
            if gradient is not None:
                array = np.array(gradient, dtype)
                parameter.grad = torch.from_numpy(array) if backend is pytorch else array
            parameters.append(parameter)
        sides.append(parameters)
    return sides


def gradients_agree(mine, theirs, rtol):
    for one, other in zip(mine, theirs):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None:
            np.testing.assert_allclose(one.grad, other.grad.numpy(), rtol=rtol, atol=1e-30)
            assert one.grad.dtype == other.grad.numpy().dtype


@st.composite
def gradients(draw):
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    shapes = draw(st.lists(st.lists(st.integers(1, 4), max_size=3), max_size=4))
    scale = draw(st.sampled_from([0.0, 1e-3, 1.0, 1e3]))
    return [
        None if generator.random() < 0.2 else np.asarray(scale * generator.standard_normal(shape))
        for shape in shapes
    ]


@dtypes
@every_clipping
@settings(max_examples=15)
@given(drawn=gradients(), max_norm=st.sampled_from([0, 0.0, 0.1, 1, 10.0, np.inf]))
def test_clipping_by_norm_is_pytorchs(dtype, norm_type, drawn, max_norm):
    mine, theirs = with_gradients(drawn, dtype)
    rtol = 1e-12 if dtype is np.float64 else 1e-5
    norms = [
        backend.optimizers.clip_grad_norm_(side, max_norm, norm_type)
        for backend, side in ((scratch, mine), (pytorch, theirs))
    ]
    np.testing.assert_allclose(norms[0], norms[1].item(), rtol=rtol)
    assert norms[0].dtype == norms[1].numpy().dtype
    gradients_agree(mine, theirs, rtol)


@dtypes
@settings(max_examples=25)
@given(drawn=gradients(), clip_value=st.sampled_from([0, 1e-3, 0.5, 1, np.inf]))
def test_clipping_by_value_is_pytorchs(dtype, drawn, clip_value):
    mine, theirs = with_gradients(drawn, dtype)
    scratch.optimizers.clip_grad_value_(mine, clip_value)
    if any(gradient is not None for gradient in drawn):  # PyTorch fails where there is nothing to clip
        pytorch.optimizers.clip_grad_value_(theirs, clip_value)
    gradients_agree(mine, theirs, 0)


@pytest.mark.filterwarnings("error")
@every_clipping
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_clipped_as_in_pytorch(norm_type, bad):
    mine, theirs = with_gradients([[1.0, bad], 2.0])
    norms = [
        backend.optimizers.clip_grad_norm_(side, 1.0, norm_type)
        for backend, side in ((scratch, mine), (pytorch, theirs))
    ]
    np.testing.assert_allclose(norms[0], norms[1].item())
    gradients_agree(mine, theirs, 1e-12)


@backends
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_can_be_refused(backend, bad):
    side = with_gradients([[1.0, bad]])[backend is pytorch]
    with pytest.raises(
        RuntimeError, match="(?s)total.norm.*non-finite|total_norm: .*error_if_nonfinite=False"
    ):
        backend.optimizers.clip_grad_norm_(side, 1.0, error_if_nonfinite=True)
    assert side[0].grad[0] == 1
    assert backend.optimizers.clip_grad_norm_(with_gradients([3.0])[backend is pytorch], 1.0, 2.0, True) == 3


@backends
@pytest.mark.parametrize("norm_type", [np.inf, -np.inf, -1])
def test_an_extreme_of_nothing_is_an_error(backend, norm_type):
    empty = [np.zeros((0, 2)), np.ones(2)]
    empty = empty if backend is scratch else [torch.tensor(array) for array in empty]
    with pytest.raises(RuntimeError, match="norm"):
        backend.optimizers.get_total_norm(empty, norm_type)
    assert backend.optimizers.get_total_norm(empty, 1) == 2


@backends
def test_one_parameter_an_iterator_and_nothing_can_be_clipped(backend):
    clip = backend.optimizers.clip_grad_norm_
    index = int(backend is pytorch)
    (one,) = with_gradients([[3.0, 4.0]])[index]
    gradient = one.grad
    assert clip(one, 1) == 5 and one.grad is gradient
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-6)
    side = with_gradients([[3.0], [4.0]])[index]
    assert clip((parameter for parameter in side), 1.0) == 5 and side[1].grad[0] == pytest.approx(0.8)
    backend.optimizers.clip_grad_value_((parameter for parameter in side), 0.5)
    assert [side[0].grad.item(), side[1].grad.item()] == [0.5, 0.5]
    backend.optimizers.clip_grads_with_norm_((parameter for parameter in side), 1.0, backend.tensor(2.0))
    assert side[0].grad.item() == pytest.approx(0.25)
    assert clip([], 1.0) == 0 and clip(with_gradients([None])[index], 1.0) == 0
    with pytest.warns(UserWarning, match="empty generator"):
        clip((parameter for parameter in []), 1.0)


def test_the_norm_is_of_arrays_tensors_and_mixed_dtypes():
    total = scratch.optimizers.get_total_norm
    assert total(np.array([3.0, 4.0])) == 5 and total(scratch.tensor([3.0, 4.0])) == 5
    assert total([np.array([3.0]), scratch.tensor(4.0)]) == 5
    assert total([np.ones(1, np.float32), np.ones(1)]).dtype == np.float64
    assert total([]).dtype == np.float32
    assert total([np.full(4, 1e25, np.float32)]) == np.float32(2e25)  # summed in float64


@settings(max_examples=25)
@given(drawn=gradients(), max_norm=st.floats(0.01, 10))
def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not(drawn, max_norm):
    mine, _ = with_gradients(drawn)
    before = np.concatenate([item.grad.ravel() for item in mine if item.grad is not None] or [np.zeros(0)])
    norm = scratch.optimizers.clip_grad_norm_(mine, max_norm)
    after = np.concatenate([item.grad.ravel() for item in mine if item.grad is not None] or [np.zeros(0)])
    assert np.linalg.norm(after) <= max_norm * (1 + 1e-12)
    np.testing.assert_allclose(after * norm, before * np.linalg.norm(after), rtol=1e-9, atol=1e-12)


def test_limits_that_make_no_sense_are_errors():
    """PyTorch takes all of these numbers, and turns gradients round or makes them NaN."""
    mine, _ = with_gradients([[1.0]])
    for limit, error in ((-1.0, ValueError), (np.nan, ValueError), ("1", TypeError), (None, TypeError)):
        with pytest.raises(error, match="^max_norm: "):
            scratch.optimizers.clip_grad_norm_(mine, limit)
        with pytest.raises(error, match="^max_norm: "):
            scratch.optimizers.clip_grads_with_norm_(mine, limit, 1.0)
        with pytest.raises(error, match="^clip_value: "):
            scratch.optimizers.clip_grad_value_(mine, limit)
    for norm_type, error in (("long", ValueError), (None, TypeError)):
        with pytest.raises(error):
            scratch.optimizers.clip_grad_norm_(mine, 1.0, norm_type)
    with pytest.raises(TypeError, match="^parameters: expected tensors, got ndarray"):
        scratch.optimizers.clip_grad_norm_([np.ones(2)], 1.0)
    assert mine[0].grad.tolist() == [1.0]
