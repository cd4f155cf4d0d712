"""What :func:`dlcore.training.train` must be given, and the errors where it is given something else."""

from .scratch.windows import as_int, as_number

__all__ = []


def arrays(engine, data, name):
    """Inputs and targets as arrays of the same length."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        got = f"{len(data)} of them" if isinstance(data, (tuple, list)) else type(data).__name__
        raise TypeError(f"{name}: expected a tuple of inputs and targets, got {got}")
    data = engine.arrays(data)
    lengths = [len(array) if array.ndim else None for array in data]
    if lengths[0] != lengths[1] or not lengths[0]:
        raise ValueError(f"{name}: expected as many targets as inputs, at least one, got {lengths}")
    return data


def check_options(epochs, batch_size, seed, max_norm, checkpoint_every, loss, transform, schedule):
    """Raise an error that names the first option of another kind or out of its range."""
    every = 1 if checkpoint_every is None else checkpoint_every
    for name, value, least in (
        ("epochs", epochs, 1),
        ("batch_size", batch_size, 1),
        ("seed", seed, 0),
        ("checkpoint_every", every, 1),
    ):
        if as_int(value, name) < least:
            raise ValueError(f"{name}: must be at least {least}, got {value!r}")
    if max_norm is not None and not as_number(max_norm, "max_norm") > 0:
        raise ValueError(f"max_norm: must be positive, got {max_norm!r}")
    functions = [("loss", loss)]
    if schedule is not None:
        functions.append(("schedule", schedule))
    if transform is not None:
        several = isinstance(transform, (list, tuple))
        functions += [("transform", one) for one in (transform if several else [transform])]
    for name, function in functions:
        if not callable(function):
            raise TypeError(f"{name}: expected a function, got {type(function).__name__}")


def check_optimizer(optimizer, network):
    """Raise an error unless all that the optimizer moves belongs to the network: checkpoints hold nothing else."""
    own = {id(param) for param in network.parameters()}
    moved = [id(param) for group in optimizer.param_groups for param in group["params"]]
    others = len(set(moved) - own)
    if others:
        raise ValueError(
            f"optimizer: {others} of its {len(moved)} parameters are not the network's; "
            "make it from network.parameters()"
        )


def check_early_stopping(early_stopping, validation):
    """Raise an error unless there is a validation loss to observe, of which less is better."""
    if early_stopping is not None and validation is None:
        raise ValueError("early_stopping: needs validation data, got validation=None")
    if getattr(early_stopping, "mode", "min") != "min":
        raise ValueError(f"early_stopping: observes a loss, expected mode='min', got {early_stopping.mode!r}")


def check_start(history, steps, early_stopping):
    """Raise an error where nothing would be left to do, though something was asked for."""
    if len(history.loss) > steps:
        raise ValueError(
            f"epochs: the run kept in the checkpoint has gone on for {len(history.loss)} steps already, got {steps}"
        )
    if early_stopping is not None and early_stopping.should_stop and not history.loss:
        raise ValueError("early_stopping: it has stopped another run; make a new one")
