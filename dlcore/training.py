"""One training loop for both backends: NumPy and PyTorch networks learn by the same few lines.

What differs between the two, such as where arrays live and how a gradient is computed, is asked of an engine
(:class:`dlcore.scratch.training.Engine`, :class:`dlcore.pytorch.training.Engine`).
"""

import contextlib
import functools
import math
from dataclasses import dataclass, field

import numpy as np

from . import features, scratch
from .backends import backend_of, evaluating
from .checkpoints import Checkpoint
from .scratch.windows import as_int
from .training_checks import arrays, check_early_stopping, check_optimizer, check_options, check_start

__all__ = ["History", "evaluate", "train"]


@dataclass
class History:
    """What a training run went through.

    Attributes
    ----------
    loss, accuracy, learning_rate, gradient_norm : list of float
        One entry for each step. The accuracy is None where the targets are not class indices. The gradient norm is the
        one before clipping; the learning rate is that of the first group of parameters.
    epochs : list of dict
        One for each epoch: "loss" and "accuracy", means over its examples as they were met, and with validation data
        "validation_loss" and "validation_accuracy".
    activations : list of dict
        With ``watch``, one for each epoch: layer name to the "mean", "std" and share of "zeros" of its output.
    """

    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    learning_rate: list = field(default_factory=list)
    gradient_norm: list = field(default_factory=list)
    epochs: list = field(default_factory=list)
    activations: list = field(default_factory=list)

    def add(self, loss, accuracy, learning_rate, gradient_norm):
        """Append what one step was like."""
        self.loss.append(loss)
        self.accuracy.append(accuracy)
        self.learning_rate.append(learning_rate)
        self.gradient_norm.append(gradient_norm)

    def state_dict(self):
        """Everything, as plain lists and numbers."""
        return dict(vars(self))

    def load_state_dict(self, state_dict):
        """Continue a history that :meth:`state_dict` returned."""
        vars(self).update(state_dict)


