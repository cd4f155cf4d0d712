"""dlcore.training: both backends learn by it, and a run that was killed goes on as if nothing had happened."""

import functools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from dlcore import data, pytorch, scratch, training

BACKENDS = {"scratch": scratch, "pytorch": pytorch}
backends = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)


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
    _, one = run(backend, 1, transform=shuffle, seed=1)
    _, two = run(backend, 1, transform=shuffle, seed=1)
    assert drawn[:4] == drawn[4:] and len(set(drawn)) == 4
    assert one.loss == two.loss


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

SCRIPT = """
import sys, pathlib
sys.path.insert(0, {tests!r})
from test_training import interrupted_run
interrupted_run({backend!r}, sys.argv[1], {every})
"""


def interrupted_run(backend, path, every=None):
    """Train with everything that draws random numbers or has a state, and write the final weights."""
    backend, folder = BACKENDS[backend], pathlib.Path(path)
    if backend is pytorch:
        torch.manual_seed(0)

    def make(backend):
        model = network(backend, dropout=0.3)
        if backend is scratch:
            scratch.nn.reset_parameters(model, np.random.default_rng(0))
        return model

    def jitter(inputs, targets, generator):
        if backend is scratch:
            return inputs + 0.1 * generator.standard_normal(inputs.shape), targets
        return inputs + 0.1 * torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype), targets

    model, history = run(
        backend,
        12,
        make=make,
        optimizer=lambda parameters: backend.optimizers.Adam(parameters, 1e-2),
        transform=jitter,
        schedule=functools.partial(scratch.schedules.cosine, T_max=48),
        validation=examples(50, 100),
        early_stopping=scratch.EarlyStopping(patience=20),
        max_norm=5.0,
        watch=True,
        checkpoint=folder / "run.checkpoint",
        checkpoint_every=every,
    )
    np.savez(folder / "final.npz", **weights(model))
    (folder / "history.json").write_text(json.dumps(history.state_dict()))


def start(backend, folder, every):
    code = SCRIPT.format(tests=str(pathlib.Path(__file__).parent), backend=backend, every=every)
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("name", "every"), [("scratch", 3), ("scratch", None), ("pytorch", 1)])
def test_a_run_killed_again_and_again_ends_with_the_same_weights(name, every, tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    undisturbed.mkdir(), killed.mkdir()
    interrupted_run(name, undisturbed, every)
    generator, kills, resumed = np.random.default_rng(0), 0, 0
    while not (killed / "final.npz").exists():
        process = start(name, killed, every)
        if kills < 4:
            # At a random moment after the process began to write checkpoints, in whatever it is doing.
            before = (
                (killed / "run.checkpoint").stat().st_mtime_ns if (killed / "run.checkpoint").exists() else 0
            )
            while process.poll() is None:
                file = killed / "run.checkpoint"
                if file.exists() and file.stat().st_mtime_ns > before:
                    break
                time.sleep(0.0005)
            time.sleep(generator.uniform(0, 0.03))
            if process.poll() is None:
                process.kill()
                kills += 1
            assert process.wait() in (0, -signal.SIGKILL, 1) and "Error" not in process.stderr.read()
        else:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
        resumed += 1
    assert kills >= 2 and resumed >= 3
    first, second = (np.load(folder / "final.npz") for folder in (undisturbed, killed))
    for key in first.files:
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)
    first, second = (json.loads((folder / "history.json").read_text()) for folder in (undisturbed, killed))
    assert first == second


@backends
def test_death_at_any_line_of_the_writing_leaves_a_whole_file(backend, tmp_path, monkeypatch):
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
def test_a_finished_run_can_be_extended(backend, tmp_path):
    path = tmp_path / "run.checkpoint"
    run(backend, 2, checkpoint=path)
    longer, history = run(backend, 3, checkpoint=path)
    assert_same_weights(longer, run(backend, 3)[0])
    assert len(history.loss) == 12
    again, _ = run(backend, 3, checkpoint=path)
    assert_same_weights(longer, again)


@backends
def test_a_checkpoint_of_another_run_is_refused(backend, tmp_path):
    path = tmp_path / "run.checkpoint"
    run(backend, 1, checkpoint=path)
    for name, value in (("batch_size", 16), ("seed", 1)):
        with pytest.raises(ValueError, match=name):
            run(backend, 1, checkpoint=path, **{name: value})
    with pytest.raises(ValueError, match="checkpoint"):
        run(
            backend,
            1,
            checkpoint=path,
            validation=examples(),
            early_stopping=scratch.EarlyStopping(patience=1),
        )


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


@pytest.mark.parametrize(
    "options",
    [{"autocast": torch.bfloat16}, {"channels_last": True}, {"compile": {"backend": "aot_eager"}}],
    ids=str,
)
def test_the_other_ways_to_compute_learn_alike(options):
    make = functools.partial(network, dtype="float")
    float32 = examples(dtype=np.float32)

    def learn(engine):
        model = make(pytorch)
        optimizer = pytorch.optimizers.SGD(model.parameters(), 0.1, momentum=0.9)
        return training.train(
            model,
            optimizer,
            pytorch.cross_entropy,
            float32,
            3,
            progress=False,
            engine=engine,
            validation=float32,
        )

    plain, other = learn(None), learn(pytorch.training.Engine("cpu", **options))
    tolerance = 0.1 if "autocast" in options else 1e-4
    np.testing.assert_allclose(plain.loss, other.loss, atol=tolerance)
    assert plain.loss != other.loss or "autocast" not in options


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


PROCESSES = """
import sys
sys.path.insert(0, {tests!r})
import torch
from test_training import weights, network
from dlcore import pytorch, training, data
import numpy as np

def build(nn):
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))

torch.manual_seed(0)
model = build(pytorch.nn).double()
images, labels = data.digits(np.float64)
gradients = []
class Noting(pytorch.optimizers.SGD):
    def step(self, closure=None):
        loss = super().step(closure)
        gradients.append(torch.cat([param.grad.flatten() for param in model.parameters()]))
        return loss
optimizer = Noting(model.parameters(), 0.1, momentum=0.9)
# 41 examples in minibatches of 8: the last one holds a single example, fewer than there are processes.
history = training.train(model, optimizer, pytorch.cross_entropy, (images[:41], labels[:41]), 2, batch_size=8,
    validation=(images[41:60], labels[41:60]), max_norm=1.0, progress=False, checkpoint=sys.argv[1] + ".checkpoint",
    early_stopping=training.scratch.EarlyStopping(patience=5))
import os
if os.environ.get("RANK", "0") == "0":
    np.savez(sys.argv[1], gradients=torch.stack(gradients).numpy(), loss=history.loss, accuracy=history.accuracy,
        norm=history.gradient_norm, validation=[epoch["validation_loss"] for epoch in history.epochs],
        **weights(model))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs a store that Windows builds lack")
def test_two_processes_have_the_gradients_of_one(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PROCESSES.format(tests=str(pathlib.Path(__file__).parent)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    found = []
    for number, command in enumerate(([sys.executable], launch)):
        file = tmp_path / f"{number}.npz"
        result = subprocess.run(
            [*command, str(script), str(file)], capture_output=True, text=True, timeout=240, check=False
        )
        assert result.returncode == 0, result.stderr[-3000:]
        found.append(np.load(file))
    one, two = found
    assert one.files == two.files and len(one["gradients"]) == 12
    for key in one.files:
        np.testing.assert_allclose(one[key], two[key], rtol=1e-10, atol=1e-12, err_msg=key)
