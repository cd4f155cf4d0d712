"""What holds for the networks of both backends: which of the two a network is made with, and its modes."""

import contextlib

from . import scratch

__all__ = ["backend_of", "evaluating"]


def backend_of(network):
    """``dlcore.scratch`` or ``dlcore.pytorch``, whichever `network` is made with."""
    if isinstance(network, scratch.nn.Module):
        return scratch
    if any(kind.__module__ == "torch.nn.modules.module" for kind in type(network).__mro__):
        from . import pytorch  # only where it is installed and used

        return pytorch
    raise TypeError(f"network: expected a module of scratch.nn or torch.nn, got {type(network).__name__}")


@contextlib.contextmanager
def evaluating(network):
    """Evaluation mode for a ``with`` block; then every module is in the mode it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