def train(
    network, optimizer, loss, data, epochs, *, batch_size=32, seed=0, validation=None, transform=None, schedule=None,
    max_norm=None, early_stopping=None, snapshots=None, watch=False, checkpoint=None, checkpoint_every=None,
    progress=True, engine=None,
):  # fmt: skip
    """Train `network` on minibatches, and go on where an earlier call was interrupted.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module or torch.nn.Module
    optimizer : optimizer over parameters of the network, of the same backend
        Parameters that it does not have stay as they are. A loss that has parameters, such as center loss, must be a
        part of the network.
    loss : callable
        ``loss(output, targets)``, the mean over the examples: ``scratch.cross_entropy``, ``pytorch.cross_entropy``.
    data : tuple of two arrays
        Inputs and targets, with the examples along the first axis.
    epochs : int
        How often to go through all of `data`, counted from the very beginning of the run.
    batch_size : int
        The last minibatch of an epoch may be smaller.
    seed : int
        What is drawn depends on it and on the step alone: the order of the examples (the same for both backends), and
        the generators for `transform`. Layers such as dropout have generators of their own.
    validation : tuple of two arrays, optional
        Evaluated after each epoch.
    transform : callable or list of callables, optional
        Augments each minibatch: a transform of ``augmentation``, which changes the inputs, or any function
        ``transform(inputs, targets, generator)`` that returns inputs and targets, such as ``mixup``. Those in a list
        follow each other.
    schedule : callable, optional
        ``schedule(step, lr)`` gives the rate for a step, from the rate that the optimizer was made with; such as
        ``functools.partial(scratch.schedules.cosine, T_max=1000)``, for either backend. Steps count minibatches from 0.
    max_norm : float, optional
        Gradients of a larger norm, all parameters together, are scaled down to it.
    early_stopping : EarlyStopping, optional
        Observes the validation loss, and ends the training. However that ends, the best parameters are then put back.
    snapshots : scratch.Snapshots or pytorch.Snapshots, optional
        Observes the network after each step, and so keeps a copy at the end of every cycle of the `schedule`.
    watch : bool
        Record statistics of the activations of every layer, on the first minibatch of `data`, after each epoch.
    checkpoint : path, optional
        Where the state of the run is kept, from before the first step on. If the file is there, the run goes on from
        it: `network`, `optimizer` and `early_stopping` need only be made in the same way.
    checkpoint_every : int, optional
        Steps from one writing to the next; by default an epoch.
    progress : bool
        Show a bar.
    engine : scratch.training.Engine or pytorch.training.Engine, optional
        How to compute, such as ``pytorch.training.Engine(autocast=torch.bfloat16)``. By default the network's backend's.

    Returns
    -------
    History

    Raises
    ------
    RuntimeError
        A gradient that is not finite. Nothing is moved by it.
    ValueError
        Options out of range, data of different lengths, an optimizer over other parameters than the network's, a
        checkpoint of another run or one that cannot be read.
    TypeError
        A network of neither backend, options of another kind.
    """
    engine = engine or engine_for(network)
    check_options(epochs, batch_size, seed, max_norm, checkpoint_every, loss, transform, schedule)
    check_optimizer(optimizer, network)
    check_early_stopping(early_stopping, validation)
    data = arrays(engine, data, "data")
    if validation is not None:
        validation = arrays(engine, validation, "validation")
    count = len(data[0])
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    steps = epochs * len(sizes)

    model, history = engine.prepare(network.train()), History()
    run = {"examples": count, "batch_size": batch_size, "seed": seed, "optimizer": type(optimizer).__name__}
    keeper = Checkpoint(
        checkpoint, engine, run, network=network, optimizer=optimizer, history=history, early_stopping=early_stopping,
        snapshots=snapshots,
    )  # fmt: skip
    keeper.load()
    check_start(history, steps, early_stopping)
    keeper.save()  # wherever the run is interrupted, there is something to go on from
    with progress_bar(steps, len(history.loss), progress and engine.is_first) as show:
        for step in range(len(history.loss), steps):
            if early_stopping is not None and early_stopping.should_stop:
                break
            epoch, place = divmod(step, len(sizes))
            rows = shuffled(count, seed, epoch)[place * batch_size : (place + 1) * batch_size]
            inputs, targets = engine.tensors(data, rows)
            if transform is not None:
                inputs, targets = transformed(transform, inputs, targets, engine.generator(seed, step))
            if schedule is not None:
                set_rate(optimizer, schedule, step)
            seen = one_step(engine, model, optimizer, loss, inputs, targets, max_norm)
            history.add(*seen)
            if snapshots is not None:
                snapshots.observe(network)
            show(loss=seen[0], accuracy=seen[1])
            if place + 1 == len(sizes):
                end_epoch(history, sizes, engine, network, loss, validation, early_stopping)
                if watch:
                    inputs, _ = engine.tensors(data, np.arange(sizes[0]))
                    with engine.precision():
                        history.activations.append(features.statistics(network, inputs))
            if (step + 1) % (checkpoint_every or len(sizes)) == 0:
                keeper.save()
    keeper.save()
    if early_stopping is not None and early_stopping.best_state is not None:
        network.load_state_dict(early_stopping.best_state)
    return history


def one_step(engine, model, optimizer, loss, inputs, targets, max_norm):
    """Move the parameters once; the loss, accuracy, learning rate and gradient norm of the step."""
    part, wanted, weight = engine.share(inputs, targets)
    parameters = [param for group in optimizer.param_groups for param in group["params"]]
    seen = []

    def closure():  # some optimizers compute the gradient several times in one step
        optimizer.zero_grad()
        with engine.precision():
            output = model(part)
            value = loss(output, wanted) * weight
        engine.backward(value)
        norm = engine.clip(optimizer, parameters, max_norm)
        overflow = engine.skips_infinite_gradients and math.isfinite(value.item())
        if not (
            math.isfinite(norm) or overflow or seen
        ):  # a line search may try too far a step, and come back
            raise RuntimeError(f"gradient: its norm is {norm}, at a loss of {value.item()}; try a smaller lr")
        correct = accuracy(engine, output, wanted)
        seen.append((value.item(), None if correct is None else correct * weight, norm))
        return value

    rate = float(optimizer.param_groups[0]["lr"])
    engine.step(optimizer, closure)
    value, correct, norm = seen[0]
    return engine.mean(value), None if correct is None else engine.mean(correct), rate, norm


