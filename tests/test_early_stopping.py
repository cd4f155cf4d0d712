"""Early stopping: it finds the turn of the validation error, and all the data can be used afterwards."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import data, pytorch, scratch
from dlcore.scratch.early_stopping import (
    EarlyStopping,
    continue_on_all,
    retrain_from_start,
    train_until_stopped,
)
from dlcore.training import evaluate, train

BACKENDS = {"scratch": scratch, "pytorch": pytorch}
backends = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)

values = st.lists(st.floats(-5, 5, width=16) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=30)


def observed(early_stopping, values):
    for value in values:
        early_stopping.observe(value)
    return early_stopping


@given(values, st.integers(1, 5), st.sampled_from([0, 0.5]), st.sampled_from(["min", "max"]))
def test_it_follows_its_definition(values, patience, min_delta, mode):
    sign = 1 if mode == "min" else -1
    early_stopping, best, place = EarlyStopping(patience, min_delta, mode), sign * math.inf, 0
    for number, value in enumerate(values, 1):
        better = sign * value < sign * best - min_delta
        best, place = (value, number) if better else (best, place)
        assert early_stopping.observe(value, {"number": np.array(number)}) is better
        assert (early_stopping.best_value, early_stopping.best_step, early_stopping.step) == (
            best,
            place,
            number,
        )
        assert early_stopping.should_stop == (number - place >= patience)
        state = early_stopping.best_state
        assert state is None if place == 0 else int(state["number"]) == place


def test_patience_counts_the_values_that_were_no_better():
    early_stopping = EarlyStopping(2)
    stops = []
    for value in [3, 2, 2, 1, 1.5, 1, 0.5]:
        early_stopping.observe(value)
        stops.append(early_stopping.should_stop)
    assert stops == [False, False, False, False, False, True, False]
    assert (early_stopping.best_value, early_stopping.best_step) == (0.5, 7)


def test_nan_is_never_better():
    early_stopping = observed(EarlyStopping(3), [math.nan, math.nan])
    assert early_stopping.best_step == 0 and early_stopping.best_value == math.inf
    assert not early_stopping.should_stop and observed(early_stopping, [math.nan]).should_stop
    assert observed(EarlyStopping(1), [1.0, math.nan]).should_stop


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5, requires_grad=True),
                                   scratch.Tensor(np.array(0.5), requires_grad=True)], ids=lambda v: type(v).__name__)  # fmt: skip
def test_a_value_is_any_single_number(value):
    early_stopping = observed(EarlyStopping(1), [value])
    assert early_stopping.best_value == 0.5 and type(early_stopping.best_value) is float


@backends
def test_the_best_state_is_a_copy(backend):
    network = backend.nn.Sequential(backend.nn.Linear(2, 3), backend.nn.BatchNorm1d(3))
    before = {name: np.asarray(value).copy() for name, value in network.state_dict().items()}
    early_stopping = EarlyStopping(3)
    early_stopping.observe(1.0, network.state_dict())
    optimizer = backend.optimizers.SGD(network.parameters(), 1.0)
    inputs = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    loss = (network(backend.tensor(inputs)) ** 2).mean()
    loss.backward()
    optimizer.step()
    early_stopping.observe(2.0, network.state_dict())
    after = {name: np.asarray(value).copy() for name, value in network.state_dict().items()}
    assert any((after[name] != before[name]).any() for name in before)
    network.load_state_dict(early_stopping.best_state)
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(np.asarray(value), before[name])


def test_an_array_given_for_an_option_is_not_kept():
    margin = np.array(0.25)
    early_stopping = EarlyStopping(3, margin)
    margin[...] = 5
    assert type(early_stopping.min_delta) is float and early_stopping.min_delta == 0.25


def test_a_better_value_without_a_state_forgets_the_old_state():
    early_stopping = EarlyStopping(3)
    early_stopping.observe(1.0, {"a": 1})
    early_stopping.observe(0.5)
    assert early_stopping.best_state is None


@backends
def test_resumed_it_stops_where_it_would_have_stopped(backend):
    values = [5, 4, 4.5, 3, 3.1, math.nan, 3.2, 3.3, 3.4]
    arrays = [np.array([float(number)]) for number in range(len(values))]
    states = [{"w": torch.from_numpy(array) if backend is pytorch else array} for array in arrays]
    whole, first, second = (EarlyStopping(3) for _ in range(3))
    for value, state in zip(values[:5], states):
        whole.observe(value, state), first.observe(value, state)
    saved = first.state_dict()
    second.load_state_dict(saved)
    first.observe(0.0, states[0])  # must not reach the other one, nor must what follows
    saved["best_state"]["w"][...] = 99.0
    for value, state in zip(values[5:], states[5:]):
        whole.observe(value, state), second.observe(value, state)
        assert second.should_stop == whole.should_stop
    assert (second.best_value, second.best_step, second.step) == (3, 4, 9)
    assert second.best_state["w"].item() == 3
    with pytest.raises(ValueError, match="^state_dict: "):
        second.load_state_dict({"step": 3})


@pytest.mark.parametrize(
    ("arguments", "naming", "error"),
    [
        ((0,), "patience", ValueError),
        ((-1,), "patience", ValueError),
        ((2.5,), "patience", TypeError),
        ((None,), "patience", TypeError),
        ((3, -0.1), "min_delta", ValueError),
        ((3, math.nan), "min_delta", ValueError),
        ((3, math.inf), "min_delta", ValueError),
        ((3, "0"), "min_delta", TypeError),
        ((3, 0.0, "least"), "mode", ValueError),
    ],
)
def test_bad_options_are_refused(arguments, naming, error):
    with pytest.raises(error, match=f"^{naming}: "):
        EarlyStopping(*arguments)


@pytest.mark.parametrize("value", ["1", None, np.zeros(2), [1.0]])
def test_what_is_no_number_cannot_be_observed(value):
    early_stopping = EarlyStopping(2)
    with pytest.raises(TypeError, match="^value: "):
        early_stopping.observe(value)
    assert early_stopping.step == 0
    for train_with in (
        lambda f: train_until_stopped(f, lambda: value, early_stopping, 1),
        lambda f: continue_on_all(f, lambda: value, 0.1, 1),
    ):
        with pytest.raises(TypeError, match="^validation_loss: "):
            train_with(lambda: None)


@pytest.mark.filterwarnings("error")
def test_a_validation_loss_may_be_a_tensor():
    loss = iter(torch.tensor([0.5, 0.25, 0.125], requires_grad=True))
    assert train_until_stopped(lambda: None, lambda: next(loss), EarlyStopping(1), 1) == [0.5]
    assert continue_on_all(lambda: None, lambda: next(loss), np.array(0.2), 9) == [0.25, 0.125]


@pytest.mark.parametrize(
    ("call", "naming", "error"),
    [
        (lambda f: train_until_stopped(f, f, EarlyStopping(1), -1), "max_epochs", ValueError),
        (lambda f: train_until_stopped(f, f, EarlyStopping(1), 2.0), "max_epochs", TypeError),
        (lambda f: retrain_from_start(f, f, -1), "epochs", ValueError),
        (lambda f: retrain_from_start(f, f, None), "epochs", TypeError),
        (lambda f: continue_on_all(f, f, 0.1, -3), "max_epochs", ValueError),
        (lambda f: continue_on_all(f, f, math.nan, 3), "target", ValueError),
        (lambda f: continue_on_all(f, f, "low", 3), "target", TypeError),
    ],
)
def test_nothing_is_trained_with_bad_options(call, naming, error):
    def never():
        raise AssertionError("called")

    with pytest.raises(error, match=f"^{naming}: "):
        call(never)


# A regression with hardly more examples than weights, which overfits


class Regression:
    """Linear regression by gradient descent, in one of the backends."""

    def __init__(self, backend):
        generator = np.random.default_rng(4)
        inputs, noise = generator.standard_normal((60, 20)), generator.standard_normal((60, 1))
        targets = inputs @ (generator.standard_normal((20, 1)) * 0.3) + noise
        self.backend, self.data = backend, [backend.tensor(array) for array in (inputs, targets)]
        self.train, self.valid, self.all = slice(0, 30), slice(30, 60), slice(0, 60)
        self.network = backend.nn.Sequential(backend.nn.Linear(20, 1))
        self.network.double()
        self.reset()

    def reset(self):
        self.network.load_state_dict({"0.weight": np.zeros((1, 20)), "0.bias": np.zeros(1)})
        self.optimizer = self.backend.optimizers.SGD(self.network.parameters(), 0.05, momentum=0.5)

    def error(self, rows):
        inputs, targets = (array[rows] for array in self.data)
        return ((self.network(inputs) - targets) ** 2).mean()

    def epoch_on(self, rows):
        def epoch():
            self.optimizer.zero_grad()
            self.error(rows).backward()
            self.optimizer.step()

        return epoch

    def validation_loss(self):
        return self.error(self.valid).item()


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS)
def regression(request):
    return Regression(request.param)


def stopped(regression, patience=10):
    early_stopping = EarlyStopping(patience)
    losses = train_until_stopped(
        regression.epoch_on(regression.train), regression.validation_loss, early_stopping, 300,
        regression.network.state_dict,
    )  # fmt: skip
    return early_stopping, losses


def test_early_stopping_finds_the_turn_of_the_validation_error(regression):
    early_stopping, losses = stopped(regression)
    regression.reset()
    undisturbed = train_until_stopped(
        regression.epoch_on(regression.train), regression.validation_loss, EarlyStopping(1000), 300
    )
    turn = int(np.argmin(undisturbed)) + 1
    assert 5 < turn < 100 and undisturbed[-1] > 1.3 * min(undisturbed)  # it does overfit
    assert early_stopping.best_step == turn and len(losses) == turn + 10
    assert losses == undisturbed[: len(losses)]
    regression.network.load_state_dict(early_stopping.best_state)
    assert regression.validation_loss() == pytest.approx(min(undisturbed), rel=1e-12)


def test_both_backends_stop_at_the_same_epoch():
    ours, theirs = (stopped(Regression(backend))[0] for backend in BACKENDS.values())
    assert ours.best_step == theirs.best_step
    assert ours.best_value == pytest.approx(theirs.best_value, rel=1e-9)


def test_retraining_takes_the_epochs_that_were_best_and_all_the_data(regression):
    early_stopping, _ = stopped(regression)
    epochs = []
    one = regression.epoch_on(regression.all)
    retrain_from_start(regression.reset, lambda: (one(), epochs.append(1)), early_stopping.best_step)
    assert len(epochs) == early_stopping.best_step
    retrained = np.asarray(regression.network.state_dict()["0.weight"]).copy()
    regression.reset()
    for _ in epochs:
        one()
    np.testing.assert_array_equal(retrained, np.asarray(regression.network.state_dict()["0.weight"]))
    assert regression.validation_loss() < early_stopping.best_value  # which it has seen now


def test_going_on_with_all_the_data_ends_when_the_target_is_reached(regression):
    early_stopping, _ = stopped(regression)
    regression.network.load_state_dict(early_stopping.best_state)
    target = regression.error(regression.train).item()
    losses = continue_on_all(regression.epoch_on(regression.all), regression.validation_loss, target, 500)
    assert losses[0] == early_stopping.best_value > target
    assert 1 < len(losses) < 500 and losses[-1] <= target < min(losses[:-1])
    assert regression.validation_loss() == losses[-1]


def test_a_target_out_of_reach_ends_after_max_epochs_and_one_in_reach_at_once(regression):
    epoch = regression.epoch_on(regression.all)
    assert len(continue_on_all(epoch, regression.validation_loss, 0.0, 7)) == 8
    assert len(continue_on_all(epoch, lambda: math.nan, 0.0, 3)) == 4
    assert continue_on_all(None, lambda: 0.5, 0.5, 7) == [0.5]


def test_no_training_at_all_is_possible(regression):
    assert train_until_stopped(None, None, EarlyStopping(1), 0) == []
    done = observed(EarlyStopping(1), [1, 2])
    assert train_until_stopped(None, None, done, 10) == []


@backends
def test_both_strategies_with_the_training_loop(backend):
    """As the module's docstring does it."""
    images, labels = data.digits()
    examples, validation, everything, unseen = (
        (images[rows].reshape(-1, 64), labels[rows])
        for rows in (slice(100), slice(100, 300), slice(300), slice(300, None))
    )
    loss = backend.cross_entropy

    def make():
        network = backend.nn.Sequential(backend.nn.Linear(64, 10))
        network.load_state_dict({"0.weight": np.zeros((10, 64)), "0.bias": np.zeros(10)})
        return network, backend.optimizers.SGD(network.parameters(), 0.2, momentum=0.9)

    def learn(network, optimizer, data, epochs, **options):
        return train(network, optimizer, loss, data, epochs, progress=False, **options)

    (network, optimizer), early_stopping = make(), EarlyStopping(patience=3)
    learn(network, optimizer, examples, 100, validation=validation, early_stopping=early_stopping)
    stopped = evaluate(network, loss, unseen)["loss"]
    assert 1 < early_stopping.best_step < 97

    new_network, new_optimizer = make()
    learn(new_network, new_optimizer, everything, early_stopping.best_step)
    assert evaluate(new_network, loss, unseen)["loss"] < stopped

    seeds, target = itertools.count(1), evaluate(network, loss, examples)["loss"]
    losses = continue_on_all(
        lambda: learn(network, optimizer, everything, 1, seed=next(seeds)),
        lambda: evaluate(network, loss, validation)["loss"],
        target,
        max_epochs=100,
    )
    assert losses[0] == pytest.approx(early_stopping.best_value, rel=1e-6)
    assert 1 < len(losses) < 101 and losses[-1] <= target < min(losses[:-1])
    assert evaluate(network, loss, unseen)["loss"] < stopped
