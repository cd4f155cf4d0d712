"""dlcore.training: both backends learn by it, and a run that was killed goes on as if nothing had happened."""

import functools
import io
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import time
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch

from dlcore import data, networks, pytorch, scratch, training

BACKENDS = {"scratch": scratch, "pytorch": pytorch}
backends = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    """Whatever the machine has: numbers are compared to the last bit, and small arrays need no threads."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network(backend, seed=0, dropout=0.0, dtype="double"):
    """A small classifier of 8 x 8 images; the weights are the same in both backends."""

    def build(nn):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(4 * 6 * 6, 10),
        )

    ours = scratch.nn.reset_parameters(build(scratch.nn), np.random.default_rng(seed))
    if backend is scratch:
        return getattr(ours, dtype)()
    theirs = build(pytorch.nn)
    theirs.load_state_dict(ours.state_dict())
    return getattr(theirs, dtype)()


def examples(count=100, start=0, dtype=np.float64):
    images, labels = data.digits(dtype)
    return images[start : start + count], labels[start : start + count]


def run(backend, epochs=3, *, make=network, optimizer=None, **options):
    """Train and return the network and the history."""
    model = make(backend)
    optimizer = optimizer or (lambda parameters: backend.optimizers.SGD(parameters, 0.1, momentum=0.9))
    settings = {"batch_size": 32, "progress": False} | options
    moved = optimizer(model.parameters())
    return model, training.train(model, moved, backend.cross_entropy, examples(), epochs, **settings)


def values(tensor):
    """A copy of the values of an array or a tensor of either backend."""
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    return np.array(tensor.numpy() if isinstance(tensor, torch.Tensor) else tensor)


def weights(model):
    return {name: values(value) for name, value in model.state_dict().items()}


def assert_same_weights(first, second, tolerance=0):
    first, second = weights(first), weights(second)
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=tolerance, atol=tolerance, err_msg=name)


# What the loop does


def test_both_backends_go_the_same_way():
    validation = examples(50, 100)
    ours, theirs = (
        run(backend, validation=validation, max_norm=1.0, watch=True) for backend in (scratch, pytorch)
    )
    assert_same_weights(ours[0], theirs[0], 1e-9)
    first, second = ours[1], theirs[1]
    for name in ("loss", "accuracy", "learning_rate", "gradient_norm"):
        assert len(getattr(first, name)) == 3 * 4
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-9)
    assert len(first.epochs) == len(first.activations) == 3
    for our, their in zip(first.epochs, second.epochs):
        assert our.keys() == {"loss", "accuracy", "validation_loss", "validation_accuracy"}
        assert our == pytest.approx(their, rel=1e-9)
    for our, their in zip(first.activations, second.activations):
        assert list(our) == list(their) == ["0", "1", "2", "3", "4", "5"]
        for layer in our:
            assert our[layer] == pytest.approx(their[layer], rel=1e-9, abs=1e-12)
    assert 0.2 < first.activations[-1]["2"]["zeros"] < 0.9  # ReLU makes zeros
    assert first.epochs[-1]["loss"] < 0.5 * first.epochs[0]["loss"]


@backends
def test_an_epoch_is_the_mean_over_its_examples_and_sees_each_once(backend):
    seen = []

    def note(inputs, targets, generator):
        seen.append(values(inputs))
        return inputs, targets

    _, history = run(backend, 2, transform=note)
    images, _ = examples()
    for epoch in range(2):
        met = np.concatenate(seen[4 * epoch : 4 * epoch + 4])
        assert met.shape == images.shape
        order = [tuple(image.ravel()) for image in met]
        assert sorted(order) == sorted(tuple(image.ravel()) for image in images)
    assert not np.array_equal(seen[0], seen[4])  # in another order
    sizes = [32, 32, 32, 4]
    assert history.epochs[1]["loss"] == pytest.approx(np.average(history.loss[4:], weights=sizes))
    assert history.epochs[1]["accuracy"] == pytest.approx(np.average(history.accuracy[4:], weights=sizes))


@backends
def test_the_schedule_sets_the_rate_of_every_group(backend):
    model = network(backend)
    parameters = list(model.parameters())
    optimizer = backend.optimizers.SGD(
        [{"params": parameters[:2]}, {"params": parameters[2:], "lr": 0.01}], lr=0.1
    )
    schedule = functools.partial(scratch.schedules.step, step_size=4, gamma=0.5)
    history = training.train(
        model,
        optimizer,
        backend.cross_entropy,
        examples(),
        2,
        batch_size=32,
        schedule=schedule,
        progress=False,
    )
    np.testing.assert_allclose(history.learning_rate, [0.1] * 4 + [0.05] * 4)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.005])


@backends
def test_gradients_are_clipped_and_their_norm_before_is_recorded(backend):
    sgd = lambda parameters: backend.optimizers.SGD(parameters, 1.0)
    model, history = run(backend, 1, optimizer=sgd, max_norm=0.01, batch_size=100)
    before = network(backend)
    moved = [weights(model)[name] - weights(before)[name] for name, _ in before.named_parameters()]
    assert np.sqrt(sum((step**2).sum() for step in moved)) == pytest.approx(0.01, rel=1e-3)
    assert history.gradient_norm[0] > 0.1


@backends
def test_an_optimizer_may_ask_for_the_gradient_several_times(backend):
    lbfgs = lambda parameters: backend.optimizers.LBFGS(parameters, line_search_fn="strong_wolfe")
    _, history = run(backend, 2, optimizer=lbfgs, batch_size=100)
    assert len(history.loss) == 2 and history.loss[1] < 0.1 * history.loss[0]


@backends
def test_transforms_change_the_inputs_and_functions_both(backend):
    class Blank(scratch.augmentation.Transform):
        def apply(self, batch):
            return batch * 0

    def shuffle(inputs, targets, generator):
        drawn.append(generator.random() if backend is scratch else torch.rand((), generator=generator).item())
        return inputs, (targets + 1) % 10

    drawn = []
    _, blank = run(backend, 1, transform=Blank(), optimizer=lambda p: backend.optimizers.SGD(p, 0.0))
    assert np.ptp(blank.loss[:3]) < 1.5  # the bias alone speaks
    _, one = run(backend, 2, transform=shuffle, seed=1)
    _, two = run(backend, 2, transform=shuffle, seed=1)
    assert drawn[:8] == drawn[8:] and len(set(drawn)) == 8
    assert one.loss == two.loss


@backends
def test_transforms_in_a_list_follow_each_other(backend):
    class Blank(scratch.augmentation.Transform):
        def apply(self, batch):
            return batch * 0

    def note(inputs, targets, generator):
        seen.append(values(inputs))
        return inputs + 1, (targets + 1) % 10

    seen = []
    run(backend, 1, transform=[note, Blank(), note])
    assert len(seen) == 8
    assert all((array == 0).all() for array in seen[1::2]) and seen[0].any()
    with pytest.raises(TypeError, match="transform"):
        run(backend, 1, transform=[note, None])


@backends
def test_a_trial_step_that_goes_too_far_is_left_to_the_optimizer(backend):
    class Trying(backend.optimizers.SGD):
        def step(self, closure):
            loss = closure()
            before = [values(param) for param in self.param_groups[0]["params"]]
            with backend.no_grad() if backend is scratch else torch.no_grad():
                for param in self.param_groups[0]["params"]:
                    param.data[...] = np.nan if backend is scratch else torch.nan
            closure()
            for param, value in zip(self.param_groups[0]["params"], before):
                param.data[...] = value if backend is scratch else torch.from_numpy(value)
            return loss

    _, history = run(backend, 1, optimizer=lambda parameters: Trying(parameters, 0.1))
    assert np.isfinite(history.loss).all() and np.isfinite(history.gradient_norm).all()


@backends
def test_soft_targets_have_a_loss_and_no_accuracy(backend):
    def soften(inputs, targets, generator):
        return inputs, backend.smooth_labels(targets, 10, 0.1).to(inputs.dtype) if backend is pytorch else (
            backend.smooth_labels(targets, 10, 0.1)
        )

    _, history = run(backend, 1, transform=soften)
    assert history.accuracy == [None] * 4 and history.epochs[0]["accuracy"] is None
    assert np.isfinite(history.loss).all()


@backends
def test_early_stopping_ends_the_run_and_puts_the_best_back(backend):
    stopper = scratch.EarlyStopping(patience=2)
    model, history = run(
        backend,
        50,
        validation=examples(50, 100),
        early_stopping=stopper,
        optimizer=lambda parameters: backend.optimizers.SGD(parameters, 0.5, momentum=0.9),
    )
    losses = [epoch["validation_loss"] for epoch in history.epochs]
    assert len(losses) == np.argmin(losses) + 1 + 2 < 50
    found = training.evaluate(model, backend.cross_entropy, examples(50, 100))
    assert found["loss"] == pytest.approx(min(losses), rel=1e-12)


@backends
def test_evaluation_leaves_the_network_as_it_is(backend):
    model = network(backend, dropout=0.5)
    list(model.modules())[2].eval()
    modes, before = [module.training for module in model.modules()], weights(model)
    first = training.evaluate(model, backend.cross_entropy, examples(), batch_size=7)
    second = training.evaluate(model, backend.cross_entropy, examples(), batch_size=100)
    assert first == pytest.approx(second, rel=1e-12)
    assert [module.training for module in model.modules()] == modes
    for name, value in weights(model).items():
        np.testing.assert_array_equal(value, before[name])


@backends
def test_watching_changes_nothing(backend):
    plain, watched = (run(backend, 2, watch=watch)[0] for watch in (False, True))
    assert_same_weights(plain, watched)


def test_regression_has_no_accuracy():
    inputs = np.random.default_rng(0).standard_normal((40, 3))
    model = scratch.nn.reset_parameters(scratch.nn.Linear(3, 2).double(), np.random.default_rng(0))
    optimizer = scratch.optimizers.SGD(model.parameters(), 0.1)
    history = training.train(
        model, optimizer, scratch.mse_loss, (inputs, inputs[:, :2]), 30, batch_size=10, progress=False
    )
    assert history.accuracy[0] is None and history.loss[-1] < 1e-2


# Runs that are interrupted


class Noise(torch.nn.Module):
    """A layer that draws from a generator of its own, as those from scratch do."""

    def __init__(self):
        super().__init__()
        self.source = torch.Generator().manual_seed(0)

    def forward(self, input):
        noise = torch.randn(input.shape, generator=self.source, dtype=input.dtype)
        return input + 0.1 * noise if self.training else input


def random_network(backend, dtype="double"):
    """Has running averages, layers that draw, and among these two that share a generator."""
    nn = backend.nn
    layers = [
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.RReLU() if dtype == "double" else nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.AlphaDropout(0.1),
        nn.Linear(144, 10),
    ]  # fmt: skip
    model = nn.Sequential(*layers, *([Noise()] if backend is pytorch else []))
    if backend is pytorch:
        torch.manual_seed(0)
        backend.nn.reset_parameters(model, torch.Generator().manual_seed(0))
    else:
        backend.nn.reset_parameters(model, np.random.default_rng(0))
        layers[4].generator = layers[2].generator
    return getattr(model, dtype)()


def parts_of_a_run(backend, engine=None):
    """A network, an optimizer and options, so that all that is random or has a state comes together."""
    dtype = "float" if engine else "double"
    model = random_network(backend, dtype)
    weights, biases = ([param for param in model.parameters() if (param.ndim > 1) == many] for many in (1, 0))
    optimizer = backend.optimizers.Adam(
        [{"params": weights}, {"params": biases, "lr": np.float64(0.1)}], lr=0.1, amsgrad=True
    )

    def jitter(inputs, targets, generator):
        if backend is scratch:
            return inputs + 0.1 * generator.standard_normal(inputs.shape), targets
        return inputs + 0.1 * torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype), targets

    return model, optimizer, {
        "transform": jitter,
        "schedule": lambda step, lr: lr * np.cos(step / 20),  # a NumPy number
        "validation": examples(50, 100, dtype=np.float32 if engine else np.float64),
        "early_stopping": scratch.EarlyStopping(patience=10),
        "snapshots": scratch.Snapshots(cycle_length=5),
        "max_norm": 5.0,
        "watch": True,
        "batch_size": np.int64(32),
        "progress": False,
        "engine": engine,
    }  # fmt: skip


def train_parts(parts, backend, checkpoint, epochs=3, every=1):
    """Train, and return what must be the same in the end."""
    model, optimizer, options = parts
    history = training.train(
        model, optimizer, backend.cross_entropy, examples(dtype=options["validation"][0].dtype.type), epochs,
        checkpoint=checkpoint, checkpoint_every=every, **options,
    )  # fmt: skip
    taken = [
        {name: values(value).tolist() for name, value in state.items()}
        for state in options["snapshots"].states
    ]
    return weights(model), history, options["early_stopping"].best_step, taken


def assert_same_run(first, second):
    assert repr(first[1:]) == repr(second[1:])  # whole histories, in which NaN is as NaN
    assert first[0].keys() == second[0].keys()
    for name, value in first[0].items():
        np.testing.assert_array_equal(value, second[0][name], err_msg=name)


@pytest.fixture
def written(monkeypatch):
    """The content of every checkpoint that is written, in order."""
    contents = []
    replace = os.replace

    def noting(source, target):
        contents.append(pathlib.Path(source).read_bytes())
        replace(source, target)

    monkeypatch.setattr(os, "replace", noting)
    return contents


def overflowing_engine():
    """Gradients overflow at first, because the loss is scaled up too far, and steps are passed over."""
    engine = pytorch.training.Engine("cpu", autocast=torch.float16)
    engine._new_scaler = lambda: torch.amp.GradScaler("cpu", init_scale=2.0**24)
    return engine


@pytest.mark.parametrize("name", ["scratch", "pytorch", "float16"])
def test_a_run_goes_on_from_every_checkpoint_as_if_undisturbed(name, tmp_path, written):
    backend = BACKENDS.get(name, pytorch)

    def parts():
        if name != "float16":
            return parts_of_a_run(backend)
        return parts_of_a_run(backend, overflowing_engine())

    expected = train_parts(parts(), backend, tmp_path / "undisturbed")
    if name == "float16":
        assert not math.isfinite(expected[1].gradient_norm[0])
    else:
        assert expected[2] < 3  # the best parameters, which were put back, are not the last
    contents = list(written)
    assert len(contents) == 1 + 12 + 1
    for content in contents:
        (tmp_path / "killed").write_bytes(content)
        model, optimizer, options = parts()
        for param in model.parameters():  # nothing but the file knows the weights
            param.data[...] = 0.5
        assert_same_run(train_parts((model, optimizer, options), backend, str(tmp_path / "killed")), expected)


@backends
@pytest.mark.parametrize("kind", ["tensor", "array", "number"])
def test_a_rate_of_any_kind_is_kept(kind, backend, tmp_path):
    rates = {"tensor": backend.tensor(0.1), "array": np.array(0.1), "number": np.float64(0.1)}

    def sgd(parameters, rate=0.1):
        return backend.optimizers.SGD(parameters, rate)

    kept = {"optimizer": functools.partial(sgd, rate=rates[kind]), "checkpoint": tmp_path / "run.checkpoint"}
    run(backend, 1, **kept)
    assert_same_weights(run(backend, 2, **kept)[0], run(backend, 2, optimizer=sgd)[0], 1e-6)


@backends
@pytest.mark.parametrize(("every", "steps"), [(None, [0, 4, 8, 8]), (3, [0, 3, 6, 8])])
def test_checkpoints_are_written_so_often(every, steps, backend, tmp_path, written):
    run(backend, 2, checkpoint=tmp_path / "run.checkpoint", checkpoint_every=every)
    states = [backend.training.Engine().load(io.BytesIO(content)) for content in written]
    assert [len(state["history"]["loss"]) for state in states] == steps


OPTIMIZERS = [
    name
    for name in scratch.optimizers.__all__
    if name != "Optimizer" and isinstance(getattr(scratch.optimizers, name), type)
]


@backends
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on_as_if_undisturbed(name, backend, tmp_path, written):
    generator = np.random.default_rng(0)
    data = generator.standard_normal((20, 4)), generator.integers(0, 3, 20)
    few = {"max_iter": 3}
    options = {"LBFGS": few, "BFGS": few, "ConjugateGradient": few, "Newton": {"damping": 0.1}}.get(name, {})

    def learn(path):
        model = backend.nn.Linear(4, 3).double()
        model.load_state_dict({"weight": np.eye(3, 4), "bias": np.zeros(3)}) if backend is scratch else (
            model.load_state_dict({"weight": torch.eye(3, 4), "bias": torch.zeros(3)})
        )
        optimizer = getattr(backend.optimizers, name)(model.parameters(), lr=0.1, **options)
        training.train(
            model, optimizer, backend.cross_entropy, data, 3, batch_size=10, progress=False,
            checkpoint=path, checkpoint_every=1,
        )  # fmt: skip
        return weights(model)["weight"]

    expected, contents = learn(tmp_path / "undisturbed"), list(written)
    assert not np.array_equal(expected, np.eye(3, 4))
    for content in contents[1:-1]:
        (tmp_path / "killed").write_bytes(content)
        np.testing.assert_array_equal(learn(tmp_path / "killed"), expected)


def interrupt(call, line):
    """Call, and raise KeyboardInterrupt before the `line`-th line that runs in the package; how many ran."""
    ran, before = 0, sys.gettrace()

    def trace(frame, event, argument):
        nonlocal ran
        code = frame.f_code
        generators = code.co_flags & 0x20  # a ``with`` block that is cut short while it cleans up stays open
        if generators or not any(part in code.co_filename for part in ("dlcore", "torch/optim")):
            return None
        if event == "line":
            ran += 1
            if ran == line:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return ran


@backends
def test_a_run_interrupted_at_any_line_goes_on_with_the_same_objects(backend, tmp_path):
    """As in a notebook: the cell is stopped and run again."""
    expected = train_parts(parts_of_a_run(backend), backend, tmp_path / "undisturbed", 2, None)
    lines = interrupt(
        lambda: train_parts(parts_of_a_run(backend), backend, tmp_path / "traced", 2, None), None
    )
    for line in np.random.default_rng(0).integers(lines // 20, lines, 12):
        path, parts = tmp_path / f"run{line}", parts_of_a_run(backend)
        again = functools.partial(train_parts, parts, backend, path, 2, None)
        assert interrupt(again, line) == line
        assert_same_run(again(), expected)


def kill_again_and_again(name, folder):
    """Train undisturbed; then in a child that is killed at random moments, until one comes to the end."""
    torch.set_num_threads(1)  # a fork takes no other threads along
    backend, folder, generator = BACKENDS[name], pathlib.Path(folder), np.random.default_rng(0)
    file = folder / f"{name}.checkpoint"

    def learn(path, result):
        np.savez(folder / f"{name}-{result}.npz", **train_parts(parts_of_a_run(backend), backend, path, 6)[0])

    learn(folder / f"{name}.undisturbed", "expected")
    for kills in range(7):
        before = file.stat().st_mtime_ns if file.exists() else 0
        child = os.fork()  # what was imported need not be imported again
        if not child:
            try:
                learn(file, "found")
            finally:
                os._exit(0)
        while kills < 6 and (file.stat().st_mtime_ns if file.exists() else 0) <= before:
            time.sleep(0.0005)
        if kills < 6:
            time.sleep(generator.uniform(0, 0.05))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return kills
    return None


KILLING = """
import json, sys
sys.path.insert(0, {tests!r})
import test_training
print(json.dumps([test_training.kill_again_and_again(name, sys.argv[1]) for name in test_training.BACKENDS]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_a_process_killed_again_and_again_ends_with_the_same_weights(tmp_path):
    script = KILLING.format(tests=str(pathlib.Path(__file__).parent))
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True, text=True, timeout=240, check=False, env=environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert all(kills >= 2 for kills in json.loads(result.stdout))
    for name in BACKENDS:
        expected, found = (np.load(tmp_path / f"{name}-{part}.npz") for part in ("expected", "found"))
        assert_same_run((dict(found),), (dict(expected),))


@backends
def test_death_in_the_middle_of_writing_leaves_a_whole_file(backend, tmp_path, monkeypatch):
    """A process may die between any two calls to the system: each of them fails once here."""
    path = tmp_path / "run.checkpoint"
    expected, _ = run(backend, 3)

    class Died(BaseException):
        pass

    def dies(*arguments):
        raise Died

    for name in ("fsync", "replace"):
        path.unlink(missing_ok=True)
        run(backend, 1, checkpoint=path)
        whole = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, name, dies)
            with pytest.raises(Died):
                run(backend, 2, checkpoint=path)
        assert path.read_bytes() == whole
        model, history = run(backend, 3, checkpoint=path)
        assert_same_weights(model, expected)
        assert len(history.epochs) == 3


@backends
def test_what_is_saved_is_read_again(backend):
    state = {
        "by place": {0: {"step": 3, "betas": (0.9, 0.999)}, 1: {}},
        "numbers": [1e-300, 0.1, math.inf, 2**127, -7, True, None, "text"],
        "numpy": (np.float64(0.1), np.int64(3)),
        "array": backend.Tensor([[1.5, 2.5]]).data,
    }
    engine, file = backend.training.Engine(), io.BytesIO()
    engine.save(file, state)
    file.seek(0)
    found = engine.load(file)
    np.testing.assert_array_equal(values(found.pop("array")), [[1.5, 2.5]])
    del state["array"]
    assert found == state
    assert type(found["by place"][0]["betas"]) is tuple and type(found["numbers"]) is list


@backends
def test_a_finished_run_can_be_extended_but_not_taken_back(backend, tmp_path):
    path = tmp_path / "run.checkpoint"
    run(backend, 2, checkpoint=path)
    longer, history = run(backend, 3, checkpoint=path)
    assert_same_weights(longer, run(backend, 3)[0])
    assert len(history.loss) == 12
    again, _ = run(backend, 3, checkpoint=path)
    assert_same_weights(longer, again)
    with pytest.raises(ValueError, match="epochs"):
        run(backend, 2, checkpoint=path)


@backends
def test_a_run_that_stopped_early_stays_stopped_until_patience_grows(backend, tmp_path):
    def go(patience, path=tmp_path / "run.checkpoint"):
        stopper = scratch.EarlyStopping(patience)
        fast = lambda parameters: backend.optimizers.SGD(parameters, 0.5, momentum=0.9)
        model, history = run(
            backend, 20, optimizer=fast, validation=examples(50, 100), early_stopping=stopper, checkpoint=path
        )
        return weights(model), history, stopper.best_step

    first = go(1)
    assert len(first[1].epochs) < 20
    assert_same_run(go(1), first)
    assert_same_run(go(4), go(4, None))


@backends
def test_a_checkpoint_of_another_run_is_refused(backend, tmp_path):
    path = tmp_path / "run.checkpoint"
    run(backend, 1, checkpoint=path)

    def linear(backend):
        return backend.nn.Sequential(backend.nn.Flatten(), backend.nn.Linear(64, 10)).double()

    stopping = {"validation": examples(), "early_stopping": scratch.EarlyStopping(patience=1)}
    for name, options in (
        ("batch_size", {"batch_size": 16}),
        ("seed", {"seed": 1}),
        ("optimizer", {"optimizer": lambda parameters: backend.optimizers.Adam(parameters)}),
        ("checkpoint", {"make": linear}),
        ("checkpoint", stopping),
    ):
        with pytest.raises(ValueError, match=name):
            run(backend, 1, checkpoint=path, **options)


@backends
def test_a_damaged_checkpoint_is_an_error(backend, tmp_path):
    path, other = tmp_path / "run.checkpoint", pytorch if backend is scratch else scratch
    run(backend, 1, checkpoint=path)
    content = path.read_bytes()
    foreign = tmp_path / "other.checkpoint"
    run(other, 1, checkpoint=foreign)
    for damaged in (b"", content[:10], content[: len(content) // 2], content[:-3], foreign.read_bytes()):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="checkpoint"):
            run(backend, 1, checkpoint=path)
        assert path.read_bytes() == damaged


@backends
def test_a_checkpoint_that_cannot_be_written_is_an_error_before_the_first_step(backend, tmp_path):
    model = network(backend)
    optimizer = backend.optimizers.SGD(model.parameters(), 0.1)
    before = weights(model)
    with pytest.raises(FileNotFoundError):
        training.train(
            model, optimizer, backend.cross_entropy, examples(), 1, checkpoint=tmp_path / "no" / "file", progress=False
        )  # fmt: skip
    assert_same_run((weights(model),), (before,))


# What it takes


@backends
def test_lists_tensors_and_read_only_arrays_are_data_and_stay_as_they_are(backend):
    class Changing(backend.nn.Module):
        """Writes into its input."""

        def __init__(self):
            super().__init__()
            self.inner = network(backend)

        def forward(self, input):
            input *= 2
            return self.inner(input)

    images, labels = examples()
    fixed = images.copy()
    fixed.flags.writeable = False
    several = [(images, labels), (fixed, labels), (torch.tensor(images), torch.tensor(labels))]
    found = []
    torch.set_default_dtype(torch.float64)  # that of lists
    try:
        for inputs, targets in [*several, (images.tolist(), labels.tolist())]:
            model = Changing()
            optimizer = backend.optimizers.SGD(model.parameters(), 0.1)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                history = training.train(
                    model, optimizer, backend.cross_entropy, (inputs, targets), 1, batch_size=32,
                    validation=(inputs, targets), watch=True, progress=False,
                )  # fmt: skip
            found.append(history)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(history == found[0] for history in found)
    np.testing.assert_array_equal(images, examples()[0])
    np.testing.assert_array_equal(values(several[2][0]), examples()[0])


@backends
def test_recurrent_networks_may_return_tuples_and_read_ints(backend):
    class Recurrent(backend.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = backend.nn.Embedding(10, 4)
            self.layer = backend.nn.LSTM(4, 5, batch_first=True)
            self.last = backend.nn.Linear(5, 3)

        def forward(self, words):
            output, state = self.layer(self.embedding(words))
            return self.last(output[:, -1]), state

    words = np.random.default_rng(0).integers(0, 10, (20, 6))
    model = Recurrent()
    optimizer = backend.optimizers.Adam(model.parameters(), 0.05)
    history = training.train(
        model, optimizer, lambda output, targets: backend.cross_entropy(output[0], targets), (words, words[:, -1] % 3),
        40, validation=(words, words[:, -1] % 3), watch=True, progress=False,
    )  # fmt: skip
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert history.accuracy[-1] is None and list(history.activations[0]) == ["embedding", "layer", "last"]


@backends
def test_the_scores_of_a_network_count_and_its_auxiliary_heads_only_in_the_loss(backend):
    def build(nn):
        trunk = OrderedDict(first=nn.Linear(64, 12), relu=nn.ReLU(), last=nn.Linear(12, 10))
        return nn.AuxiliaryHeads(trunk, {"relu": nn.Linear(12, 10), "first": nn.Linear(12, 10)})

    ours = scratch.nn.reset_parameters(build(scratch.nn).double(), np.random.default_rng(3))
    model = ours if backend is scratch else build(pytorch.nn).double()
    model.load_state_dict(ours.state_dict())
    images, targets = examples()
    images = images.reshape(100, 64)
    outputs = [output.data for output in ours(images)]
    shares = [float((output.argmax(1) == targets).mean()) for output in outputs]
    parts = [scratch.cross_entropy(output, targets).item() for output in outputs]
    assert len(set(shares)) == len(set(parts)) == 3

    loss = networks.auxiliary_loss(backend.cross_entropy)
    history = training.train(
        model, backend.optimizers.SGD(model.parameters(), 0.0), loss, (images, targets), 1, batch_size=100,
        progress=False,
    )  # fmt: skip
    assert history.accuracy == [pytest.approx(shares[0])]
    assert history.loss == [pytest.approx(parts[0] + 0.3 * (parts[1] + parts[2]))]
    found = training.evaluate(model, loss, (images, targets))  # where there are no heads
    assert found == {"loss": pytest.approx(parts[0]), "accuracy": pytest.approx(shares[0])}


@pytest.mark.parametrize("parts", [(), (None,), ((3, 4), (1, 2)), ((3, 4), None)])
def test_other_tuples_have_no_accuracy(parts):
    output = tuple(part and scratch.tensor(np.ones(part)) for part in parts)
    assert training.accuracy(scratch.training.Engine(), output, np.zeros(3, int)) is None


@backends
def test_scores_without_classes_have_no_accuracy(backend):
    class Score(backend.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = backend.nn.Linear(3, 1)

        def forward(self, inputs):
            return self.layer(inputs).reshape((len(inputs),))

    inputs = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    model, zeros = Score(), np.zeros(20, np.int64)
    optimizer = backend.optimizers.SGD(model.parameters(), 0.1)
    history = training.train(
        model, optimizer, lambda output, targets: (output * output).mean(), (inputs, zeros), 1, progress=False
    )
    assert history.accuracy == [None]


@backends
def test_parameters_that_the_optimizer_lacks_do_not_count(backend):
    def norms(lr):
        model = network(backend)
        head = list(model.parameters())[-2:]
        optimizer = backend.optimizers.SGD(head, lr)
        history = training.train(
            model, optimizer, backend.cross_entropy, examples(), 3, batch_size=100, progress=False
        )
        head_only = np.sqrt(sum((values(param.grad) ** 2).sum() for param in head))
        return history.gradient_norm, head_only

    norm, last = norms(0.0)  # nothing moves, so that every step has the same gradient
    assert norm == pytest.approx([last] * 3)


# The bar


@backends
def test_the_bar_shows_steps_and_numbers(backend, capsys, tmp_path):
    path = tmp_path / "run.checkpoint"
    run(backend, 1, checkpoint=path, progress=True)
    shown = capsys.readouterr().err
    assert "4/4" in shown and "loss=" in shown and "accuracy=" in shown
    run(backend, 3, checkpoint=path, progress=True)
    assert "4/12" in capsys.readouterr().err.split("\r")[1]  # goes on where the other ended
    run(backend, 3, checkpoint=path, progress=False)
    assert capsys.readouterr() == ("", "")


def test_without_tqdm_there_is_no_bar(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="progress"):
        run(scratch, 1, progress=True)
    run(scratch, 1)


# Bad input


@backends
def test_bad_arguments_are_errors_that_name_them(backend):
    model = network(backend)
    optimizer = backend.optimizers.SGD(model.parameters(), 0.1)
    images, labels = examples()

    def refused(error, name, *, data=(images, labels), epochs=1, **options):
        with pytest.raises(error, match=name):
            training.train(
                model, optimizer, backend.cross_entropy, data, epochs, **{"progress": False} | options
            )

    refused(ValueError, "data", data=(images, labels[:-1]))
    refused(ValueError, "data", data=(images[:0], labels[:0]))
    refused(TypeError, "data", data=images)
    refused(ValueError, "epochs", epochs=0)
    refused(TypeError, "epochs", epochs=1.5)
    refused(ValueError, "batch_size", batch_size=0)
    refused(ValueError, "early_stopping", early_stopping=scratch.EarlyStopping(patience=1))
    refused(ValueError, "checkpoint_every", checkpoint_every=0)
    refused(ValueError, "max_norm", max_norm=0)
    refused(ValueError, "seed", seed=-1)
    refused(TypeError, "data: .* 3", data=(images, labels, labels))
    refused(ValueError, "data", data=(images, np.array(3)))
    refused(ValueError, "validation", validation=(images, labels[:-1]))
    refused(TypeError, "transform", transform="flip")
    refused(TypeError, "schedule", schedule=0.1)
    worst = scratch.EarlyStopping(patience=1, mode="max")
    refused(ValueError, "mode", early_stopping=worst, validation=(images, labels))
    over = scratch.EarlyStopping(patience=1)
    over.observe(1), over.observe(2)
    refused(ValueError, "early_stopping", early_stopping=over, validation=(images, labels))
    with pytest.raises(ValueError, match="optimizer"):  # the network was made anew, the optimizer was not
        training.train(network(backend), optimizer, backend.cross_entropy, (images, labels), 1)
    with pytest.raises(TypeError, match="network"):
        training.train("network", optimizer, backend.cross_entropy, (images, labels), 1)


@backends
def test_a_gradient_that_is_not_finite_is_an_error_and_moves_nothing(backend):
    images, labels = examples(32)
    images = images.copy()
    images[5, 0, 3, 3] = np.inf
    model = network(backend)
    optimizer = backend.optimizers.SGD(model.parameters(), 0.1)
    before = {name: values(value) for name, value in model.named_parameters()}
    with pytest.raises(RuntimeError, match="gradient"):
        training.train(model, optimizer, backend.cross_entropy, (images, labels), 1, progress=False)
    for name, value in model.named_parameters():
        np.testing.assert_array_equal(values(value), before[name])


# PyTorch's side


def learn_float32(engine=None, images=None, loss=pytorch.cross_entropy, **options):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3), torch.nn.ReLU(), torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(64, 10)
    )  # fmt: skip
    optimizer = pytorch.optimizers.SGD(model.parameters(), 0.1, momentum=0.9)
    float32 = examples(dtype=np.float32)
    seen = float32 if images is None else (images, float32[1])
    history = training.train(
        model, optimizer, loss, seen, 3, validation=float32, watch=True, progress=False, engine=engine, **options,
    )  # fmt: skip
    return model, optimizer, history


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_lower_precision_learns_alike(dtype):
    _, _, plain = learn_float32()
    model, _, lower = learn_float32(pytorch.training.Engine("cpu", autocast=dtype))
    np.testing.assert_allclose(plain.loss, lower.loss, atol=0.1)
    np.testing.assert_allclose(
        plain.gradient_norm[:4], lower.gradient_norm[:4], rtol=0.1
    )  # not the scaled one
    assert plain.loss != lower.loss
    assert all(param.dtype == torch.float32 for param in model.parameters())


def test_float16_passes_over_what_scaling_caused_and_nothing_else():
    still = {
        "batch_size": 25,
        "schedule": lambda step, lr: 0.0,
    }  # nothing moves: both meet the same gradients
    _, _, plain = learn_float32(**still)
    engine = overflowing_engine()
    _, _, scaled = learn_float32(engine, **still)
    finite = [math.isfinite(norm) for norm in scaled.gradient_norm]
    assert finite == sorted(finite) and 1 <= finite.count(False) < 12
    assert engine.scaler.get_scale() == 2.0 ** (24 - finite.count(False))
    assert scaled.gradient_norm[-1] == pytest.approx(plain.gradient_norm[-1], rel=0.02)
    moved, _, _ = learn_float32(overflowing_engine(), batch_size=25)
    assert all(param.isfinite().all() for param in moved.parameters())

    images = examples(dtype=np.float32)[0].copy()
    images[3] = np.nan
    with pytest.raises(RuntimeError, match="gradient"):
        learn_float32(pytorch.training.Engine("cpu", autocast=torch.float16), images, batch_size=4)

    class Root(torch.autograd.Function):  # as the square root of 0: the loss is finite, the gradient never
        forward = staticmethod(lambda context, input: input)
        backward = staticmethod(lambda context, gradient: gradient * math.inf)

    with pytest.raises(RuntimeError, match="gradient"):
        learn_float32(
            pytorch.training.Engine("cpu", autocast=torch.float16), batch_size=4,
            loss=lambda output, targets: Root.apply(pytorch.cross_entropy(output, targets)),
        )  # fmt: skip


def test_an_engine_goes_on_after_a_step_that_broke_off():
    engine = pytorch.training.Engine("cpu", autocast=torch.float16)
    model = network(pytorch, dtype="float")
    optimizer = pytorch.optimizers.SGD(model.parameters(), 0.1)
    bad = examples(dtype=np.float32)[0] * np.float32(np.nan), examples()[1]
    again = functools.partial(
        training.train, model, optimizer, pytorch.cross_entropy, epochs=1, engine=engine, progress=False
    )
    with pytest.raises(RuntimeError, match="gradient"):
        again(data=bad)
    model.load_state_dict(network(pytorch, dtype="float").state_dict())
    assert math.isfinite(again(data=examples(dtype=np.float32)).loss[-1])


def test_channels_last_is_kept_through_the_training():
    layouts = set()

    def look(module, inputs, output):
        if module.training:
            layouts.update(
                tensor.is_contiguous(memory_format=torch.channels_last) for tensor in (*inputs, output)
            )

    made = torch.nn.Conv2d.__init__

    def watched(self, *options):
        made(self, *options)
        self.register_forward_hook(look)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.Conv2d, "__init__", watched)
        flip = pytorch.augmentation.RandomHorizontalFlip()
        model, optimizer, last = learn_float32(
            pytorch.training.Engine("cpu", channels_last=True), transform=flip
        )
    assert layouts == {True}
    kernel = model[2].weight
    for tensor in (kernel, kernel.grad, optimizer.state[kernel]["momentum_buffer"]):
        assert tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()
    colored = np.zeros((2, 3, 4, 5), np.float32), np.zeros(2)
    images, _ = pytorch.training.Engine("cpu", channels_last=True).tensors(colored, np.arange(2))
    assert images.is_contiguous(memory_format=torch.channels_last)
    _, _, plain = learn_float32(transform=flip)
    np.testing.assert_allclose(plain.loss, last.loss, atol=1e-4)


def test_a_compiled_network_learns_alike_and_is_compiled_for_few_sizes():
    compiled = []

    def noting(graph, inputs):
        compiled.append(graph)
        return graph.forward

    torch._dynamo.reset()
    _, _, plain = learn_float32()
    _, _, other = learn_float32(pytorch.training.Engine("cpu", compile={"backend": noting}))
    np.testing.assert_allclose(plain.loss, other.loss, atol=1e-5)
    assert 1 <= len(compiled) <= 2  # the last minibatch of an epoch is smaller; evaluation is not compiled


@pytest.mark.parametrize(
    ("options", "error", "name"),
    [
        ({"autocast": torch.float64}, ValueError, "autocast"),
        ({"compile": 1}, TypeError, "compile"),
        ({"channels_last": "yes"}, TypeError, "channels_last"),
        ({"device": "abacus"}, ValueError, "preferred"),
    ],
)
def test_options_of_the_engine_are_checked(options, error, name):
    with pytest.raises(error, match=name):
        pytorch.training.Engine(**options)


@pytest.mark.parametrize("device", [None, "cuda"])
def test_each_process_takes_a_gpu_of_its_own(device, monkeypatch):
    joined = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", joined.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", joined.append)
    for name, value in (("WORLD_SIZE", "8"), ("RANK", "7"), ("LOCAL_RANK", "3")):
        monkeypatch.setenv(name, value)
    engine = pytorch.training.Engine(device)
    assert joined == [torch.device("cuda:3"), "nccl"] and engine.device == torch.device("cuda:3")
    assert not engine.is_first


# Several processes


class Partly(torch.nn.Module):
    """A network of which a part is never used."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.used = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
        self.unused = torch.nn.Linear(2, 2)

    def forward(self, input):
        return self.used(input)


def gradients_of_a_run(folder):
    """Gradients, losses and weights. Of 41 examples in minibatches of 8 the last holds one: not every process gets any."""
    torch.manual_seed(int(os.environ.get("RANK", "0")))  # the first process's weights count
    build = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 10)
    )
    model, gradients = build.double(), []

    class Noting(pytorch.optimizers.SGD):
        def step(self, closure=None):
            loss = super().step(closure)
            gradients.append(torch.cat([param.grad.flatten() for param in model.parameters()]))
            return loss

    optimizer = Noting(model.parameters(), 0.1, momentum=0.9)
    history = training.train(
        model, optimizer, pytorch.cross_entropy, examples(41), 2, batch_size=8, validation=examples(19, 41),
        max_norm=1.0, progress=False, checkpoint=folder / "gradients.checkpoint",
        early_stopping=scratch.EarlyStopping(patience=5), engine=pytorch.training.Engine("cpu"),
    )  # fmt: skip
    return {
        "gradients": torch.stack(gradients).numpy(),
        "loss": history.loss,
        "accuracy": history.accuracy,
        "norm": history.gradient_norm,
        "validation": [epoch["validation_loss"] for epoch in history.epochs],
        **weights(model),
    }


def weights_of_other_runs(folder):
    """Parameters without a gradient, and an optimizer that asks for several."""
    found = {}
    for name, make in (
        ("unused", lambda parameters: torch.optim.SGD(parameters, 0.1, weight_decay=0.1)),
        ("lbfgs", lambda parameters: torch.optim.LBFGS(parameters, max_iter=4)),
    ):
        model = Partly().double()
        training.train(
            model, make(model.parameters()), pytorch.cross_entropy, examples(41), 1, batch_size=16, progress=False,
            engine=pytorch.training.Engine("cpu"),
        )  # fmt: skip
        found |= {f"{name}.{key}": value for key, value in weights(model).items()}
    return found


def agreement(folder):
    """Batch normalization and dropout differ among the processes, early stopping and the result must not.

    A run that goes on from the middle of an epoch ends as one that was not interrupted.
    """
    rank = int(os.environ["RANK"])

    def go(epochs, path=None):
        torch.manual_seed(rank)
        model = network(pytorch, dropout=0.3)
        history = training.train(
            model, torch.optim.SGD(model.parameters(), 0.5, momentum=0.9), pytorch.cross_entropy, examples(44), epochs,
            batch_size=8, validation=examples(50, 100), early_stopping=scratch.EarlyStopping(patience=2),
            checkpoint=path, checkpoint_every=4, engine=pytorch.training.Engine("cpu"),
        )  # fmt: skip
        found = training.evaluate(model, pytorch.cross_entropy, examples(50, 100))["loss"]
        return weights(model), history, found

    undisturbed = go(20)
    path, middle = folder / "agreement.checkpoint", folder / "middle.checkpoint"
    replace, count = os.replace, []

    def stopping(source, target):
        replace(source, target)
        count.append(target)
        if len(count) == 3:  # written before the first step, after the 4th and the 8th, in the second epoch
            middle.write_bytes(path.read_bytes())

    os.replace = stopping
    go(2, path)
    os.replace = replace
    resumed = go(20, middle)
    assert_same_run(resumed[:2], undisturbed[:2])
    epochs = undisturbed[1].epochs
    assert len(epochs) < 20
    assert undisturbed[2] == pytest.approx(min(epoch["validation_loss"] for epoch in epochs), rel=1e-12)
    everybody = [None, None]
    torch.distributed.all_gather_object(everybody, undisturbed)
    assert_same_run(everybody[0], everybody[1])


PROCESSES = """
import pathlib, sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, {tests!r})
import test_training
folder = pathlib.Path(sys.argv[1])
found = test_training.gradients_of_a_run(folder) | test_training.weights_of_other_runs(folder)
test_training.agreement(folder)
if test_training.os.environ["RANK"] == "0":
    test_training.np.savez(folder / "found.npz", **found)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs a store that Windows builds lack")
def test_two_processes_have_the_gradients_of_one(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    script = tmp_path / "script.py"
    script.write_text(PROCESSES.format(tests=str(pathlib.Path(__file__).parent)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    result = subprocess.run(
        [*launch, str(script), str(two)],
        capture_output=True, text=True, timeout=240, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert "Warning" not in result.stderr and result.stderr.count("24/24") <= 1, result.stderr
    expected, found = gradients_of_a_run(one) | weights_of_other_runs(one), np.load(two / "found.npz")
    assert expected.keys() == set(found.files) and len(found["gradients"]) == 12
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-9, atol=1e-10, err_msg=key)
    with pytest.raises(ValueError, match="processes"):
        (one / "gradients.checkpoint").write_bytes((two / "gradients.checkpoint").read_bytes())
        gradients_of_a_run(one)