def evaluate(network, loss, data, batch_size=256, engine=None):
    """The mean loss and the accuracy on `data`, in evaluation mode and without recording.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module, torch.nn.Module, scratch.Ensemble or pytorch.Ensemble
    loss, data, batch_size, engine
        As for :func:`train`. The output of an ensemble is probabilities.

    Returns
    -------
    dict
        "loss", and "accuracy": the share of examples with the largest score at the target, or None where the targets
        are not class indices.
    """
    engine = engine or engine_for(network)
    data = arrays(engine, data, "data")
    if as_int(batch_size, "batch_size") < 1:
        raise ValueError(f"batch_size: must be at least 1, got {batch_size!r}")
    engine.place(network)
    losses, correct, sizes = [], [], []
    with evaluating(network), engine.no_grad():
        for start in range(0, len(data[0]), batch_size):
            rows = np.arange(start, min(start + batch_size, len(data[0])))
            inputs, targets = engine.tensors(data, rows)
            with engine.precision():
                output = network(inputs)
                losses.append(loss(output, targets).item())
            correct.append(accuracy(engine, output, targets))
            sizes.append(len(rows))
    return {"loss": mean(losses, sizes), "accuracy": mean(correct, sizes)}


def accuracy(engine, output, targets):
    """The share of targets, class indices, at which `output` (N, C, ...) is largest; None for anything else.

    Of a tuple whose parts are all of one shape, the scores of a network and of its auxiliary heads, the first counts.
    """
    if isinstance(output, tuple) and len({getattr(part, "shape", None) for part in output}) == 1:
        output = output[0]
    if getattr(output, "ndim", 0) < 2:  # such as the tuple of a recurrent layer: its output and its state
        return None
    output, targets = engine.array(output), engine.array(targets)
    if targets.dtype.kind not in "iu" or output.shape[:1] + output.shape[2:] != targets.shape:
        return None
    return float((output.argmax(1) == targets).mean())


def end_epoch(history, sizes, engine, network, loss, validation, early_stopping):
    """Record the means of the epoch, and evaluate."""
    engine.agree(network)
    record = {name: mean(getattr(history, name)[-len(sizes) :], sizes) for name in ("loss", "accuracy")}
    if validation is not None:
        for name, value in evaluate(network, loss, validation, engine=engine).items():
            record[f"validation_{name}"] = None if value is None else engine.mean(value)
    history.epochs.append(record)
    if early_stopping is not None:
        early_stopping.observe(record["validation_loss"], network.state_dict())


# What the functions above share


def engine_for(network):
    """The engine of the backend that `network`, or an ensemble of networks, is made with."""
    if isinstance(network, scratch.Ensemble):  # pytorch.Ensemble is one
        network = network.members[0]
    return backend_of(network).training.Engine()


@functools.lru_cache(maxsize=1)  # every step of an epoch asks for it
def shuffled(count, seed, epoch):
    """The order of the examples in an epoch, the same whoever asks."""
    return np.random.default_rng([seed, 0, epoch]).permutation(count)


def transformed(transform, inputs, targets, generator):
    """A minibatch after augmentation."""
    for one in transform if isinstance(transform, (list, tuple)) else [transform]:
        if isinstance(one, scratch.augmentation.Transform):
            inputs = one(inputs, generator)
        else:
            inputs, targets = one(inputs, targets, generator=generator)
    return inputs, targets


def set_rate(optimizer, schedule, step):
    """Give every group of parameters the rate that is due."""
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = schedule(step, group["initial_lr"])


@contextlib.contextmanager
def progress_bar(total, done, shown):
    """A bar for a ``with`` block, and a function that moves it on by a step and shows numbers beside it."""
    if not shown:
        yield lambda **numbers: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress: the bar needs tqdm; install it or pass progress=False") from None
    with tqdm(total=total, initial=done, unit="step") as bar:

        def show(**numbers):
            bar.set_postfix(
                {name: value for name, value in numbers.items() if value is not None}, refresh=False
            )
            bar.update()

        yield show


def mean(values, sizes):
    """The mean of `values`, each of which stands for so many examples; None if one is missing."""
    if None in values:
        return None
    return math.fsum(value * size for value, size in zip(values, sizes)) / math.fsum(sizes)
